// What the backward pass should have given, in float64, and how far a result is from it. Standard library only.
//
//   Gradients exact = gradients(call, q, k, v, grad_o);
//   GradientAccuracy error = gradient_accuracy(exact, dq, dk, dv);
//   error.q <= tolerance && error.k <= tolerance && error.v <= tolerance        false for any NaN
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels {

/// dQ [batch, heads, seq_q, head_dim], dK and dV [batch, kv_heads, seq_kv, head_dim].
struct Gradients {
  std::vector<double> q, k, v;
  double q_scale = 0, k_scale = 0;  ///< norms of scale · (P dP) K and scale · (P dP)ᵀ Q, see GradientAccuracy
};

/// ‖dX - dX64‖ / ‖dX64‖ over each tensor; NaN where it holds one. dQ and dK are differences, dS = P dP - P D, which
/// vanish where a row sees one key: there (wherever it is larger) the norm of the first part stands below the line.
struct GradientAccuracy {
  double q = 0, k = 0, v = 0;
  double max_absolute = 0;  ///< of all three
};

/// What is allowed of each number: P and dS are rounded to the element type before they are multiplied, and D is made
/// of an O that was.
[[nodiscard]] constexpr double gradient_tolerance(Element element) { return element == Element::fp16 ? 2e-3 : 1.5e-2; }

/// float64 gradients of 16-bit inputs (the values after rounding), [batch, heads, rows, head_dim] without pad; P, O and
/// LSE are those of float64 too. Throws std::invalid_argument for wrong sizes.
[[nodiscard]] Gradients gradients(const AttentionCall& call, std::span<const std::uint16_t> q,
                                  std::span<const std::uint16_t> k, std::span<const std::uint16_t> v,
                                  std::span<const std::uint16_t> grad_o);

/// The worst of the three, for whoever judges one number; there is no LSE to be wrong.
[[nodiscard]] Accuracy overall(const GradientAccuracy& error);

[[nodiscard]] GradientAccuracy gradient_accuracy(const Gradients& exact, std::span<const float> q,
                                                 std::span<const float> k, std::span<const float> v);

}  // namespace rooftile::kernels
