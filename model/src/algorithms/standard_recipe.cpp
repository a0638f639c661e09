#include "standard_recipe.hpp"

#include <algorithm>

namespace rooftile::algorithms {
namespace {

constexpr std::int64_t rows_per_copy = 16;  // of a K or V that is repeated or summed

int copy_of(ProgramWriter& w, const char* name, const AttentionShape& s, std::int64_t heads, Matrix from) {
  return w.held(name, TensorRole::workspace, size_of(s.dtype), {s.batch, heads, from.rows, from.cols});
}
/// K or V repeated for every query head of its group.
void repeat_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to) {
  constexpr IndexId row_tile = 0, member = 1, kv_head = 2, batch = 3;
  w.launch(name, {.threads = 256, .registers = 32, .smem = 0},
           {{"row_tile", ceil_div(from.rows, rows_per_copy)},
            {"member", heads.group},
            {"kv_head", heads.kv_heads},
            {"batch", heads.batch}});
  w.role("all", 8);
  w.load(from.tensor, {at(batch), at(kv_head), tile(row_tile, rows_per_copy), whole(from.cols)});
  w.store(to.tensor, {at(batch), at(kv_head, heads.group, member), tile(row_tile, rows_per_copy), whole(from.cols)});
}

bool repeats_kv(const KernelSpec& spec, const AttentionShape& s) { return spec.expands_kv && s.group() > 1; }

/// K and V per query head, if the recipe wants them so.
Operands repeated(ProgramWriter& w, const AttentionShape& s, const KernelSpec& spec, Operands from) {
  if (!repeats_kv(spec, s)) return from;
  const auto per_query_head = [&](const char* name, Matrix of) {
    return Matrix{copy_of(w, name, s, s.heads, of), of.rows, of.cols, false};
  };
  return {from.q, per_query_head("K_repeated", from.k), per_query_head("V_repeated", from.v)};
}

/// Copies of Q, K and V, if the recipe makes them; a K times the scale is one, too.
Operands copied(ProgramWriter& w, const AttentionShape& s, const KernelSpec& spec, Operands from) {
  const auto copy = [&](const char* name, Matrix of) {
    return Matrix{copy_of(w, name, s, of.per_kv_head ? s.kv_heads : s.heads, of), of.rows, of.cols, of.per_kv_head};
  };
  Operands result = from;
  if (spec.copies_q_and_k) result.q = copy("Q_copy", from.q);
  if (spec.copies_q_and_k) result.k = copy("K_copy", from.k);
  if (spec.copies_v) result.v = copy("V_copy", from.v);
  return result;
}

}  // namespace

AttentionShape padded(const AttentionShape& s, std::int64_t padding) {
  AttentionShape result = s;
  if (padding > 1) result.seq_kv = ceil_div(s.seq_kv, padding) * padding;
  return result;
}

TileRow product_tile(const Call& call) {
  TileRow tile = call.tile;
  const std::int64_t padding = call.spec.score_padding;
  if (padding > 1) tile.bc = std::max(padding, tile.bc / padding * padding);
  return tile;
}

ScoreBuffers::ScoreBuffers(ProgramWriter& w, const AttentionShape& shape, const char* first, const char* second)
    : w_{w}, shape_{shape}, second_{second}, block_{make(first), -1} {}

int ScoreBuffers::make(const char* name) {
  return w_.workspace(name, size_of(shape_.dtype), {shape_.batch, shape_.heads, shape_.seq_q, shape_.seq_kv});
}

Matrix ScoreBuffers::next() {
  at_ = 1 - at_;
  if (block_[at_] < 0) block_[at_] = make(second_);
  return current();
}

Matrix ScoreBuffers::keep(const char* name) {
  block_[1] = block_[0];
  block_[0] = make(name);
  at_ = 0;
  return current();
}

bool applies(const ExtraPass& pass, const AttentionShape& s) {
  switch (pass.when) {
    case PassCondition::always: return true;
    case PassCondition::causal: return s.mask == Mask::causal;
    case PassCondition::masked: return s.mask != Mask::none;
    case PassCondition::dropout: return s.dropout > 0;
  }
  return false;
}

const char* weights_of_pv(const KernelSpec& spec, const AttentionShape& s) {
  const auto moves = [&](const ExtraPass& pass) {
    return pass.pass == Pass::fwd && pass.place == ExtraPass::Place::after_softmax && pass.score_writes > 0 &&
           applies(pass, s);
  };
  return std::count_if(spec.extra_passes.begin(), spec.extra_passes.end(), moves) % 2 == 0 ? "P" : "S";
}

