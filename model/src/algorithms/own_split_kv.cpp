// rt_split_kv (kernels/text/split_kv.hpp): split_kv with a group's query heads side by side in a tile, runs of
// positions of each (row_box()), partial O straight from registers to memory, and a merge of one row per CTA.
//
//   requested per tile of queries           Q once per part, K and V once per K/V head
//   partial O and LSE                       S·rows·(d + 1) floats, written once and read once
#include "key_parts.hpp"
#include "query_tile.hpp"
#include "rooftile/model/split_parts.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

struct OwnSplitKv {
  ProgramWriter& w;
  const AttentionShape& shape;
  const TileRow& row;
  AttentionTensors tensors;
  RowBox box;
  std::int64_t parts;
  int o_part = -1, lse_part = -1;

  OwnSplitKv(ProgramWriter& writer, const AttentionShape& s, const Call& call)
      : w{writer},
        shape{s},
        row{call.tile},
        tensors{writer, s, QueryRows{s, GroupPacking::never, call.tile.br}},
        box{row_box(s.group(), call.tile.br)},
        parts{parts_of(call)} {
    if (parts == 1) return;
    o_part = w.workspace("O_part", 4, {parts, s.batch, s.heads, s.seq_q, s.head_dim});
    lse_part = w.workspace("LSE_part", 4, {parts, s.batch, s.heads, s.seq_q});
  }

  [[nodiscard]] std::int64_t position_tiles() const { return ceil_div(shape.seq_q, box.positions); }
  [[nodiscard]] std::int64_t member_tiles() const { return shape.group() / box.members; }
  [[nodiscard]] std::int64_t blocks() const { return ceil_div(shape.seq_kv, row.bc); }
  [[nodiscard]] std::int64_t parts_of(const Call& call) const {
    if (call.spec.split_rule == SplitRule::fixed) return std::min<std::int64_t>(call.spec.splits, blocks());
    const Count sms = call.device.sm.count;
    const std::int64_t slots = 2 * (is_known(sms) ? static_cast<std::int64_t>(sms.value()) : 1);
    return fa2_parts(position_tiles() * member_tiles() * shape.kv_heads * shape.batch, slots, blocks());
  }

  void split(const Call& call) const {
    using namespace split_axes;
    const CausalTiling tiling{box.positions, row.bc, shape.seq_q, shape.seq_kv, shape.causal_offset()};
    const TileDim heads{.step = narrow(shape.group()),
                        .extent = narrow(box.members),
                        .step2 = narrow(box.members),
                        .index = kv_head,
                        .index2 = member};
    const TileDim positions = tile(q_tile, box.positions);
    const QueryTile part{w, shape, row, tensors, ScoreExtras{w, shape, call.spec}, {q_tile, kv_head, batch}, heads};
    w.launch("split", part.resources(),
             {{"q_tile", position_tiles(), call.spec.longest_first},
              {"split", parts},
              {"member", member_tiles()},
              {"kv_head", shape.kv_heads},
              {"batch", shape.batch}},
             LaunchPart::attention);
    w.role("all", row.warps);
    w.warps_take_turns();
    w.load(tensors.q, {at(batch), heads, positions, whole(shape.head_dim)});
    w.work(OpKind::sts, part.q_bytes());
    part.trip(key_loop(tiling));
    w.in(-1);
    if (parts == 1) {
      part.finish(size_of(shape.dtype));
      w.store(tensors.o, {at(batch), heads, positions, whole(shape.head_dim)});
      w.store(tensors.lse, {at(batch), heads, positions});
    } else {
      w.work(OpKind::reduce, row_lanes * reduce_steps * row.br);
      w.store(o_part, {at(split_axes::split), at(batch), heads, positions, whole(shape.head_dim)});
      w.store(lse_part, {at(split_axes::split), at(batch), heads, positions});
    }
  }

  /// The key blocks of a part: a share of all, as far as the mask goes.
  [[nodiscard]] int key_loop(const CausalTiling& tiling) const {
    using split_axes::q_tile;
    const bool causal = shape.mask == Mask::causal;
    const Bound seen = causal ? last_seen_block(q_tile, tiling) : constant(blocks());
    if (parts == 1) return w.descending_loop(constant(0), seen);
    const std::int64_t per = ceil_div(blocks(), parts);
    const int loop = w.descending_loop(affine(split_axes::split, 0, per, 1, 0, blocks()),
                                       affine(split_axes::split, per, per, 1, 0, blocks()));
    if (causal && value_at(seen, 0) < blocks()) w.cap(loop, seen);  // else even the first tile sees all
    return loop;
  }

  /// A row of O per CTA of four warps (kernels/text/split_kv_merge.hpp): a thread per part for the weights, then four
  /// columns of a part per thread.
  void merge() const {
    constexpr IndexId position = 0, head = 1, batch = 2;
    constexpr std::int64_t warps = 4, lanes = 32, threads = warps * lanes, lane_steps = 5;
    const int head_dim = static_cast<int>(row.head_dim);
    const std::int64_t at_a_time = merge_parts(head_dim), per_trip = at_a_time * merge_loads_ahead;
    w.launch("merge", {.threads = narrow(threads), .registers = row.registers_merge, .smem = merge_smem(head_dim)},
             {{"position", shape.seq_q}, {"head", shape.heads}, {"batch", shape.batch}}, LaunchPart::merge);
    w.role("all", warps);
    w.load(lse_part, {whole(parts), at(batch), at(head), at(position)});
    w.work(OpKind::reduce, 2 * lane_steps * threads);  // maximum and sum over the parts
    w.work(OpKind::exp2, threads);
    w.work(OpKind::sts, threads * 4 + 2 * warps * 4);    // weights; maximum and sum of each warp
    w.work(OpKind::lds, 2 * warps * warps * lanes * 4);  // which all read
    w.work(OpKind::barrier, 2);

    const int loop = w.loop(constant(0), constant(ceil_div(parts, per_trip)));
    w.in(loop);
    const TileDim rows = tile(loop_index(loop), per_trip);
    const int load = w.load(o_part, {rows, at(batch), at(head), at(position), whole(shape.head_dim)});
    const int weights = w.work(OpKind::lds, merge_loads_ahead * threads * 4);
    const int add = w.work(OpKind::fma, per_trip * row.head_dim);
    w.after(load, {{add, 1}});
    w.after(add, {{load, 0}, {weights, 0}});

    w.in(-1);
    w.work(OpKind::sts, at_a_time * row.head_dim * 4);
    w.work(OpKind::lds, at_a_time * 2 * lanes * 16);  // the first warp, eight columns per lane
    w.work(OpKind::barrier, 1);
    w.work(OpKind::convert, 8 * lanes);
    w.store(tensors.o, {at(batch), at(head), at(position), whole(shape.head_dim)});
    w.store(tensors.lse, {at(batch), at(head), at(position)});
  }
};

}  // namespace

void own_split_kv(Program& program, const AttentionShape& shape, const Call& call) {
  ProgramWriter w{program};
  const OwnSplitKv kernel{w, shape, call};
  kernel.split(call);
  if (kernel.parts > 1) kernel.merge();
}

}  // namespace rooftile::algorithms
