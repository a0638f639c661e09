// Random 16-bit matrices that the device builds from indices and the host multiplies to check.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

#include "measure/micro/random.cuh"

namespace rooftile::kernels::measure {

/// Tiles of `rows` x `columns` elements; tile, row and column give an element, rounded to T.
template <int rows, int columns, std::uint32_t seed>
struct TensorTile {
  template <class T>
  __host__ __device__ static T element(int tile, int row, int column) {
    const float in_one_to_two = random_float(static_cast<std::uint32_t>((tile * rows + row) * columns + column), seed);
    const float value = 2.f * in_one_to_two - 3.f;  // [-1, 1)
    if constexpr (std::is_same_v<T, __half>)
      return __float2half(value);
    else
      return __float2bfloat16(value);
  }
  /// On the host, as a number.
  template <class T>
  static double value(int tile, int row, int column) {
    return static_cast<float>(element<T>(tile, row, column));
  }
  /// Columns `column` and `column` + 1 in one register, the first in the lower half.
  template <class T>
  __device__ static std::uint32_t pair(int tile, int row, int column) {
    const auto bits = [&](int c) {
      const T x = element<T>(tile, row, c);
      std::uint16_t word;
      __builtin_memcpy(&word, &x, sizeof word);
      return static_cast<std::uint32_t>(word);
    };
    return bits(column) | bits(column + 1) << 16;
  }
};

/// ||found - right|| / ||right||, where `right` is what each `right.size()` of `found` should be.
inline double norm_of_difference(const std::vector<float>& found, const std::vector<double>& right) {
  double apart = 0;
  double norm = 0;
  for (std::size_t at = 0; at < found.size(); ++at) {
    const double expected = right[at % right.size()];
    apart += (found[at] - expected) * (found[at] - expected);
    norm += expected * expected;
  }
  return std::sqrt(apart / norm);
}

/// Tensor cores cut fp32 sums off instead of rounding them: thousands of additions to one accumulator drift by parts
/// per thousand. A wrong operand, layout or trip count is off by tens of per cent.
inline std::string tensor_problem(double relative_error) {
  constexpr double allowed = 0.02;
  if (relative_error <= allowed) return {};  // false for NaN
  char text[96];
  std::snprintf(text, sizeof text, "the products are off by %.3g of their norm; %.2g is allowed", relative_error,
                allowed);
  return text;
}

}  // namespace rooftile::kernels::measure
