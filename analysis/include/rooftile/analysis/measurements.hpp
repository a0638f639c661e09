// What rooftile-measure writes: one JSON object a line, read strictly and kept whole.
//
//   {"kind":"run","run":"6f1c…","program":"rooftile-measure","device":{"name":"NVIDIA H100 80GB HBM3", …}, …}
//   {"kind":"time","run":"6f1c…","kernel":"rt_flash2","pass":"fwd", … ,"l2":"cold","timer":"cuda_event","status":"ok",
//    "time_s":0.00125,"samples_s":[…], …}
//   {"kind":"counter", … ,"level":"dram","metrics":{"dram__bytes_read.sum":33554432}, …}
//
//   visit.jsonl:31: time_s: -1 is not above zero
//
// `time` lines become results of method measured, each with its samples; the `counter` lines of a cell become one
// result without a time, which has their bytes and counters; `verify` and `micro` lines have tables of their own.
// A last line without its end is what a killed program leaves: it is left out and counted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis {

/// One invocation of the measuring program.
struct MeasuringRun {
  std::string uuid{};
  std::string started_at{};  ///< ISO 8601
  std::string profile{};     ///< the product's name in hw_profiles/
  RunInfo info{};
  Location where{};
};

/// How the samples of a time went; NaN for what was not readable.
struct Series {
  double q1_s = 0;
  double q3_s = 0;
  double sm_clock_hz = 0;
  double power_w = 0;
  double temperature_c = 0;
  bool throttled = false;
  std::int64_t discarded = 0;
  std::vector<double> samples_s{};
  std::vector<double> samples_clock_hz{};  ///< as many as samples, or none
};

struct MeasuredCounter {
  std::string name{};  ///< "dram__bytes_read.sum"
  double value = 0;
  std::string unit{};  ///< "B", "sector"; "" for a plain count
};

struct MeasuredResult {
  std::size_t run = 0;  ///< index into Measurements::runs
  ResultRow row{};
  std::optional<Series> series{};  ///< of a time that is ok
  std::vector<MeasuredCounter> counters{};
  Location where{};
};

struct Verification {
  std::size_t run = 0;
  ResultKey key{};
  std::string against{};  ///< "float64" or "host"
  Outcome status = Outcome::ok;
  std::string reason{};
  std::optional<double> relative_error{}, max_error{}, lse_error{}, tile_difference{};
  std::optional<std::int64_t> tiles{}, tiles_differing{};
  Location where{};
};

struct MicroBenchmark {
  std::size_t run = 0;
  std::string name{};
  std::string parameters = "{}";  ///< JSON object, keys sorted
  Outcome status = Outcome::ok;
  std::string reason{};
  std::optional<double> value{};
  std::string unit{};
  std::optional<double> sm_clock_hz{};
  std::vector<double> samples{};
  Location where{};
};

/// The lines of one file.
struct Measurements {
  std::string file{};
  std::vector<MeasuringRun> runs{};
  std::vector<MeasuredResult> results{};
  std::vector<Verification> verifications{};
  std::vector<MicroBenchmark> micros{};
  std::int64_t times = 0;    ///< of results
  std::int64_t counted = 0;  ///< of results: those with counters
  std::int64_t skipped = 0;  ///< lines of status skipped: not tried, not kept
  bool ends_inside = false;  ///< the last line has no end and was left out

  [[nodiscard]] std::int64_t rows() const {
    return static_cast<std::int64_t>(results.size() + verifications.size() + micros.size());
  }
};

/// What a reader has to know.
struct MeasurementOptions {
  /// The profile of a device by the name its driver gives it. InputError if there is none.
  std::function<std::string(std::string_view device_name)> profile_of{};
  std::vector<std::string> kernels{};  ///< names that exist; empty: any
};

/// Reads a file. InputError with file:line for whatever is malformed: no JSON, unknown kinds, keys and names, missing
/// keys, values of another type, numbers that make no workload, two lines that say the same.
[[nodiscard]] Measurements read_measurements(const std::filesystem::path& file, const MeasurementOptions& options);
/// The same of a text; `name` stands in messages.
[[nodiscard]] Measurements parse_measurements(std::string_view text, const std::string& name,
                                              const MeasurementOptions& options);

}  // namespace rooftile::analysis
