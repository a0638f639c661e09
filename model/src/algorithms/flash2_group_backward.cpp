// FlashAttention-2 backward (Dao 2023, arXiv 2307.08691, Algorithm 2) as rooftile's own kernel does it
// (kernels/text/flash2_backward.hpp): a CTA has a block of keys of a K/V head and goes through the query heads of the
// group one after the other, so dK and dV are whole when it is done.
//
//   requested   K, V, dK, dV once: 4·Nkv·d elements per K/V head, whatever the group
//               Q and dO once per block of keys and query head: 2·Tc·Nq·d;  LSE and D 2·Tc·Nq floats
//               dQ as in flash2_backward.cpp
//
// Deterministic: dQ in a launch of its own, a CTA per tile of queries that goes through the keys and makes P and dS a
// second time; no sum of dQ, nothing to zero or to convert.
//
//   grad_q      Q, dO, dQ once: 3·Nq·d;  K and V once per tile of queries: 2·Tr·Nkv·d elements
//
// LSE and D of a tile's rows go through shared memory: each warp reads those of its rows, four lanes the same value.
#include "flash_backward.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

constexpr std::int64_t statistics = 2;  // LSE and D

struct GroupBackward {
  static constexpr IndexId key_axis = 0, kv_head = 1, batch = 2;

  const AttentionShape& shape;
  const TileRow& tile;
  const GradientSum* sum;  ///< nullptr: dQ is made elsewhere
  BackwardTrip trip;

  void block() const {
    ProgramWriter& w = trip.w;
    const TileDim keys = rooftile::tile(key_axis, tile.bc);
    w.in(-1);
    trip.load_keys(at(batch), at(kv_head), keys);
    const int member = w.loop(constant(0), constant(shape.group()));
    const int i =
        w.descending_loop(first_query_tile(key_axis, shape, tile), constant(ceil_div(shape.seq_q, tile.br)), member);
    w.in(i);
    queries(at(kv_head, shape.group(), loop_index(member)), loop_index(i), keys);
    w.in(-1);
    trip.store_keys(at(batch), at(kv_head), keys, {trip.t.grad_k, trip.t.grad_v});
  }

 private:
  /// One tile of queries. Where Q has one buffer, it and dO are free together, behind dK.
  void queries(TileDim head, IndexId index, TileDim keys) const {
    ProgramWriter& w = trip.w;
    const TileDim rows = rooftile::tile(index, tile.br);
    BackwardTrip::Loads loads = trip.load(at(batch), head, index, keys);
    loads.delta = w.load(trip.t.delta, {at(batch), head, rows});
    w.work(OpKind::sts, statistics * fp32_bytes * tile.br);
    w.work(OpKind::lds, statistics * fp32_bytes * row_lanes * tile.br * (tile.warps / trip.warp_rows.scores));
    const BackwardTrip::Products made = trip.products(loads);
    if (sum == nullptr) return;
    const int add = w.atomic(sum->tensor, {at(batch), head, rows, whole(sum->cols)});
    w.after(add, {{made.dq, 0}});
  }
};

std::int64_t smem_of(const TileRow& row, std::int64_t element) {
  const std::int64_t operands = (row.stages + 1) * row.br * row.head_dim + 2 * row.bc * row.head_dim;
  return element * (operands + 2 * row.br * row.bc) + statistics * fp32_bytes * row.br;
}

int registers_of(const OwnTile& tile, const Call& call) {
  return call.device.compute_capability >= ComputeCapability{9, 0} ? tile.registers_sm90 : tile.registers_sm80;
}
/// The compiled shape that serves the head dim.
OwnTile tile_of(const char* launch, const Call& call) {
  const std::int64_t d = call.tile.head_dim;
  return own_tile(launch, d <= 64 ? 64 : d <= 128 ? 128 : 256);
}

/// The launch that makes dQ alone: each warp has rows of its own and keeps its part of dS in registers.
struct QueryGradients {
  static constexpr IndexId q_tile = 0, member = 1, kv_head = 2, batch = 3;

  ProgramWriter& w;
  const AttentionShape& shape;
  const BackwardTensors& t;
  const ScoreExtras& extras;
  const OwnTile tile;

  void launch(const Call& call) const {
    w.launch("flash2_grad_q", {.threads = 32 * tile.warps, .registers = registers_of(tile, call), .smem = tile.smem},
             {{"q_tile", ceil_div(shape.seq_q, tile.br), call.spec.longest_first},
              {"member", shape.group()},
              {"kv_head", shape.kv_heads},
              {"batch", shape.batch}},
             LaunchPart::gradient);
    w.role("all", tile.warps);
    const TileDim head = at(kv_head, shape.group(), member), rows = rooftile::tile(q_tile, tile.br);
    for (const int tensor : {t.q, t.grad_o}) w.load(tensor, {at(batch), head, rows, whole(shape.head_dim)});
    for (const int tensor : {t.statistics[0], t.delta}) w.load(tensor, {at(batch), head, rows});
    w.work(OpKind::sts, 2 * query_bytes());
    w.work(OpKind::reduce, statistics * reduce_steps * row_lanes * tile.br);
    const CausalTiling tiling{tile.br, tile.bc, shape.seq_q, shape.seq_kv, shape.causal_offset(), 1};
    const bool causal = shape.mask == Mask::causal;
    trip(w.loop(constant(0), causal ? last_seen_block(q_tile, tiling) : constant(tiling.blocks())));
    w.in(-1);
    w.work(OpKind::convert, std::int64_t{1} * tile.br * shape.head_dim);
    w.work(OpKind::sts, query_bytes());
    w.work(OpKind::lds, query_bytes());
    w.store(t.grad_q, {at(batch), head, rows, whole(shape.head_dim)});
  }

