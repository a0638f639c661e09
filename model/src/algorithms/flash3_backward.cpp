// FlashAttention-3 backward (Shah et al. 2024, arXiv 2407.08608, section 3.2 and appendix B.1), as hopper/
// mainloop_bwd_sm90_tma_gmma_ws.hpp of Dao-AILab/flash-attention does it.
//
// A CTA per block of keys and query head. One warp brings K, V and tiles of Q and dO by TMA, warpgroups do the five
// products, one more warp adds dQ in fp32 to global memory (a bulk reduction out of shared memory). With GQA, dK and dV
// grow in fp32 per K/V head, by atomics of the CTAs of the group, zeroed by the framework before and converted behind.
//
//   requested per query head, Tc blocks of keys, no mask: as flash2_backward; the logsumexp is read in base 2, which
//   the kernel that makes D writes
#include "flash_backward.hpp"

namespace rooftile::algorithms {
namespace {

constexpr int warpgroup = 4;                 // warps
constexpr std::int64_t widest_staged = 255;  // wider heads add dQ to memory straight from registers

/// K and V, Q and dO in their stages, dS as deep as dO, LSE and D as deep as Q, and dQ on its way out.
std::int64_t flash3_backward_smem(const TileRow& row, bool staged, std::int64_t element) {
  const std::int64_t queries = std::int64_t{row.stages + row.grad_stages} * row.br * row.head_dim;
  const std::int64_t scores = std::int64_t{row.grad_stages + (row.p_in_smem ? 1 : 0)} * row.br * row.bc;
  const std::int64_t dq = staged ? row.br * row.head_dim * fp32_bytes : 0;
  const std::int64_t statistics = std::int64_t{2} * row.stages * row.br * fp32_bytes;
  return element * (2 * row.bc * row.head_dim + queries + scores) + dq + statistics;
}

struct Flash3Backward {
  static constexpr IndexId key_axis = 0, member = 1, kv_head = 2, batch = 3;

  ProgramWriter& w;
  const AttentionShape& shape;
  const TileRow& tile;
  const BackwardTensors& t;
  const ScoreExtras& extras;
  int lse_log2;
  GradientSum dq_sum;
  GradientSum dk_sum, dv_sum;  ///< only with a group

  [[nodiscard]] TileDim head() const { return at(kv_head, shape.group(), member); }
  [[nodiscard]] TileDim keys() const { return rooftile::tile(key_axis, tile.bc); }
  [[nodiscard]] std::int64_t scores() const { return tile.br * tile.bc; }
  [[nodiscard]] std::int64_t element() const { return size_of(shape.dtype); }
  [[nodiscard]] bool stages_dq() const { return tile.head_dim <= widest_staged; }
  [[nodiscard]] int consumers() const { return std::max(1, tile.warps / warpgroup - 1); }  ///< warpgroups
  [[nodiscard]] std::int64_t dq_bytes() const { return tile.br * tile.head_dim * fp32_bytes; }

  /// Loops of all roles run in step.
  [[nodiscard]] int query_loop(int leader) const {
    const int i = w.loop(first_query_tile(key_axis, shape, tile), constant(ceil_div(shape.seq_q, tile.br)));
    if (leader >= 0) w.in_step(i, leader);
    w.in(i);
    return i;
  }

  struct Loads {
    int q, grad_o, lse, delta, key_mask, loop;
  };
  [[nodiscard]] Loads produce() const {
    w.in(-1);
    w.load(t.k, {at(batch), at(kv_head), keys(), whole(shape.head_dim)});
    w.load(t.v, {at(batch), at(kv_head), keys(), whole(shape.head_dim)});
    w.work(OpKind::sts, 2 * tile.bc * tile.head_dim * element());
    Loads loads{};
    loads.loop = query_loop(-1);
    const TileDim rows = rooftile::tile(loop_index(loads.loop), tile.br);
    loads.q = w.load(t.q, {at(batch), head(), rows, whole(shape.head_dim)});
    loads.grad_o = w.load(t.grad_o, {at(batch), head(), rows, whole(shape.head_dim)});
    loads.lse = w.load(lse_log2, {at(batch), head(), rows});
    loads.delta = w.load(t.delta, {at(batch), head(), rows});
    loads.key_mask = extras.load_mask(at(batch), keys());
    w.work(OpKind::sts, 2 * tile.br * tile.head_dim * element());
    return loads;
  }

