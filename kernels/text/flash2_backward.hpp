// FlashAttention-2 backward (Dao 2023, arXiv 2307.08691, Algorithm 2): dQ, dK and dV from Q, K, V, O, dO and the
// logsumexp. P is made anew from Q, K and LSE; nothing of size N² goes through memory.
//
//   D = rowsum(dO O)     P = exp(S - LSE)     dP = dO Vᵀ     dS = P (dP - D)     S = scale · Q Kᵀ
//   dV = Pᵀ dO           dK = scale · dSᵀ Q                  dQ = scale · dS K
//
//   launch             file                         what
//   delta              flash2_backward_rows.hpp     D; zeros the fp32 sum of dQ
//   flash2_backward    flash2_backward_block.hpp    a CTA per block of keys and K/V head: dK, dV; adds to dQ
//   convert_dq         flash2_backward_rows.hpp     dQ in the element type
//
// Workspace: D (a float per query) and the sum of dQ (fp32, rows of whole tiles). The order in which CTAs add to dQ is
// not fixed, so the last bits of dQ differ from run to run on a GPU; dK and dV do not. rt_flash2_deterministic makes dQ
// in a launch of its own instead, which needs no sum and no conversion but makes P and dS twice:
//
//   delta, flash2_backward    as above, without dQ
//   flash2_grad_q             flash2_backward_query.hpp    a CTA per tile of queries: dQ
//
// With dropout, Z the weights that are kept (1, else 0) and p the probability:
//
//   dV = (Z P)ᵀ dO / (1 - p)     dS = P (Z dP / (1 - p) - D) = P (Z dP - (1 - p) D) / (1 - p)     D as it is
//
// so P and dS go to shared memory without that factor, D is scaled where it is read, and dQ, dK, dV at their end. Z is
// drawn before S and dP take their registers, a bit per weight.
//
// Limits: head_dim 64, 128, 256, with dropout 64 and 128; masks none and causal. Steps on the way here, as ptxas and
// the host see them (no GPU has timed them):
//
//   parts of 32 rows for every warp       operands are read from shared memory half as often as with strips of 16
//   P and dS swizzled, read transposed    no bank conflicts, no second copy of either
//   dQ in the order of accumulators       an atomic instruction fills 4 sectors, not halves of 8
//   a second buffer of Q, where it fits   its load runs beside the whole trip; dO's beside dK and dQ
//   the group inside the CTA              no dK and dV per query head, no launches that add them up
//   a bit per kept weight                 drawn beside dP, the words spill at d = 64
//   positions made anew where used        8 bytes of spills less: none
#pragma once

#include "rooftile/kernels/call.hpp"
#include "rooftile/model/rounding.hpp"
#include "text/dispatch.hpp"
#include "text/flash2_backward_block.hpp"
#include "text/flash2_backward_query.hpp"
#include "text/flash2_backward_rows.hpp"

namespace rooftile::kernels::flash2_backward {

template <class T, int head_dim, bool adds_grad_q>
struct BackwardKernel : BlockKernel<T, head_dim, adds_grad_q, BlockParams> {};
template <class T, int head_dim, bool adds_grad_q>
struct BackwardDropoutKernel : BlockKernel<T, head_dim, adds_grad_q, BlockDropoutParams> {
  static_assert(same_shape(own_tile("flash2_backward_dropout", head_dim), Shape<head_dim>::tile));
};

/// What is compiled for one element type.
template <class T>
using Instances =
    Kernels<DeltaKernel<T, 64>, BackwardKernel<T, 64, true>, ConvertKernel<T, 64>, BackwardKernel<T, 64, false>,
            QueryGradientKernel<T, 64>, DeltaKernel<T, 128>, BackwardKernel<T, 128, true>, ConvertKernel<T, 128>,
            BackwardKernel<T, 128, false>, QueryGradientKernel<T, 128>, DeltaKernel<T, 256>,
            BackwardKernel<T, 256, true>, ConvertKernel<T, 256>, BackwardKernel<T, 256, false>,
            QueryGradientKernel<T, 256>, BackwardDropoutKernel<T, 64, true>, BackwardDropoutKernel<T, 64, false>,
            QueryGradientDropoutKernel<T, 64>, BackwardDropoutKernel<T, 128, true>,
            BackwardDropoutKernel<T, 128, false>, QueryGradientDropoutKernel<T, 128>>;

/// The launches of a backward call.
template <bool deterministic>
struct Launches {
  static constexpr Pass pass = Pass::bwd;
  static constexpr bool drops_weights = true;

  static const char* refusal(const AttentionCall& call) {
    if (!text::has_head_dim(call)) return "the backward of rt_flash2 is compiled for head_dim 64, 128 and 256";
    if (call.dropout.drops() && !text::has_dropout(call))
      return "the backward of rt_flash2 drops weights at head_dim 64 and 128";
    if (call.heads > text::most_ctas) return "the backward of rt_flash2 takes at most 65535 heads (CTAs along y)";
    if (call.batch > text::most_ctas) return "the backward of rt_flash2 takes a batch of at most 65535 (CTAs along z)";
    return nullptr;
  }

