// What the programs of our own kernels say happens on chip, against the instructions of their texts counted by hand:
// ldmatrix reads 512 bytes, mma.m16n8k16 makes 16 x 8 results, a shuffle exchanges 32 lanes.
#include <gtest/gtest.h>

#include <string_view>

#include "rooftile/model/count.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

constexpr Int lanes = 32;
constexpr Int ldmatrix = 512;  // bytes of an x4
constexpr Int mma_flop = 2 * 16 * 8 * 16;

/// Work by op kind, per CTA and per trip of each loop.
struct Work {
  std::array<Int, op_kinds> once{};
  std::array<std::array<Int, op_kinds>, max_loops> trip{};

  [[nodiscard]] Int per_cta(OpKind kind) const { return once[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] Int per_trip(std::size_t loop, OpKind kind) const { return trip[loop][static_cast<std::size_t>(kind)]; }
};
Work work_of(const Program& program, std::size_t launch) {
  Work work;
  for (std::int16_t i = program.launches[launch].first_op; i < program.launches[launch].last_op; ++i) {
    const TileOp& op = program.ops[static_cast<std::size_t>(i)];
    auto& sums = op.loop < 0 ? work.once : work.trip[static_cast<std::size_t>(op.loop)];
    sums[static_cast<std::size_t>(op.kind)] += op.amount;
  }
  return work;
}

AttentionShape ragged(Int head_dim, Int seq_kv = 1000) {
  return {.batch = 2, .heads = 4, .kv_heads = 2, .seq_q = 777, .seq_kv = seq_kv, .head_dim = head_dim};
}

class Flash2 : public testing::TestWithParam<int> {};

TEST_P(Flash2, OnChipWorkIsThatOfTheText) {
  const OwnTile tile = own_tile("flash2", GetParam());
  const Int d = tile.head_dim, br = tile.br, bc = tile.bc, warps = tile.warps;
  const Int m_tiles = br / warps / 16;  // of a warp
  Program program;
  test::build_or_throw(program, ragged(d), test::flash2_spec());
  const Work work = work_of(program, 0);
  for (const std::size_t loop : {std::size_t{0}, std::size_t{1}}) {
    const Int q_fragments = warps * m_tiles * (d / 16);
    const Int k_fragments = warps * (d / 16) * (bc / 16);
    EXPECT_EQ(work.per_trip(loop, OpKind::lds), (q_fragments + 2 * k_fragments) * ldmatrix);  // V takes as many as K
    EXPECT_EQ(work.per_trip(loop, OpKind::sts), 2 * bc * d * 2);
    EXPECT_EQ(work.per_trip(loop, OpKind::mma), 2 * warps * m_tiles * (bc / 8) * (d / 16) * mma_flop);
    const Int rows_in_a_lane = 2 * m_tiles;
    EXPECT_EQ(work.per_trip(loop, OpKind::exp2), warps * lanes * rows_in_a_lane * (bc / 4 + 1));  // and alpha
    EXPECT_EQ(work.per_trip(loop, OpKind::convert), warps * lanes * rows_in_a_lane * (bc / 4));
    EXPECT_EQ(work.per_trip(loop, OpKind::reduce), warps * lanes * rows_in_a_lane * 2);
    EXPECT_EQ(work.per_trip(loop, OpKind::barrier), 2);
  }
  EXPECT_EQ(work.per_cta(OpKind::sts), br * d * 2 + br * d * 2);  // Q, then O
  EXPECT_EQ(work.per_cta(OpKind::lds), br * d * 2);
  EXPECT_EQ(work.per_cta(OpKind::convert), br * d);
  EXPECT_EQ(work.per_cta(OpKind::reduce), warps * lanes * 2 * m_tiles * 2);
  EXPECT_EQ(work.per_cta(OpKind::barrier), 0);
  EXPECT_EQ(work.per_cta(OpKind::exp2), 0);
}

INSTANTIATE_TEST_SUITE_P(HeadDims, Flash2, testing::Values(64, 128, 256));

/// One product: its launch in the program of rt_standard, its tile of C and its depth.
void expect_gemm(const Program& program, std::size_t launch, Int cols, Int depth, Int trips_per_cta) {
  const OwnTile tile = own_tile("gemm", gemm_bc(cols));
  const Int m_tiles = tile.br / 2 / 16, n_tiles = tile.bc / 2 / 8, warps = tile.warps, k_steps = tile.bk / 16;
  const Work work = work_of(program, launch);
  EXPECT_EQ(program.launches[launch].axes[0].extent, ceil_div(cols, tile.bc));
  EXPECT_EQ(value_at(program.launches[launch].loops[0].last, 0), trips_per_cta);
  EXPECT_EQ(trips_per_cta, ceil_div(depth, tile.bk));
  EXPECT_EQ(work.per_trip(0, OpKind::lds), warps * k_steps * (m_tiles + n_tiles / 2) * ldmatrix);
  EXPECT_EQ(work.per_trip(0, OpKind::sts), (tile.br + tile.bc) * tile.bk * 2);
  EXPECT_EQ(work.per_trip(0, OpKind::mma), warps * k_steps * m_tiles * n_tiles * mma_flop);
  EXPECT_EQ(work.per_trip(0, OpKind::barrier), 1);
  EXPECT_EQ(work.per_cta(OpKind::barrier), 1);
  EXPECT_EQ(work.per_cta(OpKind::convert), warps * lanes * m_tiles * n_tiles * 4);
  EXPECT_EQ(work.per_cta(OpKind::sts), work.per_cta(OpKind::convert) * 2);
  EXPECT_EQ(work.per_cta(OpKind::lds), work.per_cta(OpKind::convert) * 2);
  EXPECT_EQ(program.launches[launch].smem, tile.smem);
  EXPECT_EQ(program.launches[launch].registers, tile.registers_sm80);
}

TEST(Standard, GemmsAreThoseOfTheText) {
  Program program;
  for (const Int d : {64, 128, 256}) {
    test::build_or_throw(program, ragged(d), test::standard_spec());
    expect_gemm(program, 0, 1000, d, d / 32);
    expect_gemm(program, 2, d, 1000, 32);
    test::build_or_throw(program, ragged(d, 33), test::standard_spec());
    expect_gemm(program, 0, 40, d, d / 32);  // 33 keys, 40 columns: the narrow tile
    expect_gemm(program, 2, d, 40, 2);
  }
}

/// Work of a softmax: per step of each sweep, and once per CTA, in results and bytes of all lanes of four warps.
struct SoftmaxWork {
  SoftmaxPasses passes;
  std::array<Int, 3> exp2, convert, lds, stores;  ///< per step of each sweep
  Int sweeps, once_exp2, reductions;
  bool keeps_row;
};
constexpr Int step = 4 * 32 * 8;  // elements: 8 per lane
constexpr Int all_lanes = 4 * 32;
const SoftmaxWork softmaxes[] = {
    {SoftmaxPasses::naive, {step, step}, {0, step}, {0, 0}, {0, 1}, 2, 0, 1, false},
    {SoftmaxPasses::safe, {0, step, step}, {0, 0, step}, {0, 0, 0}, {0, 0, 1}, 3, 0, 2, false},
    {SoftmaxPasses::online, {step + all_lanes, step}, {0, step}, {0, 0}, {0, 1}, 2, all_lanes, 2, false},
    {SoftmaxPasses::fused, {step + all_lanes, step}, {0, step}, {0, step * 2}, {0, 1}, 2, all_lanes, 2, true},
};

Int ops_of(const Program& program, std::size_t launch, std::size_t loop, OpKind kind) {
  Int found = 0;
  for (std::int16_t i = program.launches[launch].first_op; i < program.launches[launch].last_op; ++i) {
    const TileOp& op = program.ops[static_cast<std::size_t>(i)];
    found += static_cast<Int>(op.loop == static_cast<int>(loop) && op.kind == kind);
  }
  return found;
}

TEST(Standard, SoftmaxesAreThoseOfTheText) {
  Program program;
  for (const SoftmaxWork& expected : softmaxes) {
    for (const Int keys : {Int{1}, Int{1000}, Int{1017}, Int{1024}, Int{1025}, Int{5001}}) {
      const AttentionShape shape = ragged(64, keys);
      const Int padded = ceil_div(keys, 8) * 8;
      const bool shared = padded > 1024;  // four warps per row, not a warp for each of four
      test::build_or_throw(program, shape, test::standard_spec(expected.passes));
      const Launch& launch = program.launches[1];
      const Work work = work_of(program, 1);
      EXPECT_EQ(launch.axes[0].extent, shared ? 777 : ceil_div(777, 4));
      ASSERT_EQ(static_cast<Int>(launch.loops.size()), expected.sweeps);
      for (std::size_t sweep = 0; sweep < launch.loops.size(); ++sweep) {
        EXPECT_EQ(value_at(launch.loops[sweep].last, 0), ceil_div(padded, shared ? 1024 : 256));
        EXPECT_EQ(work.per_trip(sweep, OpKind::exp2), expected.exp2[sweep]);
        EXPECT_EQ(work.per_trip(sweep, OpKind::convert), expected.convert[sweep]);
        EXPECT_EQ(work.per_trip(sweep, OpKind::lds), expected.lds[sweep]);
        EXPECT_EQ(ops_of(program, 1, sweep, OpKind::load), expected.lds[sweep] == 0 ? 1 : 0);
        EXPECT_EQ(ops_of(program, 1, sweep, OpKind::store), expected.stores[sweep]);
      }
      const Int posts = shared ? expected.reductions : 0;
      const Int kept = expected.keeps_row ? (shared ? 1 : 4) * padded * 2 : 0;
      EXPECT_EQ(work.per_cta(OpKind::exp2), expected.once_exp2);
      EXPECT_EQ(work.per_cta(OpKind::reduce), expected.reductions * 5 * all_lanes);
      EXPECT_EQ(work.per_cta(OpKind::barrier), posts);
      EXPECT_EQ(work.per_cta(OpKind::sts), posts * 4 * 4 + kept);       // a float of each warp
      EXPECT_EQ(work.per_cta(OpKind::lds), posts * 4 * all_lanes * 4);  // all lanes read the four
      EXPECT_EQ(launch.smem, (shared ? 32 : 0) + kept);
      EXPECT_EQ(launch.threads, all_lanes);
    }
  }
}

/// seq_kv = 1001 is padded to 1008: scores are moved with their pad, K and V are not.
TEST(Standard, OnlyScoresArePadded) {
  const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 100, .seq_kv = 1001, .head_dim = 64};
  Program program;
  ProgramCounts counts;
  test::build_or_throw(program, s, test::standard_spec());
  count(program, counts);
  const auto find = [&](std::size_t launch, std::string_view name) -> TensorUse {
    for (const TensorUse& use : counts.uses_of(launch)) {
      if (program.tensors[static_cast<std::size_t>(use.tensor)].name == name) return use;
    }
    ADD_FAILURE() << name;
    return {};
  };
  EXPECT_EQ(find(0, "K").loaded, 1001 * 64 * 2);
  EXPECT_EQ(find(0, "Q").loaded, 8 * 100 * 64 * 2);  // once per 128 columns of S
  EXPECT_EQ(find(0, "S").stored, 100 * 1008 * 2);
  EXPECT_EQ(find(1, "S").loaded, 3 * 100 * 1008 * 2);
  EXPECT_EQ(find(1, "P").stored, 100 * 1008 * 2);
  EXPECT_EQ(find(1, "LSE").stored, 100 * 4);
  EXPECT_EQ(find(2, "P").loaded, 100 * 1008 * 2);
  EXPECT_EQ(find(2, "V").loaded, 1001 * 64 * 2);
}

