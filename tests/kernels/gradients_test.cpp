// Every kernel of the registry that has a backward pass against float64: element type x head dim x mask x head sharing,
// over ragged shapes and orders in which the machine may run them. And the float64 gradients against differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "numerics.hpp"
#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels {
namespace {

constexpr int seeds = 10;
constexpr std::string_view deterministic = "rt_flash2_deterministic";

/// One row, one key, one less and one more than a tile (64 and 128 rows or keys), more queries than keys and fewer.
constexpr CallShape gradient_shapes[] = {{2, 2, 1, 1},     {3, 1, 1, 129},   {4, 2, 127, 64}, {2, 2, 128, 128},
                                         {2, 1, 129, 257}, {4, 2, 200, 63},  {3, 1, 65, 300}, {2, 2, 130, 127},
                                         {2, 1, 300, 5},   {1, 1, 257, 384}, {2, 2, 64, 192}};

using GradientNumerics = InstanceTest;

void expect_close(const HostCall& run) {
  const GradientAccuracy error = run.gradient_accuracy();
  const double allowed = gradient_tolerance(run.call().element);
  EXPECT_LE(error.q, allowed);
  EXPECT_LE(error.k, allowed);
  EXPECT_LE(error.v, allowed);
}

TEST_P(GradientNumerics, AreThoseOfFloat64InEveryOrder) {
  std::uint64_t seed = 0;  // of inputs and orders; each shape meets an order of its own and the canonical one
  for (const CallShape& shape : gradient_shapes) {
    if (sanitized && (&shape - gradient_shapes) % 3 != 0) continue;
    const AttentionCall call = call_of(shape);
    SCOPED_TRACE(std::string{kernel()} + " " + describe(call));
    ASSERT_EQ(refusal(kernel(), call), "");
    HostCall run{kernel(), call};
    run.fill(seed);
    expect_healthy(run.execute());
    expect_close(run);

    const std::vector<float> grad_q = run.gradient(tensor_grad_q), grad_k = run.gradient(tensor_grad_k),
                             grad_v = run.gradient(tensor_grad_v);
    expect_healthy(run.execute({.seed = 1 + seed++ % seeds, .resident = 3}));
    expect_close(run);
    EXPECT_EQ(run.gradient(tensor_grad_k), grad_k) << "dK depends on the order";
    EXPECT_EQ(run.gradient(tensor_grad_v), grad_v) << "dV depends on the order";
    if (kernel() == deterministic) {
      EXPECT_EQ(run.gradient(tensor_grad_q), grad_q) << "dQ depends on the order";
    }
  }
}

/// O and LSE as the forward kernel of the family gives them, not rounded float64: as a training step has them.
TEST_P(GradientNumerics, OfTheKernelsOwnForward) {
  for (const CallShape& shape : {gradient_shapes[4], gradient_shapes[6]}) {
    const AttentionCall call = call_of(shape);
    AttentionCall forward_call = call;
    forward_call.pass = Pass::fwd;
    SCOPED_TRACE(std::string{kernel()} + " " + describe(call));
    HostCall forward{"rt_flash2", forward_call};
    forward.fill(5);
    expect_healthy(forward.execute());
    std::vector<std::uint16_t> o;
    for (const float value : forward.o()) o.push_back(bits_of(call.element, value));
    HostCall run{kernel(), call};
    run.fill(5);
    run.take_forward(std::move(o), forward.lse());
    expect_healthy(run.execute());
    expect_close(run);
    EXPECT_THROW(run.take_forward({}, forward.lse()), std::invalid_argument);
  }
}

/// Results known without a reference: equal scores weigh all keys alike, so dV is the mean of dO over the rows that see
/// a key, and where V is the same in every key nothing depends on the scores.
TEST_P(GradientNumerics, OfEqualScores) {
  const AttentionCall call = call_of({2, 1, 130, 200});
  HostCall run{kernel(), call};
  run.fill(1);
  std::ranges::fill(run.input(tensor_q), std::uint16_t{0});
  std::ranges::fill(run.input(tensor_v), bits_of(call.element, 2.f));
  std::ranges::fill(run.input(tensor_grad_o), bits_of(call.element, 1.f));
  expect_healthy(run.execute());
  double first_key = 0, last_key = 0;  // of both heads
  for (int row = 0; row < call.seq_q; ++row) {
    const int seen = call.seen_keys(row);
    first_key += 2.0 / seen;
    if (seen == call.seq_kv) last_key += 2.0 / seen;
  }
  const std::vector<float> grad_v = run.gradient(tensor_grad_v);
  EXPECT_NEAR(grad_v.front(), first_key, first_key * gradient_tolerance(call.element));
  EXPECT_NEAR(grad_v.back(), last_key, last_key * gradient_tolerance(call.element));
  for (const float value : run.gradient(tensor_grad_q)) ASSERT_NEAR(value, 0, 1e-3);
}

/// What the atomic kernel cannot promise: CTAs that add to dQ in another order give other last bits.
TEST(GradientOrder, MattersToAtomicsAlone) {
  const AttentionCall call{.seq_q = 257, .seq_kv = 1030, .pass = Pass::bwd};
  for (const std::string_view kernel : kernel_names(Pass::bwd)) {
    HostCall run{kernel, call};
    run.fill(3);
    static_cast<void>(run.execute({.resident = 1}));
    const std::vector<float> grad_q = run.gradient(tensor_grad_q);
    int other = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      static_cast<void>(run.execute({.seed = seed, .resident = 8}));
      other += run.gradient(tensor_grad_q) == grad_q ? 0 : 1;
    }
    EXPECT_EQ(other > 0, kernel != deterministic) << kernel;
  }
}

