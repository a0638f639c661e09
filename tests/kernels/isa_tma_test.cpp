// TMA: boxes land swizzled where they should, zeros where there is nothing, and only for those who wait.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "host/tensor_maps.hpp"
#include "machine_support.hpp"

namespace rooftile::kernels::host::tma_test {
namespace {

constexpr const char* this_file = "isa_tma_test.cpp";
constexpr std::uint32_t box = 0, mbarrier = 4096, other_mbarrier = 4104;
constexpr std::int64_t smem = 5120;
constexpr int rows = 12, planes = 2, box_rows = 16;
constexpr std::uint32_t box_bytes = box_rows * 128;

/// Element (plane, row, col) of the tensor is its number.
std::uint16_t element(int plane, int row, int col) {
  return static_cast<std::uint16_t>((plane * rows + row) * 128 + col);
}

struct Played {
  Execution record;
  std::vector<std::uint16_t> tensor;
};

/// `body` on a tensor of 2 planes of 12 x 128 elements.
Played play(int warps, const std::function<void(Warp&, const TensorMap&)>& body, std::uint64_t seed = 0) {
  Machine machine{{.seed = seed}};
  void* const memory = machine.allocate({"T", TensorRole::input, 2, planes, 1, rows, 128, 128});
  std::vector<std::uint16_t> values;
  for (int i = 0; i < planes * rows * 128; ++i) values.push_back(element(0, 0, i));
  std::memcpy(memory, values.data(), values.size() * 2);
  const TensorMap map = encode({.base = memory, .cols = 128, .rows = rows, .planes = planes, .box_rows = box_rows});
  machine.run("test", {1, 1, 1}, warps, smem, [&](Warp& b) { body(b, map); });
  std::memcpy(values.data(), memory, values.size() * 2);
  return {machine.finish(), values};
}

void set_up(Warp& b) {
  if (b.warp() == 0) {
    b.mbarrier_init(mbarrier, 1);
    b.mbarrier_init(other_mbarrier, 1);
  }
  b.mbarrier_publish();
}

/// 16 bytes of each lane: chunk lane % 8 of row first + lane / 8.
u32 chunks(Warp& b, int first_row) {
  const i32 row = (b.lane() >> 3) + first_row, chunk = b.lane() & 7;
  return u32(row * 128 + ((chunk ^ (row & 7)) << 4)) + static_cast<std::uint32_t>(box);
}

void load(Warp& b, const TensorMap& map, int col, int row, int plane) {
  b.mbarrier_expect(mbarrier, box_bytes);
  b.tma_load(box, map, mbarrier, col, row, plane);
}

TEST(IsaTma, ABoxLandsSwizzledAndZeroBeyondTheTensor) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Played done = play(
        1,
        [](Warp& b, const TensorMap& map) {
          set_up(b);
          load(b, map, 64, 4, 1);
          b.mbarrier_wait(mbarrier, 0);
          for (int r = 0; r < box_rows; r += 4) {
            u32 value[4];
            b.ld_shared16(value, chunks(b, r));
            for (int lane = 0; lane < warp_size; ++lane) {
              const int row = r + lane / 8, col = 64 + lane % 8 * 8;
              EXPECT_EQ(value[0][lane] & 0xffffu, row + 4 < rows ? element(1, row + 4, col) : 0u) << row << " " << col;
              EXPECT_EQ(value[3][lane] >> 16, row + 4 < rows ? element(1, row + 4, col + 7) : 0u) << row << " " << col;
            }
          }
        },
        seed);
    expect_none(done.record);
    const LaunchExecution& launch = done.record.launches[0];
    EXPECT_EQ(launch.tensor("T")->loaded_bytes, 8 * 128) << "rows that exist";
    EXPECT_EQ(launch.tensor("T")->loaded_sectors, 8 * 4);
    EXPECT_EQ(launch.smem_written_bytes, box_bytes) << "and zeros";
  }
}

TEST(IsaTma, OnlyWhoWaitedMayRead) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Played done = play(
        1,
        [](Warp& b, const TensorMap& map) {
          set_up(b);
          load(b, map, 0, 0, 0);
          u32 value[4];
          b.ld_shared16(value, chunks(b, 0));
          b.mbarrier_wait(mbarrier, 0);
        },
        seed);
    expect_fault(done.record, FaultKind::unlanded, "TMA", this_file);
  }
}

TEST(IsaTma, WaitingForAnotherMbarrierIsNotEnough) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Played done = play(
        2,
        [](Warp& b, const TensorMap& map) {
          set_up(b);
          if (b.warp() == 0) {
            load(b, map, 0, 0, 0);
            b.mbarrier_arrive(other_mbarrier);
            b.mbarrier_wait(mbarrier, 0);
          } else {
            b.mbarrier_wait(other_mbarrier, 0);
            u32 value[4];
            b.ld_shared16(value, chunks(b, 0));
          }
        },
        seed);
    expect_fault(done.record, FaultKind::unlanded, "TMA", this_file);
  }
}

