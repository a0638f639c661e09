// The registry as code: each kernel's name and pass with the functions that any back end needs. The list is
// registry.inc.
#pragma once

#include <string_view>

#include "rooftile/kernels/call.hpp"
#include "text/flash1.hpp"
#include "text/flash2.hpp"
#include "text/flash2_backward.hpp"
#include "text/flash3.hpp"
#include "text/split_kv.hpp"
#include "text/standard.hpp"

namespace rooftile::kernels {

/// nullptr, or why a class of a text does not take this call: dropout and key padding, where the class does not say
/// that it has them.
template <class Family>
const char* refusal_of(const AttentionCall& call) {
  if constexpr (!requires { Family::drops_weights; }) {
    if (call.dropout.drops()) return "no dropout: rt_flash1, rt_flash2 and the backward of rt_flash2 have it";
  }
  if constexpr (!requires { Family::masks_keys; }) {
    if (call.key_padding) return "no key padding: rt_flash1 and the kernels of rt_standard have it";
  }
  return Family::refusal(call);
}

/// One line of registry.inc for a back end's launcher.
template <class Launcher>
struct KernelEntry {
  std::string_view name;
  Pass pass;
  bool sm90a_only;                               ///< on the GPU
  const char* (*refusal)(const AttentionCall&);  ///< nullptr, or why the call is outside
  Tensors (*tensors)(const AttentionCall&);
  void (*launch)(Launcher&, const AttentionCall&, const Buffers&);
};

/// All kernels, in the order of registry.inc.
template <class Launcher>
inline constexpr KernelEntry<Launcher> registry[] = {
#define ROOFTILE_ENTRY(name, family, text) \
  {#name,                                  \
   pass_of<family>(),                      \
   sm90a_only<family>,                     \
   &refusal_of<family>,                    \
   &family::tensors,                       \
   &family::template launch<Launcher>},
#include "text/registry.inc"
#undef ROOFTILE_ENTRY
};

/// The entry with this name and pass, or nullptr.
template <class Launcher>
[[nodiscard]] constexpr const KernelEntry<Launcher>* find_kernel(std::string_view name, Pass pass = Pass::fwd) {
  for (const KernelEntry<Launcher>& entry : registry<Launcher>) {
    if (entry.name == name && entry.pass == pass) return &entry;
  }
  return nullptr;
}

}  // namespace rooftile::kernels
