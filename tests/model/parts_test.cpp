// The parts of standard attention alone: matrix products in blocks, softmaxes by passes, and the specs that cover a
// part only.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "backward_support.hpp"
#include "expansion.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

Int requested(const Workload& workload, const KernelSpec& spec, SpecOverrides tile = {}) {
  static Program program;
  const ProgramCounts counts = test::counted(program, workload, spec, tile);
  Int total = 0;
  for (const TensorUse& use : counts.uses) total += use.loaded + use.stored;
  return total;
}
Int swept(const Workload& workload, const KernelSpec& spec) {
  static Program program;
  const ProgramCounts counts = test::counted(program, workload, spec);
  Int total = 0;
  for (const TensorUse& use : counts.uses) total += use.swept_loads + use.swept_stores;
  return total;
}

std::string refusal(const Workload& workload, const KernelSpec& spec) {
  static Program program;
  const auto built = build(program, test::device(), workload, spec);
  return built ? "ok" : std::string{name_of(built.error().status)} + ": " + built.error().reason;
}

/// A once per tile of columns, B once per tile of rows: the K loop re-reads nothing.
RC_GTEST_PROP(BlockedProduct, BytesAreThoseOfTheFormula, ()) {
  const GemmShape s{.batch = *rc::gen::inRange<Int>(1, 5),
                    .m = *rc::gen::inRange<Int>(1, 3000),
                    .n = *rc::gen::inRange<Int>(1, 3000),
                    .k = *rc::gen::inRange<Int>(1, 1000)};
  const Int br = *rc::gen::element<Int>(1, 16, 64, 100, 128, 256), bc = *rc::gen::element<Int>(1, 32, 64, 128, 256);
  const Int bn = std::min(bc, ceil_div(s.n, 64) * 64);
  const Int elements = s.m * s.k * ceil_div(s.n, bn) + s.k * s.n * ceil_div(s.m, br) + s.m * s.n;
  RC_ASSERT(requested(s, test::standard_spec(), {br, bc}) == 2 * s.batch * elements);
}

RC_GTEST_PROP(BlockedProduct, CountsEqualTheExpansion, ()) {
  const GemmShape s{.batch = *rc::gen::inRange<Int>(1, 3),
                    .m = *rc::gen::inRange<Int>(1, 500),
                    .n = *rc::gen::inRange<Int>(1, 500),
                    .k = *rc::gen::inRange<Int>(1, 300)};
  static Program program;
  test::build_or_throw(program, s, test::standard_spec(),
                       *rc::gen::element(SpecOverrides{}, SpecOverrides{48, 80}, SpecOverrides{256, 64}));
  test::expect_equal_to_expansion(program, describe(s));
  RC_ASSERT(!::testing::Test::HasFailure());
}

/// The naive product reads a row and a column per element: 2·m·n·k + m·n. A square tile of b divides its reads by b.
TEST(BlockedProduct, ATileDividesTheReadsOfTheNaiveProduct) {
  const Int n = 1024;
  const GemmShape s{.m = n, .n = n, .k = n};
  const KernelSpec spec = test::standard_spec();
  const Int naive = requested(s, spec, {1, 1});
  EXPECT_EQ(naive, 2 * (2 * n * n * n + n * n));
  for (const Int b : {2, 32, 64, 128, 256}) {
    EXPECT_EQ(requested(s, spec, {b, b}) - 2 * n * n, (naive - 2 * n * n) / b) << b;
  }
  EXPECT_EQ(swept(s, spec), 3 * 2 * n * n) << "CTAs that run together share: each matrix once";
}

TEST(BlockedProduct, FlopAreThoseOfWholeTiles) {
  Program program;
  const auto flop = [&](const GemmShape& s) {
    return test::matmul_flop(program, test::counted(program, s, test::standard_spec()));
  };
  EXPECT_DOUBLE_EQ(flop({.batch = 3, .m = 1024, .n = 512, .k = 256}), 2.0 * 3 * 1024 * 512 * 256);
  EXPECT_DOUBLE_EQ(flop({.m = 1, .n = 1, .k = 1}), 2.0 * 128 * 64 * 32);
  EXPECT_DOUBLE_EQ(program.paper_flops.value(), 2);
}

/// Accesses per element: naive 2 + 1, safe 3 + 1, online 2 + 1, fused 1 + 1; rows up to 1024 columns and longer.
RC_GTEST_PROP(SoftmaxParts, AccessesPerElementAreThoseOfThePasses, ()) {
  const SoftmaxShape s{.rows = *rc::gen::inRange<Int>(1, 2000), .cols = *rc::gen::inRange<Int>(1, 5000)};
  const std::pair<SoftmaxPasses, Int> accesses[] = {
      {SoftmaxPasses::naive, 3}, {SoftmaxPasses::safe, 4}, {SoftmaxPasses::online, 3}, {SoftmaxPasses::fused, 2}};
  for (const auto& [passes, expected] : accesses) {
    const KernelSpec spec = test::standard_spec(passes);
    RC_ASSERT(requested(s, spec) == expected * s.rows * s.cols * 2);
    RC_ASSERT(swept(s, spec) == expected * s.rows * s.cols * 2);
  }
}

RC_GTEST_PROP(SoftmaxParts, CountsEqualTheExpansion, ()) {
  const SoftmaxShape s{.rows = *rc::gen::inRange<Int>(1, 100), .cols = *rc::gen::inRange<Int>(1, 3000)};
  static Program program;
  const auto passes = static_cast<SoftmaxPasses>(*rc::gen::inRange(0, 4));
  test::build_or_throw(program, s, test::standard_spec(passes));
  test::expect_equal_to_expansion(program, describe(s));
  RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(PartSpecs, CoverWhatTheyListAlone) {
  KernelSpec spec = test::standard_spec();
  spec.name = "some_gemm";
  spec.ops = {Op::gemm};
  EXPECT_EQ(refusal(GemmShape{}, spec), "ok");
  EXPECT_EQ(refusal(AttentionShape{}, spec), "unsupported: op attention is outside some_gemm (gemm)");
  EXPECT_EQ(refusal(SoftmaxShape{}, spec), "unsupported: op softmax is outside some_gemm (gemm)");
  spec.name = "some_softmax";
  spec.ops = {Op::softmax};
  spec.tiles.clear();  // a softmax chooses none
  EXPECT_EQ(refusal(SoftmaxShape{}, spec), "ok");
  EXPECT_EQ(refusal(GemmShape{}, spec), "unsupported: op gemm is outside some_softmax (softmax)");
  EXPECT_EQ(refusal(SoftmaxShape{}, test::flash2_spec()), "unsupported: rt_flash2 has no softmax of its own");
}

TEST(PartSpecs, LongRowsOfKeysCanBeOutside) {
  KernelSpec spec = test::standard_spec();
  spec.name = "short_rows";
  spec.max_seq_kv = 2048;
  EXPECT_EQ(refusal(AttentionShape{.seq_q = 9999, .seq_kv = 2048}, spec), "ok");
  EXPECT_EQ(refusal(AttentionShape{.seq_q = 1, .seq_kv = 2049}, spec),
            "unsupported: seq_kv 2049 is outside short_rows (up to 2048)");
}

}  // namespace
}  // namespace rooftile