 private:
  [[nodiscard]] std::int64_t query_bytes() const { return tile.br * shape.head_dim * size_of(shape.dtype); }

  /// One block of keys. V's buffer is free behind dP, K's behind dQ.
  void trip(int loop) const {
    const std::int64_t scores = std::int64_t{1} * tile.br * tile.bc, matmul = 2 * scores * shape.head_dim;
    const std::int64_t key_bytes = tile.bc * shape.head_dim * size_of(shape.dtype);
    const TileDim keys = rooftile::tile(loop_index(loop), tile.bc);
    w.in(loop);
    const int load_k = w.load(t.k, {at(batch), at(kv_head), keys, whole(shape.head_dim)});
    const int load_v = w.load(t.v, {at(batch), at(kv_head), keys, whole(shape.head_dim)});
    const int key_mask = extras.load_mask(at(batch), keys);
    w.work(OpKind::sts, 2 * key_bytes);
    w.work(OpKind::lds, 2 * query_bytes() + 3 * key_bytes * tile.warps);
    const int qk = w.work(OpKind::mma, matmul);
    const int masked = extras.apply_mask(key_mask, qk, scores);
    const int dp = w.work(OpKind::mma, matmul);
    const int exponent = w.work(OpKind::fma, scores);
    const int exp = w.work(OpKind::exp2, scores);
    const int kept = extras.drop(exp, scores);
    const int ds = w.work(OpKind::fma, 2 * scores);
    const int ds_16_bit = w.work(OpKind::convert, scores);
    const int dq = w.work(OpKind::mma, matmul);
    w.work(OpKind::barrier, 3);  // K and V landed; V is free; K is free
    w.after(load_k, {{dq, 1}});
    w.after(load_v, {{dp, 1}});
    w.after(qk, {{load_k, 0}, {load_v, 0}});
    w.after(dp, {{qk, 0}});
    w.after(exponent, {{masked, 0}, {dp, 0}});
    w.after(exp, {{exponent, 0}});
    w.after(ds, {{kept, 0}});
    w.after(ds_16_bit, {{ds, 0}});
    w.after(dq, {{ds_16_bit, 0}});
  }
};

/// The shape of a small kernel, registers as compiled.
RowKernel row_kernel(const char* name, const Call& call, std::int64_t br, int warps) {
  return {.name = name,
          .br = br,
          .warps = warps,
          .registers = registers_of(tile_of(name, call), call),
          .counts_widening = false};
}

}  // namespace

void flash2_group_backward(Program& program, const AttentionShape& s, const Call& call) {
  const TileRow& row = call.tile;
  const bool deterministic = call.spec.deterministic;
  ProgramWriter w = ProgramWriter::behind(program);
  const BackwardTensors t = backward_tensors(w, s, 1);
  GradientSum sum{};
  if (!deterministic) sum = gradient_sum(w, s, "dQ_sum", s.heads, ceil_div(s.seq_q, row.br) * row.br, row.head_dim);
  const GradientSum* const adds = deterministic ? nullptr : &sum;
  const ScoreExtras extras{w, s, call.spec};
  BackwardTrip trip{w, s, row, t, extras, strips_of_32(row)};
  trip.makes_dq = !deterministic;
  trip.dk_before_dq = true;

  const OwnTile delta = tile_of("delta", call);
  delta_launch(w, s, t, row_kernel("delta", call, delta.br, delta.warps), adds, -1);
  w.launch("flash2_backward",
           {.threads = 32 * row.warps,
            .registers = row.registers,
            .smem = row.smem != 0 ? row.smem : smem_of(row, size_of(s.dtype))},
           {{"kv_tile", ceil_div(s.seq_kv, row.bc)}, {"kv_head", s.kv_heads}, {"batch", s.batch}},
           LaunchPart::gradient);
  w.role("all", row.warps);
  GroupBackward{s, row, adds, trip}.block();
  if (deterministic) {
    const char* const launch = s.dropout > 0 ? "flash2_grad_q_dropout" : "flash2_grad_q";
    QueryGradients{w, s, t, extras, tile_of(launch, call)}.launch(call);
  } else {
    convert_launch(w, s, row_kernel("convert_dq", call, row.br, row.warps), sum, t.grad_q);
  }
}

}  // namespace rooftile::algorithms