  static constexpr Tensors tensors(const AttentionCall& call) {
    Tensors tensors = attention_tensors(call);
    tensors.add(row_values(call, "D", TensorRole::workspace));
    if (deterministic) return tensors;
    tensors.add(
        {"dQ_sum", TensorRole::workspace, 4, call.batch, call.heads, sum_rows(call), call.head_dim, call.head_dim});
    return tensors;
  }

  template <class Launcher>
  static void launch(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    text::for_element_and_head_dim(
        call, [&]<class T, int head_dim>() { launch_delta<DeltaKernel<T, head_dim>>(launcher, call, buffers); });
    const BlockParams blocks{params_of(call, buffers), static_cast<float*>(buffers[tensor_sum]), buffers[tensor_grad_k],
                             buffers[tensor_grad_v]};
    const QueryParams queries{params_of(call, buffers), buffers[tensor_grad_q]};
    text::for_element_head_dim_and_dropout(
        call,
        [&]<class T, int head_dim>() {
          const text::DropoutParams dropout = text::dropout_params(call);
          launch_blocks<BackwardDropoutKernel<T, head_dim, !deterministic>>(launcher, call, {blocks, dropout});
          if constexpr (deterministic)
            launch_queries<QueryGradientDropoutKernel<T, head_dim>>(launcher, call, {queries, dropout});
        },
        [&]<class T, int head_dim>() {
          launch_blocks<BackwardKernel<T, head_dim, !deterministic>>(launcher, call, blocks);
          if constexpr (deterministic) launch_queries<QueryGradientKernel<T, head_dim>>(launcher, call, queries);
        });
    if constexpr (!deterministic) {
      text::for_element_and_head_dim(
          call, [&]<class T, int head_dim>() { launch_convert<ConvertKernel<T, head_dim>>(launcher, call, buffers); });
    }
  }

 private:
  static constexpr std::size_t tensor_delta = first_backward_workspace, tensor_sum = first_backward_workspace + 1;

  /// Rows of the sum of dQ: those of whole tiles. A call that is refused has any.
  static constexpr int sum_rows(const AttentionCall& call) {
    switch (call.head_dim) {
      case 64: return Shape<64>::query_tiles(call.seq_q) * Shape<64>::br;
      case 128: return Shape<128>::query_tiles(call.seq_q) * Shape<128>::br;
      default: return Shape<256>::query_tiles(call.seq_q) * Shape<256>::br;
    }
  }
  static BackwardParams params_of(const AttentionCall& call, const Buffers& buffers) {
    return {{buffers[tensor_q], buffers[tensor_k], buffers[tensor_v], buffers[tensor_grad_o],
             static_cast<const float*>(buffers[tensor_lse]), static_cast<const float*>(buffers[tensor_delta])},
            text::call_sizes(call)};
  }

  template <class Kernel, class Launcher>
  static void launch_delta(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    const DeltaParams params{.o = buffers[tensor_o],
                             .grad_o = buffers[tensor_grad_o],
                             .delta = static_cast<float*>(buffers[tensor_delta]),
                             .grad_q_sum = static_cast<float*>(buffers[tensor_sum]),
                             .heads = call.heads,
                             .seq_q = call.seq_q,
                             .row_pitch = tensors(call)[tensor_delta].pitch,
                             .sum_rows = deterministic ? 0 : sum_rows(call)};
    launcher.template launch<Kernel>("delta", text::query_grid(call, Kernel::tile.br), Kernel::tile.smem, params);
  }

  template <class Kernel, class Launcher>
  static void launch_blocks(Launcher& launcher, const AttentionCall& call, const typename Kernel::Params& params) {
    const Grid grid{div_up(call.seq_kv, Kernel::tile.bc), call.kv_heads, call.batch};
    launcher.template launch<Kernel>("flash2_backward", grid, Kernel::tile.smem, params);
  }

  template <class Kernel, class Launcher>
  static void launch_queries(Launcher& launcher, const AttentionCall& call, const typename Kernel::Params& params) {
    launcher.template launch<Kernel>("flash2_grad_q", text::query_grid(call, Kernel::tile.br), Kernel::tile.smem,
                                     params);
  }

  template <class Kernel, class Launcher>
  static void launch_convert(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    const ConvertParams params{.grad_q_sum = static_cast<const float*>(buffers[tensor_sum]),
                               .grad_q = buffers[tensor_grad_q],
                               .heads = call.heads,
                               .seq_q = call.seq_q,
                               .scale = text::call_sizes(call).scale * text::dropout_params(call).keep_scale};
    launcher.template launch<Kernel>("convert_dq", text::query_grid(call, Kernel::tile.br), Kernel::tile.smem, params);
  }
};

/// rt_flash2 and rt_flash2_deterministic, backward.
using Backward = Launches<false>;
using Deterministic = Launches<true>;

}  // namespace rooftile::kernels::flash2_backward