INSTANTIATE_TEST_SUITE_P(AllKernels, GradientNumerics,
                         testing::Combine(testing::ValuesIn(kernels_that_make(Pass::bwd)),
                                          testing::ValuesIn(element_types()), testing::Values(64, 128, 256),
                                          testing::Bool()),
                         name_of_instance);

/// Inputs of a tiny call.
struct Inputs {
  std::vector<std::uint16_t> q, k, v, grad_o;
};

/// sum of O dO in float64, a scalar function of the inputs.
double loss(const AttentionCall& call, const Inputs& in) {
  const Reference forward = reference(call, in.q, in.k, in.v);
  double sum = 0;
  for (std::size_t i = 0; i < forward.o.size(); ++i) sum += forward.o[i] * value_of(call.element, in.grad_o[i]);
  return sum;
}

/// The reference of the backward pass is the derivative of the reference of the forward pass.
TEST(GradientReference, IsTheDerivativeOfTheForwardReference) {
  for (const auto& [causal, probability] : {std::pair{false, 0.0}, {true, 0.0}, {false, 0.4}, {true, 0.4}}) {
    const AttentionCall call{.heads = 2,
                             .kv_heads = 1,
                             .seq_q = 5,
                             .seq_kv = 4,
                             .head_dim = 3,
                             .causal = causal,
                             .pass = Pass::bwd,
                             .dropout = {.probability = probability, .seed = 6}};
    // multiples of 1/16 below 2
    const auto values = [&](std::size_t count, std::size_t first) {
      std::vector<std::uint16_t> bits(count);
      for (std::size_t i = 0; i < count; ++i) {
        bits[i] = bits_of(call.element, static_cast<float>((37 * i + first) % 61) / 16 - 2);
      }
      return bits;
    };
    Inputs in{values(30, 0), values(12, 11), values(12, 22), values(30, 33)};
    const Gradients exact = gradients(call, in.q, in.k, in.v, in.grad_o);
    const auto expect_derivative = [&](std::vector<std::uint16_t>& values, const std::vector<double>& derivative) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint16_t kept = values[i];
        const auto at = [&](int steps) {  // of 2^-6: exact beside multiples of 1/16 below 2
          values[i] = bits_of(call.element, value_of(call.element, kept) + static_cast<float>(steps) * 0x1p-6f);
          return loss(call, in);
        };
        // fourth order: (8 (f(+h) - f(-h)) - (f(+2h) - f(-2h))) / 12 h
        const double slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * 0x1p-6);
        values[i] = kept;
        EXPECT_NEAR(derivative[i], slope, 1e-5) << i;
      }
    };
    expect_derivative(in.q, exact.q);
    expect_derivative(in.k, exact.k);
    expect_derivative(in.v, exact.v);
  }
}

TEST(GradientReference, AccuracySeesADifferenceAndNaN) {
  const Gradients exact{{3, 4}, {1}, {2}, 0, 0};
  const std::vector<float> right_q{3, 4}, right_k{1}, right_v{2}, wrong_q{3, 4.5f}, no_number{std::nanf("")};
  EXPECT_EQ(gradient_accuracy(exact, right_q, right_k, right_v).q, 0);
  EXPECT_DOUBLE_EQ(gradient_accuracy(exact, wrong_q, right_k, right_v).q, 0.1);
  EXPECT_TRUE(std::isnan(gradient_accuracy(exact, right_q, no_number, right_v).k));
  EXPECT_THROW(static_cast<void>(gradient_accuracy(exact, right_k, right_k, right_v)), std::invalid_argument);
}

}  // namespace
}  // namespace rooftile::kernels
