// A simulation as a timeline that Perfetto (ui.perfetto.dev) and chrome://tracing open: Trace Event Format.
//
//   process "launches"       one span per launch
//   process "SM 0" ...       one thread per place for a CTA: a span per CTA, inside it its phases, inside these what
//                            they waited for
//   counters "dram" ...      how busy each resource of the whole device is, per cent, in 200 slices of each launch;
//                            "places": how many places for CTAs have one
//
// Times are in microseconds, as the format wants them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "rooftile/sim/listener.hpp"
#include "rooftile/sim/utilisation.hpp"

namespace rooftile::cli {

/// What a trace shows at most.
struct TraceLimits {
  std::int64_t sms = 4;
  std::int64_t events = 200'000;
};

class TraceWriter final : public sim::Listener {
 public:
  /// Begins a trace; `title` says what was simulated.
  TraceWriter(std::ostream& out, std::string title, TraceLimits limits = {});

  void call_begins(const sim::CallSeen& call) override;
  void launch_begins(const sim::LaunchSeen& launch) override;
  void phase(const sim::PhaseSeen& phase) override;
  void work(const sim::WorkSeen& work) override { utilisation_.work(work); }
  void dram(const sim::DramSeen& dram) override { utilisation_.dram(dram); }
  void launch_ends(Seconds end) override;
  /// Ends the trace. Call it once.
  void finish();

  [[nodiscard]] std::int64_t written() const { return written_; }
  /// Events on the SMs shown that there was no room for.
  [[nodiscard]] std::int64_t left_out() const { return left_out_; }

 private:
  void span(std::int64_t process, std::int64_t thread, const std::string& name, Seconds begin, Seconds end,
            const std::string& note);
  /// The counters of a launch that has ended.
  void count(const sim::LaunchSlices& launch);
  void count(const std::string& name, Seconds at, double part);
  void event(const std::string& json);

  std::ostream& out_;
  std::string title_;
  TraceLimits limits_;
  std::string launch_;
  Seconds launch_begin_;
  std::int64_t resident_ = 0;
  std::vector<Seconds> cta_begin_;  ///< by SM and place
  sim::Utilisation utilisation_;
  std::int64_t named_ = 0;  ///< SMs whose process has a name
  std::int64_t written_ = 0;
  std::int64_t left_out_ = 0;
};

}  // namespace rooftile::cli
