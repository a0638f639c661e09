// Attention for few queries (Dao et al. 2023, "Flash-Decoding for long-context inference"): flash2 with the keys split
// into parts, and a second launch that merges what the parts leave.
//
// The rows of a tile are those of flash2, a GQA group folded in where the implementation does so. Part s of S has the
// key blocks [s·per, (s + 1)·per), per = ceil(blocks / S); a causal mask ends a part early, and a part without any
// block still leaves O = 0 and a logsumexp of minus infinity.
//
// Our own kernel (own_split_kv.cpp) does both launches in its own way; this is how FlashAttention-2 does them.
//
//   requested per column of query tiles     Q once per part, K and V once per query tile that sees them
//   partial O and LSE                       S·rows·(d + 1) floats, written once and read once
#include "key_parts.hpp"
#include "query_tile.hpp"
#include "section_rule.hpp"
#include "tile_search.hpp"

namespace rooftile::algorithms {

void split_kv(Program& program, const AttentionShape& shape, const Call& call) {
  using namespace split_axes;
  const TileRow& row = call.tile;
  if (row.registers_merge != 0) return own_split_kv(program, shape, call);
  ProgramWriter w{program};
  const QueryRows queries{shape, call.spec.packs_group, row.br};
  const TileDim head = queries.head(kv_head, member);
  const AttentionTensors tensors{w, shape, queries};
  const KeyParts keys{w, call, shape, queries, tensors};
  const QueryTile part{w, shape, row, tensors, ScoreExtras{w, shape, call.spec}, {q_tile, kv_head, batch}, head};

  Launch& launch = w.launch("split", part.resources(),
                            {{"q_tile", queries.tiles(), call.spec.longest_first},
                             {"split", keys.parts()},
                             {"member", queries.members},
                             {"kv_head", shape.kv_heads},
                             {"batch", shape.batch}},
                            LaunchPart::attention);
  launch.sections = sections_of(call, shape, queries, keys.parts());
  search_for_tiles(launch, shape, call);
  w.role("all", row.warps);
  part.begin();
  part.trip(keys.key_loop(queries.causal(shape, row.bc)));
  part.finish(keys.o_element());
  keys.store(head, tile(q_tile, row.br));
  keys.merge(row.head_dim, combine_buffers(call.spec.split_rule));
}

}  // namespace rooftile::algorithms
