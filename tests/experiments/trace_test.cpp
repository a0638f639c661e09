// The timeline of a simulation, read back: spans that stand inside each other, and times that add up.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
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
  std::int64_t sms;
  std::int64_t trips = 0;  ///< of all CTAs, those with ops of their own
};

/// Trips through the leading loops that have ops.
std::int64_t trips_of(const Program& program, const ProgramCounts& counts) {
  std::int64_t trips = 0;
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const Launch& launch = program.launches[l];
    std::array<bool, max_loops> has_ops{};
    for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
      const int loop = program.ops[static_cast<std::size_t>(i)].loop;
      if (loop >= 0) has_ops[static_cast<std::size_t>(launch.loops[static_cast<std::size_t>(loop)].group)] = true;
    }
    for (std::size_t n = 0; n < launch.loops.size(); ++n) {
      if (has_ops[n]) trips += counts.launch[l].trips[n];
    }
  }
  return trips;
}

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
  return {json::parse(out.str()), simulation.value(), writer.left_out(),
          static_cast<std::int64_t>(answer.profile->device.sm.count.value()), trips_of(answerer.program(), *counts)};
}

struct Span {
  double begin, end;
  std::string name;
};
/// By process and thread.
std::map<std::pair<int, int>, std::vector<Span>> spans_of(const json& trace) {
  std::map<std::pair<int, int>, std::vector<Span>> spans;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") != "X") continue;
    const double begin = event.at("ts");
    spans[{event.at("pid"), event.at("tid")}].push_back(
        {begin, begin + event.at("dur").get<double>(), event.at("name").get<std::string>()});
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

/// A trace of every SM, for totals.
Traced traced_whole(const std::string& kernel) { return traced(kernel, {.sms = 1000, .events = 10'000'000}); }

/// Sums over the spans of all SMs.
struct Totals {
  double ctas = 0, phases = 0, waits = 0;  ///< microseconds
  std::set<std::string> names;             ///< of CTAs: "flash2 CTA 17"
  std::int64_t cta_count = 0, begins = 0, trips = 0, ends = 0;

  explicit Totals(const json& trace) {
    for (const auto& [thread, spans] : spans_of(trace)) {
      if (thread.first == 0) continue;  // the launches
      for (const Span& span : spans) add(span);
    }
  }
  void add(const Span& span) {
    const double time = span.end - span.begin;
    const auto begins_with = [&span](const char* word) { return span.name.rfind(word, 0) == 0; };
    if (span.name.find(" CTA ") != std::string::npos) {
      ctas += time;
      ++cta_count;
      names.insert(span.name);
    } else if (begins_with("waits for ")) {
      waits += time;
    } else {
      phases += time;
      if (begins_with("part of ")) return;
      ++(begins_with("block ") ? trips : span.name == "begin" ? begins : ends);
    }
  }
};

/// Every CTA is there once, with what it did from its begin to its end and nothing between.
TEST_P(Trace, PhasesAddUpToCtas) {
  const Traced run = traced_whole(GetParam());
  ASSERT_EQ(run.left_out, 0);
  const Totals totals{run.trace};
  std::int64_t expected = 0;
  for (const LaunchPrediction& launch : run.simulation.answer.launches) expected += launch.ctas;
  EXPECT_EQ(totals.cta_count, expected);
  EXPECT_EQ(static_cast<std::int64_t>(totals.names.size()), expected);
  EXPECT_EQ(totals.begins, expected);
  EXPECT_EQ(totals.ends, expected);
  EXPECT_EQ(totals.trips, run.trips);
  EXPECT_NEAR(totals.phases / totals.ctas, 1, 1e-9);
}

/// The time of CTAs and that of waits are those that the simulation says.
TEST_P(Trace, TimesAddUpToTheSharesOfStalls) {
  const Traced run = traced_whole(GetParam());
  const Totals totals{run.trace};
  double places = 0;  // microseconds
  for (const LaunchPrediction& launch : run.simulation.answer.launches) {
    places += launch.sm.value() * 1e6 * static_cast<double>(launch.resident * run.sms);
  }
  const auto share = [&run](sim::Stall stall) { return run.simulation.share[static_cast<std::size_t>(stall)]; };
  EXPECT_NEAR(totals.ctas / places, 1 - share(sim::Stall::idle), 1e-9);
  EXPECT_NEAR(totals.waits / places, share(sim::Stall::dram), 1e-9);
}

/// Counters hold from one event to the next; over a launch they are the utilisation that the simulation says.
TEST_P(Trace, CountersAddUpToUtilisation) {
  const Traced run = traced(GetParam());
  std::map<std::string, std::vector<std::pair<double, double>>> counters;  // time and value
  for (const json& event : run.trace.at("traceEvents")) {
    if (event.at("ph") == "C") counters[event.at("name")].emplace_back(event.at("ts"), event.at("args").at("busy %"));
  }
  EXPECT_EQ(counters.size(), sim::busy_resources + 1);
  const double end = spans_of(run.trace).at({0, 0}).back().end;
  for (std::size_t r = 1; r < sim::busy_resources; ++r) {
    const auto& values = counters.at(std::string{name_of(static_cast<Limit>(r))});
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_TRUE(values[i].second >= 0 && values[i].second <= 100);
      sum += values[i].second * ((i + 1 < values.size() ? values[i + 1].first : end) - values[i].first);
    }
    EXPECT_NEAR(sum / end, 100 * run.simulation.utilisation[r], 0.01) << r;  // they are written with two decimals
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
