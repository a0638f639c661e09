// Standard attention: S = QKᵀ, P = softmax(S), O = PV, the two N² matrices in global memory (FlashAttention, Algorithm
// 0), and what a framework runs beside them: copies, masks, dropout (the spec's recipe of extra passes).
//
//   requested per launch, each distinct input and output once, elements (B·H = 1):
//   2·Nd + N²  |  loads + 1 passes of softmax  |  N² + 2·Nd       fused 4N² + 4Nd, online 5N² + 4Nd, safe 6N² + 4Nd
//   the GEMMs re-read their operands once per tile of the other dimension on top: that is L2 traffic.
//
// Our kernels pad the rows of S and P (KernelSpec::score_padding): seq_kv above is the padded length there.
#include <utility>

#include "matrix_launches.hpp"

namespace rooftile::algorithms {
namespace {

/// The call as its score matrices see it: their rows hold a pad.
AttentionShape padded(const AttentionShape& s, std::int64_t padding) {
  AttentionShape result = s;
  if (padding > 1) result.seq_kv = ceil_div(s.seq_kv, padding) * padding;
  return result;
}

/// The score matrices of one call. A framework's passes write to a new tensor; the block it read from is used again.
class ScoreBuffers {
 public:
  ScoreBuffers(ProgramWriter& w, const AttentionShape& s)
      : w_{w}, shape_{s}, scores_{make("S")}, weights_{-1}, spare_{-1}, current_{scores_} {}

  [[nodiscard]] Matrix current() const { return matrix(current_); }
  /// Where the next pass writes; it becomes current.
  Matrix next() {
    if (weights_ >= 0) {
      current_ = current_ == weights_ ? scores_ : weights_;
    } else {
      if (spare_ < 0) spare_ = make("S2");
      current_ = current_ == scores_ ? spare_ : scores_;
    }
    return current();
  }
  Matrix softmax_result() {
    weights_ = make("P");
    current_ = weights_;
    return current();
  }

 private:
  int make(const char* name) {
    return w_.workspace(name, size_of(shape_.dtype), {shape_.batch, shape_.heads, shape_.seq_q, shape_.seq_kv});
  }
  [[nodiscard]] Matrix matrix(int tensor) const { return {tensor, shape_.seq_q, shape_.seq_kv}; }

  ProgramWriter& w_;
  const AttentionShape& shape_;
  int scores_, weights_, spare_, current_;
};

bool applies(const ExtraPass& pass, const AttentionShape& s) {
  switch (pass.when) {
    case PassCondition::always: return true;
    case PassCondition::causal: return s.mask == Mask::causal;
    case PassCondition::masked: return s.mask != Mask::none;
    case PassCondition::dropout: return s.dropout > 0;
  }
  return false;
}

/// The extra passes of one place in the recipe, in the spec's order.
class ExtraPasses {
 public:
  ExtraPasses(ProgramWriter& w, const Heads& heads, const AttentionShape& s, const KernelSpec& spec)
      : w_{w}, heads_{heads}, shape_{s}, spec_{spec} {}

  void run(ExtraPass::Place place, ScoreBuffers& buffers) {
    for (const ExtraPass& pass : spec_.extra_passes) {
      if (pass.place == place && applies(pass, shape_)) launch(pass, buffers);
    }
  }

 private:
  void launch(const ExtraPass& pass, ScoreBuffers& buffers) {
    Elementwise kernel{.name = pass.name.c_str()};
    if (pass.shared) {
      if (pass.score_reads > 0) kernel.reads.push_back(shared_matrix());
      if (pass.score_writes > 0) kernel.writes.push_back(shared_matrix());
      elementwise_launch(w_, {1, 1, 1}, shape_.seq_q, shape_.seq_kv, kernel);
      return;
    }
    if (pass.score_reads > 0) kernel.reads.push_back(buffers.current().tensor);
    if (pass.byte_mask_reads > 0) kernel.reads.push_back(byte_mask());
    if (pass.score_writes > 0) kernel.writes.push_back(buffers.next().tensor);
    if (pass.byte_mask_writes > 0) kernel.writes.push_back(byte_mask());
    if (pass.reads_shared) kernel.shared_read = shared_matrix();
    if (pass.when == PassCondition::dropout) kernel.random_numbers = 1;
    elementwise_launch(w_, heads_, shape_.seq_q, shape_.seq_kv, kernel);
  }

  int shared_matrix() {
    if (shared_ < 0) shared_ = w_.workspace("M", size_of(shape_.dtype), {1, 1, shape_.seq_q, shape_.seq_kv});
    return shared_;
  }
  int byte_mask() {
    if (byte_mask_ < 0) byte_mask_ = w_.workspace("keep", 1, {shape_.batch, shape_.heads, shape_.seq_q, shape_.seq_kv});
    return byte_mask_;
  }

