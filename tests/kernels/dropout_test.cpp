// Dropout of every kernel that has it, forward and backward: against float64 with the same mask, over ragged shapes,
// head sharing and seeds; the mask itself, read off a result; and what a seed decides.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "numerics.hpp"
#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels {
namespace {

/// One row, one key, either side of tiles of 64 and 128 rows or keys, more queries than keys and fewer, shared heads.
constexpr CallShape shapes[] = {{2, 2, 1, 1},     {3, 1, 1, 129},  {4, 2, 127, 65, 2},
                                {2, 1, 129, 257}, {2, 2, 200, 63}, {3, 1, 65, 300}};
constexpr double probabilities[] = {0.1, 0.5, 0.9};

constexpr KernelPass kernels_with_dropout[] = {{"rt_flash1", Pass::fwd},
                                               {"rt_flash2", Pass::fwd},
                                               {"rt_flash2", Pass::bwd},
                                               {"rt_flash2_deterministic", Pass::bwd}};

/// All that a kernel has written.
std::vector<float> results(const HostCall& run) {
  if (run.call().pass == Pass::fwd) {
    std::vector<float> all = run.o();
    const std::vector<float> lse = run.lse();
    all.insert(all.end(), lse.begin(), lse.end());
    return all;
  }
  std::vector<float> all = run.gradient(tensor_grad_k);
  const std::vector<float> grad_v = run.gradient(tensor_grad_v);
  all.insert(all.end(), grad_v.begin(), grad_v.end());
  return all;  // dQ by atomics depends on the order
}

class DropoutNumerics : public InstanceTest {
 protected:
  static std::vector<float> results_of(const AttentionCall& call) {
    HostCall run{kernel(), call};
    run.fill(4);
    expect_healthy(run.execute());
    return results(run);
  }
};

TEST_P(DropoutNumerics, AreThoseOfFloat64InEveryOrder) {
  std::uint64_t seed = 0;
  for (const CallShape& shape : shapes) {
    if (sanitized && (&shape - shapes) % 3 != 0) continue;
    const AttentionCall call = call_of(shape, {.probability = probabilities[seed % 3], .seed = seed << 31 | 5});
    SCOPED_TRACE(std::string{kernel()} + " " + describe(call));
    ASSERT_EQ(refusal(kernel(), call), "");
    HostCall run{kernel(), call};
    run.fill(seed);
    expect_healthy(run.execute());
    expect_float64(kernel(), run);
    const std::vector<float> first = results(run);
    expect_healthy(run.execute({.seed = ++seed, .resident = 3}));
    EXPECT_EQ(results(run), first) << "the result depends on the order";
  }
}

TEST_P(DropoutNumerics, FollowTheSeed) {
  const CallShape shape{2, 1, 70, 90};
  const std::vector<float> first = results_of(call_of(shape, {.probability = 0.3, .seed = 9}));
  EXPECT_EQ(results_of(call_of(shape, {.probability = 0.3, .seed = 9})), first);
  EXPECT_NE(results_of(call_of(shape, {.probability = 0.3, .seed = 10})), first);
  EXPECT_NE(results_of(call_of(shape, {.probability = 0.3, .seed = 9, .offset = 1})), first);
}

/// A call that drops nothing is one without dropout, to the bit; so is one with a probability so small that its kernel
/// with dropout keeps everything, where both have one tile.
TEST_P(DropoutNumerics, WithoutProbabilityAreThoseWithoutDropout) {
  const CallShape shape{2, 1, 130, 200};
  const std::vector<float> without = results_of(call_of(shape));
  EXPECT_EQ(results_of(call_of(shape, {.probability = 0, .seed = 9})), without);
  const bool one_tile = kernel() != "rt_flash2" || call_of(shape).pass == Pass::bwd;
  if (one_tile) {
    EXPECT_EQ(results_of(call_of(shape, {.probability = 0x1p-40, .seed = 9})), without);
  }
}

/// Equal scores and a V of unit rows: row i of O is the mask of row i, over its number of keys times 1 - p. Read off
/// so, kept weights are those of the definition, and their share is 1 - p.
TEST_P(DropoutNumerics, OfUnitValuesAreTheMask) {
  constexpr double probability = 0.25;
  const AttentionCall call = call_of({4, 2, 150, 60, 2}, {.probability = probability, .seed = 123});
  if (call.pass == Pass::bwd || call.causal) return;
  HostCall run{kernel(), call};
  run.fill(1);
  std::ranges::fill(run.input(tensor_q), std::uint16_t{0});
  std::vector<std::uint16_t>& v = run.input(tensor_v);
  const auto d = static_cast<std::size_t>(call.head_dim), keys = static_cast<std::size_t>(call.seq_kv);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = bits_of(call.element, i % d == i / d % keys ? 1.f : 0.f);
  expect_healthy(run.execute());

  const std::vector<float> o = run.o();
  std::int64_t kept = 0, weights = 0;
  for (std::size_t row = 0; row < o.size() / d; ++row) {
    const auto rows = static_cast<std::size_t>(call.seq_q);
    for (std::size_t key = 0; key < keys; ++key) {
      const bool keep = keeps(call.dropout, static_cast<std::uint32_t>(row / rows),
                              static_cast<std::uint32_t>(row % rows), static_cast<std::uint32_t>(key));
      const double exact = keep ? 1 / (1 - probability) / call.seq_kv : 0;
      ASSERT_NEAR(o[row * d + key], exact, exact * 8e-3) << "row " << row << " key " << key;
      kept += keep ? 1 : 0;
      ++weights;
    }
  }
  const double deviation = std::sqrt(probability * (1 - probability) / static_cast<double>(weights));
  EXPECT_NEAR(static_cast<double>(kept) / static_cast<double>(weights), 1 - probability, 5 * deviation);
}

INSTANTIATE_TEST_SUITE_P(KernelsWithDropout, DropoutNumerics,
                         testing::Combine(testing::ValuesIn(kernels_with_dropout), testing::ValuesIn(element_types()),
                                          testing::Values(64, 128), testing::Bool()),
                         name_of_instance);

TEST(DropoutRefusal, NamesWhatIsOutside) {
  AttentionCall call{.head_dim = 256, .dropout = {.probability = 0.1}};
  EXPECT_EQ(refusal("rt_flash1", call), "rt_flash1 drops weights at head_dim 64 and 128");
  EXPECT_EQ(refusal("rt_flash2", call), "rt_flash2 drops weights at head_dim 64 and 128");
  call.pass = Pass::bwd;
  EXPECT_EQ(refusal("rt_flash2", call), "the backward of rt_flash2 drops weights at head_dim 64 and 128");
  call = {.dropout = {.probability = 0.1}};
  for (const char* kernel : {"rt_standard", "rt_split_kv", "rt_flash3"})
    EXPECT_EQ(refusal(kernel, call), "no dropout: rt_flash1, rt_flash2 and the backward of rt_flash2 have it");
  for (const double probability : {-0.1, 1.0, std::nan("")}) {
    call.dropout.probability = probability;
    EXPECT_EQ(refusal("rt_flash2", call), "dropout must be a probability below 1");
  }
}

}  // namespace
}  // namespace rooftile::kernels
