// Attention by other people's libraries, measured beside our kernels on the same tensors.
//
//   for (const std::unique_ptr<Peer>& peer : peers()) {
//     if (const std::string why = peer->refusal(call); !why.empty()) continue;       stored as a status
//     allocate(peer->tensors(call), peer->workspace_bytes(call));
//     peer->prepare(call, buffers, workspace, stream);                                plans; nothing runs
//     for (...) peer->launch();                                                       asynchronous, may be captured
//   }
//
//   cublas_standard   QKᵀ and PV by cublasGemmStridedBatchedEx, rt_standard_online's softmax between them
//   cudnn_sdpa        cuDNN's fused attention through the backend API
//
// Both take the layout of attention_tensors() and give O and LSE (natural logarithm), so that they are verified like
// our own kernels. Neither is asked for a backward pass: cuBLAS would need our own softmax's derivative between its
// products, cuDNN a graph with buffers of its own for D and for sums (README.md one folder up).
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "measure/shared_library.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// One implementation. One thread at a time; the current CUDA device stays the same for the object's life.
class Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer() = default;

  /// Spec name: "cudnn_sdpa".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The kernel of our registry that it launches, which the host can execute, too; empty for a library.
  [[nodiscard]] virtual std::string_view own_kernel() const { return {}; }
  /// Version of the library and how the last prepared call runs: "cuDNN 9.19.0, composite, engine 8". Without the
  /// library: why.
  [[nodiscard]] virtual std::string version() const = 0;
  /// The passes that are measured; calls of another are refused (pass_refusal()).
  [[nodiscard]] virtual bool makes(Pass pass) const { return pass == Pass::fwd; }
  /// Why this call cannot be measured: library not found, no device, no engine takes it. Empty if it can. Calls that
  /// are outside on paper are refused without touching a device; otherwise the plan is made (and kept) here.
  [[nodiscard]] virtual std::string refusal(const AttentionCall& call) = 0;
  /// Q, K, V, O, LSE (dO and the gradients) and the workspaces that the softmax of cublas_standard shares with our
  /// kernels.
  [[nodiscard]] virtual Tensors tensors(const AttentionCall& call) const = 0;
  /// Whether K and V have to lie in one block of memory, V right behind K.
  [[nodiscard]] virtual bool keys_beside_values() const { return false; }
  /// Device memory the library wants beside the tensors, aligned to 256 bytes. Throws Unavailable for refused calls.
  [[nodiscard]] virtual std::size_t workspace_bytes(const AttentionCall& call) = 0;
  /// Everything that launch() needs is settled here; buffers, workspace and stream are used by each launch() until the
  /// next prepare(). Throws Unavailable for refused calls, std::runtime_error where the library fails.
  virtual void prepare(const AttentionCall& call, const Buffers& buffers, void* workspace, cudaStream_t stream) = 0;
  /// Starts the call once on the stream. Throws std::runtime_error with the library's own text.
  virtual void launch() = 0;
  /// The prepared call will not be launched again: gives back what prepare() took of the device.
  virtual void release() noexcept {}
  /// Of a prepared backward call: starts the forward pass that its O and LSE come from, on the same tensors.
  virtual void launch_forward() { throw std::logic_error(std::string(name()) + ": no forward pass for its backward"); }
};

/// "no backward pass of cudnn_sdpa is measured"; empty where `subject` makes the pass.
[[nodiscard]] inline std::string pass_refusal(const Peer& subject, Pass pass) {
  if (subject.makes(pass)) return {};
  return std::string("no ") + (pass == Pass::bwd ? "backward" : "forward") + " pass of " + std::string(subject.name()) +
         " is measured";
}

/// All peers, also those whose library is missing: their refusal says so.
[[nodiscard]] std::vector<std::unique_ptr<Peer>> peers(const LibrarySearch& search = library_search());

}  // namespace rooftile::kernels::measure