TEST(IsaTma, TheNextBoxMustNotOverwriteWhatOthersStillRead) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Played done = play(
        2,
        [](Warp& b, const TensorMap& map) {
          set_up(b);
          if (b.warp() == 0) {
            load(b, map, 0, 0, 0);
            b.barrier_sync(1, 2);
            load(b, map, 0, 0, 1);
            b.mbarrier_wait(mbarrier, 1);
          } else {
            b.mbarrier_wait(mbarrier, 0);
            b.barrier_arrive(1, 2);  // before the read, not after it
            u32 value[4];
            b.ld_shared16(value, chunks(b, 0));
          }
        },
        seed);
    ASSERT_FALSE(done.record.faults.empty());
    for (const Fault& fault : done.record.faults) {
      EXPECT_TRUE(fault.kind == FaultKind::race || fault.kind == FaultKind::unlanded) << fault.text;
    }
  }
}

TEST(IsaTma, TooManyExpectedBytesNeverCome) {
  const Played done = play(1, [](Warp& b, const TensorMap& map) {
    set_up(b);
    b.mbarrier_expect(mbarrier, 2 * box_bytes);
    b.tma_load(box, map, mbarrier, 0, 0, 0);
    b.mbarrier_wait(mbarrier, 0);
  });
  expect_fault(done.record, FaultKind::deadlock, "waits at mbarrier", this_file);
}

TEST(IsaTma, ALoadThatNoWaitCovers) {
  const Played done = play(1, [](Warp& b, const TensorMap& map) {
    set_up(b);
    load(b, map, 0, 0, 0);
  });
  expect_fault(done.record, FaultKind::pending_copy, "1 TMA loads in flight", this_file);
}

TEST(IsaTma, BoxesBeginAtAKilobyteInsideSharedMemory) {
  const auto at = [](std::uint32_t to) {
    return play(1,
                [to](Warp& b, const TensorMap& map) {
                  set_up(b);
                  b.mbarrier_expect(mbarrier, box_bytes);
                  b.tma_load(to, map, mbarrier, 0, 0, 0);
                })
        .record;
  };
  expect_fault(at(128), FaultKind::misaligned, "needs a multiple of 1024", this_file);
  expect_fault(at(4096), FaultKind::out_of_bounds, "the CTA has 5120 bytes", this_file);
}

/// All rows of the box are written by the lanes of warp 0.
void fill(Warp& b) {
  for (int r = 0; r < box_rows; r += 4) {
    const u32 same = u32(0x00070007u);
    b.st_shared16(chunks(b, r), {same, same, same, same}, pred(true));
  }
}

TEST(IsaTma, AStoreLeavesOutWhatIsBeyondTheTensor) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Played done = play(
        2,
        [](Warp& b, const TensorMap& map) {
          if (b.warp() == 0) fill(b);
          b.fence_proxy_async();
          b.sync();
          if (b.warp() == 1 && b.elect()) {
            b.tma_store(map, box, 64, 4, 0);
            b.tma_store_wait();
          }
        },
        seed);
    expect_none(done.record);
    const LaunchExecution& launch = done.record.launches[0];
    EXPECT_EQ(launch.tensor("T")->stored_bytes, 8 * 128);
    EXPECT_EQ(launch.tensor("T")->stored_sectors, 8 * 4);
    EXPECT_EQ(launch.smem_read_bytes, box_bytes);
    const auto at = [&](int plane, int row, int col) {
      const int index = (plane * rows + row) * 128 + col;
      return done.tensor[static_cast<std::size_t>(index)];
    };
    EXPECT_EQ(at(0, 4, 64), 7);
    EXPECT_EQ(at(0, 11, 127), 7);
    EXPECT_EQ(at(0, 4, 63), element(0, 4, 63));
    EXPECT_EQ(at(0, 3, 64), element(0, 3, 64));
    EXPECT_EQ(at(1, 0, 64), element(1, 0, 64)) << "the next plane";
  }
}

TEST(IsaTma, AStoreNeedsTheProxyFenceTheBarrierAndTheWait) {
  const auto store = [](bool fence, bool barrier, bool wait) {
    return play(2,
                [=](Warp& b, const TensorMap& map) {
                  if (b.warp() == 0) fill(b);
                  if (fence) b.fence_proxy_async();
                  if (barrier) b.sync();
                  if (b.warp() == 1) {
                    b.tma_store(map, box, 64, 4, 0);
                    if (wait) b.tma_store_wait();
                  }
                })
        .record;
  };
  expect_none(store(true, true, true));
  expect_fault(store(false, true, true), FaultKind::race, "without a proxy fence since", this_file);
  expect_fault(store(true, false, true), FaultKind::race, "since the last barrier of both", this_file);
  expect_fault(store(true, true, false), FaultKind::pending_copy, "1 TMA stores", this_file);
}

TEST(IsaTma, WhatAStoreReadsMustStayUntilTheWait) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Played done = play(
        1,
        [](Warp& b, const TensorMap& map) {
          fill(b);
          b.fence_proxy_async();
          b.sync();
          b.tma_store(map, box, 64, 4, 0);
          b.st_shared(u32(b.lane()) * 4u, f32(1.f));
          b.tma_store_wait();
        },
        seed);
    ASSERT_FALSE(done.record.faults.empty());
    EXPECT_EQ(done.record.faults[0].kind, FaultKind::race);
  }
}

TEST(IsaTma, TensorMapsRefuseNonsense) {
  EXPECT_THROW(static_cast<void>(encode({.cols = 64, .rows = 8, .planes = 1, .box_rows = 12})), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(encode({.cols = 64, .rows = 8, .planes = 1, .box_rows = 264})), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(encode({.cols = 96, .rows = 8, .planes = 1, .box_rows = 8})), std::invalid_argument);
}

}  // namespace
}  // namespace rooftile::kernels::host::tma_test
