// The command line of rooftile-measure: what is allowed, and one line for what is not.
#include <gtest/gtest.h>

#include "measure/bad_input.hpp"
#include "measure/options.hpp"

namespace rooftile::kernels::measure {
namespace {

using Words = std::vector<std::string>;
const Words known_kernels{"rt_standard", "rt_flash2"};

Options read(const Words& words) { return read_options(words, known_kernels); }

std::string refusal(const Words& words) {
  try {
    static_cast<void>(read(words));
  } catch (const BadInput& error) {
    return error.what();
  }
  return "(nothing)";
}

TEST(MeasureOptions, AllIsEveryStepInOrder) {
  const Options options = read({"all", "--cells", "c.csv", "--out=o.jsonl", "--kernels", "rt_flash2", "--budget",
                                "1.5e3", "--samples", "20/30", "--resume", "--dry-run", "--sms", "132"});
  EXPECT_EQ(options.steps, (std::vector{Step::device, Step::verify, Step::micro, Step::time, Step::counters}));
  EXPECT_EQ(options.cells, "c.csv");
  EXPECT_EQ(options.out, "o.jsonl");
  EXPECT_EQ(options.kernels, Words{"rt_flash2"});
  EXPECT_EQ(options.budget, 1500);
  EXPECT_EQ(options.stop.min_samples, 20);
  EXPECT_EQ(options.stop.max_samples, 30);
  EXPECT_TRUE(options.resume && options.dry_run);
  EXPECT_EQ(options.sms, 132);
  EXPECT_FALSE(read({"verify", "--dry-run"}).sms);
}

TEST(MeasureOptions, TimersAreThoseAskedForInTheirOwnOrder) {
  const std::vector<Timer> without_cupti{Timer::cuda_event, Timer::graph_replay, Timer::host_clock};
  EXPECT_EQ(read({"time", "--cells", "c.csv"}).timers, without_cupti);
  EXPECT_EQ(read({"time", "--cells", "c.csv", "--timers", "cupti,cuda_event,cupti"}).timers,
            (std::vector{Timer::cuda_event, Timer::cupti}));
  EXPECT_EQ(refusal({"time", "--cells", "c.csv", "--timers", "cupty"}),
            "--timers 'cupty'; allowed: cuda_event, graph_replay, host_clock, cupti (did you mean cupti?)");
}

TEST(MeasureOptions, HelpNeedsNoStepAndNamesEveryOption) {
  EXPECT_TRUE(read({"--help"}).help);
  EXPECT_TRUE(read({"-h"}).help);
  for (const char* word : {"--cells", "--out", "--kernels", "--timers", "--budget", "--samples", "--sms", "--dry-run",
                           "--resume", "--list", "device", "verify", "micro", "time", "counters", "all"}) {
    EXPECT_NE(help_text().find(word), std::string_view::npos) << word;
  }
}

TEST(MeasureOptions, WhatIsWrongIsNamed) {
  EXPECT_EQ(refusal({}), "no step; allowed: device, verify, micro, time, counters, all (--help)");
  EXPECT_EQ(refusal({"tme"}), "step 'tme'; allowed: device, verify, micro, time, counters, all (did you mean time?)");
  EXPECT_EQ(refusal({"verify", "micro"}), "'micro': a second step; one step, or all");
  EXPECT_EQ(refusal({"time"}), "time needs --cells FILE");
  EXPECT_EQ(refusal({"counters"}), "counters needs --cells FILE");
  EXPECT_EQ(refusal({"verify", "--resume"}), "--resume needs --out FILE");
  EXPECT_EQ(refusal({"verify", "--out"}), "--out needs a value");
  EXPECT_EQ(refusal({"verify", "--out="}), "--out needs a value");
  EXPECT_EQ(refusal({"verify", "--out", "a", "--out", "b"}), "--out stands there twice");
  EXPECT_EQ(refusal({"verify", "--dry-run=yes"}), "--dry-run takes no value");
  EXPECT_EQ(refusal({"verify", "--kernels", "rt_flash2,rt_flash3"}),
            "--kernels 'rt_flash3'; allowed: rt_standard, rt_flash2 (did you mean rt_flash2?)");
  EXPECT_EQ(refusal({"verify", "--sms", "132"}), "--sms is for --dry-run; a device knows its own");
  for (const char* sms : {"0", "-1", "1.5", "many", "99999999999"}) {
    EXPECT_EQ(refusal({"verify", "--dry-run", "--sms", sms}),
              "--sms '" + std::string{sms} + "'; allowed: a whole number of SMs above 0");
  }
  for (const char* budget : {"0", "-1", "ten", "nan", "inf", "1s"})
    EXPECT_NE(refusal({"verify", "--budget", budget}), "(nothing)") << budget;
  for (const char* samples : {"10", "10/", "/10", "0/5", "10/5", "1/2/3", "a/b"})
    EXPECT_NE(refusal({"verify", "--samples", samples}), "(nothing)") << samples;
  EXPECT_NE(refusal({"verify", "--ressume"}).find("did you mean --resume?"), std::string::npos);
}

}  // namespace
}  // namespace rooftile::kernels::measure
