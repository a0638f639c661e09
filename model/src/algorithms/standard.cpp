// Standard attention: S = QKᵀ, P = softmax(S), O = PV, the two N² matrices in global memory (FlashAttention, Algorithm
// 0), and what a framework runs beside them: copies, masks, dropout (the spec's recipe, standard_recipe.hpp).
//
//   requested per launch, each distinct input and output once, elements (B·H = 1):
//   2·Nd + N²  |  loads + 1 passes of softmax  |  N² + 2·Nd       fused 4N² + 4Nd, online 5N² + 4Nd, safe 6N² + 4Nd
//   the GEMMs re-read their operands once per tile of the other dimension on top: that is L2 traffic.
//
// Our kernels pad the rows of S and P (KernelSpec::score_padding): seq_kv above is the padded length there. Key padding
// is theirs to apply as QKᵀ goes out, a byte per key and 64 queries; a framework's recipe has a pass for it.
#include "standard_recipe.hpp"

namespace rooftile::algorithms {

void standard(Program& program, const AttentionShape& s, const Call& call) {
  ProgramWriter w{program};
  const std::int64_t element = size_of(s.dtype);
  const Heads heads{s.batch, s.kv_heads, s.group()};
  const Operands inputs = standard_inputs(w, s);
  const Matrix o{w.output("O", element, {s.batch, s.heads, s.seq_q, s.head_dim}), s.seq_q, s.head_dim};
  // one value per row, each stored by a warp of its own
  const int lse = call.spec.logsumexp ? w.output("LSE", 4, {s.batch, s.heads, s.seq_q, 1}) : -1;
  const AttentionShape scored = padded(s, call.spec.score_padding);
  ScoreBuffers buffers{w, scored, "S", "S2"};
  ExtraPasses extra{w, heads, scored, call.spec, Pass::fwd};

  const TileRow tile = product_tile(call);
  const Operands read = copy_operands(w, heads, s, call.spec, inputs);
  const bool ours = call.spec.score_padding > 1;
  const int key_mask = ours && s.mask == Mask::key_padding ? w.input("key_mask", 1, {s.batch, s.seq_kv}) : -1;
  gemm_launch(w, "qk", heads, read.q, read.k, buffers.current(), Product::abt, tile, s.dtype, key_mask);
  extra.run(ExtraPass::Place::before_softmax, buffers);
  const Matrix scores = buffers.current();
  softmax_launch(w, heads, scores, buffers.keep("P"), lse, call, s.dtype);
  extra.run(ExtraPass::Place::after_softmax, buffers);
  gemm_launch(w, "pv", heads, buffers.current(), read.v, o, Product::ab, tile, s.dtype);
}

void gemm(Program& program, const GemmShape& s, const Call& call) {
  ProgramWriter w{program};
  const std::int64_t element = size_of(s.dtype);
  const Matrix a{w.input("A", element, {s.batch, 1, s.m, s.k}), s.m, s.k};
  const Matrix b{w.input("B", element, {s.batch, 1, s.n, s.k}), s.n, s.k};
  const Matrix c{w.output("C", element, {s.batch, 1, s.m, s.n}), s.m, s.n};
  gemm_launch(w, "gemm", {s.batch, 1, 1}, a, b, c, Product::abt, call.tile, s.dtype);
}

void softmax(Program& program, const SoftmaxShape& s, const Call& call) {
  ProgramWriter w{program};
  const std::int64_t element = size_of(s.dtype);
  const Matrix x{w.input("X", element, {1, 1, s.rows, s.cols}), s.rows, s.cols};
  const Matrix y{w.output("Y", element, {1, 1, s.rows, s.cols}), s.rows, s.cols};
  softmax_launch(w, {1, 1, 1}, x, y, -1, call, s.dtype);
}

}  // namespace rooftile::algorithms
