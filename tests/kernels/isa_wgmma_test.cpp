// wgmma: operands by descriptor and from registers, results when the wait has covered them, and what must not be
// touched until then.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "machine_support.hpp"

namespace rooftile::kernels::host::wgmma_test {
namespace {

constexpr const char* this_file = "isa_wgmma_test.cpp";
constexpr int m = 64, n = 80, tiles = n / 8;
constexpr std::uint32_t a_at = 0, b_at = m * 128, second_box = b_at + 16 * 128;
constexpr std::int64_t smem = b_at + n * 128;

/// Small numbers, exact in both types, that tell rows from columns.
float a_value(int row, int k) { return static_cast<float>((row * 5 + k * 3) % 13 - 6); }
float b_value(int k, int col) { return static_cast<float>((k * 7 + col * 2) % 11 - 5); }
float product(int row, int col, int k0) {
  float sum = 0;
  for (int k = k0; k < k0 + 16; ++k) sum += a_value(row, k) * b_value(k, col);
  return sum;
}

/// 8 values into chunk `chunk` of row `row` of the box at `at`, by lane 0.
template <class T, class Value>
void put(Warp& b, std::uint32_t at, int row, int chunk, const Value& value) {
  u32 packed[4];
  for (int i = 0; i < 4; ++i) packed[i] = pack<T>(f32(value(2 * i)), f32(value(2 * i + 1)));
  b.st_shared16(u32(at + static_cast<std::uint32_t>(row * 128 + ((chunk ^ row % 8) << 4))), packed, b.lane() < 1);
}

/// A (64 x 64) and B (n x 64, k along the rows), each warp a share of the rows.
template <class T>
void fill_rows(Warp& b) {
  for (int row = b.warp(); row < m; row += 4) {
    for (int chunk = 0; chunk < 8; ++chunk)
      put<T>(b, a_at, row, chunk, [&](int i) { return a_value(row, chunk * 8 + i); });
  }
  for (int col = b.warp(); col < n; col += 4) {
    for (int chunk = 0; chunk < 8; ++chunk)
      put<T>(b, b_at, col, chunk, [&](int i) { return b_value(chunk * 8 + i, col); });
  }
}
void hand_over(Warp& b) {
  b.fence_proxy_async();
  b.sync();
}

std::uint64_t a_of(int k) { return matrix_descriptor(a_at + static_cast<std::uint32_t>(k * 2), 16, 1024); }
std::uint64_t b_of(int k) { return matrix_descriptor(b_at + static_cast<std::uint32_t>(k * 2), 16, 1024); }

template <class Expected>
void expect_values(Warp& b, const Acc (&d)[tiles], const Expected& expected) {
  for (int lane = 0; lane < warp_size; ++lane) {
    for (int i = 0; i < tiles * 4; ++i) {
      const int row = b.warp() % 4 * 16 + lane / 4 + i % 4 / 2 * 8, col = i / 4 * 8 + lane % 4 * 2 + i % 2;
      ASSERT_EQ(d[i / 4].c[i % 4][lane], expected(row, col)) << row << " " << col;
    }
  }
}

/// One warpgroup.
Execution run(const Body& body, std::uint64_t seed = 0) { return run_cta(4, smem, body, {.seed = seed}); }

template <class T>
class IsaWgmma : public testing::Test {};
using Elements = testing::Types<fp16, bf16>;
TYPED_TEST_SUITE(IsaWgmma, Elements);

TYPED_TEST(IsaWgmma, MultipliesMatricesWithKAlongTheRows) {
  using T = TypeParam;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Execution record = run(
        [](Warp& b) {
          fill_rows<T>(b);
          hand_over(b);
          Acc d[tiles];
          for (Acc& tile : d) b.clear(tile);
          b.wgmma_fence();
          b.wgmma<T>(d, a_of(16), b_of(16), false);
          b.wgmma<T>(d, a_of(48), b_of(48), true);
          b.wgmma_commit();
          b.template wgmma_wait<0>(d);
          expect_values(b, d, [](int row, int col) { return product(row, col, 16) + product(row, col, 48); });
        },
        seed);
    expect_none(record);
    const LaunchExecution& launch = record.launches[0];
    EXPECT_EQ(launch.mma * flop_per_mma, 2 * 2 * m * n * 16);
    EXPECT_EQ(launch.smem_read_bytes, 2 * (m + n) * 16 * 2) << "A and B once a wgmma";
  }
}

/// B as 16 x n, k down the rows, in boxes of 64 columns: the second box holds columns 64 to 79.
template <class T>
void fill_columns(Warp& b) {
  for (int k = b.warp(); k < 16; k += 4) {
    for (int chunk = 0; chunk < tiles; ++chunk) {
      put<T>(b, chunk < 8 ? b_at : second_box, k, chunk % 8, [&](int i) { return b_value(k, chunk * 8 + i); });
    }
  }
}
std::uint64_t columns() { return matrix_descriptor(b_at, second_box - b_at, 1024); }

template <class T>
FragA<T> a_fragment(Warp& b) {
  FragA<T> a;
  for (int row = 0; row < 16; ++row) {
    for (int k = 0; k < 16; ++k) a.at(row, k) = a_value(b.warp() % 4 * 16 + row, k);
  }
  return a;
}

TYPED_TEST(IsaWgmma, MultipliesAFromRegistersWithKDownTheRows) {
  using T = TypeParam;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Execution record = run(
        [](Warp& b) {
          fill_columns<T>(b);
          hand_over(b);
          const FragA<T> a = a_fragment<T>(b);
          Acc d[tiles];
          for (Acc& tile : d) {
            for (f32& c : tile.c) c = 3.f;
          }
          b.wgmma_fence();
          b.wgmma_trans(d, a, columns(), true);
          b.wgmma_commit();
          b.template wgmma_wait<0>(d);
          expect_values(b, d, [](int row, int col) { return 3 + product(row, col, 0); });
        },
        seed);
    expect_none(record);
    EXPECT_EQ(record.launches[0].smem_read_bytes, n * 16 * 2) << "B once";
  }
}

