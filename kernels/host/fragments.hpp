// Fragments of mma.m16n8k16 as the host keeps them: the matrix that the registers of all lanes together hold, as
// floats, made once when the fragment is loaded. Which lane holds which element is fixed by PTX (section 9.7.15.5.8,
// figures of .m16n8k16), so the matrix says as much as the registers; floats hold every fp16 and bf16 exactly.
//
//   column n of C  +=  sum over k of column k of A · B[k][n]       8 rows of a column = one vector register
//
// A lane holds an even and an odd column of C (c[0], c[1]), so eight rows of C's four even columns are the four vectors
// of c[0], two rows in each: a 4 x 4 transposition within the halves of the vectors makes them columns, and its rows
// then come in the order 0 2 4 6 1 3 5 7. A keeps its rows in that order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "host/float16.hpp"
#include "host/lanes.hpp"

namespace rooftile::kernels::host {

/// Row r of eight is entry row_place[r] of a column.
inline constexpr int row_place[8] = {0, 4, 1, 5, 2, 6, 3, 7};

/// A: 16 x 16, as columns of k; rows 0-7 and 8-15, each in the order of row_place.
template <class T>
struct FragA {
  alignas(32) float column[16][16];

  [[nodiscard]] ROOFTILE_INLINE float& at(int row, int k) { return column[k][row / 8 * 8 + row_place[row % 8]]; }
  [[nodiscard]] ROOFTILE_INLINE float at(int row, int k) const { return column[k][row / 8 * 8 + row_place[row % 8]]; }
};
/// B: 16 (k) x 8 (n), as rows of k.
template <class T>
struct FragB {
  alignas(32) float row[16][8];

  [[nodiscard]] ROOFTILE_INLINE float& at(int k, int n) { return row[k][n]; }
  [[nodiscard]] ROOFTILE_INLINE float at(int k, int n) const { return row[k][n]; }
};
/// C and D: 16 x 8 fp32. c[0], c[1]: row lane/4, columns 2·(lane%4) + {0, 1}; c[2], c[3]: the row 8 below.
struct Acc {
  LanesF32 c[4];
};

/// Eight rows of 16 bytes, as one 8 x 8 matrix of ldmatrix reads them.
using MatrixRows = const unsigned char* const*;

namespace detail {

#if ROOFTILE_AVX2

/// 4 x 4 in each half of the vectors: element j of vector i and element i of vector j change places.
ROOFTILE_INLINE void transpose_halves(__m256& v0, __m256& v1, __m256& v2, __m256& v3) {
  const __m256d low01 = _mm256_castps_pd(_mm256_unpacklo_ps(v0, v1)),
                low23 = _mm256_castps_pd(_mm256_unpacklo_ps(v2, v3));
  const __m256d high01 = _mm256_castps_pd(_mm256_unpackhi_ps(v0, v1)),
                high23 = _mm256_castps_pd(_mm256_unpackhi_ps(v2, v3));
  v0 = _mm256_castpd_ps(_mm256_unpacklo_pd(low01, low23));
  v1 = _mm256_castpd_ps(_mm256_unpackhi_pd(low01, low23));
  v2 = _mm256_castpd_ps(_mm256_unpacklo_pd(high01, high23));
  v3 = _mm256_castpd_ps(_mm256_unpackhi_pd(high01, high23));
}

/// The eight columns of eight rows of elements, widened: column k to to + k·pitch, its rows in the order given.
template <class T>
ROOFTILE_INLINE void store_columns(float* to, std::ptrdiff_t pitch, MatrixRows rows, const int (&order)[8]) {
  const auto row = [&](int i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[order[i]])); };
  const auto four_columns = [&](float* four, __m128i r01, __m128i r23, __m128i r45, __m128i r67) {
    const __m128i low03 = _mm_unpacklo_epi32(r01, r23), high03 = _mm_unpackhi_epi32(r01, r23);
    const __m128i low47 = _mm_unpacklo_epi32(r45, r67), high47 = _mm_unpackhi_epi32(r45, r67);
    _mm256_store_ps(four, widened<T>(_mm_unpacklo_epi64(low03, low47)));
    _mm256_store_ps(four + pitch, widened<T>(_mm_unpackhi_epi64(low03, low47)));
    _mm256_store_ps(four + 2 * pitch, widened<T>(_mm_unpacklo_epi64(high03, high47)));
    _mm256_store_ps(four + 3 * pitch, widened<T>(_mm_unpackhi_epi64(high03, high47)));
  };
  const __m128i r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3), r4 = row(4), r5 = row(5), r6 = row(6), r7 = row(7);
  four_columns(to, _mm_unpacklo_epi16(r0, r1), _mm_unpacklo_epi16(r2, r3), _mm_unpacklo_epi16(r4, r5),
               _mm_unpacklo_epi16(r6, r7));
  four_columns(to + 4 * pitch, _mm_unpackhi_epi16(r0, r1), _mm_unpackhi_epi16(r2, r3), _mm_unpackhi_epi16(r4, r5),
               _mm_unpackhi_epi16(r6, r7));
}

