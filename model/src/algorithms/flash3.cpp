// FlashAttention-3 forward (Shah et al. 2024, arXiv 2407.08608, Algorithms 1 and 2): warps with different jobs.
//
// A producer warpgroup fetches Q once and K and V into `stages` buffers by TMA; two or three consumer warpgroups own br
// rows of Q together and feed the tensor cores from shared memory (wgmma). What overlaps is said by lags and copies:
//
//   stages         the next K may land once QKᵀ read the one `stages` trips ago; V and PV alike
//   overlap        QKᵀ waits for the conversion of the scores of the trip before, which frees its registers, and
//                  no longer for its PV: one block's products run beside another's softmax (section 3.2,
//                  intra-warpgroup)
//   ping_pong      the warpgroups are copies of each other that take turns: softmax of one under the products of the
//                  other, each with its own share of the rows (inter-warpgroup). Without it all do the same at a time.
//   cluster        neighbouring query tiles share K and V: each is asked for once per cluster (multicast)
//   splits         the keys in parts for few queries (key_parts.hpp)
//   schedule       CTAs that stay fetch the next tile's first blocks while this one is finished; one barrier more for Q
//
//   requested per column of query tiles     Q and O once, K and V once per query tile, or cluster, that sees them
//
// Shapes: hopper/tile_size.h, registers per role: hopper/flash_fwd_kernel_sm90.h of Dao-AILab/flash-attention.
#include <cmath>

#include "key_parts.hpp"
#include "online_softmax.hpp"
#include "rooftile/model/registers.hpp"
#include "rooftile/model/tile_table.hpp"
#include "section_rule.hpp"
#include "tile_search.hpp"

namespace rooftile::algorithms {
namespace {

using split_axes::batch, split_axes::kv_head, split_axes::member, split_axes::q_tile;

constexpr int group_warps = 4;  // of a warpgroup

struct Flash3 {
  ProgramWriter& w;
  const AttentionShape& shape;
  const KernelSpec& spec;
  const TileRow& row;
  AttentionTensors t;
  ScoreExtras extras;
  TileDim head;
  int groups;                                              ///< consumer warpgroups
  int turns = spec.ping_pong && !row.serial ? groups : 1;  ///< of them that work apart from each other
  std::int64_t rows = ceil_div(row.br, turns);             ///< of one turn

  [[nodiscard]] std::int64_t element() const { return size_of(shape.dtype); }
  [[nodiscard]] std::int64_t q_bytes() const { return row.br * row.head_dim * element(); }
  [[nodiscard]] std::int64_t buffer() const { return row.bc * row.head_dim * element(); }

  struct Loads {
    int k, v, mask;
  };
  /// Q once, then a buffer each of K and V per trip.
  Loads produce(int loop) const {
    const TileDim keys = tile(loop_index(loop), row.bc);
    w.load(t.q, {at(batch), head, tile(q_tile, row.br), whole(shape.head_dim)});
    w.work(OpKind::sts, q_bytes());
    w.in(loop);
    Loads loads;
    loads.k = w.multicast_load(t.k, {at(batch), at(kv_head), keys, whole(shape.head_dim)});
    loads.v = w.multicast_load(t.v, {at(batch), at(kv_head), keys, whole(shape.head_dim)});
    loads.mask = extras.load_mask(at(batch), keys);
    w.work(OpKind::sts, 2 * buffer());  // TMA lands K and V
    return loads;
  }