/// A call as one of our kernels makes it, asked by tensor name.
struct OwnCall {
  Program program;
  ProgramCounts counts;

  OwnCall(const AttentionShape& shape, const KernelSpec& spec) {
    test::build_or_throw(program, shape, spec);
    count(program, counts);
  }
  [[nodiscard]] Int loaded(std::size_t launch, std::string_view name) const { return use(launch, name).loaded; }
  [[nodiscard]] Int stored(std::size_t launch, std::string_view name) const { return use(launch, name).stored; }

 private:
  [[nodiscard]] TensorUse use(std::size_t launch, std::string_view name) const {
    for (const TensorUse& use : counts.uses_of(launch)) {
      if (program.tensors[static_cast<std::size_t>(use.tensor)].name == name) return use;
    }
    return {};
  }
};

struct SharedTile {
  Int group, members, positions;
};
/// Members of a group in a tile of 64 rows, and queries of each: whole runs, a power of two; equal shares beyond 64.
constexpr SharedTile shared_tiles[] = {{1, 1, 64},  {2, 2, 32},  {3, 3, 16},  {8, 8, 8},   {40, 40, 1},
                                       {64, 64, 1}, {71, 1, 64}, {96, 48, 1}, {128, 64, 1}};

TEST(SplitKv, MembersOfAGroupShareTheirKeys) {
  for (const SharedTile& tile : shared_tiles) {
    const AttentionShape s{
        .batch = 2, .heads = 2 * tile.group, .kv_heads = 2, .seq_q = 9, .seq_kv = 1000, .head_dim = 128};
    for (const int splits : {1, 3}) {
      const OwnCall c{s, test::own_split_kv_spec(splits)};
      const Int kv_heads = 2 * 2, rows = kv_heads * tile.group * 9, tiles = ceil_div(9, tile.positions);
      EXPECT_EQ(c.loaded(0, "K"), kv_heads * tile.group / tile.members * tiles * 1000 * 128 * 2);
      EXPECT_EQ(c.loaded(0, "Q"), splits * rows * 128 * 2);
      const Int partial_o = splits == 1 ? 0 : splits * rows * 128 * 4, partial_lse = partial_o / 128;
      EXPECT_EQ(c.counts.workspace.value(), static_cast<double>(partial_o + partial_lse));
      EXPECT_EQ(c.stored(0, "O_part"), partial_o);
      EXPECT_EQ(c.stored(0, "LSE_part"), partial_lse);
      if (splits == 1) continue;
      EXPECT_EQ(c.loaded(1, "O_part"), partial_o);
      EXPECT_EQ(c.loaded(1, "LSE_part"), partial_lse);
      EXPECT_EQ(c.counts.launch[1].ctas, rows) << "the merge has a CTA per row";
    }
  }
}

