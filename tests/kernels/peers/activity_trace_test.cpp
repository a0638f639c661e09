// Times by CUPTI's activity records, as far as they go without a GPU: which records are the call's, and what is said
// where there are none.
#include "measure/counters/activity_trace.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "library_support.hpp"
#include "measure/counters/counter_error.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr Activity stamp(std::uint64_t start) { return {start, start + 10, true}; }

TEST(ActivityTimes, FromTheFirstStartToTheLastEndBetweenTheLastTwoStamps) {
  const std::vector<Activity> activities{
      {100, 900, false},                                             // a warm-up, or the sweep
      stamp(1000),         stamp(2000),        {2100, 2400, false},  // a sample before; the stamp that begins this one
      {2450, 2600, false},                                           // a second kernel
      {2500, 2700, false},                                           // one beside it that ends later
      stamp(3000),         {4000, 9000, false}};                     // under which the device's state was read
  EXPECT_DOUBLE_EQ(seconds_between_stamps(activities).value(), 600e-9);
  // Buffers come in any order.
  const std::vector<Activity> backwards(activities.rbegin(), activities.rend());
  EXPECT_DOUBLE_EQ(seconds_between_stamps(backwards).value(), 600e-9);
}

TEST(ActivityTimes, NothingWhereSomethingIsMissing) {
  EXPECT_FALSE(seconds_between_stamps({}));
  const std::vector<std::vector<Activity>> broken{
      {{100, 200, false}},                         // no stamp
      {stamp(50), {100, 200, false}},              // one
      {stamp(50), stamp(100)},                     // nothing between
      {stamp(50), {0, 0, false}, stamp(300)},      // a kernel whose time could not be taken
      {stamp(50), {200, 200, false}, stamp(300)},  // no time at all
  };
  for (const std::vector<Activity>& activities : broken)
    EXPECT_FALSE(seconds_between_stamps(activities)) << activities.size();
}

TEST(ActivityTrace, AMissingLibraryIsTheReason) {
  try {
    const ActivityTrace trace{nowhere()};
    FAIL() << "opened without a library";
  } catch (const Unavailable& missing) {
    EXPECT_NE(std::string{missing.what()}.find("cupti"), std::string::npos) << missing.what();
  }
}

#if __has_include(<cupti_activity.h>)
TEST(ActivityTrace, ReadsTheRecordsThatALibraryDelivers) {
  ActivityTrace trace{{.loader = false, .folders = {FAKE_CUPTI}}};
  for (int sample = 0; sample < 2; ++sample) {
    trace.start();
    EXPECT_DOUBLE_EQ(trace.seconds(), 4e-6);
    trace.stop();
  }
  // What is not recorded has no time, whatever was recorded before.
  EXPECT_THROW(static_cast<void>(trace.seconds()), CounterError);
}
#endif

TEST(ActivityTrace, WithoutADeviceThereAreNoTimes) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "CUPTI loads its libraries with RTLD_DEEPBIND, which AddressSanitizer does not allow";
#endif
  try {
    ActivityTrace trace{library_search()};
    trace.start();
    const double seconds = trace.seconds();
    FAIL() << "timed nothing at all: " << seconds;
  } catch (const Unavailable& missing) {
    GTEST_SKIP() << missing.what();
  } catch (const CounterError& error) {
    EXPECT_NE(std::string{error.what()}.find("CUPTI"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace rooftile::kernels::measure
