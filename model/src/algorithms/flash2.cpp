// FlashAttention-2 forward (Dao 2023, arXiv 2307.08691, Algorithm 1 and section 3.1).
//
// One CTA owns br query rows. It walks the key blocks backwards: first those that a mask cuts, then those it sees
// whole. O, the row maxima and the row sums never leave the SM; Q stays in shared memory and is read from there in
// every trip; O and the logsumexp are written once, O through the place of Q so that stores are 16 bytes wide.
//
//   requested bytes   Q and O once, K and V once per query tile that sees them:  2·Nq·d + 2·ceil(Nq/br)·Nkv·d  elements
#include "query_tile.hpp"

namespace rooftile::algorithms {

void flash2(Program& program, const AttentionShape& shape, const Call& call) {
  constexpr IndexId q_tile = 0, member = 1, kv_head = 2, batch = 3;  // axes, fastest first
  const TileRow& row = call.tile;
  ProgramWriter w{program};
  const QueryRows queries{shape, call.spec.packs_group, row.br};
  const TileDim head = queries.head(kv_head, member);
  const QueryTile kernel{
      w,   shape, row, AttentionTensors{w, shape, queries}, ScoreExtras{w, shape, call.spec}, {q_tile, kv_head, batch},
      head};

  w.launch("flash2", kernel.resources(),
           {{"q_tile", queries.tiles(), call.spec.longest_first},
            {"member", queries.members},
            {"kv_head", shape.kv_heads},
            {"batch", shape.batch}},
           LaunchPart::attention);
  w.role("all", row.warps);
  kernel.begin();

  const CausalTiling tiling = queries.causal(shape, row.bc);
  const bool causal = shape.mask == Mask::causal;
  const Bound seen = causal ? last_seen_block(q_tile, tiling) : constant(tiling.blocks());
  const Bound unmasked = causal ? last_unmasked_block(q_tile, tiling) : constant(shape.seq_kv / row.bc);
  const bool masks = causal || shape.seq_kv % row.bc != 0;
  const int masked_loop = masks ? w.descending_loop(unmasked, seen) : -1;
  if (masks) kernel.trip(masked_loop);
  const int unmasked_loop = w.descending_loop(constant(0), unmasked);
  kernel.trip(unmasked_loop);
  if (masks) w.same_body(unmasked_loop, masked_loop);

  kernel.finish(size_of(shape.dtype));
  w.store(kernel.tensors.o, {at(batch), head, tile(q_tile, row.br), whole(shape.head_dim)});
  w.store(kernel.tensors.lse, {at(batch), head, tile(q_tile, row.br)});
}

}  // namespace rooftile::algorithms
