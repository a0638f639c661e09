// FlashAttention-1 backward (Dao et al. 2022, arXiv 2205.14135, Algorithm 4), as csrc/flash_attn/src/
// fmha_dgrad_kernel_1xN_loop.h of the first releases of HazyResearch/flash-attention does it: keys outside, queries
// inside.
//
// One CTA owns a head. It keeps a block of bc keys and their gradients on chip and walks all tiles of queries past it.
// dQ goes through global memory in fp32 and comes back for the next block of keys; the last block of a tile writes dQ
// itself. D = rowsum(dO ∘ O) is made in the first round over the queries, which reads O, and read afterwards. Algorithm
// 4 as printed keeps dQ in memory at full length in every round and reads O in each.
//
//   requested per head, no mask, Tc blocks of keys
//     K, V, dK, dV 4·Nkv·d;  Q, dO 2·Tc·Nq·d;  O and dQ 2·Nq·d elements
//     dQ in fp32, written and read: 2·(Tc − 1)·Nq·d floats;  LSE Tc·Nq, D Tc·Nq floats
//
// Under a causal mask a tile is done with the block of keys that reaches its first row (the code's test, exact where br
// divides bc and seq_kv − seq_q).
#include "flash_backward.hpp"

namespace rooftile::algorithms {
namespace {

struct Flash1Backward {
  // axes, fastest first
  static constexpr IndexId member = 0, kv_head = 1, batch = 2;

  const AttentionShape& shape;
  const TileRow& tile;
  BackwardTrip trip;
  int sum;  ///< of dQ, fp32, like Q
  KeyGradients to;

  [[nodiscard]] TileDim head() const { return at(kv_head, shape.group(), member); }
  [[nodiscard]] std::int64_t tiles() const { return ceil_div(shape.seq_q, tile.br); }
  [[nodiscard]] std::int64_t blocks() const { return ceil_div(shape.seq_kv, tile.bc); }
  [[nodiscard]] bool adds_partial_dq() const { return trip.warp_rows.queries == 0; }

  /// The tiles of queries [first, done) are at their last block of keys j.
  [[nodiscard]] Bound done(IndexId j) const {
    const std::int64_t all = tiles();
    if (shape.mask != Mask::causal) return affine(j, -all * (blocks() - 2), all, 1, 0, all);
    return affine(j, tile.bc - shape.causal_offset() + tile.br - 1, tile.bc, tile.br, 0, all);
  }

  /// Row sums of dO ∘ O in the first round, read afterwards; returns what dS waits for.
  [[nodiscard]] int row_sums(TileDim rows, int j) const {
    ProgramWriter& w = trip.w;
    w.load(trip.t.o, {at(batch), head(), rows, whole(shape.head_dim)});
    w.guard(Guard::first_trip, j);
    w.work(OpKind::fma, tile.br * tile.head_dim);
    w.guard(Guard::first_trip, j);
    w.store(trip.t.delta, {at(batch), head(), rows});
    w.guard(Guard::first_trip, j);
    const int read = w.load(trip.t.delta, {at(batch), head(), rows});
    w.guard(Guard::not_first_trip, j);
    return read;
  }

  /// dQ of this trip, added to what earlier blocks of keys left.
  void add_to_dq(TileDim rows, int j, const BackwardTrip::Products& made, bool last) const {
    ProgramWriter& w = trip.w;
    const std::int64_t elements = tile.br * tile.head_dim;
    const std::int64_t staged = (adds_partial_dq() ? tile.warps : 1) * elements * 4;
    const int stage = w.work(OpKind::sts, staged);  // partial results of the warps, or the way to 16-byte stores
    const int back = w.work(OpKind::lds, staged);
    const int before = w.load(sum, {at(batch), head(), rows, whole(shape.head_dim)});
    w.guard(Guard::not_first_trip, j);
    const int add = w.work(OpKind::fma, elements);
    w.after(stage, {{made.dq, 0}, {back, 1}});
    w.after(back, {{stage, 0}});
    w.after(add, {{back, 0}, {before, 0}});
    if (last) w.work(OpKind::convert, elements);
    w.after(w.store(last ? trip.t.grad_q : sum, {at(batch), head(), rows, whole(shape.head_dim)}), {{add, 0}});
  }

