// The launches that standard attention is made of; each is also a workload of its own.
#pragma once

#include "algorithms.hpp"

namespace rooftile::algorithms {

/// A [batch, heads, rows, cols] matrix in the program: its tensor and its shape.
struct Matrix {
  int tensor;
  std::int64_t rows;
  std::int64_t cols;
  bool per_kv_head = false;  ///< second extent is kv_heads: the query heads of a group share it
};

/// Grid shared by all launches of a call.
struct Heads {
  std::int64_t batch;
  std::int64_t kv_heads;
  std::int64_t group;

  [[nodiscard]] std::int64_t all() const { return kv_heads * group; }
};

/// Which operand of a product lies transposed in memory: C = A B, A Bᵀ (QKᵀ, dO Vᵀ) or Aᵀ B (Pᵀ dO, dSᵀ Q).
enum class Product : std::uint8_t { ab, abt, atb };

/// C = A B, A Bᵀ or Aᵀ B: one CTA per br x bn tile of C, K loop of bk, `stages` buffers of A and B in flight; bn is the
/// narrowest multiple of 64 that C needs, `tile.bc` at most. C is staged through shared memory.
/// Where B has fewer rows than the product needs (S and P are padded, K and V are not), the rest counts as zeros that
/// nothing moves. With `key_mask`, a byte per column and sequence, columns of C that it takes out are -inf: each of the
/// two rows of warps reads it once. Where C is per K/V head and A is not, the product goes through the query heads of
/// the group and adds them up: dK and dV.
void gemm_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix a, Matrix b, Matrix c, Product product,
                 const TileRow& tile, DType dtype, int key_mask = -1);

/// Softmax along the rows of `from` into `to` with the given number of sweeps, as our kernels do it (tile_table.hpp),
/// or PyTorch's (row_kernels.hpp). `lse`: the tensor of the logsumexp, [batch, heads, rows, 1]; -1: not written.
void softmax_launch(ProgramWriter& w, const Heads& heads, Matrix from, Matrix to, int lse, const Call& call,
                    DType dtype);

/// Softmax backward along rows: dS = P ∘ (dP − rowsum(P ∘ dP)), or with `product` = P ∘ dP made before,
/// dS = T − P·rowsum(T); `two_sweeps`: the rows are read again for dS, else they stay on chip.
struct SoftmaxGradient {
  Matrix p;         ///< P as softmax left it
  Matrix gradient;  ///< dP, or T
  Matrix to;        ///< dS
  bool is_product;  ///< `gradient` is T: the row sums need it alone
  bool two_sweeps;
};
void softmax_backward_launch(ProgramWriter& w, const Heads& heads, const SoftmaxGradient& kernel, RowKernels whose,
                             DType dtype);

/// An elementwise kernel: reads and writes whole matrices, one tile of each per CTA.
struct Elementwise {
  const char* name;
  InlineVector<int, 3> reads{};
  InlineVector<int, 2> writes{};
  int shared_read = -1;             ///< a [rows, cols] matrix that all heads read
  std::int64_t random_numbers = 0;  ///< drawn per element
  bool by_offsets = false;          ///< operands lie differently: where an element of each is, its indices say
};
void elementwise_launch(ProgramWriter& w, const Heads& heads, std::int64_t rows, std::int64_t cols,
                        const Elementwise& kernel);

}  // namespace rooftile::algorithms
