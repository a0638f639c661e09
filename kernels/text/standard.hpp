// Standard attention (FlashAttention, Dao et al. 2022, arXiv 2205.14135, Algorithm 0) in three launches, the two N x N
// matrices in global memory in the element type:
//
//   qk        S = scale · Q Kᵀ           gemm.hpp
//   softmax   P = softmax(S), LSE        softmax.hpp, one of four
//   pv        O = P V                    gemm.hpp
//
// Rows of S and P are padded to score_padding columns, so that everything moves in 16-byte pieces; the pad is computed
// like the rest (S = 0 from rows of K that do not exist, P = 0).
//
// Limits: head dims 8 to 256 in steps of 8, masks none, causal and key_padding, no dropout; 4 bytes of workspace per
// query and key, S and P rounded to 16 bits in it. No mask saves anything: products and softmax go over the whole
// matrix, as frameworks do.
//
// Steps are those of its parts (gemm.hpp, softmax.hpp). Of the whole: the scale in the product instead of a pass of its
// own; key padding there, too: a byte per key and 64 queries, where softmax would read it per query and pass.
// Fusing further is FlashAttention.
#pragma once

#include <cmath>
#include <cstdint>

#include "rooftile/kernels/call.hpp"
#include "rooftile/model/rounding.hpp"
#include "text/dispatch.hpp"
#include "text/gemm.hpp"
#include "text/softmax.hpp"

namespace rooftile::kernels::standard {

/// What is compiled for one element type.
template <class T>
using Instances =
    Kernels<GemmKernel<T, 128, BLayout::rows_of_n>, GemmKernel<T, 64, BLayout::rows_of_n>,
            GemmKernel<T, 128, BLayout::rows_of_k>, GemmKernel<T, 64, BLayout::rows_of_k>, PaddedGemmKernel<T, 128>,
            PaddedGemmKernel<T, 64>, SoftmaxKernel<T, SoftmaxKind::naive, 1>, SoftmaxKernel<T, SoftmaxKind::naive, 4>,
            SoftmaxKernel<T, SoftmaxKind::safe, 1>, SoftmaxKernel<T, SoftmaxKind::safe, 4>,
            SoftmaxKernel<T, SoftmaxKind::online, 1>, SoftmaxKernel<T, SoftmaxKind::online, 4>,
            SoftmaxKernel<T, SoftmaxKind::fused, 1>, SoftmaxKernel<T, SoftmaxKind::fused, 4>>;

/// The kernels of the registry whose softmax is `kind`.
template <SoftmaxKind kind>
struct Standard {
  static constexpr bool masks_keys = true;

  static const char* refusal(const AttentionCall& call) {
    constexpr std::int64_t most_smem = 232448;  // 227 KiB per CTA, sm_90: CUDA C++ Programming Guide
    if (call.head_dim % 8 != 0 || call.head_dim < 8 || call.head_dim > 256)
      return "standard attention takes head_dim 8 to 256 in steps of 8";
    if (call.heads > text::most_ctas || std::int64_t{call.heads} * call.batch > text::most_ctas)
      return "standard attention takes at most 65535 heads over the whole batch (CTAs along z)";
    if (div_up(call.seq_q, own_tile("gemm", 128).br) > text::most_ctas)
      return "standard attention takes at most 8388480 queries (CTAs along y)";
    if (kind == SoftmaxKind::fused && smem(call) > most_smem)
      return "the fused softmax keeps whole rows in shared memory: at most 116208 keys";
    return nullptr;
  }

  static constexpr Tensors tensors(const AttentionCall& call) {
    Tensors all = attention_tensors(call);
    const int cols = padded(call), pitch = round_up(call.seq_kv, 16);  // rows start at 32-byte sectors
    all.add({"S", TensorRole::workspace, 2, call.batch, call.heads, call.seq_q, cols, pitch});
    all.add({"P", TensorRole::workspace, 2, call.batch, call.heads, call.seq_q, cols, pitch});
    return all;
  }

  template <class Launcher>
  static void launch(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    text::for_element(call, [&]<class T>() { launch_for<T>(launcher, call, buffers); });
  }

 private:
  static constexpr int padded(const AttentionCall& call) { return round_up(call.seq_kv, score_padding); }
  static constexpr bool shares_row(const AttentionCall& call) { return padded(call) > softmax_warp_columns; }
  static constexpr std::int64_t smem(const AttentionCall& call) {
    const int br = own_tile(softmax_launch(kind), shares_row(call) ? 4 * softmax_step : softmax_step).br;
    return softmax_smem(br, call.seq_kv, kind == SoftmaxKind::fused);
  }