  void queries(Bound from, Bound to_tile, int j, bool last) const {
    ProgramWriter& w = trip.w;
    const int i = w.loop(from, to_tile, j);
    const TileDim rows = rooftile::tile(loop_index(i), tile.br);
    w.in(i);
    BackwardTrip::Loads loads = trip.load(at(batch), head(), loop_index(i), keys(j));
    loads.delta = row_sums(rows, j);
    add_to_dq(rows, j, trip.products(loads), last);
  }

  /// dQ of tiles whose rows see no key.
  void zero_unseeing() const {
    const std::int64_t unseeing =
        shape.mask == Mask::causal ? std::max<std::int64_t>(0, -shape.causal_offset()) / tile.br : 0;
    if (unseeing == 0) return;
    const int i = trip.w.loop(constant(0), constant(unseeing));
    trip.w.in(i);
    trip.w.store(trip.t.grad_q, {at(batch), head(), rooftile::tile(loop_index(i), tile.br), whole(shape.head_dim)});
  }

  [[nodiscard]] TileDim keys(int j) const { return rooftile::tile(loop_index(j), tile.bc); }

  void write() const {
    ProgramWriter& w = trip.w;
    zero_unseeing();
    const int j = w.loop(constant(0), constant(blocks()));
    w.in(j);
    trip.load_keys(at(batch), at(kv_head), keys(j));
    queries(first_query_tile(loop_index(j), shape, tile), done(loop_index(j)), j, true);
    queries(done(loop_index(j)), constant(tiles()), j, false);
    w.in(j);
    trip.store_keys(at(batch), head(), keys(j), to);
  }
};

/// Warps stand side by side on rows, 16 each; those that are left over share rows and split the keys.
WarpRows rows_of_16(const TileRow& row) {
  const std::int64_t side_by_side = std::clamp<std::int64_t>(row.br / 16, 1, row.warps);
  const std::int64_t sharing = row.warps / side_by_side;
  return {side_by_side, sharing, sharing > 1 ? 0 : side_by_side};
}

/// Q and dO two deep, K and V, P and dS, and dQ in fp32 of each warp that shares rows.
std::int64_t flash1_backward_smem(const TileRow& row, const WarpRows& warp_rows, std::int64_t element) {
  const std::int64_t partial = (warp_rows.queries == 0 ? row.warps : 1) * row.br * row.head_dim * 4;
  return element * (4 * row.br * row.head_dim + 2 * row.bc * row.head_dim + 2 * row.br * row.bc) + partial;
}

}  // namespace

void flash1_backward(Program& program, const AttentionShape& s, const Call& call) {
  const TileRow& row = call.tile;
  ProgramWriter w = ProgramWriter::behind(program);
  const BackwardTensors t = backward_tensors(w, s, call.spec.row_statistics);
  const ScoreExtras extras{w, s, call.spec};
  const WarpRows warp_rows = rows_of_16(row);
  const int sum = w.workspace("dQ_sum", 4, {s.batch, s.heads, s.seq_q, s.head_dim});
  const Flash1Backward kernel{s, row, BackwardTrip{w, s, row, t, extras, warp_rows}, sum, key_gradients(w, s, t)};

  w.launch("flash1_backward",
           {.threads = 32 * row.warps,
            .registers = row.registers,
            .smem = row.smem != 0 ? row.smem : flash1_backward_smem(row, warp_rows, size_of(s.dtype))},
           {{"member", s.group()}, {"kv_head", s.kv_heads}, {"batch", s.batch}}, LaunchPart::gradient);
  w.role("all", row.warps);
  kernel.write();
  sum_key_gradients(w, s, t, kernel.to);
}

}  // namespace rooftile::algorithms