/// What FlashAttention-2's rule sees: 8 K/V heads are 8 tiles whatever the group, up to 64 heads.
TEST(SplitKv, PartsFillTheGpu) {
  for (const Int group : {1, 4, 64}) {
    const AttentionShape s{
        .batch = 1, .heads = 8 * group, .kv_heads = 8, .seq_q = 1, .seq_kv = 131072, .head_dim = 128};
    EXPECT_EQ(OwnCall(s, test::own_split_kv_spec()).program.launches[0].axes[1].extent, 23) << group;
  }
}

/// Per row of the merge: a thread per part, then 512 floats of partial O at a time (1024 of head dim 256), four ahead.
TEST(SplitKv, MergeIsThatOfTheText) {
  for (const Int d : {64, 128, 256}) {
    const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 1, .seq_kv = 64000, .head_dim = d};
    Program program;
    test::build_or_throw(program, s, test::own_split_kv_spec(40));
    const Work work = work_of(program, 1);
    const Int parts = d == 64 ? 8 : 4;  // side by side on 128 threads
    EXPECT_EQ(program.launches[1].loops[0].last.hi, ceil_div(40, 4 * parts));
    EXPECT_EQ(work.per_cta(OpKind::exp2), 128);
    EXPECT_EQ(work.per_cta(OpKind::reduce), 2 * 5 * 128);
    EXPECT_EQ(work.per_cta(OpKind::sts), (128 + 4 + 4) * 4 + parts * d * 4);
    EXPECT_EQ(work.per_cta(OpKind::lds), 2 * 4 * 128 * 4 + 2 * parts * ldmatrix);
    EXPECT_EQ(work.per_trip(0, OpKind::lds), 4 * 128 * 4);
    EXPECT_EQ(work.per_cta(OpKind::barrier), 3);
    EXPECT_EQ(work.per_cta(OpKind::convert), lanes * 8);
  }
}

