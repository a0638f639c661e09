// Slices of a launch, from events whose busy time is known by hand.
#include "rooftile/sim/utilisation.hpp"

#include <gtest/gtest.h>

namespace rooftile::sim {
namespace {

constexpr std::size_t tensor = static_cast<std::size_t>(Limit::tensor), exp2 = static_cast<std::size_t>(Limit::exp2),
                      from_dram = static_cast<std::size_t>(Limit::dram);

/// Two SMs with two places each, DRAM of 1 GB/s; times in units of one second or of a microsecond.
struct Fed {
  Program program;
  ProgramCounts counts;
  Launch launch;
  Utilisation utilisation;
  double unit;

  Fed(std::size_t slices, double unit_of_time) : utilisation{slices}, unit{unit_of_time} {
    launch.name = "fed";
    utilisation.call_begins({program, counts});
  }
  void begins(double at) { utilisation.launch_begins({launch, 2, 2, BytesPerSecond{1e9}, Seconds{at * unit}}); }
  void work(double from, double to, double tensor_busy, double exp2_busy) {
    WorkSeen seen{0, Seconds{from * unit}, Seconds{to * unit}, {}};
    seen.busy[static_cast<std::size_t>(Unit::tensor)] = Seconds{tensor_busy * unit};
    seen.busy[static_cast<std::size_t>(Unit::exp2)] = Seconds{exp2_busy * unit};
    utilisation.work(seen);
  }
  void dram(double from, double to, double busy) {
    utilisation.dram({Seconds{from * unit}, Seconds{to * unit}, Bytes{busy * unit * 1e9}});
  }
  void cta(double from, double to) {
    PhaseSeen seen{};
    seen.begin = Seconds{from * unit};
    seen.end = Seconds{to * unit};
    utilisation.phase(seen);
  }
  const std::vector<Slice>& ends(double at) {
    utilisation.launch_ends(Seconds{at * unit});
    return utilisation.launches().back().slices;
  }
};

class UtilisationOf : public ::testing::TestWithParam<double> {};

TEST_P(UtilisationOf, EachSliceHasItsOwn) {
  Fed fed{4, GetParam()};
  fed.begins(0);
  fed.work(0, 2, 2, 1);  // SM 0: tensor cores all of the time, exponentials half of it
  fed.work(1, 3, 1, 0);  // SM 1, say
  fed.work(2, 4, 0, 2);
  fed.cta(0, 3);
  fed.cta(3, 4);
  fed.cta(1, 2);
  const std::vector<Slice>& slices = fed.ends(4);
  ASSERT_EQ(slices.size(), 4U);
  const double expected_tensor[] = {0.5, 0.75, 0.25, 0}, expected_exp2[] = {0.25, 0.25, 0.5, 0.5},
               expected_places[] = {0.25, 0.5, 0.25, 0.25};
  for (std::size_t s = 0; s < 4; ++s) {
    EXPECT_NEAR(slices[s].busy[tensor], expected_tensor[s], 1e-2) << s;  // 1/32 of a slice at its borders, and less
    EXPECT_NEAR(slices[s].busy[exp2], expected_exp2[s], 1e-2) << s;
    EXPECT_NEAR(slices[s].places, expected_places[s], 1e-2) << s;
    EXPECT_EQ(slices[s].busy[static_cast<std::size_t>(Limit::fma)], 0) << s;
  }
}
INSTANTIATE_TEST_SUITE_P(Units, UtilisationOf, ::testing::Values(1e-9, 1e-6, 1e-3, 1.0));

TEST(Utilisation, NothingIsLostOverAllSlices) {
  for (const std::size_t count : {1, 3, 7, 200}) {
    Fed fed{count, 1e-6};
    fed.begins(0);
    double all = 0;
    for (int n = 0; n < 1000; ++n) {
      fed.work(0.37 * n, 0.37 * n + 0.5, 0.11, 0);
      all += 0.11;
    }
    const std::vector<Slice>& slices = fed.ends(0.37 * 999 + 0.5);
    ASSERT_EQ(slices.size(), count);
    double sum = 0;
    for (const Slice& slice : slices) sum += slice.busy[tensor];
    EXPECT_NEAR(sum / static_cast<double>(count) * (0.37 * 999 + 0.5) * 2, all, 1e-9) << count;
  }
}

/// Bytes that were asked for before a launch ended and move behind it belong to the next one; what moves behind the
/// last one to none.
TEST(Utilisation, BytesBelongToTheLaunchInWhichTheyMove) {
  Fed fed{2, 1e-6};
  fed.begins(0);
  fed.dram(3, 7, 2);
  const std::vector<Slice> first = fed.ends(4);
  fed.begins(4);
  fed.dram(5, 6, 0.25);
  fed.dram(7, 9, 2);
  const std::vector<Slice> second = fed.ends(8);
  EXPECT_NEAR(first[0].busy[from_dram], 0, 1e-9);
  EXPECT_NEAR(first[1].busy[from_dram], 0.25, 1e-3);
  EXPECT_NEAR(second[0].busy[from_dram], 0.5 + 0.125, 1e-3);
  EXPECT_NEAR(second[1].busy[from_dram], 0.25 + 0.5, 1e-3);
}

TEST(Utilisation, ASecondCallBeginsAnew) {
  Fed fed{1, 1e-6};
  fed.begins(0);
  fed.dram(0, 100, 50);
  EXPECT_NEAR(fed.ends(50)[0].busy[from_dram], 0.5, 1e-3);
  fed.utilisation.call_begins({fed.program, fed.counts});
  EXPECT_TRUE(fed.utilisation.launches().empty());
  fed.begins(0);
  EXPECT_EQ(fed.ends(10)[0].busy[from_dram], 0);
}

TEST(Utilisation, ALaunchOfNoTimeIsIdle) {
  Fed fed{3, 1e-6};
  fed.begins(0);
  for (const Slice& slice : fed.ends(0)) EXPECT_EQ(slice.places, 0);
}

}  // namespace
}  // namespace rooftile::sim
