// The comparison of a device's results with the host's own execution; another order of the same execution stands for
// the device.
#include "measure/host_compare.hpp"

#include <gtest/gtest.h>

#include <string>

#include "measure/gradient_choice.hpp"
#include "rooftile/kernels/element.hpp"
#include "rooftile/kernels/host_execution.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr std::uint64_t seed = 11;

std::vector<std::uint16_t> bits(Element element, const std::vector<float>& values) {
  std::vector<std::uint16_t> all;
  for (const float value : values) all.push_back(bits_of(element, value));
  return all;
}

/// O and LSE by the forward pass of rt_flash2, then `kernel`, with CTAs and warps in an order of their own.
DeviceResults results(std::string_view kernel, const AttentionCall& call) {
  AttentionCall forward_call = call;
  forward_call.pass = Pass::fwd;
  HostCall forward{call.pass == Pass::fwd ? kernel : "rt_flash2", forward_call};
  forward.fill(seed);
  static_cast<void>(forward.execute({.seed = 3, .resident = 4}));
  DeviceResults found{bits(call.element, forward.o()), {}, {}, {}, forward.lse()};
  if (call.pass == Pass::fwd) return found;
  HostCall backward{kernel, call};
  backward.fill(seed);
  backward.take_forward(found.o, found.lse);
  static_cast<void>(backward.execute({.seed = 3, .resident = 4}));
  found.grad_q = bits(call.element, backward.gradient(tensor_grad_q));
  found.grad_k = bits(call.element, backward.gradient(tensor_grad_k));
  found.grad_v = bits(call.element, backward.gradient(tensor_grad_v));
  return found;
}

constexpr AttentionCall backward_call{Element::fp16, 2, 4, 2, 130, 200, 64, true, Pass::bwd};

TEST(HostCompare, AForwardCallIsComparedByO) {
  const AttentionCall call{Element::bf16, 1, 4, 2, 200, 130, 128, false};
  DeviceResults found = results("rt_flash2", call);
  TileComparison tiles = compare_with_host("rt_flash2", call, found, seed);
  EXPECT_EQ(tiles.tiles, 4 * 2);
  EXPECT_EQ(tiles.differing, 0) << tiles.first;
  found.o.back() ^= 0x4000;
  tiles = compare_with_host("rt_flash2", call, found, seed);
  EXPECT_EQ(tiles.differing, 1);
  EXPECT_TRUE(tiles.first.starts_with("O batch 0 head 3 rows 128..199: ")) << tiles.first;
}

TEST(HostCompare, ABackwardCallIsComparedByItsGradients) {
  for (const char* kernel : {"rt_flash2", "rt_flash2_deterministic"}) {
    SCOPED_TRACE(kernel);
    const DeviceResults found = results(kernel, backward_call);
    const TileComparison tiles = compare_with_host(kernel, backward_call, found, seed);
    EXPECT_EQ(tiles.tiles, 8 * 2 + 2 * 4 * 2);  // 128 queries or keys a tile: two of every head of each gradient
    EXPECT_EQ(tiles.differing, 0) << tiles.first;
    if (std::string{kernel} == "rt_flash2_deterministic") {
      EXPECT_EQ(tiles.largest, 0);
    }
  }
}

TEST(HostCompare, AWrongGradientIsNamed) {
  const DeviceResults right = results("rt_flash2", backward_call);
  struct Case {
    std::vector<std::uint16_t> DeviceResults::*gradient;
    const char* place;
  };
  for (const auto& [gradient, place] : {Case{&DeviceResults::grad_q, "dQ batch 1 head 3 rows 128..129: "},
                                        Case{&DeviceResults::grad_k, "dK batch 1 head 1 rows 128..199: "},
                                        Case{&DeviceResults::grad_v, "dV batch 1 head 1 rows 128..199: "}}) {
    DeviceResults wrong = right;
    (wrong.*gradient).back() = 0xffff;  // not written
    const TileComparison tiles = compare_with_host("rt_flash2", backward_call, wrong, seed);
    EXPECT_EQ(tiles.differing, 1);
    EXPECT_TRUE(tiles.first.starts_with(place)) << tiles.first;
  }
}

/// What is measured holds the tolerance of float64, whole and by rows, also where long causal rows make P small.
TEST(HostCompare, TheJudgePassesWhatTheKernelsGive) {
  for (const Element element : {Element::fp16, Element::bf16}) {
    for (const char* kernel : {"rt_flash2", "rt_flash2_deterministic"}) {
      const AttentionCall call{element, 1, 2, 1, 700, 900, 64, true, Pass::bwd};
      HostCall inputs{kernel, call};
      inputs.fill(seed);
      const DeviceResults found = results(kernel, call);
      GroupData group{inputs.input(tensor_k), inputs.input(tensor_v), found.grad_k, found.grad_v, {}};
      const std::size_t rows = 700, size = rows * 64;
      for (std::size_t head = 0; head < 2; ++head) {
        const auto part = [&](const auto& all, std::size_t count) {
          const auto first = all.begin() + static_cast<std::ptrdiff_t>(head * count);
          return std::vector(first, first + static_cast<std::ptrdiff_t>(count));
        };
        group.members.push_back({part(inputs.input(tensor_q), size), part(found.o, size),
                                 part(inputs.input(tensor_grad_o), size), part(found.grad_q, size),
                                 part(found.lse, rows)});
      }
      GradientChoice choice = choose_gradients(call, seed);
      ASSERT_TRUE(choice.whole);
      const Accuracy whole = judge_gradients(call, choice, std::vector{group});
      choice = {{0}, {0, 1, 100, 350, 699}, {0, 1, 250, 450, 899}, false};
      const Accuracy sampled = judge_gradients(call, choice, std::vector{group});
      for (const Accuracy& error : {whole, sampled}) {
        EXPECT_LE(error.relative, gradient_tolerance(element));
        EXPECT_LE(error.lse, 1e-5);
      }
    }
  }
}

/// The host takes the device's O and LSE: with others every tile of dQ and dK would differ.
TEST(HostCompare, OAndLseAreTheDevices) {
  DeviceResults found = results("rt_flash2", backward_call);
  for (float& lse : found.lse) lse += 0.5f;
  EXPECT_GT(compare_with_host("rt_flash2", backward_call, found, seed).differing, 16);
  found.lse.pop_back();
  EXPECT_THROW(static_cast<void>(compare_with_host("rt_flash2", backward_call, found, seed)), std::invalid_argument);
}

}  // namespace
}  // namespace rooftile::kernels::measure