/// A visit: Q and the old O come in and the new O goes out through one place; no barrier, each warp has its rows.
TEST(Flash1, VisitIsThatOfTheText) {
  for (const int d : {64, 128, 256}) {
    const OwnTile tile = own_tile("flash1", d);
    const Int rows = Int{tile.br} * d * 2, keys = Int{tile.bc} * d * 2;
    Program program;
    test::build_or_throw(program, ragged(d), test::flash1_spec());
    const Work work = work_of(program, 0);
    const std::size_t visits[] = {1, 3};  // with blocks of keys to come, with the last
    for (const std::size_t loop : visits) {
      EXPECT_EQ(work.per_trip(loop, OpKind::sts), 3 * rows);
      EXPECT_EQ(work.per_trip(loop, OpKind::lds), 3 * rows + 2 * 4 * keys);
      EXPECT_EQ(work.per_trip(loop, OpKind::exp2), tile.br * (tile.bc + 4));
      EXPECT_EQ(work.per_trip(loop, OpKind::reduce), tile.br * 4 * 2 * 3);
      EXPECT_EQ(work.per_trip(loop, OpKind::convert), Int{tile.br} * (tile.bc + d));
      EXPECT_EQ(work.per_trip(loop, OpKind::barrier), 0);
    }
    EXPECT_EQ(work.per_trip(0, OpKind::barrier), 2);
    EXPECT_EQ(work.per_trip(0, OpKind::sts), 2 * keys);
  }
}