  /// What the tensor cores read from shared memory as they multiply, nothing waits for it alone: keys and dS are split
  /// among the warpgroups, each reads all of Q (S, dK), dO (dP, dV); K, and dS by each, for dQ. P and dS of dV and dK
  /// stand in registers, or P is read where it is in shared memory.
  [[nodiscard]] std::int64_t operand_reads() const {
    const std::int64_t key_block = tile.bc * tile.head_dim, queries = tile.br * tile.head_dim;
    const std::int64_t p = tile.p_in_smem ? 2 * scores() : 0;  // and dS
    return element() * (3 * key_block + consumers() * (4 * queries + scores()) + p);
  }

  /// Five products; returns the op after which dQ stands in shared memory (or registers).
  [[nodiscard]] int consume(const Loads& loads) const {
    const std::int64_t matmul = 2 * scores() * tile.head_dim;
    const int i = query_loop(loads.loop);
    w.work(OpKind::lds, operand_reads());
    const int qk = w.work(OpKind::mma, matmul);
    const int dp = w.work(OpKind::mma, matmul);
    const int masked = extras.apply_mask(loads.key_mask, qk, scores());
    const int exponent = w.work(OpKind::fma, scores());
    const int exp = w.work(OpKind::exp2, scores());
    const int kept = extras.drop(exp, scores());
    const int p_16_bit = w.work(OpKind::convert, scores());
    if (tile.p_in_smem) w.after(w.work(OpKind::sts, scores() * element()), {{p_16_bit, 0}});
    const int dv = w.work(OpKind::mma, matmul);
    const int ds = w.work(OpKind::fma, 2 * scores());
    const int ds_16_bit = w.work(OpKind::convert, scores());
    const int write_ds = w.work(OpKind::sts, scores() * element());
    const int dq = w.work(OpKind::mma, matmul);
    const int dk = w.work(OpKind::mma, matmul);
    const int stage = stages_dq() ? w.work(OpKind::sts, dq_bytes()) : dq;
    w.work(OpKind::barrier, 2);

    w.after(loads.q, {{dk, tile.stages}});
    w.after(loads.grad_o, {{dv, tile.grad_stages}});
    w.after(qk, {{loads.q, 0}, {dk, 1}});
    w.after(dp, {{loads.grad_o, 0}, {qk, 0}});
    w.after(exponent, {{masked, 0}, {loads.lse, 0}});
    w.after(exp, {{exponent, 0}});
    w.after(p_16_bit, {{kept, 0}});
    w.after(dv, {{p_16_bit, 0}, {dp, 0}});
    w.after(ds, {{dp, 0}, {kept, 0}, {loads.delta, 0}});
    w.after(ds_16_bit, {{ds, 0}});
    w.after(write_ds, {{ds_16_bit, 0}});
    w.after(dq, {{write_ds, 0}, {dv, 0}});
    w.after(dk, {{dq, 0}});
    if (!stages_dq()) {
      w.after(add_to_dq(i), {{dq, 0}});
    } else {
      w.after(stage, {{dq, 0}});
    }
    return stage;
  }

  [[nodiscard]] int add_to_dq(int i) const {
    return w.atomic(dq_sum.tensor, {at(batch), head(), rooftile::tile(loop_index(i), tile.br), whole(dq_sum.cols)});
  }

  /// The warp that sends dQ off; dQ's place is free when the reduction has read it.
  void send_dq(const Loads& loads, int stage) const {
    const int i = query_loop(loads.loop);
    const int read = w.work(OpKind::lds, dq_bytes());
    w.after(read, {{stage, 0}});
    w.after(add_to_dq(i), {{read, 0}});
    w.after(stage, {{read, 1}});
  }

