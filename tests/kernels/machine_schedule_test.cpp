// Who runs when: barriers that never complete, seeds, CTAs in flight, exceptions, the end of a run.
#include <stdexcept>

#include "machine_support.hpp"

namespace rooftile::kernels::host {
namespace {

const std::string schedule_test = "machine_schedule_test.cpp";

TEST(MachineSchedule, ADeadlockSaysWhatEachWarpWaitsFor) {
  const Execution record = run_cta(3, 0, [](Warp& b) {
    if (b.warp() == 0) b.barrier_sync(1, 2);
    if (b.warp() == 1) b.barrier_sync(2, 2);
    if (b.warp() == 2) b.barrier_sync(3, 3);
  });
  expect_fault(record, FaultKind::deadlock, "CTA (0, 0, 0): warp 0 waits at barrier 1 for 2 warps, 1 arrived",
               schedule_test);
  EXPECT_NE(record.faults[0].text.find("warp 1 waits at barrier 2 for 2 warps, 1 arrived (" + schedule_test),
            std::string::npos);
  EXPECT_NE(record.faults[0].text.find("warp 2 waits at barrier 3 for 3 warps, 1 arrived"), std::string::npos);
}

TEST(MachineSchedule, AWarpThatLeavesOthersWaiting) {
  const Execution record = run_cta(2, 0, [](Warp& b) {
    if (b.warp() == 0) b.sync();
  });
  ASSERT_EQ(kinds(record), (std::vector{FaultKind::barrier_misuse, FaultKind::deadlock}));
  EXPECT_EQ(record.faults[0].text, "warp 1 ends while 1 of the 2 warps of a barrier wait for the others");
  const Execution later = run_cta(2, 0, [](Warp& b) {
    if (b.warp() == 1) b.sync();
  });
  ASSERT_EQ(kinds(later), (std::vector{FaultKind::barrier_misuse, FaultKind::deadlock}));
  EXPECT_NE(later.faults[0].text.find("sync of warp 1 at barrier 0 waits for 2 warps, but 1 of 2 have ended"),
            std::string::npos)
      << later.faults[0].text;
}

TEST(MachineSchedule, WhoHasArrivedMayEnd) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    expect_none(
        run_cta(3, 0, [](Warp& b) { b.warp() == 2 ? b.barrier_sync(4, 3) : b.barrier_arrive(4, 3); }, {.seed = seed}));
  }
}

TEST(MachineSchedule, WarpsMustAgreeOnTheCount) {
  const Execution record = run_cta(4, 0, [](Warp& b) { b.barrier_sync(1, b.warp() < 3 ? 4 : 2); });
  expect_fault(record, FaultKind::barrier_misuse,
               "barrier_sync of warp 3 at barrier 1 expects 2 warps, those before it 4", schedule_test);
  expect_fault(run_cta(1, 0, [](Warp& b) { b.barrier_sync(16, 1); }), FaultKind::barrier_misuse,
               "a CTA has barriers 0 to 15", schedule_test);
  expect_fault(run_cta(2, 0, [](Warp& b) { b.barrier_sync(1, 3); }), FaultKind::barrier_misuse, "for 3 warps",
               schedule_test);
}

TEST(MachineSchedule, CtaWideBarriersAreCounted) {
  const Execution record = run_cta(4, 0, [](Warp& b) {
    b.sync();
    b.barrier_sync(1 + b.warp() / 2, 2);
    b.sync();
  });
  EXPECT_EQ(record.launches[0].barriers, 2);
  EXPECT_GT(record.launches[0].switches, 4);
}

/// Every CTA adds its number to a sum that all warps of it read: needs every barrier that it has.
Execution sum_of_blocks(const HostOptions& options, std::vector<float>& result) {
  Machine machine{options};
  constexpr int ctas = 24;
  auto* const out = static_cast<float*>(machine.allocate(matrix("X", 1, ctas, ctas)));
  std::fill_n(out, ctas, 0.f);
  const auto body = [&](Warp& b) {
    const int block = b.block_x() + b.grid_x() * (b.block_y() + b.grid_y() * b.block_z());
    b.st_shared(b.lane() * 4 + b.warp() * 128, f32(static_cast<float>(block)));
    b.sync();
    const f32 others = b.ld_shared(b.lane() * 4 + (b.warp() ^ 1) * 128);
    b.atomic_add(out, i32(block), others * static_cast<float>(b.warp() + 1), b.lane() == 0);
  };
  machine.run("test", {4, 3, 2}, 4, 512, body);
  result.assign(out, out + ctas);
  return machine.finish();
}

