// ldmatrix, mma and to_a against the layouts of the PTX ISA (9.0, sections 9.7.15.5.8 and 9.7.15.5.15), register by
// register: what each lane would hold is worked out here, and the product of those registers by plain loops.
#include <array>
#include <cmath>
#include <random>

#include "machine_support.hpp"

namespace rooftile::kernels::host {
namespace {

template <class T>
class Fragments : public testing::Test {};
using Both = testing::Types<fp16, bf16>;
TYPED_TEST_SUITE(Fragments, Both);

/// What ldmatrix.x4 leaves in register r of each lane: two elements.
using Registers = std::array<std::array<std::array<std::uint16_t, 2>, warp_size>, 4>;

/// Shared memory of 512 elements with distinct, exactly representable values.
template <class T>
std::vector<T> distinct_elements() {
  std::vector<T> elements(512);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    elements[i] = to_element<T>(static_cast<float>(i % 256) * (i < 256 ? 1.f : -0.5f));
  }
  return elements;
}

/// Puts 512 elements at byte 0 of shared memory.
template <class T>
void fill_shared(Warp& b, const std::vector<T>& elements) {
  for (int half = 0; half < 2; ++half) {
    u32 value[4];
    for (int i = 0; i < 4; ++i) {
      for (int lane = 0; lane < warp_size; ++lane) {
        const int at = half * 256 + lane * 8 + i * 2;
        value[i].set(lane, elements[at].bits | std::uint32_t{elements[at + 1].bits} << 16);
      }
    }
    b.st_shared16(b.lane() * 16 + half * 512, value, true);
  }
  b.sync_warp();
}

/// Row addresses in no simple order: lane i reads 16-byte row 7·i mod 64.
u32 scattered_rows() { return (Warp::lane() * 7 & 63) * 16; }

/// By definition: matrix m is made of the rows that lanes 8m ... 8m + 7 name; lane i gets elements 2·(i % 4) and the
/// one after of row i/4; transposed, the elements of column i/4 in rows 2·(i % 4) and the one after.
template <class T>
Registers loaded(const std::vector<T>& elements, bool transposed) {
  Registers registers;
  for (int m = 0; m < 4; ++m) {
    for (int lane = 0; lane < warp_size; ++lane) {
      for (int i = 0; i < 2; ++i) {
        const int row = transposed ? lane % 4 * 2 + i : lane / 4;
        const int column = transposed ? lane / 4 : lane % 4 * 2 + i;
        const int from = (7 * (m * 8 + row) & 63) * 8 + column;
        registers[static_cast<std::size_t>(m)][static_cast<std::size_t>(lane)][static_cast<std::size_t>(i)] =
            elements[static_cast<std::size_t>(from)].bits;
      }
    }
  }
  return registers;
}

template <class T>
float held(const Registers& registers, int r, int lane, int i) {
  return to_float(
      T{registers[static_cast<std::size_t>(r)][static_cast<std::size_t>(lane)][static_cast<std::size_t>(i)]});
}

/// Register r of A: row lane/4 (+8 for odd r), column 2·(lane%4) + i (+8 for r >= 2).
template <class T>
void expect_a(const FragA<T>& a, const Registers& wanted) {
  for (int r = 0; r < 4; ++r) {
    for (int lane = 0; lane < warp_size; ++lane) {
      for (int i = 0; i < 2; ++i) {
        const float value = a.at(lane / 4 + 8 * (r % 2), lane % 4 * 2 + i + 8 * (r / 2));
        EXPECT_EQ(value, held<T>(wanted, r, lane, i)) << r << " " << lane << " " << i;
      }
    }
  }
}

TYPED_TEST(Fragments, LdmatrixAHoldsWhatTheRegistersHold) {
  const auto elements = distinct_elements<TypeParam>();
  const LaunchExecution counts = run_warp(1024, [&](Warp& b) {
    fill_shared(b, elements);
    Warp::FragA<TypeParam> a;
    b.ldmatrix_a(a, scattered_rows());
    expect_a(a, loaded(elements, false));
    b.ldmatrix_a_trans(a, scattered_rows());
    expect_a(a, loaded(elements, true));
  });
  EXPECT_EQ(counts.smem_read_bytes, 1024);
}

/// Register r of B: k = 2·(lane%4) + i (+8 for r = 1), n = lane/4.
template <class T>
void expect_b(const FragB<T>& b, const Registers& wanted, int first) {
  for (int r = 0; r < 2; ++r) {
    for (int lane = 0; lane < warp_size; ++lane) {
      for (int i = 0; i < 2; ++i) {
        const float value = b.at(lane % 4 * 2 + i + 8 * r, lane / 4);
        EXPECT_EQ(value, held<T>(wanted, first + r, lane, i)) << r << " " << lane << " " << i;
      }
    }
  }
}

TYPED_TEST(Fragments, LdmatrixBHoldsWhatTheRegistersHold) {
  const auto elements = distinct_elements<TypeParam>();
  run_warp(1024, [&](Warp& b) {
    fill_shared(b, elements);
    Warp::FragB<TypeParam> left;
    Warp::FragB<TypeParam> right;
    b.ldmatrix_b(left, right, scattered_rows());
    expect_b(left, loaded(elements, false), 0);
    expect_b(right, loaded(elements, false), 2);
    b.ldmatrix_b_trans(left, right, scattered_rows());
    expect_b(left, loaded(elements, true), 0);
    expect_b(right, loaded(elements, true), 2);
  });
}

TYPED_TEST(Fragments, MmaIsTheProductOfWhatLanesHold) {
  std::mt19937 random{5};
  std::normal_distribution<float> normal;
  Warp::FragA<TypeParam> a;
  Warp::FragB<TypeParam> b;
  Warp::Acc d;
  for (auto& row : a.column) {
    for (float& x : row) x = to_float(to_element<TypeParam>(normal(random)));
  }
  for (auto& row : b.row) {
    for (float& x : row) x = to_float(to_element<TypeParam>(normal(random)));
  }
  for (f32& c : d.c) {
    for (int lane = 0; lane < warp_size; ++lane) c.set(lane, normal(random));
  }
  const Warp::Acc before = d;
  const LaunchExecution counts = run_warp(0, [&](Warp& w) { w.mma(d, a, b); });
  EXPECT_EQ(counts.mma, 1);
  for (int r = 0; r < 4; ++r) {
    for (int lane = 0; lane < warp_size; ++lane) {
      const int row = lane / 4 + 8 * (r / 2);
      const int column = lane % 4 * 2 + r % 2;
      double sum = before.c[r][lane];
      for (int k = 0; k < 16; ++k) sum += static_cast<double>(a.at(row, k)) * b.at(k, column);
      EXPECT_NEAR(d.c[r][lane], sum, 1e-5) << r << " " << lane;
    }
  }
}

TYPED_TEST(Fragments, AccumulatorsBecomeAnAFragmentRoundedToTheElement) {
  std::mt19937 random{6};
  std::normal_distribution<float> normal;
  Warp::Acc left;
  Warp::Acc right;
  for (Warp::Acc* acc : {&left, &right}) {
    for (f32& c : acc->c) {
      for (int lane = 0; lane < warp_size; ++lane) c.set(lane, normal(random));
    }
  }
  Warp::FragA<TypeParam> a;
  const LaunchExecution counts = run_warp(0, [&](Warp& w) { w.to_a(a, left, right); });
  EXPECT_EQ(counts.converted, 256);
  for (int r = 0; r < 4; ++r) {
    for (int lane = 0; lane < warp_size; ++lane) {
      // device.cuh: r[0], r[1] from `left`, r[2], r[3] from `right`; c[0..1] in even registers, c[2..3] in odd ones.
      const Warp::Acc& source = r < 2 ? left : right;
      for (int i = 0; i < 2; ++i) {
        const float wanted = to_float(to_element<TypeParam>(source.c[r % 2 * 2 + i][lane]));
        EXPECT_EQ(a.at(lane / 4 + 8 * (r % 2), lane % 4 * 2 + i + 8 * (r / 2)), wanted) << r << " " << lane;
      }
    }
  }
}

TYPED_TEST(Fragments, ClearGivesZeros) {
  Warp::Acc acc;
  for (f32& c : acc.c) c = 3.f;
  Warp::clear(acc);
  for (const f32& c : acc.c) {
    for (int lane = 0; lane < warp_size; ++lane) EXPECT_EQ(c[lane], 0.f);
  }
}

}  // namespace
}  // namespace rooftile::kernels::host
