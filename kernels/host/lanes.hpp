// One value per lane of a warp: 32 floats or 32-bit integers that are computed on together, written like plain ones.
//
//   const i32 row = lane / 8 + 4 * warp;                  lane op scalar, scalar op lane, lane op lane
//   const pred seen = row < limit & !(row == 3);          comparisons give one truth per lane
//
// Types mix as plain ones do: i32 and u32 make u32, an integer and a float make float; the result of a shift has the
// type of its left side. Four vectors of eight lanes: the widest that GCC 12 keeps in AVX2 registers by itself.
#pragma once

#include <cstdint>
#include <type_traits>

#include "isa/isa.hpp"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define ROOFTILE_AVX2 1
#include <immintrin.h>
#else
#define ROOFTILE_AVX2 0
#endif

#define ROOFTILE_INLINE inline __attribute__((always_inline))

namespace rooftile::kernels::host {

/// Eight lanes in a vector register. (GCC 12 ignores vector_size on a dependent type: hence one line per type.)
template <class T>
struct LaneVector;
template <>
struct LaneVector<float> {
  using type [[gnu::vector_size(32)]] = float;
};
template <>
struct LaneVector<std::int32_t> {
  using type [[gnu::vector_size(32)]] = std::int32_t;
};
template <>
struct LaneVector<std::uint32_t> {
  using type [[gnu::vector_size(32)]] = std::uint32_t;
};

/// Vectors of a warp value, and lanes in each.
inline constexpr int lane_parts = 4;
inline constexpr int part_lanes = 8;

/// The statement for each of the four vectors; `i` numbers them.
#define ROOFTILE_EACH_PART(statement) \
  {                                   \
    constexpr int i = 0;              \
    statement;                        \
  }                                   \
  {                                   \
    constexpr int i = 1;              \
    statement;                        \
  }                                   \
  {                                   \
    constexpr int i = 2;              \
    statement;                        \
  }                                   \
  {                                   \
    constexpr int i = 3;              \
    statement;                        \
  }

template <class T>
struct Lanes {
  using Part = typename LaneVector<T>::type;
  Part part[lane_parts];

  Lanes() = default;
  /// The same value in every lane.
  ROOFTILE_INLINE Lanes(T same) { ROOFTILE_EACH_PART(part[i] = Part{} + same) }
  /// Between i32 and u32 bits stay; to and from float values do (toward zero).
  template <class U>
  requires(std::is_integral_v<T>&& std::is_integral_v<U>) ROOFTILE_INLINE Lanes(const Lanes<U>& other) {
    ROOFTILE_EACH_PART(part[i] = reinterpret_cast<Part>(other.part[i]))
  }
  template <class U>
  requires(std::is_floating_point_v<T> != std::is_floating_point_v<U>) ROOFTILE_INLINE
      explicit Lanes(const Lanes<U>& other) {
    ROOFTILE_EACH_PART(part[i] = __builtin_convertvector(other.part[i], Part))
  }

  [[nodiscard]] ROOFTILE_INLINE T operator[](int lane) const { return part[lane / part_lanes][lane % part_lanes]; }
  ROOFTILE_INLINE void set(int lane, T value) { part[lane / part_lanes][lane % part_lanes] = value; }
  /// The lanes in a row in memory.
  [[nodiscard]] ROOFTILE_INLINE T* data() { return reinterpret_cast<T*>(part); }
  [[nodiscard]] ROOFTILE_INLINE const T* data() const { return reinterpret_cast<const T*>(part); }

  ROOFTILE_INLINE Lanes operator-() const {
    Lanes result;
    ROOFTILE_EACH_PART(result.part[i] = -part[i])
    return result;
  }
  ROOFTILE_INLINE Lanes operator~() const {
    Lanes result;
    ROOFTILE_EACH_PART(result.part[i] = ~part[i])
    return result;
  }
};

using LanesF32 = Lanes<float>;
using LanesU32 = Lanes<std::uint32_t>;
using LanesI32 = Lanes<std::int32_t>;

/// One truth per lane: all bits of a lane, or none.
struct Pred {
  using Part = LaneVector<std::int32_t>::type;
  Part part[lane_parts];

