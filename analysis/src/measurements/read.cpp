// The lines of a measurement file, kind by kind.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>

#include "measurements/counter_lines.hpp"
#include "measurements/json_line.hpp"
#include "measurements/line_words.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/analysis/measurements.hpp"

namespace rooftile::analysis {
namespace {

/// One file in the making.
class MeasurementReader {
 public:
  MeasurementReader(std::string name, const MeasurementOptions& options) : options_{&options} {
    measurements_.file = std::move(name);
  }

  void read(std::string_view text, Location where) {
    JsonLine line{text, std::move(where)};
    switch (line.name<LineKind>("kind")) {
      case LineKind::run: read_run(line); break;
      case LineKind::time: read_time(line); break;
      case LineKind::counter: read_counter(line); break;
      case LineKind::verify: read_verification(line); break;
      case LineKind::micro: read_micro(line); break;
    }
    line.finish();
  }

  void left_out() { measurements_.ends_inside = true; }

  Measurements finish() {
    for (MeasuredResult& result : counters_.finish()) measurements_.results.push_back(std::move(result));
    measurements_.counted = static_cast<std::int64_t>(measurements_.results.size()) - measurements_.times;
    return std::move(measurements_);
  }

 private:
  void read_run(JsonLine& line) {
    MeasuringRun run{.uuid = line.required_text("run"),
                     .started_at = line.required_text("started_at"),
                     .profile = {},
                     .info = run_info_of(line, measurements_.file),
                     .where = line.where()};
    try {
      run.profile = options_->profile_of(run.info.gpu->name);
    } catch (const InputError& error) {
      line.fail("device.name", error.what());
    }
    if (!runs_.emplace(run.uuid, measurements_.runs.size()).second)
      line.fail("run", "stands in an earlier line already");
    measurements_.runs.push_back(std::move(run));
  }

  /// The run that a line belongs to.
  std::size_t run_of(JsonLine& line) {
    const std::string uuid = line.required_text("run");
    const auto found = runs_.find(uuid);
    if (found == runs_.end()) line.fail("run", "no line of kind 'run' before this one says '" + uuid + "'");
    return found->second;
  }

  ResultKey key_of(JsonLine& line, std::size_t run) {
    const MeasuringRun& of = measurements_.runs[run];
    ResultKey key;
    key.profile.name = of.profile;
    key.kernel = line.required_text("kernel");
    if (!options_->kernels.empty() && std::ranges::find(options_->kernels, key.kernel) == options_->kernels.end()) {
      line.fail(unknown_name_message("kernel", key.kernel, {options_->kernels.begin(), options_->kernels.end()}));
    }
    key.workload = workload_of(line);
    key.method = Method::measured;
    key.l2 = line.name<L2State>("l2");
    key.source = "rooftile-measure " + of.info.build.version + ", " + of.info.gpu->name + ", " +
                 of.started_at.substr(0, of.started_at.find('T')) + ", run " + of.uuid;
    return key;
  }

  /// Refuses a second line about the same.
  void once(const JsonLine& line, const std::string& what) {
    const auto [earlier, fresh] = seen_.emplace(what, line.where().line);
    if (!fresh) line.fail("says what line " + std::to_string(earlier->second) + " has said");
  }

  void read_time(JsonLine& line) {
    MeasuredResult result;
    result.run = run_of(line);
    result.where = line.where();
    result.row.key = key_of(line, result.run);
    result.row.key.timer = line.word("timer", {"cuda_event", "graph_replay", "host_clock", "cupti"});
    result.row.flops = paper_flops(result.row.key.workload);
    const LineOutcome outcome = outcome_of(line);
    result.row.status = outcome.status;
    result.row.reason = outcome.reason;
    Series series = series_of(line);
    const bool ok = result.row.status == Outcome::ok && !outcome.skipped;
    if (ok) {
      result.row.time = Seconds{line.positive("time_s")};
      if (series.samples_s.empty()) line.fail("samples_s", "a measured time needs its samples");
      result.row.notes = notes_on(series);
      result.series = std::move(series);
      if (const auto sound = check(result.row); !sound) line.fail(sound.error());
    } else {
      (void)line.number_if_stated("time_s");
    }
    once(line, line_text(result.run, result.row.key));
    if (outcome.skipped) {
      ++measurements_.skipped;
      return;
    }
    ++measurements_.times;
    measurements_.results.push_back(std::move(result));
  }

