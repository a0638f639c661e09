// Key padding of every kernel that has it: against float64 with the same mask, over ragged shapes, head sharing,
// sequences that keep nothing and orders of execution; what it must leave alone; what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "numerics.hpp"
#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels {
namespace {

/// One row, one key, either side of tiles of 64 and 128 rows or keys and of words of 32 keys, shared heads; the last
/// has softmax rows for four warps.
constexpr CallShape shapes[] = {{2, 2, 1, 1, 2},    {3, 1, 1, 129, 3},  {4, 2, 127, 64, 2}, {2, 1, 129, 257, 2},
                                {2, 2, 200, 33, 3}, {3, 1, 65, 300, 2}, {2, 2, 3, 1031, 2}};

/// All that a kernel has written.
std::vector<float> results(const HostCall& run) {
  std::vector<float> all = run.o();
  const std::vector<float> lse = run.lse();
  all.insert(all.end(), lse.begin(), lse.end());
  return all;
}

using Case = std::tuple<std::string_view, Element, int>;

class KeyPadding : public testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] static AttentionCall call_of(const CallShape& shape) {
    const auto [kernel, element, head_dim] = GetParam();
    AttentionCall call = kernels::call_of({{kernel}, element, head_dim, false}, shape);
    call.key_padding = true;
    return call;
  }
  [[nodiscard]] static std::string_view kernel() { return std::get<0>(GetParam()); }

  /// Runs `call` in turn and in an order of its own; both must come to the same, and to what float64 says.
  static void expect_exact(HostCall& run, std::uint64_t order) {
    expect_healthy(run.execute());
    expect_float64(kernel(), run);
    const std::vector<float> first = results(run);
    expect_healthy(run.execute({.seed = order, .resident = 3}));
    EXPECT_EQ(results(run), first) << "the result depends on the order";
  }
};

/// Masks with holes, byte by byte; the second sequence keeps nothing.
TEST_P(KeyPadding, OfAnyKeysIsThatOfFloat64InEveryOrder) {
  std::mt19937_64 random{5};
  std::uint64_t seed = 0;
  for (const CallShape& shape : shapes) {
    if (sanitized && (&shape - shapes) % 3 != 0) continue;
    const AttentionCall call = call_of(shape);
    SCOPED_TRACE(std::string{kernel()} + " " + describe(call));
    ASSERT_EQ(refusal(kernel(), call), "");
    HostCall run{kernel(), call};
    run.fill(seed);
    auto& mask = run.key_mask();
    const auto keys = static_cast<std::ptrdiff_t>(call.seq_kv);
    std::ranges::generate(mask, [&] { return static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random() % 2 + 1); });
    std::fill_n(mask.begin() + keys, keys, std::uint8_t{0});
    expect_exact(run, ++seed);
    EXPECT_EQ(run.lse()[static_cast<std::size_t>(call.heads) * static_cast<std::size_t>(call.seq_q)],
              -std::numeric_limits<float>::infinity());
  }
}

/// As padding mostly is: each sequence keeps its first keys.
TEST_P(KeyPadding, OfLengthsIsThatOfFloat64) {
  const AttentionCall call = call_of({2, 1, 70, 290, 5});
  HostCall run{kernel(), call};
  run.fill(8);
  for (std::size_t batch = 0; batch < 5; ++batch) {
    const auto first = run.key_mask().begin() + static_cast<std::ptrdiff_t>(batch) * call.seq_kv;
    const int length = kept_length(8, static_cast<int>(batch), call.seq_kv);
    EXPECT_EQ(std::count(first, first + call.seq_kv, 1), length);
    EXPECT_EQ(std::count(first, first + length, 1), length);
  }
  expect_exact(run, 3);
}