  /// One block of keys past the rows of one turn. The tensor cores read Q, K and V (and P where it is there) from
  /// shared memory as they multiply: nothing waits for those reads alone.
  void consume(int loop, const Loads& loads) const {
    const std::int64_t scores = rows * row.bc;
    const std::int64_t matmul = 2 * scores * row.head_dim;
    const std::int64_t readers = groups / turns;  // warpgroups of a turn: each reads all of K and V
    w.in(loop);
    w.work(OpKind::lds, rows * row.head_dim * element() + 2 * readers * buffer());
    const int qk = w.work(OpKind::mma, matmul);
    const SoftmaxOps softmax =
        online_softmax(w, extras, loads.mask, qk,
                       {.scores = scores,
                        .exchanges = row_lanes * reduce_steps * rows,
                        .fmas = 2 * scores,                   // exponent, sum
                        .exps = scores + row_lanes * rows});  // each lane of a row makes the rescale factor
    const int p = row.p_in_smem ? w.work(OpKind::sts, scores * element()) : softmax.weights;
    if (row.p_in_smem) w.work(OpKind::lds, scores * element());
    const int rescale = w.work(OpKind::fma, rows * row.head_dim);
    const int pv = w.work(OpKind::mma, matmul);
    w.work(OpKind::barrier, 2);  // K is free, V is free

    w.after(loads.k, {{qk, row.stages}});
    w.after(loads.v, {{pv, row.stages}});
    w.after(qk, {{loads.k, 0}, {spec.overlap && !row.serial ? softmax.weights : pv, 1}});
    w.after(softmax.weights, {{pv, 1}});  // PV of the trip before has read P
    if (row.p_in_smem) w.after(p, {{softmax.weights, 0}});
    w.after(rescale, {{softmax.exp, 0}, {pv, 1}});
    w.after(pv, {{p, 0}, {loads.v, 0}, {rescale, 0}});
  }

  /// Sums over the lanes of a row; O goes out by TMA through the place of V.
  void finish(const KeyParts& keys) const {
    w.in(-1);
    w.work(OpKind::reduce, row_lanes * reduce_steps * rows);
    if (!keys.partial()) w.work(OpKind::convert, rows * row.head_dim);
    w.work(OpKind::sts, rows * row.head_dim * keys.o_element());
    w.work(OpKind::lds, rows * row.head_dim * keys.o_element());
    if (row.schedule != Schedule::one_per_cta) w.work(OpKind::barrier, 1);  // Q is free for the next tile
    keys.store(head, tile(q_tile, row.br));
  }
};

}  // namespace

void flash3(Program& program, const AttentionShape& shape, const Call& call) {
  const TileRow& row = call.tile;
  ProgramWriter w{program};
  const QueryRows queries{shape, call.spec.packs_group, row.br};
  const int consumers = std::max(1, row.warps / group_warps - 1);
  const RoleRegisters registers = flash3_role_registers(consumers);
  const AttentionTensors tensors{w, shape, queries};
  const KeyParts keys{w, call, shape, queries, tensors};
  const Flash3 kernel{
      w, shape, call.spec, row, tensors, ScoreExtras{w, shape, call.spec}, queries.head(kv_head, member), consumers};
  const std::int64_t smem = flash3_smem(row.br, row.bc, row.head_dim, row.stages, row.p_in_smem);

  Launch& launch = w.launch(
      "flash3", {.threads = 32 * row.warps, .registers = row.registers, .smem = row.smem != 0 ? row.smem : smem},
      {{"q_tile", queries.tiles(), call.spec.longest_first},
       {"split", keys.parts()},
       {"member", queries.members},
       {"kv_head", shape.kv_heads},
       {"batch", shape.batch}},
      LaunchPart::attention);
  launch.schedule = row.schedule;
  if (row.schedule == Schedule::persistent_dynamic) {
    launch.sections = sections_of(call, shape, queries, keys.parts());
    search_for_tiles(launch, shape, call);
  }
  const bool clusters = shape.mask != Mask::causal && queries.tiles() % row.cluster == 0 && !keys.partial();
  if (clusters) launch.cluster = row.cluster;

  const CausalTiling tiling = queries.causal(shape, row.bc);
  w.role("producer", group_warps, 1, registers.producer);
  const int fetched = keys.key_loop(tiling);
  const Flash3::Loads loads = kernel.produce(fetched);
  w.role("consumer", group_warps * consumers / kernel.turns, kernel.turns,
         std::max(registers.consumer, row.consumer_registers));
  const int consumed = keys.key_loop(tiling);
  w.in_step(consumed, fetched);
  kernel.consume(consumed, loads);
  kernel.finish(keys);
  keys.merge(row.head_dim, combine_buffers(call.spec.split_rule));
}

}  // namespace rooftile::algorithms