  void read_counter(JsonLine& line) {
    const std::size_t run = run_of(line);
    const ResultKey key = key_of(line, run);
    const CounterLine counter = counter_line_of(line);
    once(line, line_text(run, key) + std::string{name_of(counter.level)});
    if (counter.outcome.skipped) {
      ++measurements_.skipped;
    } else {
      counters_.add(run, key, counter, line.where());
    }
  }

  void read_verification(JsonLine& line) {
    Verification found{.run = run_of(line), .where = line.where()};
    found.key = key_of(line, found.run);
    found.against = line.word("against", {"float64", "host"});
    const LineOutcome outcome = outcome_of(line);
    found.status = outcome.status;
    found.reason = outcome.reason;
    found.relative_error = line.amount_if_stated("relative_error");
    found.max_error = line.amount_if_stated("max_error");
    found.lse_error = line.amount_if_stated("lse_error");
    found.tiles = line.count_if_stated("tiles");
    found.tiles_differing = line.count_if_stated("tiles_differing");
    found.tile_difference = line.amount_if_stated("tile_difference");
    if (outcome.skipped) {
      ++measurements_.skipped;
    } else {
      keep(std::move(found));
    }
  }

  /// A call may be verified more than once in a run, before it is timed too: one failure is what counts.
  void keep(Verification found) {
    const std::string what = line_text(found.run, found.key) + found.against;
    const auto [at, fresh] = verified_.emplace(what, measurements_.verifications.size());
    if (fresh) {
      measurements_.verifications.push_back(std::move(found));
    } else if (measurements_.verifications[at->second].status == Outcome::ok) {
      measurements_.verifications[at->second] = std::move(found);
    }
  }

  void read_micro(JsonLine& line) {
    MicroBenchmark found{.run = run_of(line), .where = line.where()};
    found.name = line.required_text("name");
    found.parameters = line.object("parameters").dump();
    const LineOutcome outcome = outcome_of(line);
    found.status = outcome.status;
    found.reason = outcome.reason;
    found.value = line.number_if_stated("value");
    if (found.status == Outcome::ok && !outcome.skipped && !found.value) line.fail("missing key 'value'");
    found.unit = line.text_or("unit", "");
    found.sm_clock_hz = line.amount_if_stated("sm_clock_hz");
    found.samples = line.numbers("samples");
    if (std::ranges::any_of(found.samples, [](double sample) { return std::isnan(sample); }))
      line.fail("samples", "null is not a finite number");
    once(line, "micro " + std::to_string(found.run) + ' ' + found.name + ' ' + found.parameters);
    if (outcome.skipped) {
      ++measurements_.skipped;
    } else {
      measurements_.micros.push_back(std::move(found));
    }
  }

  const MeasurementOptions* options_;
  Measurements measurements_;
  CounterLines counters_;
  std::map<std::string, std::size_t, std::less<>> runs_;
  std::map<std::string, int> seen_;
  std::map<std::string, std::size_t> verified_;
};

bool parses(std::string_view text) { return nlohmann::json::accept(text); }

}  // namespace

Measurements parse_measurements(std::string_view text, const std::string& name, const MeasurementOptions& options) {
  MeasurementReader reader{name, options};
  int number = 0;
  bool empty = true;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    const bool whole = end != std::string_view::npos;
    text.remove_prefix(whole ? end + 1 : text.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    empty = false;
    if (!whole && !parses(line)) {
      reader.left_out();
    } else {
      reader.read(line, {name, number, 0});
    }
  }
  if (empty) throw InputError{{name}, "holds no line: rooftile-measure writes at least one of kind 'run'"};
  return reader.finish();
}

Measurements read_measurements(const std::filesystem::path& file, const MeasurementOptions& options) {
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  const bool opened = in.is_open();
  in.peek();  // a directory opens, but cannot be read
  if (!opened || in.bad()) {
    throw InputError{{file.string()}, "cannot be read: " + std::generic_category().message(errno != 0 ? errno : EIO)};
  }
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  return parse_measurements(text, file.string(), options);
}

}  // namespace rooftile::analysis
