// FlashAttention-2 backward (Dao 2023, arXiv 2307.08691, Algorithm 2 and section 3.2), as csrc/flash_attn/src/
// flash_bwd_*.h of Dao-AILab/flash-attention does it.
//
// Three kernels: D = rowsum(dO ∘ O), which also zeroes the fp32 sum of dQ; the main one, a CTA per block of keys and
// query head, which walks the tiles of queries backwards and adds to dQ with atomics; the conversion of dQ. With GQA a
// CTA makes dK and dV of its query head, and the framework adds up the group behind it.
//
//   requested per query head, Tr tiles of queries, Tc blocks of keys, no mask:
//     main   K, V, dK, dV once: 4·Nkv·d;  Q and dO once per block: 2·Tc·Nq·d elements;  LSE and D 2·Tc·Nq floats
//     dQ     atomics Tc·Tr·br·d floats; zeroed once, read once: 2·Tr·br·d floats;  O, dO, dQ 3·Nq·d elements
//
// Deterministic: ceil(SMs / (batch·heads)) CTAs per head, each with a sum of dQ of its own; a framework's fill zeroes
// them all, the conversion adds them up in order. Here a CTA takes neighbouring blocks of keys; the code deals them out
// in turn, which moves the same bytes.
#include "flash_backward.hpp"

namespace rooftile::algorithms {
namespace {

/// Q `stages` deep and dO, K and V, P and dS; V gives its place to P and dS where it stays in registers.
std::int64_t flash2_backward_smem(const TileRow& row, std::int64_t element) {
  const std::int64_t queries = (row.stages + row.grad_stages) * row.br * row.head_dim;
  const std::int64_t block = row.bc * row.head_dim;
  const std::int64_t scores = 2 * row.br * row.bc;
  return element * (queries + (row.v_in_registers ? std::max(2 * block, block + scores) : 2 * block + scores));
}

/// The main kernel.
struct Flash2Backward {
  static constexpr IndexId key_axis = 0, member = 1, kv_head = 2, batch = 3;

  const AttentionShape& shape;
  const TileRow& tile;
  const GradientSum& sum;
  BackwardTrip trip;
  KeyGradients to;

  [[nodiscard]] TileDim head() const { return at(kv_head, shape.group(), member); }

  /// All tiles of queries past the block of keys `keys`, inside `outer` (-1: a CTA has one block).
  void block(IndexId keys, int outer) const {
    ProgramWriter& w = trip.w;
    const TileDim key_rows = rooftile::tile(keys, tile.bc);
    w.in(outer);
    trip.load_keys(at(batch), at(kv_head), key_rows);
    const int i =
        w.descending_loop(first_query_tile(keys, shape, tile), constant(ceil_div(shape.seq_q, tile.br)), outer);
    w.in(i);
    BackwardTrip::Loads loads = trip.load(at(batch), head(), loop_index(i), key_rows);
    loads.delta = w.load(trip.t.delta, {at(batch), head(), rooftile::tile(loop_index(i), tile.br)});
    const BackwardTrip::Products made = trip.products(loads);
    w.after(add_to_dq(loop_index(i)), {{made.dq, 0}});
    w.in(outer);
    trip.store_keys(at(batch), head(), key_rows, to);
  }

  [[nodiscard]] int add_to_dq(IndexId queries) const {
    const TileDim rows = rooftile::tile(queries, tile.br);
    if (sum.splits == 0) return trip.w.atomic(sum.tensor, {at(batch), head(), rows, whole(sum.cols)});
    return trip.w.atomic(sum.tensor, {at(key_axis), at(batch), head(), rows, whole(sum.cols)});
  }
};

/// CTAs per query head of the deterministic kernel.
std::int64_t splits_of(const AttentionShape& s, const Call& call) {
  if (!call.spec.deterministic) return 0;
  return ceil_div(static_cast<std::int64_t>(call.device.sm.count.value()), s.batch * s.heads);
}

}  // namespace

void flash2_backward(Program& program, const AttentionShape& s, const Call& call) {
  if (call.spec.sums_group) return flash2_group_backward(program, s, call);
  const TileRow& row = call.tile;
  ProgramWriter w = ProgramWriter::behind(program);
  const BackwardTensors t = backward_tensors(w, s, 1);
  const std::int64_t splits = splits_of(s, call);
  const std::int64_t blocks = ceil_div(s.seq_kv, row.bc);
  const GradientSum sum =
      gradient_sum(w, s, "dQ_sum", s.heads, ceil_div(s.seq_q, row.br) * row.br, row.head_dim, splits);
  const ScoreExtras extras{w, s, call.spec};
  const Flash2Backward kernel{s, row, sum, BackwardTrip{w, s, row, t, extras, strips_of_32(row)},
                              key_gradients(w, s, t)};

  if (splits > 0) fill_launch(w, s, "zero_dq", sum);
  delta_launch(w, s, t, {"delta", row.br, row.warps}, splits > 0 ? nullptr : &sum, -1);
  w.launch("flash2_backward",
           {.threads = 32 * row.warps,
            .registers = row.registers,
            .smem = row.smem != 0 ? row.smem : flash2_backward_smem(row, size_of(s.dtype))},
           {{splits > 0 ? "split" : "kv_tile", splits > 0 ? splits : blocks},
            {"member", s.group()},
            {"kv_head", s.kv_heads},
            {"batch", s.batch}},
           LaunchPart::gradient);
  w.role("all", row.warps);
  if (splits > 0) {
    const std::int64_t per = ceil_div(blocks, splits);
    const int j = w.loop(affine(Flash2Backward::key_axis, 0, per, 1, 0, blocks),
                         affine(Flash2Backward::key_axis, per, per, 1, 0, blocks));
    kernel.block(loop_index(j), j);
  } else {
    kernel.block(Flash2Backward::key_axis, -1);
  }
  convert_launch(w, s, {"convert_dq", row.br, row.warps}, sum, t.grad_q);
  sum_key_gradients(w, s, t, kernel.to);
}

}  // namespace rooftile::algorithms