#else

template <class T>
void store_columns(float* to, std::ptrdiff_t pitch, MatrixRows rows, const int (&order)[8]) {
  for (int i = 0; i < 8; ++i) {
    float row[8];
    widen<T>(row, rows[order[i]]);
    for (int k = 0; k < 8; ++k) to[k * pitch + i] = row[k];
  }
}

#endif

/// Matrix `quarter` of A: rows 0-7, 8-15 of columns 0-7, then of columns 8-15.
template <class T>
ROOFTILE_INLINE void load_a(FragA<T>& a, int quarter, MatrixRows rows) {
  constexpr int order[8] = {0, 2, 4, 6, 1, 3, 5, 7};  // the inverse of row_place
  store_columns<T>(&a.column[quarter / 2 * 8][quarter % 2 * 8], 16, rows, order);
}

/// Matrix `quarter` of A from rows of k: rows 0-7, 8-15 of columns 0-7, then of columns 8-15.
template <class T>
ROOFTILE_INLINE void load_a_trans(FragA<T>& a, int quarter, MatrixRows rows) {
  for (int k = 0; k < 8; ++k) {
    float row[8];
    widen<T>(row, rows[k]);
    float* const column = &a.column[quarter / 2 * 8 + k][quarter % 2 * 8];
    for (int i = 0; i < 8; ++i) column[row_place[i]] = row[i];
  }
}

