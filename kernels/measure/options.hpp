// The command line of rooftile-measure.
//
//   rooftile-measure all --cells campaign.csv --out h100.jsonl --budget 1500 --resume
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/samples.hpp"
#include "measure/timer.hpp"

namespace rooftile::kernels::measure {

/// The parts of a visit to a GPU, in the order in which `all` goes through them.
enum class Step : std::uint8_t { device, verify, micro, time, counters };
[[nodiscard]] std::string_view name_of(Step step);

struct Options {
  std::vector<Step> steps;
  std::string cells;                 ///< path; empty: none
  std::string out;                   ///< path; empty: lines go to standard output
  std::vector<std::string> kernels;  ///< empty: all
  std::vector<Timer> timers{Timer::cuda_event, Timer::graph_replay, Timer::host_clock};
  std::optional<double> budget;  ///< seconds after which nothing new is begun
  std::optional<int> sms;        ///< to plan for; absent: the device's
  bool dry_run = false;
  bool resume = false;
  bool list = false;
  bool help = false;
  bool version = false;
  StoppingOptions stop{};
};

/// What --help prints.
[[nodiscard]] std::string_view help_text();

/// Reads the arguments after the program's name; `kernels` are the names that exist. BadInput, in one line, for
/// anything that is not known, missing, twice or of the wrong kind.
[[nodiscard]] Options read_options(std::span<const std::string> arguments, std::span<const std::string> kernels);

}  // namespace rooftile::kernels::measure