TEST(MachineSchedule, ResultsDependOnNeitherSeedNorResidency) {
  std::vector<float> wanted;
  const Execution reference = sum_of_blocks({}, wanted);
  for (int block = 0; block < 24; ++block)
    EXPECT_EQ(wanted[static_cast<std::size_t>(block)], static_cast<float>(10 * block));
  for (const int resident : {1, 4, 100}) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      std::vector<float> result;
      const Execution record = sum_of_blocks({.seed = seed, .resident = resident}, result);
      expect_none(record);
      EXPECT_EQ(result, wanted);
      const LaunchExecution& launch = record.launches[0];
      EXPECT_EQ(launch.ctas, 24);
      EXPECT_EQ(launch.barriers, reference.launches[0].barriers);
      EXPECT_EQ(launch.tensors[0].atomic_bytes, reference.launches[0].tensors[0].atomic_bytes);
      EXPECT_EQ(launch.smem_read_bytes, reference.launches[0].smem_read_bytes);
    }
    std::vector<float> in_turns;
    expect_none(sum_of_blocks({.resident = resident, .loads_wait = true}, in_turns));
    EXPECT_EQ(in_turns, wanted);
  }
}

/// Blocks in the order in which their first warp started and ended.
std::string order_of_blocks(const HostOptions& options) {
  std::string order;
  Machine machine{options};
  machine.run("test", {4, 1, 1}, 2, 0, [&](Warp& b) {
    if (b.warp() == 0) order += static_cast<char>('a' + b.block_x());
    b.sync();
    if (b.warp() == 0) order += static_cast<char>('A' + b.block_x());
  });
  static_cast<void>(machine.finish());
  return order;
}

TEST(MachineSchedule, ResidentCtasTakeTurnsAtBarriers) {
  EXPECT_EQ(order_of_blocks({.resident = 1}), "aAbBcCdD");
  EXPECT_EQ(order_of_blocks({.resident = 2}), "abABcdCD");
  EXPECT_EQ(order_of_blocks({.resident = 9}), "abcdABCD");
}

TEST(MachineSchedule, ASeedRepeatsItself) {
  const auto order = [](std::uint64_t seed) { return order_of_blocks({.seed = seed, .resident = 4}); };
  EXPECT_EQ(order(3), order(3));
  bool differs = false;
  for (std::uint64_t seed = 1; seed < 10; ++seed) differs = differs || order(seed) != order(0);
  EXPECT_TRUE(differs);
}

TEST(MachineSchedule, ExceptionsOfAKernelComeOut) {
  struct Counted {
    int* alive;
    explicit Counted(int& a) : alive(&a) { ++*alive; }
    ~Counted() { --*alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
  };
  int alive = 0;
  Machine machine{{.resident = 3}};
  const auto body = [&](Warp& b) {
    const Counted counted{alive};
    if (b.block_x() == 2 && b.warp() == 1) throw std::runtime_error{"from the kernel"};
    b.sync();
  };
  EXPECT_THROW(machine.run("test", {8, 1, 1}, 2, 64, body), std::runtime_error);
  EXPECT_EQ(alive, 0);
  machine.run("again", {1, 1, 1}, 2, 64, [](Warp& b) { b.sync(); });
  EXPECT_EQ(machine.finish().launches.back().barriers, 1);
}

TEST(MachineSchedule, ARunStopsAtTooManyFaults) {
  Machine machine{{.most_faults = 2}};
  int reached = 0;
  const auto body = [&](Warp& b) {
    static_cast<void>(b.ld_shared(b.lane() * 4));
    ++reached;
    static_cast<void>(b.ld_shared(b.lane() * 4));
    ++reached;
    static_cast<void>(b.ld_shared(b.lane() * 4));
    ++reached;
  };
  machine.run("first", {1, 1, 1}, 1, 128, body);
  machine.run("second", {1, 1, 1}, 1, 128, body);
  const Execution record = machine.finish();
  EXPECT_EQ(record.faults.size(), 3u);
  EXPECT_EQ(reached, 2);
  ASSERT_EQ(record.launches.size(), 2u);
  EXPECT_EQ(record.launches[1].ctas, 0);
}

TEST(MachineSchedule, ALineIsBlamedOncePerKind) {
  const Execution record = run_cta(4, 128, [](Warp& b) {
    for (int i = 0; i < 100; ++i) static_cast<void>(b.ld_shared(b.lane() * 4));
  });
  expect_fault(record, FaultKind::uninitialised, "of warp 0", schedule_test);
}

TEST(MachineSchedule, MachinesRefuseNonsense) {
  EXPECT_THROW(Machine({.resident = 0}), std::invalid_argument);
  Machine machine{{}};
  EXPECT_THROW(machine.run("test", {1, 1, 1}, 33, 0, [](Warp&) {}), std::invalid_argument);
}

}  // namespace
}  // namespace rooftile::kernels::host
