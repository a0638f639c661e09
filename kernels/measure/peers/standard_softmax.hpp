// The softmax launch of rt_standard_online alone, between two products that someone else computes: the same text, the
// same launch code; the other two launches of the family are left out.
#pragma once

#include <cuda_runtime_api.h>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// nullptr, or why rt_standard_online does not take the call.
[[nodiscard]] const char* softmax_refusal(const AttentionCall& call);

/// The tensors of rt_standard_online: S and P follow LSE. Both are [batch, heads, seq_q, seq_kv] with padded rows; a
/// group's heads lie one after the other without a gap.
[[nodiscard]] Tensors softmax_tensors(const AttentionCall& call);

/// P = softmax(S) and LSE. Columns of S from seq_kv on may hold anything.
cudaError_t launch_softmax(const AttentionCall& call, const Buffers& buffers, cudaStream_t stream);

}  // namespace rooftile::kernels::measure