  template <class T, class Launcher>
  static void launch_for(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    const Tensors all = tensors(call);
    const std::size_t tensor_s = forward_workspace(call), tensor_p = tensor_s + 1;
    const int pitch = all[tensor_s].pitch, d = call.head_dim;
    launch_scores<T>(launcher, call, buffers,
                     {.a = buffers[tensor_q],
                      .b = buffers[tensor_k],
                      .c = buffers[tensor_s],
                      .group = call.group(),
                      .m = call.seq_q,
                      .n = padded(call),
                      .k = d,
                      .b_rows = call.seq_kv,
                      .a_pitch = d,
                      .b_pitch = d,
                      .c_pitch = pitch,
                      .scale = 1.f / std::sqrt(static_cast<float>(d))});
    launch_softmax<T>(launcher, call,
                      {.s = buffers[tensor_s],
                       .p = buffers[tensor_p],
                       .lse = static_cast<float*>(buffers[tensor_lse]),
                       .rows = call.seq_q,
                       .cols = call.seq_kv,
                       .padded = padded(call),
                       .pitch = pitch,
                       .lse_pitch = all[tensor_lse].pitch,
                       .causal_offset = call.causal ? call.causal_offset() : call.seq_kv});
    launch_gemm<T, BLayout::rows_of_k>(launcher, "pv", call,
                                       {.a = buffers[tensor_p],
                                        .b = buffers[tensor_v],
                                        .c = buffers[tensor_o],
                                        .group = call.group(),
                                        .m = call.seq_q,
                                        .n = d,
                                        .k = padded(call),
                                        .b_rows = call.seq_kv,
                                        .a_pitch = pitch,
                                        .b_pitch = d,
                                        .c_pitch = d,
                                        .scale = 1.f});
  }

  template <class T, class Launcher>
  static void launch_scores(Launcher& launcher, const AttentionCall& call, const Buffers& buffers,
                            const GemmParams& params) {
    if (!call.key_padding) {
      launch_gemm<T, BLayout::rows_of_n>(launcher, "qk", call, params);
      return;
    }
    const PaddedGemmParams padded_params{params, text::key_padding_params(call, buffers), call.heads};
    if (gemm_bc(params.n) == 128) {
      launch_tile<PaddedGemmKernel<T, 128>>(launcher, "qk", call, padded_params);
    } else {
      launch_tile<PaddedGemmKernel<T, 64>>(launcher, "qk", call, padded_params);
    }
  }

  template <class T, BLayout layout, class Launcher>
  static void launch_gemm(Launcher& launcher, const char* name, const AttentionCall& call, const GemmParams& params) {
    if (gemm_bc(params.n) == 128) {
      launch_tile<GemmKernel<T, 128, layout>>(launcher, name, call, params);
    } else {
      launch_tile<GemmKernel<T, 64, layout>>(launcher, name, call, params);
    }
  }
  template <class Kernel, class Launcher>
  static void launch_tile(Launcher& launcher, const char* name, const AttentionCall& call,
                          const typename Kernel::Params& params) {
    constexpr OwnTile tile = Kernel::tile;
    const Grid grid{div_up(params.n, tile.bc), div_up(params.m, tile.br), call.heads * call.batch};
    launcher.template launch<Kernel>(name, grid, tile.smem, params);
  }

  template <class T, class Launcher>
  static void launch_softmax(Launcher& launcher, const AttentionCall& call, const SoftmaxParams& params) {
    if (shares_row(call)) {
      launch_rows<SoftmaxKernel<T, kind, 4>>(launcher, call, params);
    } else {
      launch_rows<SoftmaxKernel<T, kind, 1>>(launcher, call, params);
    }
  }
  template <class Kernel, class Launcher>
  static void launch_rows(Launcher& launcher, const AttentionCall& call, const SoftmaxParams& params) {
    const Grid grid{div_up(params.rows, Kernel::tile.br), call.heads, call.batch};
    launcher.template launch<Kernel>("softmax", grid, smem(call), params);
  }
};

using Naive = Standard<SoftmaxKind::naive>;    ///< rt_standard_naive
using Safe = Standard<SoftmaxKind::safe>;      ///< rt_standard
using Online = Standard<SoftmaxKind::online>;  ///< rt_standard_online
using Fused = Standard<SoftmaxKind::fused>;    ///< rt_standard_fused

}  // namespace rooftile::kernels::standard
