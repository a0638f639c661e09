// What the backward passes of the FlashAttention family share: their tensors, the trip over a tile of queries, and the
// small kernels around the main one.
//
//   D = rowsum(dO ∘ O)      P = exp(S − LSE)      dS = P ∘ (dP − D)     (Dao et al. 2022, appendix B.2)
//   dV = Pᵀ dO     dP = dO Vᵀ     dQ = dS K     dK = dSᵀ Q              S and P are made anew from Q, K and LSE
//
// A CTA that keeps a block of keys adds to dQ once per tile of queries: dQ grows in fp32, beside the rows of whole
// tiles, and is converted by a kernel behind the main one.
#pragma once

#include "attention.hpp"

namespace rooftile::algorithms {

/// Row statistics and sums of gradients are fp32.
inline constexpr std::int64_t fp32_bytes = 4;

struct BackwardTensors {
  int q, k, v, o, grad_o;      ///< inputs
  int statistics[2];           ///< LSE and -1, or l and m: of the forward pass
  int delta;                   ///< D, fp32 [batch, heads, seq_q]
  int grad_q, grad_k, grad_v;  ///< outputs
};
/// `row_statistics`: 1 for the logsumexp, 2 for l and m.
[[nodiscard]] BackwardTensors backward_tensors(ProgramWriter& w, const AttentionShape& s, int row_statistics);

/// A gradient that grows in fp32; rows and columns are those of whole tiles.
struct GradientSum {
  int tensor;
  std::int64_t heads;
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t splits;  ///< 0: one [batch, heads, rows, cols]; n: [n, batch, heads, rows, cols], added up at the end
};
/// Of dQ, or (with its heads, its rows) of dK and dV.
[[nodiscard]] GradientSum gradient_sum(ProgramWriter& w, const AttentionShape& s, const char* name, std::int64_t heads,
                                       std::int64_t rows, std::int64_t cols, std::int64_t splits = 0);

/// Shape of a small kernel: rows per CTA.
struct RowKernel {
  const char* name;
  std::int64_t br;
  int warps;
  int registers = 64;           ///< per thread; 64 are assumed of kernels that we do not compile
  bool counts_widening = true;  ///< of D: 16-bit inputs become fp32 by conversions (our texts: by unpacking)
};
/// D of every row. Zeroes a sum of dQ if there is one (else nullptr) and keeps the logsumexp in base 2 if asked (else
/// -1).
void delta_launch(ProgramWriter& w, const AttentionShape& s, const BackwardTensors& t, const RowKernel& kernel,
                  const GradientSum* zeroed, int lse_log2);
/// Zeroes a sum: a framework's fill.
void fill_launch(ProgramWriter& w, const AttentionShape& s, const char* name, const GradientSum& sum);
/// Sum to gradient, in the element type.
void convert_launch(ProgramWriter& w, const AttentionShape& s, const RowKernel& kernel, const GradientSum& from,
                    int to);

/// Where a kernel with a CTA per query head stores dK and dV: the gradients, or one of each per query head where a
/// group shares a K/V head.
struct KeyGradients {
  int k, v;
};
[[nodiscard]] KeyGradients key_gradients(ProgramWriter& w, const AttentionShape& s, const BackwardTensors& t);
/// Adds up the group, a framework's sum each for dK and dV; nothing if there is no group.
void sum_key_gradients(ProgramWriter& w, const AttentionShape& s, const BackwardTensors& t, KeyGradients from);

/// The first tile of queries that sees a key of block `index`, under a bottom-right aligned causal mask.
[[nodiscard]] Bound first_query_tile(IndexId index, const AttentionShape& s, const TileRow& tile);

/// Rows in which warps stand on the results: S and dP; dV and dK; dQ. Each operand is read by every warp of a row (or
/// of a column). 0 for dQ: warps share rows, keep their part of dS in registers and add up partial results.
struct WarpRows {
  std::int64_t scores, keys, queries;
};
/// 32 rows of the result each.
[[nodiscard]] WarpRows strips_of_32(const TileRow& tile);

/// One trip over a tile of queries on mma.sync, all warps alike: Q and dO land in shared memory, five products, P and
/// dS go through it. What becomes of dQ is the caller's.
struct BackwardTrip {
  ProgramWriter& w;
  const AttentionShape& shape;
  const TileRow& tile;
  const BackwardTensors& t;
  const ScoreExtras& extras;
  WarpRows warp_rows;
  bool makes_dq = true;       ///< false: another launch does
  bool dk_before_dq = false;  ///< order of the last two products: the last one runs beside loads into Q and dO

  struct Loads {
    int q, grad_o, statistics, delta, key_mask;
  };
  struct Products {
    int dv, dq, dk;  ///< dq -1: not here
  };
  /// Tensor tiles of this trip; all but D, which some kernels make on the way.
  [[nodiscard]] Loads load(TileDim batch, TileDim head, IndexId queries, TileDim keys) const;
  /// Three barriers keep the warps in step: products, exponentials and conversions of a CTA follow each other, and only
  /// loads run beside them.
  [[nodiscard]] Products products(const Loads& loads) const;

  /// K and V of a block land; V goes on into registers if it stays there.
  void load_keys(TileDim batch, TileDim kv_head, TileDim keys) const;
  /// dK and dV go out through shared memory.
  void store_keys(TileDim batch, TileDim head, TileDim keys, KeyGradients to) const;

  [[nodiscard]] std::int64_t scores() const { return tile.br * tile.bc; }
  [[nodiscard]] std::int64_t query_bytes() const { return tile.br * tile.head_dim * size_of(shape.dtype); }
  [[nodiscard]] std::int64_t key_bytes() const { return tile.bc * tile.head_dim * size_of(shape.dtype); }
};

}  // namespace rooftile::algorithms
