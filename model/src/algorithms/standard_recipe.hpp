// What a framework runs over the N² matrices beside the products and the softmax: the spec's recipe of extra passes,
// copies of inputs, sums over a group. A pass writes to a new tensor, as a framework's operation does; the block that
// it read from is used again by the next.
#pragma once

#include "matrix_launches.hpp"

namespace rooftile::algorithms {

/// The call as its score matrices see it: their rows hold a pad (KernelSpec::score_padding).
[[nodiscard]] AttentionShape padded(const AttentionShape& s, std::int64_t padding);

/// The spec's GEMM tile, its columns a multiple of the pad: no tile stands in the pad alone.
[[nodiscard]] TileRow product_tile(const Call& call);

/// Two blocks of memory that passes over the scores (or their gradient) write to in turn.
class ScoreBuffers {
 public:
  /// `shape` must outlive the buffers; the second block is made when it is needed.
  ScoreBuffers(ProgramWriter& w, const AttentionShape& shape, const char* first, const char* second);

  [[nodiscard]] Matrix current() const { return matrix(block_[at_]); }
  /// Where the next pass writes; it becomes current.
  Matrix next();
  /// The first pass whose result must be kept: it gets a block of its own, the first one is free again.
  Matrix keep(const char* name);

 private:
  [[nodiscard]] int make(const char* name);
  [[nodiscard]] Matrix matrix(int tensor) const { return {tensor, shape_.seq_q, shape_.seq_kv}; }

  ProgramWriter& w_;
  const AttentionShape& shape_;
  const char* second_;
  int block_[2];
  std::size_t at_ = 0;
};

/// The extra passes of a spec that a call makes in one pass (forward or backward).
class ExtraPasses {
 public:
  ExtraPasses(ProgramWriter& w, const Heads& heads, const AttentionShape& scored, const KernelSpec& spec, Pass pass)
      : w_{w}, heads_{heads}, shape_{scored}, spec_{spec}, pass_{pass} {}

  /// Runs those of one place, in the spec's order.
  void run(ExtraPass::Place place, ScoreBuffers& buffers);

 private:
  void launch(const ExtraPass& pass, ScoreBuffers& buffers);
  int shared_matrix();
  int byte_mask();

  ProgramWriter& w_;
  const Heads& heads_;
  const AttentionShape& shape_;
  const KernelSpec& spec_;
  Pass pass_;
};

/// True if the pass is made for this call.
[[nodiscard]] bool applies(const ExtraPass& pass, const AttentionShape& s);
/// Where PV finds the softmax weights: "P", or what a pass behind softmax (dropout) made of them.
[[nodiscard]] const char* weights_of_pv(const KernelSpec& spec, const AttentionShape& s);

/// Q, K or V as the products read it: itself, or the copy that the spec's recipe makes of it.
struct Operands {
  Matrix q, k, v;
};
[[nodiscard]] Operands standard_inputs(ProgramWriter& w, const AttentionShape& s);
/// Launches that make the copies.
[[nodiscard]] Operands copy_operands(ProgramWriter& w, const Heads& heads, const AttentionShape& s,
                                     const KernelSpec& spec, Operands from);
/// The copies where the forward pass left them.
[[nodiscard]] Operands held_operands(ProgramWriter& w, const AttentionShape& s, const KernelSpec& spec, Operands from);

/// An elementwise kernel from one matrix to another; as many heads as `from` has.
void map_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to);
/// The same between matrices that lie differently in memory: heads outside rows here, inside them there.
void permute_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to);
/// The sum over the query heads of each group: from [batch, heads, …] to [batch, kv_heads, …].
void sum_group_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to);

}  // namespace rooftile::algorithms