/// Bytes of `tensor` that the first launch loads.
Int loaded(const AttentionShape& shape, const KernelSpec& spec, std::string_view tensor) {
  Program program;
  ProgramCounts counts;
  test::build_or_throw(program, shape, test::with_extras(spec));
  count(program, counts);
  for (const TensorUse& use : counts.uses_of(0)) {
    if (program.tensors[static_cast<std::size_t>(use.tensor)].name == tensor) return use.loaded;
  }
  return 0;
}

/// A byte per key: ours reads it with the block of keys, published kernels with every tile of queries that comes by.
TEST(Flash1, AKeyMaskIsReadWithItsKeys) {
  AttentionShape shape = ragged(64);
  shape.mask = Mask::key_padding;
  EXPECT_EQ(loaded(shape, test::flash1_spec(), "key_mask"), 2 * 4 * 1000);
  KernelSpec published = test::flash1_spec();
  published.row_statistics = 1;
  EXPECT_EQ(loaded(shape, published, "key_mask"), ceil_div(777, own_tile("flash1", 64).br) * 2 * 4 * 1000);

  Program program;
  test::build_or_throw(program, shape, test::with_extras(test::flash1_spec()));
  const Work work = work_of(program, 0);
  const Int words = own_tile("flash1_padding", 64).bc / 32;
  EXPECT_EQ(work.per_trip(0, OpKind::sts), Int{2} * 128 * 64 * 2 + words * 4);
  EXPECT_EQ(work.per_trip(1, OpKind::lds), 3 * 64 * 64 * 2 + 2 * 4 * Int{128} * 64 * 2 + 4 * lanes * words * 4);
}

/// Where QKᵀ goes out: either half of a tile's rows reads a byte per column. A framework's products know no mask.
TEST(Gemm, MasksPaddedKeysOfOurStandardAttention) {
  AttentionShape shape = ragged(64, 1003);
  shape.mask = Mask::key_padding;
  EXPECT_EQ(loaded(shape, test::standard_spec(), "key_mask"), 2 * ceil_div(777, 128) * 2 * 4 * 1003);
  EXPECT_EQ(loaded(shape, test::textbook_spec(), "key_mask"), 0);
}

}  // namespace
}  // namespace rooftile
