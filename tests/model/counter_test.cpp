// A Counter keeps what it found out about a program for the next ones: whatever comes behind each other, the counts are
// those of the program alone.
#include "rooftile/model/counter.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "backward_support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

/// Everything that a launch is counted by.
void expect_equal(const Program& program, std::size_t l, const ProgramCounts& kept, const ProgramCounts& alone) {
  const LaunchCount &a = kept.launch[l], &b = alone.launch[l];
  EXPECT_EQ(a.ctas, b.ctas);
  EXPECT_EQ(a.loaded, b.loaded);
  EXPECT_EQ(a.stored, b.stored);
  EXPECT_EQ(a.sectors, b.sectors);
  EXPECT_EQ(a.trips, b.trips);
  EXPECT_EQ(a.work, b.work);
  EXPECT_EQ(a.once.work, b.once.work);
  EXPECT_EQ(a.once.in_turn, b.once.in_turn);
  EXPECT_EQ(a.first_tile.op, b.first_tile.op);
  EXPECT_EQ(a.first_tile.sharers, b.first_tile.sharers);
  EXPECT_EQ(a.first_tile.own, b.first_tile.own);
  for (std::size_t i = 0; i < program.launches[l].loops.size(); ++i) {
    EXPECT_EQ(a.trip[i].work, b.trip[i].work);
    const auto x = kept.cycles_of(a.trip[i]), y = alone.cycles_of(b.trip[i]);
    EXPECT_TRUE(
        std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const DependenceCycle& c, const DependenceCycle& d) {
          return c.lag == d.lag && c.ops.bits() == d.ops.bits();
        }));
  }
  const auto x = kept.uses_of(l), y = alone.uses_of(l);
  EXPECT_TRUE(std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const TensorUse& u, const TensorUse& v) {
    return u.tensor == v.tensor && u.indexed == v.indexed && u.sharers == v.sharers && u.loaded == v.loaded &&
           u.stored == v.stored && u.swept_loads == v.swept_loads && u.swept_stores == v.swept_stores &&
           u.swept_updates == v.swept_updates && u.touched == v.touched;
  }));
}

void expect_counted_alone(Counter& counter, Program& program, const Workload& workload, const KernelSpec& spec) {
  SCOPED_TRACE(spec.name + ", " + describe(workload));
  test::build_or_throw(program, workload, spec, {}, spec.math == MathPath::wgmma ? test::hopper() : test::device());
  const ProgramCounts& kept = counter.count(program);
  ProgramCounts alone;
  count(program, alone);
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    ASSERT_EQ(kept.op[i], alone.op[i]) << "op " << i;
    ASSERT_EQ(kept.amount[i], alone.amount[i]) << "op " << i;
  }
  for (std::size_t l = 0; l < program.launches.size(); ++l) expect_equal(program, l, kept, alone);
  EXPECT_EQ(kept.compulsory, alone.compulsory);
  EXPECT_EQ(kept.workspace, alone.workspace);
}

std::vector<KernelSpec> forward_specs() {
  return {test::standard_spec(),    test::standard_spec(SoftmaxPasses::fused),
          test::flash1_spec(),      test::flash2_spec(),
          test::flash3_spec(),      test::split_kv_spec(),
          test::own_split_kv_spec()};
}

AttentionShape causal(Int seq_q, Int seq_kv, Int heads, Int kv_heads) {
  return {.batch = 2,
          .heads = heads,
          .kv_heads = kv_heads,
          .seq_q = seq_q,
          .seq_kv = seq_kv,
          .head_dim = 128,
          .mask = Mask::causal};
}

/// Lengths that fill blocks and such that do not, fewer than a block, tensors that are alike and that are not.
constexpr Int some_lengths[] = {4096, 4352, 4000, 77, 64, 1, 512, 130, 8192};

TEST(Counter, FollowsASweep) {
  for (const KernelSpec& spec : forward_specs()) {
    Counter counter;
    Program program;
    for (const Int n : some_lengths) {
      expect_counted_alone(counter, program, causal(n, n, 8, 8), spec);
      expect_counted_alone(counter, program, causal(n, n + 300, 8, 2), spec);
      expect_counted_alone(counter, program, causal(1, n, 8, 2), spec);
    }
  }
}

TEST(Counter, FollowsBackwardPasses) {
  for (const KernelSpec& spec :
       {test::standard_training_spec(), test::flash1_training_spec(), test::flash2_training_spec()}) {
    Counter counter;
    Program program;
    for (const Int n : some_lengths) {
      AttentionShape shape = test::backward_of(n, n + 1, 64, 4, 2);
      for (const Pass pass : {Pass::fwd, Pass::bwd, Pass::fwd_bwd}) {
        shape.pass = pass;
        expect_counted_alone(counter, program, shape, spec);
      }
    }
  }
}

TEST(Counter, FollowsWhateverComes) {
  Counter counter;
  Program program;
  for (const Int n : some_lengths) {
    for (const KernelSpec& spec : forward_specs()) expect_counted_alone(counter, program, causal(n, n, 8, 2), spec);
  }
}

/// Cycles of launches that were planned anew do not pile up.
TEST(Counter, FollowsLongSweeps) {
  Counter counter;
  Program program;
  for (Int n = 1; n < 40000; n += 97)
    expect_counted_alone(counter, program, causal(1, n, 8, 2), test::own_split_kv_spec());
}

}  // namespace
}  // namespace rooftile
