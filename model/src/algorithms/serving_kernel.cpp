#include "serving_kernel.hpp"

#include <algorithm>

#include "split_rule.hpp"

namespace rooftile::algorithms {
namespace {

template <class E>
bool listed(const std::vector<E>& allowed, E value) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

bool covers(const KernelSpec& kernel, const Device& device, const AttentionShape& s) {
  const ComputeCapability at = device.compute_capability;
  return kernel.from <= at && at <= kernel.to && listed(kernel.dtypes, s.dtype) && listed(kernel.masks, s.mask) &&
         listed(kernel.passes, s.pass) && (s.dropout == 0 || kernel.dropout);
}

/// The rule of `other` asked with the tile of the kernel that would run otherwise.
bool wants_split(const KernelSpec& other, const KernelSpec& spec, const Device& device, const AttentionShape& s,
                 SpecOverrides overrides) {
  const auto tile = select_tile(spec, device, s.head_dim, s.mask, overrides, s.dropout > 0, s.pass);
  return tile &&
         splits_of({device, other, *tile}, s, QueryRows{s, other.packs_group, tile->br}, Deciding::before_the_call) > 1;
}

bool takes_over(const KernelSpec& other, const KernelSpec& spec, const Device& device, const AttentionShape& s,
                SpecOverrides overrides) {
  if (!covers(other, device, s)) return false;
  if (s.pass != Pass::fwd && other.algorithm == Algorithm::split_kv)
    return false;  // keys are split in the forward alone
  switch (other.takes_over) {
    case TakesOver::always: return true;
    case TakesOver::one_query: return s.pass == Pass::fwd && s.seq_q == 1;
    case TakesOver::split: return s.pass == Pass::fwd && wants_split(other, spec, device, s, overrides);
  }
  return false;
}

}  // namespace

const KernelSpec& serving_kernel(const KernelSpec& spec, const Device& device, const Workload& workload,
                                 SpecOverrides overrides) {
  const auto* shape = std::get_if<AttentionShape>(&workload);
  if (shape == nullptr) return spec;
  for (const KernelSpec& other : spec.instead) {
    if (takes_over(other, spec, device, *shape, overrides)) return other;
  }
  return spec;
}

}  // namespace rooftile::algorithms
