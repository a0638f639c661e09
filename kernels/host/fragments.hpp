// Fragments of mma.m16n8k16 as the host keeps them: the matrix that the registers of all lanes together hold, as
// floats, made once when the fragment is loaded. Which lane holds which element is fixed by PTX (section 9.7.15.5.8,
// figures of .m16n8k16), so the matrix says as much as the registers; floats hold every fp16 and bf16 exactly.
//
//   C row r  =  C row r + sum over k of A[r][k] · B[k]       8 columns = one vector register
//
// A lane holds an even and an odd column of C (c[0], c[1]), so a row of C is four lanes of c[0] and four of c[1]. B
// keeps its columns in that order, 0 2 4 6 1 3 5 7, and C needs no shuffles.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "host/float16.hpp"
#include "host/lanes.hpp"

namespace rooftile::kernels::host {

/// A: 16 x 16, rows of k.
template <class T>
struct FragA {
  alignas(32) float value[16][16];
};
/// B: 16 (k) x 8 (n); `value[k]` holds columns 0 2 4 6 1 3 5 7.
template <class T>
struct FragB {
  alignas(32) float value[16][8];
};
/// C and D: 16 x 8 fp32. c[0], c[1]: row lane/4, columns 2·(lane%4) + {0, 1}; c[2], c[3]: the row 8 below.
struct Acc {
  LanesF32 c[4];
};

/// Column n of B is entry b_place[n] of its rows.
inline constexpr int b_place[8] = {0, 4, 1, 5, 2, 6, 3, 7};

/// Eight rows of 16 bytes, as one 8 x 8 matrix of ldmatrix reads them.
using MatrixRows = const unsigned char* const*;

namespace detail {

/// Matrix `quarter` of A: rows 0-7, 8-15 of columns 0-7, then of columns 8-15.
template <class T>
ROOFTILE_INLINE void load_a(FragA<T>& a, int quarter, MatrixRows rows) {
  for (int row = 0; row < 8; ++row) widen<T>(&a.value[quarter % 2 * 8 + row][quarter / 2 * 8], rows[row]);
}

/// Rows of n into k rows k0 ... k0 + 7 of B: a transposition.
template <class T>
ROOFTILE_INLINE void load_b(FragB<T>& b, int k0, MatrixRows rows) {
#if ROOFTILE_AVX2
  const auto row = [&](int n) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[n])); };
  // Columns come out in the order 0 2 4 6 | 1 3 5 7: rows are read in it.
  const __m128i a0 = _mm_unpacklo_epi16(row(0), row(2)), a1 = _mm_unpacklo_epi16(row(4), row(6));
  const __m128i a2 = _mm_unpacklo_epi16(row(1), row(3)), a3 = _mm_unpacklo_epi16(row(5), row(7));
  const __m128i b0 = _mm_unpackhi_epi16(row(0), row(2)), b1 = _mm_unpackhi_epi16(row(4), row(6));
  const __m128i b2 = _mm_unpackhi_epi16(row(1), row(3)), b3 = _mm_unpackhi_epi16(row(5), row(7));
  const auto four_rows = [&](int k, __m128i x0, __m128i x1, __m128i x2, __m128i x3) {
    const __m128i even01 = _mm_unpacklo_epi32(x0, x1), even23 = _mm_unpackhi_epi32(x0, x1);
    const __m128i odd01 = _mm_unpacklo_epi32(x2, x3), odd23 = _mm_unpackhi_epi32(x2, x3);
    _mm256_store_ps(b.value[k], widened<T>(_mm_unpacklo_epi64(even01, odd01)));
    _mm256_store_ps(b.value[k + 1], widened<T>(_mm_unpackhi_epi64(even01, odd01)));
    _mm256_store_ps(b.value[k + 2], widened<T>(_mm_unpacklo_epi64(even23, odd23)));
    _mm256_store_ps(b.value[k + 3], widened<T>(_mm_unpackhi_epi64(even23, odd23)));
  };
  four_rows(k0, a0, a1, a2, a3);
  four_rows(k0 + 4, b0, b1, b2, b3);
#else
  for (int n = 0; n < 8; ++n) {
    float column[8];
    widen<T>(column, rows[n]);
    for (int k = 0; k < 8; ++k) b.value[k0 + k][b_place[n]] = column[k];
  }
#endif
}

/// Rows of k into k rows k0 ... k0 + 7 of B.
template <class T>
ROOFTILE_INLINE void load_b_trans(FragB<T>& b, int k0, MatrixRows rows) {
#if ROOFTILE_AVX2
  const __m128i even_then_odd = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  for (int k = 0; k < 8; ++k) {
    const __m128i row = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[k]));
    _mm256_store_ps(b.value[k0 + k], widened<T>(_mm_shuffle_epi8(row, even_then_odd)));
  }