  /// dK and dV through shared memory: to their gradients, or added to those of the group.
  void store_keys() const {
    const std::int64_t elements = 2 * tile.bc * tile.head_dim;
    const bool adds = shape.group() > 1;
    const std::int64_t bytes = elements * (adds ? fp32_bytes : element());
    w.in(-1);
    if (!adds) w.work(OpKind::convert, elements);
    w.work(OpKind::barrier, 2);
    w.work(OpKind::sts, bytes);
    w.work(OpKind::lds, bytes);
    for (const bool of_k : {true, false}) {
      if (adds) {
        const GradientSum& sum = of_k ? dk_sum : dv_sum;
        w.atomic(sum.tensor, {at(batch), at(kv_head), keys(), whole(sum.cols)});
      } else {
        w.store(of_k ? t.grad_k : t.grad_v, {at(batch), at(kv_head), keys(), whole(shape.head_dim)});
      }
    }
  }

  void main_launch() const {
    const bool wide = consumers() > 2;  // registers per thread as setmaxnreg deals them out
    w.launch("flash3_backward",
             {.threads = 32 * tile.warps,
              .registers = tile.registers,
              .smem = tile.smem != 0 ? tile.smem : flash3_backward_smem(tile, stages_dq(), element())},
             {{"kv_tile", ceil_div(shape.seq_kv, tile.bc)},
              {"member", shape.group()},
              {"kv_head", shape.kv_heads},
              {"batch", shape.batch}},
             LaunchPart::gradient);
    w.role("producer", stages_dq() ? warpgroup - 1 : warpgroup, 1, wide ? 32 : 24);
    const Loads loads = produce();
    w.role("consumers", warpgroup * consumers(), 1, wide ? 160 : 240);
    const int stage = consume(loads);
    store_keys();
    if (!stages_dq()) return;
    w.role("dq_writer", 1, 1, wide ? 32 : 24);
    send_dq(loads, stage);
  }
};

}  // namespace

void flash3_backward(Program& program, const AttentionShape& s, const Call& call) {
  const TileRow& row = call.tile;
  ProgramWriter w = ProgramWriter::behind(program);
  const BackwardTensors t = backward_tensors(w, s, 1);
  const ScoreExtras extras{w, s, call.spec};
  const std::int64_t key_rows = ceil_div(s.seq_kv, row.bc) * row.bc;
  const int lse_log2 = w.workspace("LSE_log2", 4, {s.batch, s.heads, s.seq_q});
  const GradientSum dq = gradient_sum(w, s, "dQ_sum", s.heads, ceil_div(s.seq_q, row.br) * row.br, row.head_dim);
  const bool adds = s.group() > 1;
  const int consumer_warps = std::max(warpgroup, row.warps - warpgroup);
  const GradientSum dk = adds ? gradient_sum(w, s, "dK_sum", s.kv_heads, key_rows, row.head_dim) : GradientSum{};
  const GradientSum dv = adds ? gradient_sum(w, s, "dV_sum", s.kv_heads, key_rows, row.head_dim) : GradientSum{};

  if (adds) fill_launch(w, s, "zero_dk", dk);
  if (adds) fill_launch(w, s, "zero_dv", dv);
  delta_launch(w, s, t, {"delta", row.br, 8}, &dq, lse_log2);
  const Flash3Backward kernel{w, s, row, t, extras, lse_log2, dq, dk, dv};
  kernel.main_launch();
  program.bulk_atomics = kernel.stages_dq();
  convert_launch(w, s, {"convert_dq", row.br, consumer_warps}, dq, t.grad_q);
  if (adds) convert_launch(w, s, {"convert_dk", row.bc, consumer_warps}, dk, t.grad_k);
  if (adds) convert_launch(w, s, {"convert_dv", row.bc, consumer_warps}, dv, t.grad_v);
}

}  // namespace rooftile::algorithms
