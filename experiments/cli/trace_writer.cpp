#include "cli/trace_writer.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "rooftile/model/prediction.hpp"

namespace rooftile::cli {
namespace {

using nlohmann::json;

constexpr std::int64_t launches = 0;  // process of the launches; that of SM n is n + 1
constexpr std::size_t slices = 200;

double us(Seconds time) { return time.value() * 1e6; }

std::string name_of_phase(const sim::PhaseSeen& phase) {
  switch (phase.kind) {
    case sim::PhaseKind::begin: return "begin";
    case sim::PhaseKind::trip: return (phase.complete ? "block " : "part of block ") + std::to_string(phase.block);
    case sim::PhaseKind::end: break;
  }
  return "end";
}

std::string metadata(std::int64_t process, const std::string& name) {
  return json{{"ph", "M"}, {"name", "process_name"}, {"pid", process}, {"args", {{"name", name}}}}.dump();
}

}  // namespace

TraceWriter::TraceWriter(std::ostream& out, std::string title, TraceLimits limits)
    : out_{out}, title_{std::move(title)}, limits_{limits}, utilisation_{slices} {
  out_ << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  event(metadata(launches, "launches"));
}

void TraceWriter::event(const std::string& json) {
  if (written_ > 0) out_ << ",\n";
  out_ << json;
  ++written_;
}

void TraceWriter::call_begins(const sim::CallSeen& call) { utilisation_.call_begins(call); }

void TraceWriter::launch_begins(const sim::LaunchSeen& launch) {
  utilisation_.launch_begins(launch);
  launch_ = launch.launch.name;
  launch_begin_ = launch.begin;
  resident_ = launch.resident;
  const std::int64_t sms = std::min(limits_.sms, launch.sms);
  cta_begin_.assign(static_cast<std::size_t>(sms * resident_), launch.begin);
  for (; named_ < sms; ++named_) event(metadata(named_ + 1, "SM " + std::to_string(named_)));
}

void TraceWriter::phase(const sim::PhaseSeen& phase) {
  utilisation_.phase(phase);
  if (phase.sm >= limits_.sms) return;
  Seconds& began = cta_begin_[static_cast<std::size_t>(phase.sm * resident_ + phase.place)];
  if (phase.kind == sim::PhaseKind::begin) began = phase.begin;
  const std::int64_t process = phase.sm + 1;
  span(process, phase.place, name_of_phase(phase), phase.begin, phase.end,
       "needs " + std::string{name_of(limit_of(phase.busiest))});
  if (phase.end > phase.units_done) {
    const std::string_view level = phase.waits_for == sim::Stall::l2 ? "L2" : "DRAM";
    span(process, phase.place, "waits for " + std::string{level}, phase.units_done, phase.end, "");
  }
  if (phase.kind == sim::PhaseKind::end) {
    span(process, phase.place, launch_ + " CTA " + std::to_string(phase.cta), began, phase.end, "");
  }
}

void TraceWriter::launch_ends(Seconds end) {
  span(launches, 0, launch_, launch_begin_, end, "");
  utilisation_.launch_ends(end);
  count(utilisation_.launches().back());
}

void TraceWriter::span(std::int64_t process, std::int64_t thread, const std::string& name, Seconds begin, Seconds end,
                       const std::string& note) {
  if (process != launches && written_ >= limits_.events) {
    ++left_out_;
    return;
  }
  json spoken{{"ph", "X"},     {"name", name},    {"pid", process},
              {"tid", thread}, {"ts", us(begin)}, {"dur", us(end - begin)}};
  if (!note.empty()) spoken["args"] = {{"note", note}};
  event(spoken.dump());
}

void TraceWriter::count(const sim::LaunchSlices& launch) {
  const Seconds length = (launch.end - launch.begin) / static_cast<double>(launch.slices.size());
  for (std::size_t s = 0; s < launch.slices.size(); ++s) {
    const sim::Slice& slice = launch.slices[s];
    const Seconds at = launch.begin + length * static_cast<double>(s);
    for (std::size_t r = 0; r < sim::busy_resources; ++r) {
      count(std::string{name_of(static_cast<Limit>(r))}, at, slice.busy[r]);
    }
    count("places", at, slice.places);
  }
}

void TraceWriter::count(const std::string& name, Seconds at, double part) {
  const json percent{{"busy %", std::round(part * 1e4) / 1e2}};
  event(json{{"ph", "C"}, {"name", name}, {"pid", launches}, {"ts", us(at)}, {"args", percent}}.dump());
}

void TraceWriter::finish() { out_ << "\n],\"otherData\":" << json{{"simulated", title_}}.dump() << "}\n"; }

}  // namespace rooftile::cli