#else
  for (int k = 0; k < 8; ++k) {
    float row[8];
    widen<T>(row, rows[k]);
    for (int n = 0; n < 8; ++n) b.value[k0 + k][b_place[n]] = row[n];
  }
#endif
}

/// Rows half·8 ... half·8 + 7 of D = A B + C.
template <class T>
ROOFTILE_INLINE void multiply_eight_rows(LanesF32& even, LanesF32& odd, const float (*a)[16], const FragB<T>& b) {
#if ROOFTILE_AVX2
  __m256 c[8];
  for (int row = 0; row < 8; ++row) {
    const int lane = row * 4;
    c[row] = _mm256_set_m128(_mm_loadu_ps(odd.data() + lane), _mm_loadu_ps(even.data() + lane));
  }
  for (int k = 0; k < 16; ++k) {
    const __m256 line = _mm256_load_ps(b.value[k]);
    for (int row = 0; row < 8; ++row) c[row] = _mm256_fmadd_ps(_mm256_broadcast_ss(&a[row][k]), line, c[row]);
  }
  for (int row = 0; row < 8; ++row) {
    const int lane = row * 4;
    _mm_storeu_ps(even.data() + lane, _mm256_castps256_ps128(c[row]));
    _mm_storeu_ps(odd.data() + lane, _mm256_extractf128_ps(c[row], 1));
  }
#else
  for (int row = 0; row < 8; ++row) {
    const int lane = row * 4;
    float c[8];
    std::copy_n(even.data() + lane, 4, c);
    std::copy_n(odd.data() + lane, 4, c + 4);
    for (int k = 0; k < 16; ++k) {
      for (int place = 0; place < 8; ++place) c[place] += a[row][k] * b.value[k][place];
    }
    std::copy_n(c, 4, even.data() + lane);
    std::copy_n(c + 4, 4, odd.data() + lane);
  }
#endif
}

/// Two columns of two lanes' worth: the values of one half of an accumulator, rounded, into eight rows of A.
template <class T>
ROOFTILE_INLINE void round_eight_rows(float (*a)[16], int column, const LanesF32& even, const LanesF32& odd) {
  for (int row = 0; row < 8; row += 2) {
    const int first = row * 4;
#if ROOFTILE_AVX2
    const __m256 e = widened<T>(narrowed<T>(_mm256_loadu_ps(even.data() + first)));
    const __m256 o = widened<T>(narrowed<T>(_mm256_loadu_ps(odd.data() + first)));
    const __m256 low = _mm256_unpacklo_ps(e, o), high = _mm256_unpackhi_ps(e, o);  // a row per half
    _mm256_storeu_ps(&a[row][column], _mm256_permute2f128_ps(low, high, 0x20));
    _mm256_storeu_ps(&a[row + 1][column], _mm256_permute2f128_ps(low, high, 0x31));
#else
    for (int lane = first; lane < first + 8; ++lane) {
      float* pair = &a[lane / 4][column + lane % 4 * 2];
      pair[0] = to_float(to_element<T>(even[lane]));
      pair[1] = to_float(to_element<T>(odd[lane]));
    }
#endif
  }
}

}  // namespace detail

/// D = A B + D, k upwards, one fused multiply-add after the other.
template <class T>
inline void multiply(Acc& d, const FragA<T>& a, const FragB<T>& b) {
  detail::multiply_eight_rows(d.c[0], d.c[1], a.value, b);
  detail::multiply_eight_rows(d.c[2], d.c[3], a.value + 8, b);
}

/// Two accumulators side by side, rounded to T, as an A fragment.
template <class T>
ROOFTILE_INLINE void round_to_a(FragA<T>& a, const Acc& left, const Acc& right) {
  detail::round_eight_rows<T>(a.value, 0, left.c[0], left.c[1]);
  detail::round_eight_rows<T>(a.value + 8, 0, left.c[2], left.c[3]);
  detail::round_eight_rows<T>(a.value, 8, right.c[0], right.c[1]);
  detail::round_eight_rows<T>(a.value + 8, 8, right.c[2], right.c[3]);
}

/// What a fragment holds after a load that could not be done.
template <class Fragment>
void poison(Fragment& fragment) {
  float* const first = &fragment.value[0][0];
  std::fill_n(first, sizeof fragment.value / sizeof(float), std::numeric_limits<float>::quiet_NaN());
}

}  // namespace rooftile::kernels::host