/// What is wrong with `d = A B` when `between` happens after it is committed.
Execution interrupted(const std::function<void(Warp&, Acc (&)[tiles], FragA<fp16>&)>& between, std::uint64_t seed = 0) {
  return run(
      [&between](Warp& b) {
        fill_columns<fp16>(b);
        hand_over(b);
        FragA<fp16> a = a_fragment<fp16>(b);
        Acc d[tiles];
        for (Acc& tile : d) b.clear(tile);
        b.wgmma_fence();
        b.wgmma_trans(d, a, columns(), true);
        b.wgmma_commit();
        between(b, d, a);
        b.template wgmma_wait<0>(d);
      },
      seed);
}

TEST(IsaWgmmaOrder, AccumulatorsAreNaNUntilTheWaitWhereItIsLate) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    expect_none(interrupted(
        [seed](Warp&, Acc(&d)[tiles], FragA<fp16>&) {
          EXPECT_EQ(std::isnan(d[0].c[0][0]), !AsyncModes::of_seed(seed).wgmma_early);
        },
        seed));
  }
}

TEST(IsaWgmmaOrder, AccumulatorsMustNotBeWrittenBeforeTheWait) {
  expect_fault(interrupted([](Warp&, Acc(&d)[tiles], FragA<fp16>&) { d[1].c[2] = 0.f; }), FaultKind::race,
               "its accumulators were written before the wait", this_file);
}

TEST(IsaWgmmaOrder, RegistersOfAMustNotChangeBeforeTheWait) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    expect_fault(interrupted([](Warp&, Acc(&)[tiles], FragA<fp16>& a) { a.at(3, 3) += 1; }, seed), FaultKind::race,
                 "its A changed in registers before the wait", this_file);
  }
}

TEST(IsaWgmmaOrder, SharedOperandsMustNotChangeBeforeTheWait) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Execution record = interrupted(
        [](Warp& b, Acc(&)[tiles], FragA<fp16>&) {
          if (b.warp() == 0) b.st_shared(u32(b.lane()) * 4u + b_at, f32(0.f));
        },
        seed);
    ASSERT_FALSE(record.faults.empty());
    for (const Fault& fault : record.faults) EXPECT_EQ(fault.kind, FaultKind::race) << fault.text;
  }
}

