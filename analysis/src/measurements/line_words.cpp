#include "measurements/line_words.hpp"

#include <cmath>

#include "rooftile/analysis/cell.hpp"
#include "rooftile/analysis/csv.hpp"
#include "shape_words.hpp"

namespace rooftile::analysis {

LineOutcome outcome_of(JsonLine& line) {
  const LineStatus status = line.name<LineStatus>("status");
  const std::string reason = line.text_or("reason", "");
  const std::string word{name_of(status)};
  if (status == LineStatus::skipped) return {.skipped = true};
  if (status == LineStatus::ok) {
    if (!reason.empty()) line.fail("reason", "status ok takes no reason");
    return {};
  }
  if (reason.empty()) line.fail("reason", "status " + word + " needs a reason");
  if (status == LineStatus::refused) return {.status = Outcome::failed, .reason = "refused: " + reason};
  return {.status = *from_name<Outcome>(word), .reason = reason};
}

Workload workload_of(JsonLine& line) {
  const AttentionShape shape = attention_shape_of(line);
  if (const auto sound = check(Workload{shape}); !sound) line.fail(sound.error());
  return shape;
}

namespace {

void append(std::string& text, const std::string& what, const std::string& version) {
  if (version.empty()) return;
  if (!text.empty()) text += ", ";
  text += what + version;
}

GpuInfo gpu_of(JsonLine& line) {
  const nlohmann::json& object = line.object("device");
  JsonLine device{object, "device.", line.where()};
  GpuInfo gpu;
  gpu.uuid = device.required_text("uuid");
  gpu.name = device.required_text("name");
  gpu.compute_capability = device.required_text("compute_capability");
  gpu.sm_count = device.positive_integer("sm_count");
  gpu.memory = Bytes{device.number_or_nan("memory_bytes")};
  gpu.l2 = Bytes{device.number_or_nan("l2_bytes")};
  gpu.max_sm_clock = Hertz{device.number_or_nan("max_sm_clock_hz")};
  gpu.properties = object.dump();  // the device says more than the columns hold
  return gpu;
}

}  // namespace

RunInfo run_info_of(JsonLine& line, const std::string& file) {
  RunInfo info;
  info.command = line.required_text("program");
  info.argv = line.texts("argv");
  info.build.version = line.required_text("version");
  info.build.compiler = "nvcc " + line.text_or("nvcc", "");
  info.build.build_type = line.text_or("build", "");
  info.host = line.object("host").dump();
  info.gpu = gpu_of(line);
  append(info.driver, "", line.text_or("driver", ""));
  for (const auto& [key, what] : {std::pair{"cuda_driver", "CUDA driver "}, std::pair{"cuda_runtime", "runtime "}}) {
    const auto number = line.integer_if_stated(key);
    append(info.driver, what, number ? std::to_string(*number) : "");
  }
  info.source = file;
  return info;
}

Series series_of(JsonLine& line) {
  Series series{.q1_s = line.number_or_nan("q1_s"),
                .q3_s = line.number_or_nan("q3_s"),
                .sm_clock_hz = line.number_or_nan("sm_clock_hz"),
                .power_w = line.number_or_nan("power_w"),
                .temperature_c = line.number_or_nan("temperature_c"),
                .throttled = line.yes_or_no("throttled", false),
                .discarded = line.integer_if_stated("discarded").value_or(0),
                .samples_s = line.numbers("samples_s"),
                .samples_clock_hz = line.numbers("samples_clock_hz")};
  for (const auto& [key, value] : {std::pair{"q1_s", series.q1_s}, std::pair{"q3_s", series.q3_s}}) {
    if (value <= 0) line.fail(key, shortest_text(value) + " is not above zero");
  }
  for (const double sample : series.samples_s) {
    if (!(sample > 0)) line.fail("samples_s", shortest_text(sample) + " is not above zero");
  }
  if (!series.samples_clock_hz.empty() && series.samples_clock_hz.size() != series.samples_s.size()) {
    line.fail("samples_clock_hz", std::to_string(series.samples_clock_hz.size()) + " clocks of " +
                                      std::to_string(series.samples_s.size()) + " samples");
  }
  if (series.discarded < 0) line.fail("discarded", std::to_string(series.discarded) + " is negative");
  return series;
}

std::string notes_on(const Series& series) {
  std::string notes = series.throttled ? "throttled" : "";
  if (series.discarded > 0) {
    if (!notes.empty()) notes += "; ";
    notes += std::to_string(series.discarded) + " samples left out for their clock";
  }
  return notes;
}

std::string line_text(std::size_t run, const ResultKey& key) {
  std::string text = std::to_string(run) + ' ' + key.kernel + ' ' + std::string{name_of(key.l2)} + ' ' + key.timer;
  for (const std::string_view column : batch_columns()) text += ' ' + workload_text(key.workload, column);
  return text + ' ';
}

}  // namespace rooftile::analysis