void ExtraPasses::run(ExtraPass::Place place, ScoreBuffers& buffers) {
  for (const ExtraPass& pass : spec_.extra_passes) {
    if (pass.pass == pass_ && pass.place == place && applies(pass, shape_)) launch(pass, buffers);
  }
}

void ExtraPasses::launch(const ExtraPass& pass, ScoreBuffers& buffers) {
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
  kernel.by_offsets = pass.by_offsets || pass.reads_shared;
  if (pass.when == PassCondition::dropout && pass.byte_mask_reads == 0) kernel.random_numbers = 1;
  elementwise_launch(w_, heads_, shape_.seq_q, shape_.seq_kv, kernel);
}

int ExtraPasses::shared_matrix() {
  return w_.held("M", TensorRole::workspace, size_of(shape_.dtype), {1, 1, shape_.seq_q, shape_.seq_kv});
}
int ExtraPasses::byte_mask() {
  return w_.held("keep", TensorRole::workspace, 1, {shape_.batch, shape_.heads, shape_.seq_q, shape_.seq_kv});
}

Operands standard_inputs(ProgramWriter& w, const AttentionShape& s) {
  const std::int64_t element = size_of(s.dtype);
  const auto input = [&](const char* name, std::int64_t heads, std::int64_t rows) {
    return Matrix{w.handed_on(name, TensorRole::input, element, {s.batch, heads, rows, s.head_dim}), rows, s.head_dim};
  };
  Operands all{input("Q", s.heads, s.seq_q), input("K", s.kv_heads, s.seq_kv), input("V", s.kv_heads, s.seq_kv)};
  all.k.per_kv_head = all.v.per_kv_head = true;
  return all;
}

Operands held_operands(ProgramWriter& w, const AttentionShape& s, const KernelSpec& spec, Operands from) {
  return copied(w, s, spec, repeated(w, s, spec, from));
}

Operands copy_operands(ProgramWriter& w, const Heads& heads, const AttentionShape& s, const KernelSpec& spec,
                       Operands from) {
  const Operands per_head = repeated(w, s, spec, from);
  if (repeats_kv(spec, s)) {
    repeat_launch(w, "repeat_k", heads, from.k, per_head.k);
    repeat_launch(w, "repeat_v", heads, from.v, per_head.v);
  }
  const Operands copies = copied(w, s, spec, per_head);
  Matrix k = per_head.k;
  if (spec.scales_k) {
    k = {copy_of(w, "K_scaled", s, k.per_kv_head ? s.kv_heads : s.heads, k), k.rows, k.cols, k.per_kv_head};
    permute_launch(w, "scale_k", heads, per_head.k, k);
  }
  if (spec.copies_q_and_k) permute_launch(w, "copy_q", heads, per_head.q, copies.q);
  if (spec.copies_q_and_k) permute_launch(w, "copy_k", heads, k, copies.k);
  if (spec.copies_v) permute_launch(w, "copy_v", heads, per_head.v, copies.v);
  return copies;
}

namespace {

void one_to_one(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to, bool by_offsets) {
  Elementwise kernel{.name = name, .by_offsets = by_offsets};
  kernel.reads.push_back(from.tensor);
  kernel.writes.push_back(to.tensor);
  elementwise_launch(w, {heads.batch, from.per_kv_head ? heads.kv_heads : heads.all(), 1}, from.rows, from.cols,
                     kernel);
}

}  // namespace

void map_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to) {
  one_to_one(w, name, heads, from, to, false);
}

void permute_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to) {
  one_to_one(w, name, heads, from, to, true);
}

void sum_group_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix from, Matrix to) {
  constexpr IndexId row_tile = 0, kv_head = 1, batch = 2;
  w.launch(name, {.threads = 256, .registers = 32, .smem = 0},
           {{"row_tile", ceil_div(from.rows, rows_per_copy)}, {"kv_head", heads.kv_heads}, {"batch", heads.batch}});
  w.role("all", 8);
  const int members = w.loop(constant(0), constant(heads.group));
  const TileDim rows = tile(row_tile, rows_per_copy);
  w.in(members);
  const int load =
      w.load(from.tensor, {at(batch), at(kv_head, heads.group, loop_index(members)), rows, whole(from.cols)});
  const int add = w.work(OpKind::fma, rows_per_copy * from.cols);
  w.after(add, {{load, 0}, {add, 1}});
  w.in(-1);
  w.work(OpKind::convert, rows_per_copy * from.cols);
  w.store(to.tensor, {at(batch), at(kv_head), rows, whole(from.cols)});
}

}  // namespace rooftile::algorithms