TEST(IsaWgmmaOrder, AWaitHandsOutWhatItCovers) {
  expect_fault(interrupted([](Warp& b, Acc(&d)[tiles], FragA<fp16>&) { b.template wgmma_wait<1>(d); }), FaultKind::race,
               "of a group that it does not wait for", this_file);
}

/// One wgmma of shared memory as `prepare` leaves it; `a`: its first descriptor.
Execution one_product(const Body& prepare, bool fence, bool wait, std::uint64_t a = a_of(0)) {
  return run([&](Warp& b) {
    prepare(b);
    Acc d[tiles];
    if (fence) b.wgmma_fence();
    b.wgmma<fp16>(d, a, b_of(0), false);
    b.wgmma_commit();
    if (wait) b.template wgmma_wait<0>(d);
  });
}
void prepared(Warp& b) {
  fill_rows<fp16>(b);
  hand_over(b);
}

TEST(IsaWgmmaOrder, NeedsTheFenceOfRegistersTheProxyFenceAndTheWait) {
  expect_none(one_product(prepared, true, true));
  expect_fault(one_product(prepared, false, true), FaultKind::race, "no wgmma_fence has handed over", this_file);
  expect_fault(one_product(prepared, true, false), FaultKind::pending_copy, "1 wgmmas that no wait covers", this_file);
  const auto without_proxy_fence = [](Warp& b) {
    fill_rows<fp16>(b);
    b.sync();
  };
  expect_fault(one_product(without_proxy_fence, true, true), FaultKind::race, "without a proxy fence since", this_file);
}

TEST(IsaWgmmaOrder, OperandsAreThereSwizzledAndInside) {
  expect_fault(one_product(hand_over, true, true), FaultKind::uninitialised, "which nothing has written", this_file);
  expect_fault(one_product(prepared, true, true, a_of(0) & ~(std::uint64_t{3} << 62)), FaultKind::misaligned,
               "only the 128-byte swizzle", this_file);
  const Execution outside = one_product(prepared, true, true, matrix_descriptor(smem - 16, 16, 1024));
  ASSERT_FALSE(outside.faults.empty());
  for (const Fault& fault : outside.faults) EXPECT_EQ(fault.kind, FaultKind::out_of_bounds) << fault.text;
}

TEST(IsaWgmmaOrder, TakesAWholeWarpgroup) {
  const Execution record = run_cta(3, smem, [](Warp& b) {
    Acc d[tiles];
    b.wgmma_fence();
    b.wgmma<fp16>(d, a_of(0), b_of(0), false);
  });
  ASSERT_FALSE(record.faults.empty());
  EXPECT_EQ(record.faults[0].kind, FaultKind::barrier_misuse) << record.faults[0].text;
}

TEST(IsaStmatrix, WritesWhatLdmatrixReads) {
  const LaunchExecution launch = run_warp(2048, [](Warp& b) {
    const FragA<fp16> a = a_fragment<fp16>(b);
    const i32 row = b.lane() & 15, chunk = b.lane() >> 4;
    const u32 place = u32(row * 128 + ((chunk ^ (row & 7)) << 4));
    b.stmatrix(place, a);
    b.sync_warp();
    FragA<fp16> back;
    b.ldmatrix_a(back, place);
    for (int r = 0; r < 16; ++r) {
      for (int k = 0; k < 16; ++k) ASSERT_EQ(back.at(r, k), a.at(r, k));
    }
  });
  EXPECT_EQ(launch.smem_written_bytes, 512);
  EXPECT_EQ(launch.bank_conflicts, 0);
}

TEST(IsaStmatrix, CountsBankConflicts) {
  const LaunchExecution launch = run_warp(
      2048, [](Warp& b) { b.stmatrix(u32((b.lane() & 15) * 128 + ((b.lane() >> 4) << 4)), a_fragment<fp16>(b)); });
  EXPECT_EQ(launch.bank_conflicts, 4 * 7) << "eight rows in the same four banks, four times";
}

}  // namespace
}  // namespace rooftile::kernels::host::wgmma_test
