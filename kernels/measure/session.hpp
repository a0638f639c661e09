// One invocation: what it works with, whether something new may begin, and what came of it so far.
//
//   session.each(cells, "time", [&](const Cell& cell) { ... });     stops at the budget or an interrupt, says what is
//   left const Outcome outcome = session.attempt([&] { ... });           out of memory is infeasible, not the end
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/cells.hpp"
#include "measure/options.hpp"
#include "measure/peers/peer.hpp"
#include "measure/result_file.hpp"
#include "measure/timing.hpp"

namespace rooftile::kernels::measure {

/// How an attempt ended: "ok", or "failed", "unsupported", "infeasible", and why.
struct Outcome {
  std::string status = "ok";
  std::string reason;
  [[nodiscard]] bool ok() const { return status == "ok"; }
};

/// What was done.
struct Tally {
  std::int64_t ok = 0;
  std::int64_t failed = 0;
  std::int64_t not_possible = 0;  ///< unsupported, infeasible, refused
  std::int64_t already = 0;       ///< cells whose lines were all there
  std::int64_t left = 0;          ///< cells not begun
};

/// One thing to measure.
struct Item {
  std::string label;           ///< for people
  bool tried = false;          ///< in an earlier invocation, without success
  std::function<bool()> done;  ///< whether all its lines are there
  std::function<void()> work;
};

class Session {
 public:
  struct Parts {
    const Options& options;
    const DeviceInfo& device;
    std::span<const std::unique_ptr<Peer>> subjects;
    ResultFile& out;
    std::ostream& people;               ///< progress and warnings
    std::function<bool()> interrupted;  ///< whether the user wants it to end
    std::string run;                    ///< UUID
  };
  explicit Session(Parts parts) : parts_(std::move(parts)), keeper_(parts_.device) {}

  [[nodiscard]] const Options& options() const { return parts_.options; }
  [[nodiscard]] const DeviceInfo& device() const { return parts_.device; }
  [[nodiscard]] ResultFile& out() { return parts_.out; }
  [[nodiscard]] const std::string& run() const { return parts_.run; }
  [[nodiscard]] Timekeeper& keeper() { return keeper_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] bool device_lost() const { return device_lost_; }
  /// The kernel or peer with this name, which exists.
  [[nodiscard]] Peer& subject(std::string_view name) const;

  /// Whether there is time, a device, and no wish to end.
  [[nodiscard]] bool may_begin() const;
  /// Does what is not done already: what was never tried first, so that a cell that loses the device does not keep the
  /// others from their turn.
  void each(std::string_view what, std::vector<Item> items);

  /// Runs `work`; what it throws becomes an outcome.
  [[nodiscard]] Outcome attempt(const std::function<void()>& work);
  /// Why this cell is not for its kernel: unsupported and the reason; ok if it is, with the call.
  [[nodiscard]] Outcome admit(const Cell& cell, AttentionCall& call);

  /// A line of `kind` about `cell`, up to status and reason.
  [[nodiscard]] JsonObject begin_line(std::string_view kind, const Cell& cell, std::string_view l2,
                                      std::string_view variant_key, std::string_view variant,
                                      const Outcome& outcome) const;
  /// Writes a line and counts its status.
  void write(const JsonObject& line);
  /// One line for people.
  void say(const std::string& text) { parts_.people << text << std::endl; }

  /// A seed that belongs to this run and this cell.
  [[nodiscard]] std::uint64_t seed_of(const Cell& cell) const;

 private:
  Parts parts_;
  Timekeeper keeper_;
  Tally tally_;
  bool device_lost_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace rooftile::kernels::measure
