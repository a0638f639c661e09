// The timeline of a simulation, read back: spans that stand inside each other, and times that add up.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/trace_writer.hpp"
#include "question/data_directories.hpp"
#include "question/question.hpp"
#include "rooftile/sim/simulate.hpp"

namespace rooftile::test {
namespace {

using nlohmann::json;

struct Traced {
  json trace;
  sim::Simulation simulation;
  std::int64_t left_out;
};

Traced traced(const std::string& kernel, cli::TraceLimits limits = {}) {
  experiments::Catalogues catalogues{experiments::find_data(std::nullopt)};
  experiments::Answerer answerer{catalogues};
  AttentionShape shape;
  shape.batch = 2;
  shape.heads = shape.kv_heads = 8;
  shape.seq_q = shape.seq_kv = 1024;
  shape.head_dim = 128;
  shape.mask = Mask::causal;
  experiments::Question question;
  question.profile = "a100_sxm4_80gb";
  question.kernel = kernel;
  question.workload = shape;
  const auto answer = answerer.answer(question);
  auto counts = std::make_unique<ProgramCounts>();
  count(answerer.program(), *counts);
  std::ostringstream out;
  cli::TraceWriter writer{out, kernel, limits};
  const auto simulation = sim::simulate(answer.profile->device, answerer.program(), *counts, &writer);
  writer.finish();
  return {json::parse(out.str()), simulation.value(), writer.left_out()};
}

struct Span {
  double begin, end;
};
/// By process and thread.
std::map<std::pair<int, int>, std::vector<Span>> spans_of(const json& trace) {
  std::map<std::pair<int, int>, std::vector<Span>> spans;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") != "X") continue;
    const double begin = event.at("ts");
    spans[{event.at("pid"), event.at("tid")}].push_back({begin, begin + event.at("dur").get<double>()});
  }
  return spans;
}

constexpr double rounding = 1e-6;  // microseconds

class Trace : public ::testing::TestWithParam<const char*> {};

/// A span of a thread stands inside another one or beside it.
TEST_P(Trace, SpansStandInsideEachOther) {
  const Traced run = traced(GetParam());
  const auto spans = spans_of(run.trace);
  EXPECT_GT(spans.size(), 4U);
  for (const auto& [thread, all] : spans) {
    std::vector<Span> sorted = all;
    std::sort(sorted.begin(), sorted.end(),
              [](const Span& a, const Span& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
    std::vector<double> open;
    for (const Span& span : sorted) {
      while (!open.empty() && open.back() <= span.begin + rounding) open.pop_back();
      if (!open.empty()) {
        EXPECT_LE(span.end, open.back() + rounding) << "thread " << thread.first << '/' << thread.second;
      }
      open.push_back(span.end);
    }
  }
}

/// The launches follow each other without a gap and take what the simulation says they take.
TEST_P(Trace, LaunchesAddUpToTheCall) {
  const Traced run = traced(GetParam());
  const auto launches = spans_of(run.trace).at({0, 0});
  ASSERT_EQ(launches.size(), run.simulation.answer.launches.size());
  double until = 0;
  for (std::size_t l = 0; l < launches.size(); ++l) {
    EXPECT_NEAR(launches[l].begin, until, rounding);
    EXPECT_NEAR(launches[l].end - launches[l].begin, run.simulation.answer.launches[l].sm.value() * 1e6, rounding);
    until = launches[l].end;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Trace, ::testing::Values("flash2", "standard", "flash1", "split_kv"));

TEST(TraceSize, WhatHasNoRoomIsCounted) {
  const Traced all = traced("flash2");
  EXPECT_EQ(all.left_out, 0);
  const Traced some = traced("flash2", {.sms = 4, .events = 100});
  EXPECT_GT(some.left_out, 0);
  EXPECT_EQ(spans_of(some.trace).at({0, 0}).size(), 1U);  // launches are always shown
  EXPECT_LT(some.trace.at("traceEvents").size(), all.trace.at("traceEvents").size());
}

/// Who listens changes nothing.
TEST(TraceSize, TheAnswerIsTheSameWithoutATrace) {
  const Traced run = traced("flash2");
  const Traced less = traced("flash2", {.sms = 0, .events = 0});
  EXPECT_EQ(run.simulation.answer.time.value(), less.simulation.answer.time.value());
  EXPECT_EQ(run.simulation.tile_events, less.simulation.tile_events);
}

}  // namespace
}  // namespace rooftile::test
