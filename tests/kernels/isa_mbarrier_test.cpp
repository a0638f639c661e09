// Mbarriers: phases, whom they order, and how they are misused.
#include <gtest/gtest.h>

#include "machine_support.hpp"

namespace rooftile::kernels::host::mbarrier_test {
namespace {

constexpr const char* this_file = "isa_mbarrier_test.cpp";
constexpr std::uint32_t first = 0, second = 8, data = 128;

/// Initialised by warp 0, published to all.
void set_up(Warp& b, int arrivals) {
  if (b.warp() == 0) b.mbarrier_init(first, arrivals);
  b.mbarrier_publish();
}

TEST(IsaMbarrier, PhasesAlternateInParity) {
  const LaunchExecution run = run_warp(256, [](Warp& b) {
    set_up(b, 1);
    b.mbarrier_wait(first, 1);  // the phase before the first
    for (std::uint32_t parity : {0u, 1u, 0u}) {
      b.mbarrier_arrive(first);
      b.mbarrier_wait(first, parity);
    }
  });
  EXPECT_EQ(run.mbarrier_arrivals, 3);
  EXPECT_EQ(run.barriers, 0) << "set-up is no barrier of the kernel";
}

TEST(IsaMbarrier, OrdersThoseWhoArriveBeforeThoseWhoWait) {
  for (const bool waits : {true, false}) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const Execution record = run_cta(
          3, 256,
          [waits](Warp& b) {
            set_up(b, 2);
            if (b.warp() < 2) {
              b.st_shared(u32(b.lane()) * 4u + static_cast<std::uint32_t>(data), f32(1.f), b.lane() / 16 == b.warp());
              b.mbarrier_arrive(first);
            } else {
              if (waits) b.mbarrier_wait(first, 0);
              static_cast<void>(b.ld_shared(u32(b.lane()) * 4u + static_cast<std::uint32_t>(data)));
            }
          },
          {.seed = seed});
      if (waits) {
        expect_none(record);
      } else {
        ASSERT_FALSE(record.faults.empty()) << seed;  // which of the two depends on who came first
        for (const Fault& fault : record.faults) {
          EXPECT_TRUE(fault.kind == FaultKind::race || fault.kind == FaultKind::uninitialised) << fault.text;
        }
      }
    }
  }
}

TEST(IsaMbarrier, AnArrivalDoesNotOrderWhoArrives) {
  const Execution record = run_cta(2, 256, [](Warp& b) {
    set_up(b, 2);
    if (b.warp() == 0) b.st_shared(u32(b.lane()) * 4u + static_cast<std::uint32_t>(data), f32(1.f));
    b.mbarrier_arrive(first);
    if (b.warp() == 1) static_cast<void>(b.ld_shared(u32(b.lane()) * 4u + static_cast<std::uint32_t>(data)));
  });
  ASSERT_FALSE(record.faults.empty());  // the read, the write, or both, by who came first
  EXPECT_EQ(record.faults.back().kind, FaultKind::race) << record.faults.back().text;
}

TEST(IsaMbarrier, MustBeInitialised) {
  expect_fault(run_cta(1, 256, [](Warp& b) { b.mbarrier_arrive(first); }), FaultKind::uninitialised,
               "nothing has initialised an mbarrier there", this_file);
}

TEST(IsaMbarrier, MustBePublished) {
  const Execution record = run_cta(2, 256, [](Warp& b) {
    if (b.warp() == 0) {
      b.mbarrier_init(first, 1);
    } else {
      b.mbarrier_wait(first, 1);
    }
  });
  expect_fault(record, FaultKind::race, "nothing has published it since", this_file);
}

TEST(IsaMbarrier, TakesNoMoreArrivalsThanItWasTold) {
  const Execution record = run_warp_record([](Warp& b) {
    set_up(b, 2);
    b.mbarrier_expect(first, 1024);  // keeps the phase open
    b.mbarrier_arrive(first);
    b.mbarrier_arrive(first);
  });
  expect_fault(record, FaultKind::barrier_misuse, "all 2 arrivals of this phase are there", this_file);
}

TEST(IsaMbarrier, IsInitialisedOnceAndInPlace) {
  expect_fault(run_warp_record([](Warp& b) {
                 b.mbarrier_init(second, 1);
                 b.mbarrier_init(second, 1);
               }),
               FaultKind::barrier_misuse, "once, for at least one", this_file);
  expect_fault(run_warp_record([](Warp& b) { b.mbarrier_init(4, 1); }), FaultKind::misaligned, "a multiple of 8",
               this_file);
  expect_fault(run_warp_record([](Warp& b) { b.mbarrier_init(256, 1); }), FaultKind::out_of_bounds,
               "not in the CTA's shared memory", this_file);
}

TEST(IsaMbarrier, WhoWaitsForNothingIsADeadlock) {
  expect_fault(run_warp_record([](Warp& b) {
                 set_up(b, 1);
                 b.mbarrier_wait(first, 0);
               }),
               FaultKind::deadlock, "warp 0 waits at mbarrier 0 for a phase of parity 0", this_file);
}

TEST(IsaMbarrier, ANamedBarrierThatWasNeverCompleted) {
  expect_fault(run_cta(2, 0,
                       [](Warp& b) {
                         if (b.warp() == 0) b.barrier_arrive(1, 2);
                       }),
               FaultKind::barrier_misuse, "the CTA ends when 1 of the 2 warps", this_file);
}

TEST(IsaMbarrier, NumbersOfSegmentsRunOutUnnoticed) {
  const Execution record = run_cta(2, 256, [](Warp& b) {
    set_up(b, 2);
    for (std::uint32_t phase = 0; phase < 20000; ++phase) {
      b.mbarrier_arrive(first);
      b.mbarrier_wait(first, phase % 2);
    }
  });
  expect_none(record);
}

}  // namespace
}  // namespace rooftile::kernels::host::mbarrier_test
