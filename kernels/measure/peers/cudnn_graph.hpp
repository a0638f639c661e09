// Attention as cuDNN's backend takes it: a graph of operations on tensors. Two graphs say the same thing:
//
//   unified     one SDPA_FWD operation (cuDNN 9.13.1 on); without a mask
//   composite   QKᵀ · scale, [mask], softmax by maximum, exp, sum, division, LSE = maximum + log(sum), PV: 10
//               operations, causal 14, causal with seq_q != seq_kv 16; cuDNN's engines know this pattern as a whole
//
// The order in which they are tried is that of NVIDIA's own front end (cudnn-frontend, _auto_select_implementation):
// the unified operation where it covers the call, else the composite. Graphs need neither a device nor a handle.
// Layouts are those of attention_tensors(); GQA is K and V with fewer heads. LSE is a natural logarithm.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "measure/peers/cudnn_library.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// Identifiers of the tensors that a call binds to memory: Q, K, V, O, LSE in the order of TensorIndex, from 1 on, then
/// the scalars that cuDNN reads from host memory.
enum GraphTensor : std::int64_t {
  graph_q = 1,
  graph_lse = graph_q + tensor_lse,
  graph_scale,
  graph_negative_infinity,
  graph_seq_kv,
  graph_seq_q,
  first_virtual  ///< from here on: intermediate results, never in memory
};

/// Values of the scalars; must stay in place while calls are made.
struct GraphScalars {
  float scale = 0;
  /// Masked scores. Before cuDNN 9.10 its engines wanted the lowest finite number.
  float negative_infinity = -std::numeric_limits<float>::infinity();
  std::int32_t seq_kv = 0;
  std::int32_t seq_q = 0;
};

/// A finalised operation graph and all that it refers to.
struct AttentionGraph {
  std::string_view form;            ///< "unified" or "composite"
  std::vector<Descriptor> parts;    ///< tensors and operators
  std::vector<Descriptor> nodes;    ///< operations, in order
  std::optional<Descriptor> graph;  ///< always there once built
  std::vector<std::int64_t> bound;  ///< identifiers that a call must bind, in ascending order
};

/// Why cuDNN cannot be asked for this call at all; empty if it can. Whether an engine takes it is known only with a
/// device.
[[nodiscard]] std::string cudnn_refusal(const AttentionCall& call);

/// Does the unified operation of this version cover the call?
[[nodiscard]] bool unified_covers(const AttentionCall& call, std::size_t version);

/// Both throw CudnnError if cuDNN refuses a part. `handle` may be null.
[[nodiscard]] AttentionGraph unified_graph(const CudnnLibrary& library, const AttentionCall& call,
                                           cudnnHandle_t handle = nullptr);
[[nodiscard]] AttentionGraph composite_graph(const CudnnLibrary& library, const AttentionCall& call,
                                             cudnnHandle_t handle = nullptr);

[[nodiscard]] GraphScalars graph_scalars(const AttentionCall& call, std::size_t version);

/// Where each bound tensor lies, in the order of `graph.bound`: device memory, and host memory inside `scalars`.
[[nodiscard]] std::vector<void*> bound_addresses(const AttentionGraph& graph, const Buffers& buffers,
                                                 const GraphScalars& scalars);

}  // namespace rooftile::kernels::measure