  Pred() = default;
  ROOFTILE_INLINE Pred(bool same) { ROOFTILE_EACH_PART(part[i] = Part{} - static_cast<std::int32_t>(same)) }

  [[nodiscard]] ROOFTILE_INLINE bool operator[](int lane) const {
    return part[lane / part_lanes][lane % part_lanes] != 0;
  }
  /// Bit i is lane i.
  [[nodiscard]] ROOFTILE_INLINE std::uint32_t bits() const {
    std::uint32_t result = 0;
#if ROOFTILE_AVX2
    ROOFTILE_EACH_PART(result |= static_cast<std::uint32_t>(_mm256_movemask_ps(reinterpret_cast<__m256>(part[i])))
                                 << (part_lanes * i))
#else
    for (int lane = 0; lane < warp_size; ++lane) result |= std::uint32_t{(*this)[lane]} << lane;
#endif
    return result;
  }
  ROOFTILE_INLINE Pred operator!() const {
    Pred result;
    ROOFTILE_EACH_PART(result.part[i] = ~part[i])
    return result;
  }
};

namespace detail {

template <class V>
struct ScalarOf {
  using type = V;
};
template <class T>
struct ScalarOf<Lanes<T>> {
  using type = T;
};
template <class V>
using scalar_of = typename ScalarOf<V>::type;

template <class V>
inline constexpr bool is_lanes = !std::is_same_v<scalar_of<V>, V>;
template <class V>
inline constexpr bool is_operand = is_lanes<V> || std::is_arithmetic_v<V>;

template <class A, class B>
using common_lanes = Lanes<std::common_type_t<scalar_of<A>, scalar_of<B>>>;

/// A value as lanes of another type, by the rules of plain arithmetic.
template <class To, class V>
ROOFTILE_INLINE To as(const V& value) {
  if constexpr (is_lanes<V>) {
    return static_cast<To>(value);
  } else {
    return To(static_cast<scalar_of<To>>(value));
  }
}

}  // namespace detail

/// Two operands of an operator: at least one of them lanes.
template <class A, class B>
concept LaneOperands = detail::is_operand<A> && detail::is_operand<B> &&(detail::is_lanes<A> || detail::is_lanes<B>);

#define ROOFTILE_LANE_OPERATOR(op)                                       \
  template <class A, class B>                                            \
  requires LaneOperands<A, B> ROOFTILE_INLINE detail::common_lanes<A, B> \
  operator op(const A& a, const B& b) {                                  \
    using Result = detail::common_lanes<A, B>;                           \
    const Result left = detail::as<Result>(a);                           \
    const Result right = detail::as<Result>(b);                          \
    Result result;                                                       \
    ROOFTILE_EACH_PART(result.part[i] = left.part[i] op right.part[i])   \
    return result;                                                       \
  }                                                                      \
  template <class T, class B>                                            \
  requires LaneOperands<Lanes<T>, B> ROOFTILE_INLINE Lanes<T>            \
  &operator op##=(Lanes<T>& a, const B& b) { return a = detail::as<Lanes<T>>(a op b); }
ROOFTILE_LANE_OPERATOR(+)
ROOFTILE_LANE_OPERATOR(-)
ROOFTILE_LANE_OPERATOR(*)
ROOFTILE_LANE_OPERATOR(/)
ROOFTILE_LANE_OPERATOR(%)
ROOFTILE_LANE_OPERATOR(&)
ROOFTILE_LANE_OPERATOR(|)
ROOFTILE_LANE_OPERATOR(^)
#undef ROOFTILE_LANE_OPERATOR

#define ROOFTILE_LANE_SHIFT(op)                                               \
  template <class T, class B>                                                 \
  requires(std::is_integral_v<detail::scalar_of<B>>) ROOFTILE_INLINE Lanes<T> \
  operator op(const Lanes<T>& a, const B& b) {                                \
    const Lanes<T> right = detail::as<Lanes<T>>(b);                           \
    Lanes<T> result;                                                          \
    ROOFTILE_EACH_PART(result.part[i] = a.part[i] op right.part[i])           \
    return result;                                                            \
  }
ROOFTILE_LANE_SHIFT(<<)
ROOFTILE_LANE_SHIFT(>>)
#undef ROOFTILE_LANE_SHIFT

#define ROOFTILE_LANE_COMPARISON(op)                                                     \
  template <class A, class B>                                                            \
  requires LaneOperands<A, B> ROOFTILE_INLINE Pred operator op(const A& a, const B& b) { \
    using Common = detail::common_lanes<A, B>;                                           \
    const Common left = detail::as<Common>(a);                                           \
    const Common right = detail::as<Common>(b);                                          \
    Pred result;                                                                         \
    ROOFTILE_EACH_PART(result.part[i] = left.part[i] op right.part[i])                   \
    return result;                                                                       \
  }
ROOFTILE_LANE_COMPARISON(<)
ROOFTILE_LANE_COMPARISON(<=)
ROOFTILE_LANE_COMPARISON(>)
ROOFTILE_LANE_COMPARISON(>=)
ROOFTILE_LANE_COMPARISON(==)
ROOFTILE_LANE_COMPARISON(!=)
#undef ROOFTILE_LANE_COMPARISON

#define ROOFTILE_PRED_OPERATOR(name, op)                             \
  ROOFTILE_INLINE Pred operator name(const Pred& a, const Pred& b) { \
    Pred result;                                                     \
    ROOFTILE_EACH_PART(result.part[i] = a.part[i] op b.part[i])      \
    return result;                                                   \
  }
ROOFTILE_PRED_OPERATOR(&, &)
ROOFTILE_PRED_OPERATOR(|, |)
ROOFTILE_PRED_OPERATOR(^, ^)
ROOFTILE_PRED_OPERATOR(&&, &)
ROOFTILE_PRED_OPERATOR(||, |)
ROOFTILE_PRED_OPERATOR(==, ==)
ROOFTILE_PRED_OPERATOR(!=, !=)
#undef ROOFTILE_PRED_OPERATOR

/// Per lane `yes` where the condition holds, else `no`.
template <class A, class B>
requires(detail::is_operand<A>&& detail::is_operand<B>)
    ROOFTILE_INLINE detail::common_lanes<A, B> select(const Pred& condition, const A& yes, const B& no) {
  using Result = detail::common_lanes<A, B>;
  const Result left = detail::as<Result>(yes);
  const Result right = detail::as<Result>(no);
  Result result;
  ROOFTILE_EACH_PART(result.part[i] = condition.part[i] ? left.part[i] : right.part[i])
  return result;
}

/// All lanes' values combined into one; `op` takes two vectors, order and grouping must not matter to it.
template <class T, class Op>
ROOFTILE_INLINE T combine(const Lanes<T>& x, const Op& op) {
  typename Lanes<T>::Part all = op(op(x.part[0], x.part[1]), op(x.part[2], x.part[3]));
  all = op(all, __builtin_shufflevector(all, all, 4, 5, 6, 7, 0, 1, 2, 3));
  all = op(all, __builtin_shufflevector(all, all, 2, 3, 0, 1, 6, 7, 4, 5));
  all = op(all, __builtin_shufflevector(all, all, 1, 0, 3, 2, 5, 4, 7, 6));
  return all[0];
}

/// 0, 1, 2 ... 31.
ROOFTILE_INLINE LanesI32 lane_numbers() {
  LanesI32 result;
  const LanesI32::Part first{0, 1, 2, 3, 4, 5, 6, 7};
  ROOFTILE_EACH_PART(result.part[i] = first + part_lanes * i)
  return result;
}

}  // namespace rooftile::kernels::host