  ProgramWriter& w_;
  const Heads& heads_;
  const AttentionShape& shape_;
  const KernelSpec& spec_;
  int shared_ = -1;
  int byte_mask_ = -1;
};

/// A copy of an input that a framework makes first; returns the copy.
Matrix copy_launch(ProgramWriter& w, const char* name, const char* copy_name, const Heads& heads, Matrix from,
                   const AttentionShape& s) {
  const std::int64_t copied_heads = from.per_kv_head ? s.kv_heads : s.heads;
  const int copy = w.workspace(copy_name, size_of(s.dtype), {s.batch, copied_heads, from.rows, from.cols});
  Elementwise kernel{.name = name};
  kernel.reads.push_back(from.tensor);
  kernel.writes.push_back(copy);
  elementwise_launch(w, {heads.batch, copied_heads, 1}, from.rows, from.cols, kernel);
  Matrix result = from;
  result.tensor = copy;
  return result;
}

/// K or V repeated for every query head of its group.
Matrix repeat_launch(ProgramWriter& w, const char* name, const char* copy_name, const Heads& heads, Matrix from,
                     const AttentionShape& s) {
  constexpr IndexId row_tile = 0, member = 1, kv_head = 2, batch = 3;
  constexpr std::int64_t rows = 16;
  const int copy = w.workspace(copy_name, size_of(s.dtype), {s.batch, s.heads, from.rows, from.cols});
  w.launch(name, {.threads = 256, .registers = 32, .smem = 0},
           {{"row_tile", ceil_div(from.rows, rows)},
            {"member", heads.group},
            {"kv_head", heads.kv_heads},
            {"batch", heads.batch}});
  w.role("all", 8);
  w.load(from.tensor, {at(batch), at(kv_head), tile(row_tile, rows), whole(from.cols)});
  w.store(copy, {at(batch), at(kv_head, heads.group, member), tile(row_tile, rows), whole(from.cols)});
  return {copy, from.rows, from.cols, false};
}

}  // namespace

void standard(Program& program, const AttentionShape& s, const Call& call) {
  ProgramWriter w{program};
  const std::int64_t element = size_of(s.dtype);
  const Heads heads{s.batch, s.kv_heads, s.group()};
  Matrix q{w.input("Q", element, {s.batch, s.heads, s.seq_q, s.head_dim}), s.seq_q, s.head_dim};
  Matrix k{w.input("K", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim}), s.seq_kv, s.head_dim, true};
  Matrix v{w.input("V", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim}), s.seq_kv, s.head_dim, true};
  const Matrix o{w.output("O", element, {s.batch, s.heads, s.seq_q, s.head_dim}), s.seq_q, s.head_dim};
  // one value per row, each stored by a warp of its own
  const int lse = call.spec.logsumexp ? w.output("LSE", 4, {s.batch, s.heads, s.seq_q, 1}) : -1;
  const AttentionShape scored = padded(s, call.spec.score_padding);
  ScoreBuffers buffers{w, scored};
  ExtraPasses extra{w, heads, scored, call.spec};

  if (call.spec.expands_kv && s.group() > 1) {
    k = repeat_launch(w, "repeat_k", "K_repeated", heads, k, s);
    v = repeat_launch(w, "repeat_v", "V_repeated", heads, v, s);
  }
  if (call.spec.copies_q_and_k) {
    q = copy_launch(w, "copy_q", "Q_copy", heads, q, s);
    k = copy_launch(w, "copy_k", "K_copy", heads, k, s);
  }
  gemm_launch(w, "qk", heads, q, k, buffers.current(), true, call.tile, s.dtype);
  extra.run(ExtraPass::Place::before_softmax, buffers);
  const Matrix scores = buffers.current();
  softmax_launch(w, heads, scores, buffers.softmax_result(), lse, call, s.dtype);
  extra.run(ExtraPass::Place::after_softmax, buffers);
  gemm_launch(w, "pv", heads, buffers.current(), v, o, false, call.tile, s.dtype);
}

void gemm(Program& program, const GemmShape& s, const Call& call) {
  ProgramWriter w{program};
  const std::int64_t element = size_of(s.dtype);
  const Matrix a{w.input("A", element, {s.batch, 1, s.m, s.k}), s.m, s.k};
  const Matrix b{w.input("B", element, {s.batch, 1, s.n, s.k}), s.n, s.k};
  const Matrix c{w.output("C", element, {s.batch, 1, s.m, s.n}), s.m, s.n};
  gemm_launch(w, "gemm", {s.batch, 1, 1}, a, b, c, true, call.tile, s.dtype);
}

void softmax(Program& program, const SoftmaxShape& s, const Call& call) {
  ProgramWriter w{program};
  const std::int64_t element = size_of(s.dtype);
  const Matrix x{w.input("X", element, {1, 1, s.rows, s.cols}), s.rows, s.cols};
  const Matrix y{w.output("Y", element, {1, 1, s.rows, s.cols}), s.rows, s.cols};
  softmax_launch(w, {1, 1, 1}, x, y, -1, call, s.dtype);
}

}  // namespace rooftile::algorithms