/// What is padded has no part in the result, whatever it holds.
TEST_P(KeyPadding, LeavesNoTraceOfThePaddedKeys) {
  const AttentionCall call = call_of({2, 2, 70, 150, 2});
  HostCall run{kernel(), call};
  run.fill(2);
  expect_healthy(run.execute());
  const std::vector<float> first = results(run);
  const auto d = static_cast<std::size_t>(call.head_dim), keys = static_cast<std::size_t>(call.seq_kv);
  for (const TensorIndex tensor : {tensor_k, tensor_v}) {
    std::vector<std::uint16_t>& elements = run.input(tensor);
    for (std::size_t row = 0; row < elements.size() / d; ++row) {
      const std::size_t batch = row / keys / static_cast<std::size_t>(call.kv_heads);
      if (run.key_mask()[batch * keys + row % keys] != 0) continue;
      std::fill_n(elements.begin() + static_cast<std::ptrdiff_t>(row * d), d, std::uint16_t{0x4300});
    }
  }
  expect_healthy(run.execute());
  EXPECT_EQ(results(run), first);
}

/// Without a padded key the result is that of a call without mask, to the bit.
TEST_P(KeyPadding, OfNothingIsTheCallWithoutMask) {
  AttentionCall call = call_of({2, 1, 130, 200, 2});
  HostCall run{kernel(), call};
  run.fill(6);
  std::ranges::fill(run.key_mask(), std::uint8_t{1});
  expect_healthy(run.execute());
  call.key_padding = false;
  HostCall without{kernel(), call};
  without.fill(6);
  expect_healthy(without.execute());
  EXPECT_EQ(results(run), results(without));
}

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
  const auto [kernel, element, head_dim] = info.param;
  return std::string{kernel} + (element == Element::fp16 ? "_fp16_d" : "_bf16_d") + std::to_string(head_dim);
}
INSTANTIATE_TEST_SUITE_P(KernelsWithKeyPadding, KeyPadding,
                         testing::Combine(testing::ValuesIn(kernels_with_key_padding()),
                                          testing::ValuesIn(element_types()), testing::Values(64, 128, 256)),
                         name_of_case);

/// Both at once: the mask of dropout is that of the place in P, as without padding.
TEST(KeyPaddingWithDropout, IsThatOfFloat64) {
  for (const int head_dim : {64, 128}) {
    for (const Element element : {Element::fp16, Element::bf16}) {
      const AttentionCall call{.element = element,
                               .batch = 2,
                               .heads = 4,
                               .kv_heads = 2,
                               .seq_q = 130,
                               .seq_kv = 290,
                               .head_dim = head_dim,
                               .dropout = {.probability = 0.3, .seed = 11},
                               .key_padding = true};
      HostCall run{"rt_flash1", call};
      run.fill(4);
      expect_healthy(run.execute());
      EXPECT_LE(run.accuracy().relative, tolerance_of("rt_flash1", element).relative) << describe(call);
    }
  }
}

TEST(KeyPaddingRefusal, NamesWhoHasIt) {
  AttentionCall call{.key_padding = true};
  const std::string named = "no key padding: rt_flash1 and the kernels of rt_standard have it";
  for (const char* kernel : {"rt_flash2", "rt_flash3", "rt_split_kv"}) EXPECT_EQ(refusal(kernel, call), named);
  call.pass = Pass::bwd;
  EXPECT_EQ(refusal("rt_flash2", call), named);
  call = {.causal = true, .key_padding = true};
  EXPECT_EQ(refusal("rt_flash1", call), "one mask at a time: causal or key_padding");
}

/// Every length occurs about equally often, and a seed decides.
TEST(KeyPaddingLengths, AreUniform) {
  constexpr int keys = 8, sequences = 8000;
  std::vector<int> times(keys + 1);
  for (int batch = 0; batch < sequences; ++batch) ++times.at(static_cast<std::size_t>(kept_length(1, batch, keys)));
  EXPECT_EQ(times[0], 0);
  for (int length = 1; length <= keys; ++length) EXPECT_NEAR(times.at(static_cast<std::size_t>(length)), 1000, 150);
  EXPECT_NE(kept_length(1, 0, 1 << 30), kept_length(2, 0, 1 << 30));
}

}  // namespace
}  // namespace rooftile::kernels
