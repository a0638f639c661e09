#include "profile/micro_values.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "rooftile/model/error.hpp"

namespace rooftile::experiments {
namespace {

using analysis::MicroBenchmark;

/// The names that rooftile-measure gives its micro-benchmarks, and the unit of each.
struct NameAndUnit {
  std::string_view name;
  std::string_view unit;
};
constexpr NameAndUnit known[] = {
    {"dram_read", "B/s"},        {"dram_copy", "B/s"},          {"dram_triad", "B/s"},
    {"l2_read", "B/s"},          {"smem_read", "B/cycle/SM"},   {"mma_sync", "FLOP/s"},
    {"wgmma", "FLOP/s"},         {"ex2", "results/cycle/SM"},   {"convert_f32_f16", "results/cycle/SM"},
    {"fma", "results/cycle/SM"}, {"shuffle", "lanes/cycle/SM"}, {"atomic_add", "results/s"},
    {"launch_stream", "s"},      {"launch_graph", "s"},         {"latency_smem", "cycle"},
    {"latency_l1", "cycle"},     {"latency_l2_near", "cycle"},  {"latency_l2_far", "cycle"},
    {"latency_dram", "cycle"},
};

/// These say how a GPU works, not how fast: no number of a profile follows from them.
constexpr std::string_view without_number[] = {"cta_distance", "latency_dram_loaded"};

/// Checks a line that is ok; false for a name that is not known.
bool checked(const MicroBenchmark& line) {
  const auto* found =
      std::find_if(std::begin(known), std::end(known), [&](const auto& k) { return k.name == line.name; });
  if (found == std::end(known)) return false;
  if (line.unit != found->unit) {
    throw InputError{line.where,
                     line.name + ": unit '" + line.unit + "'; '" + std::string{found->unit} + "' is expected"};
  }
  if (!line.value || !(*line.value > 0)) throw InputError{line.where, line.name + ": the value is not above zero"};
  return true;
}

/// What tells points of one name apart: the parameters without what is itself a result.
nlohmann::json point_of(const MicroBenchmark& line) {
  nlohmann::json parameters = nlohmann::json::parse(line.parameters);
  parameters.erase("bytes_per_cycle");
  return parameters;
}

struct Lines {
  std::vector<double> values;
  std::vector<double> clocks;
  std::vector<double> per_cycle;
  std::map<std::string, std::string> words;
};

std::optional<double> median_if_any(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return median_of(values);
}

void require_word(const MicroBenchmark& line, const nlohmann::json& point) {
  if (line.name != "mma_sync" && line.name != "wgmma") return;
  if (!point.contains("dtype") || !point["dtype"].is_string())
    throw InputError{line.where, line.name + ": parameters.dtype is missing or no text"};
}

void add(Lines& lines, const MicroBenchmark& line, const nlohmann::json& point) {
  lines.values.push_back(*line.value);
  if (line.sm_clock_hz && *line.sm_clock_hz > 0) {
    lines.clocks.push_back(*line.sm_clock_hz);
    lines.per_cycle.push_back(*line.value / *line.sm_clock_hz);
  }
  for (const auto& [key, value] : point.items()) {
    if (value.is_string()) lines.words[key] = value.get<std::string>();
  }
}

}  // namespace

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

MicroValues::MicroValues(const analysis::Measurements& measurements) {
  std::map<std::pair<std::string, std::string>, Lines> points;
  for (const MicroBenchmark& line : measurements.micros) {
    if (line.status == analysis::Outcome::unsupported) continue;  // the device does not have it: nothing is missing
    if (std::find(std::begin(without_number), std::end(without_number), line.name) != std::end(without_number))
      continue;
    if (line.status != analysis::Outcome::ok) {
      warnings_.push_back(to_string(line.where) + ": " + line.name + " failed and is left out: " + line.reason);
    } else if (!checked(line)) {
      warnings_.push_back(to_string(line.where) + ": no number of a profile follows from '" + line.name + "'");
    } else {
      const nlohmann::json point = point_of(line);
      require_word(line, point);
      add(points[{line.name, point.dump()}], line, point);
    }
  }
  for (const auto& [key, lines] : points) {
    values_[key.first].push_back(
        {median_of(lines.values), median_if_any(lines.clocks), median_if_any(lines.per_cycle), lines.words});
  }
}

std::vector<MicroValue> MicroValues::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<MicroValue>{} : found->second;
}

std::vector<MicroValue> MicroValues::with(std::string_view name, const std::string& key, std::string_view word) const {
  std::vector<MicroValue> found = all(name);
  std::erase_if(found, [&](const MicroValue& value) {
    const auto at = value.words.find(key);
    return at == value.words.end() || at->second != word;
  });
  return found;
}

}  // namespace rooftile::experiments