/// Rows of n into k rows k0 ... k0 + 7 of B: a transposition.
template <class T>
ROOFTILE_INLINE void load_b(FragB<T>& b, int k0, MatrixRows rows) {
  constexpr int order[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  store_columns<T>(b.row[k0], 8, rows, order);
}

/// Rows of k into k rows k0 ... k0 + 7 of B.
template <class T>
ROOFTILE_INLINE void load_b_trans(FragB<T>& b, int k0, MatrixRows rows) {
  for (int k = 0; k < 8; ++k) widen<T>(b.row[k0 + k], rows[k]);
}

/// The even columns of D = A B + C (`odd` = 0) or the odd ones (1): `upper` holds their rows 0-7, `lower` rows 8-15.
template <int odd, class T>
ROOFTILE_INLINE void multiply_columns(LanesF32& upper, LanesF32& lower, const FragA<T>& a, const FragB<T>& b) {
#if ROOFTILE_AVX2
  __m256 u0 = upper.part[0], u1 = upper.part[1], u2 = upper.part[2], u3 = upper.part[3];
  __m256 l0 = lower.part[0], l1 = lower.part[1], l2 = lower.part[2], l3 = lower.part[3];
  transpose_halves(u0, u1, u2, u3);
  transpose_halves(l0, l1, l2, l3);
  for (int k = 0; k < 16; ++k) {
    __m256 above = _mm256_load_ps(a.column[k]), below = _mm256_load_ps(a.column[k] + 8);
    __asm__("" : "+x"(above), "+x"(below));  // stay in registers: GCC would load them anew for each product
    const float* const row = b.row[k] + odd;
    const __m256 b0 = _mm256_broadcast_ss(row), b1 = _mm256_broadcast_ss(row + 2);
    const __m256 b2 = _mm256_broadcast_ss(row + 4), b3 = _mm256_broadcast_ss(row + 6);
    u0 = _mm256_fmadd_ps(above, b0, u0);
    l0 = _mm256_fmadd_ps(below, b0, l0);
    u1 = _mm256_fmadd_ps(above, b1, u1);
    l1 = _mm256_fmadd_ps(below, b1, l1);
    u2 = _mm256_fmadd_ps(above, b2, u2);
    l2 = _mm256_fmadd_ps(below, b2, l2);
    u3 = _mm256_fmadd_ps(above, b3, u3);
    l3 = _mm256_fmadd_ps(below, b3, l3);
  }
  transpose_halves(u0, u1, u2, u3);
  transpose_halves(l0, l1, l2, l3);
  upper.part[0] = u0, upper.part[1] = u1, upper.part[2] = u2, upper.part[3] = u3;
  lower.part[0] = l0, lower.part[1] = l1, lower.part[2] = l2, lower.part[3] = l3;
#else
  for (int lane = 0; lane < warp_size; ++lane) {
    const int n = lane % 4 * 2 + odd;
    float high = upper[lane], low = lower[lane];
    for (int k = 0; k < 16; ++k) {
      high += a.at(lane / 4, k) * b.at(k, n);
      low += a.at(lane / 4 + 8, k) * b.at(k, n);
    }
    upper.set(lane, high);
    lower.set(lane, low);
  }
#endif
}

/// Eight rows of the even (odd: 1) columns of an accumulator, rounded, as columns column0 + {0, 2, 4, 6} of A.
template <int odd, class T>
ROOFTILE_INLINE void round_columns(FragA<T>& a, int row0, int column0, const LanesF32& c) {
#if ROOFTILE_AVX2
  const auto rounded = [&](int i) { return widened<T>(narrowed<T>(c.part[i])); };
  __m256 v0 = rounded(0), v1 = rounded(1), v2 = rounded(2), v3 = rounded(3);
  transpose_halves(v0, v1, v2, v3);
  _mm256_store_ps(&a.column[column0 + odd][row0], v0);
  _mm256_store_ps(&a.column[column0 + odd + 2][row0], v1);
  _mm256_store_ps(&a.column[column0 + odd + 4][row0], v2);
  _mm256_store_ps(&a.column[column0 + odd + 6][row0], v3);
#else
  for (int lane = 0; lane < warp_size; ++lane) {
    a.at(row0 + lane / 4, column0 + lane % 4 * 2 + odd) = to_float(to_element<T>(c[lane]));
  }
#endif
}

}  // namespace detail

/// D = A B + D, k upwards, one fused multiply-add after the other. Not inlined: kernels unroll hundreds of these.
template <class T>
[[gnu::noinline]] void multiply(Acc& d, const FragA<T>& a, const FragB<T>& b) {
  detail::multiply_columns<0>(d.c[0], d.c[2], a, b);
  detail::multiply_columns<1>(d.c[1], d.c[3], a, b);
}

/// Two accumulators side by side, rounded to T, as an A fragment.
template <class T>
ROOFTILE_INLINE void round_to_a(FragA<T>& a, const Acc& left, const Acc& right) {
  detail::round_columns<0>(a, 0, 0, left.c[0]);
  detail::round_columns<1>(a, 0, 0, left.c[1]);
  detail::round_columns<0>(a, 8, 0, left.c[2]);
  detail::round_columns<1>(a, 8, 0, left.c[3]);
  detail::round_columns<0>(a, 0, 8, right.c[0]);
  detail::round_columns<1>(a, 0, 8, right.c[1]);
  detail::round_columns<0>(a, 8, 8, right.c[2]);
  detail::round_columns<1>(a, 8, 8, right.c[3]);
}

/// What a fragment holds after a load that could not be done.
template <class T>
void poison(FragA<T>& a) {
  std::fill_n(&a.column[0][0], 16 * 16, std::numeric_limits<float>::quiet_NaN());
}
template <class T>
void poison(FragB<T>& b) {
  std::fill_n(&b.row[0][0], 16 * 8, std::numeric_limits<float>::quiet_NaN());
}

}  // namespace rooftile::kernels::host
