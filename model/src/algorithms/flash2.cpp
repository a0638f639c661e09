// FlashAttention-2 forward (Dao 2023, arXiv 2307.08691, Algorithm 1 and section 3.1).
//
// One CTA owns br query rows. It walks the key blocks backwards: first those that a mask cuts, then those it sees
// whole. O, the row maxima and the row sums never leave the SM; Q stays in shared memory and is read from there in
// every trip; O and the logsumexp are written once, O through the place of Q so that stores are 16 bytes wide.
//
//   requested bytes   Q and O once, K and V once per query tile that sees them:  2·Nq·d + 2·ceil(Nq/br)·Nkv·d  elements
#include "algorithms.hpp"
#include "causal.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

// axes, fastest first
constexpr IndexId q_tile = 0, member = 1, kv_head = 2, batch = 3;

// mma.m16n8k16 leaves a row of its result in four lanes, which exchange twice to reduce it
constexpr std::int64_t row_lanes = 4, reduce_steps = 2;

struct Tensors {
  int q, k, v, o, lse;
};

struct Flash2 {
  ProgramWriter& w;
  const AttentionShape& shape;
  const TileRow& tile;
  Tensors t;

  [[nodiscard]] std::int64_t scores() const { return tile.br * tile.bc; }
  [[nodiscard]] std::int64_t element() const { return size_of(shape.dtype); }

  /// One trip over a key block; dependences as FlashAttention-2 pipelines them: K of the next trip arrives during
  /// softmax and PV, V of this one during QKᵀ, one buffer each. A masked block costs what an unmasked one does: the
  /// compare and select per score are left out.
  void trip(int loop) const {
    w.in(loop);
    const IndexId j = loop_index(loop);
    const std::int64_t buffer = tile.bc * tile.head_dim * element();
    const std::int64_t matmul = 2 * scores() * tile.head_dim;

    const int load_k = w.load(t.k, {at(batch), at(kv_head), rooftile::tile(j, tile.bc), whole(shape.head_dim)});
    const int load_v = w.load(t.v, {at(batch), at(kv_head), rooftile::tile(j, tile.bc), whole(shape.head_dim)});
    w.work(OpKind::sts, 2 * buffer);                                          // cp.async lands K and V
    const int read_k = w.work(OpKind::lds, q_bytes() + tile.warps * buffer);  // its rows of Q, the whole tile of K
    const int qk = w.work(OpKind::mma, matmul);
    const int row_max = w.work(OpKind::alu, scores());
    const int exchange = w.work(OpKind::reduce, row_lanes * reduce_steps * tile.br);
    const int scale = w.work(OpKind::fma, 2 * scores() + tile.br * tile.head_dim);  // exponent, sum, rescaled O
    const int exp =
        w.work(OpKind::exp2, scores() + row_lanes * tile.br);  // each lane of a row makes the rescale factor
    const int to_16_bit = w.work(OpKind::convert, scores());
    const int read_v = w.work(OpKind::lds, tile.warps * buffer);
    const int pv = w.work(OpKind::mma, matmul);
    w.work(OpKind::barrier, 2);  // K landed and V is free; V landed and K is free

    w.after(load_k, {{qk, 1}});
    w.after(load_v, {{pv, 1}});
    w.after(read_k, {{load_k, 0}});
    w.after(qk, {{read_k, 0}, {pv, 1}});
    w.after(row_max, {{qk, 0}});
    w.after(exchange, {{row_max, 0}});
    w.after(scale, {{exchange, 0}});
    w.after(exp, {{scale, 0}});
    w.after(to_16_bit, {{exp, 0}});
    w.after(read_v, {{load_v, 0}});
    w.after(pv, {{to_16_bit, 0}, {read_v, 0}});
  }

  /// Before the first trip: Q.
  void begin(TileDim head) const {
    w.in(-1);
    w.load(t.q, {at(batch), head, rooftile::tile(q_tile, tile.br), whole(shape.head_dim)});
    w.work(OpKind::sts, q_bytes());
  }

  /// After the last trip: sums over the lanes of a row, O and the logsumexp.
  void finish(TileDim head) const {
    w.in(-1);
    w.work(OpKind::reduce, row_lanes * reduce_steps * tile.br);
    w.work(OpKind::convert, tile.br * tile.head_dim);
    w.work(OpKind::sts, q_bytes());
    w.work(OpKind::lds, q_bytes());
    w.store(t.o, {at(batch), head, rooftile::tile(q_tile, tile.br), whole(shape.head_dim)});
    w.store(t.lse, {at(batch), head, rooftile::tile(q_tile, tile.br)});
  }

  /// Bytes of the tile of Q, and of O.
  [[nodiscard]] std::int64_t q_bytes() const { return tile.br * tile.head_dim * element(); }
};

Tensors tensors(ProgramWriter& w, const AttentionShape& s) {
  const std::int64_t element = size_of(s.dtype);
  return {.q = w.input("Q", element, {s.batch, s.heads, s.seq_q, s.head_dim}),
          .k = w.input("K", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim}),
          .v = w.input("V", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim}),
          .o = w.output("O", element, {s.batch, s.heads, s.seq_q, s.head_dim}),
          .lse = w.output("LSE", 4, {s.batch, s.heads, s.seq_q})};
}

}  // namespace

void flash2(Program& program, const AttentionShape& shape, const Call& call) {
  const TileRow& row = call.tile;
  ProgramWriter w{program};
  const Flash2 kernel{w, shape, row, tensors(w, shape)};
  const CausalTiling tiling{row.br, row.bc, shape.seq_q, shape.seq_kv, shape.causal_offset()};

  w.launch("flash2",
           {.threads = 32 * row.warps,
            .registers = row.registers,
            .smem = row.smem != 0 ? row.smem : flash2_smem(row.br, row.bc, row.head_dim)},
           {{"q_tile", ceil_div(shape.seq_q, row.br), call.spec.longest_first},
            {"member", shape.group()},
            {"kv_head", shape.kv_heads},
            {"batch", shape.batch}});
  w.role("all", row.warps);

  const TileDim head = at(kv_head, shape.group(), member);
  kernel.begin(head);

  const bool causal = shape.mask == Mask::causal;
  const Bound seen = causal ? last_seen_block(q_tile, tiling) : constant(tiling.blocks());
  const Bound unmasked = causal ? last_unmasked_block(q_tile, tiling) : constant(shape.seq_kv / row.bc);
  const bool masks = causal || shape.seq_kv % row.bc != 0;
  const int masked_loop = masks ? w.descending_loop(unmasked, seen) : -1;
  if (masks) kernel.trip(masked_loop);
  const int unmasked_loop = w.descending_loop(constant(0), unmasked);
  kernel.trip(unmasked_loop);
  if (masks) w.same_body(unmasked_loop, masked_loop);

  kernel.finish(head);
}

}  // namespace rooftile::algorithms
