// Lines as rooftile-measure writes them, for tests of what reads them. The numbers are made up.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rooftile::test {

using nlohmann::json;

inline const std::string uuid = "11111111-2222-3333-4444-555555555555";

inline json device() {
  return {{"uuid", "GPU-1"},
          {"name", "NVIDIA H100 80GB HBM3"},
          {"compute_capability", "9.0"},
          {"sm_count", 132},
          {"memory_bytes", 85e9},
          {"l2_bytes", 52428800},
          {"max_sm_clock_hz", 1.98e9},
          {"memory_bus_bits", 5120}};
}

inline json run_line_of(const std::string& id = uuid) {
  return {{"kind", "run"},
          {"run", id},
          {"started_at", "2026-01-02T03:04:05Z"},
          {"program", "rooftile-measure"},
          {"version", "0.1.0"},
          {"argv", {"rooftile-measure", "all"}},
          {"host", {{"name", "a"}, {"cpu", "b"}}},
          {"driver", "580.65"},
          {"cuda_driver", 13000},
          {"cuda_runtime", 13000},
          {"nvcc", "13.0.88"},
          {"build", "Release"},
          {"device", device()}};
}

inline json cell(const std::string& kind, const std::string& kernel = "rt_flash2") {
  return {{"kind", kind},    {"run", uuid},      {"kernel", kernel}, {"pass", "fwd"}, {"dtype", "fp16"},
          {"batch", 2},      {"heads", 16},      {"kv_heads", 4},    {"seq_q", 1024}, {"seq_kv", 1024},
          {"head_dim", 128}, {"mask", "causal"}, {"l2", "cold"},     {"status", "ok"}};
}

inline json time_line(const std::string& timer = "cuda_event") {
  json line = cell("time");
  line.update({{"timer", timer},
               {"time_s", 1.25e-4},
               {"q1_s", 1.2e-4},
               {"q3_s", 1.3e-4},
               {"samples_s", {1.2e-4, 1.25e-4, 1.3e-4}},
               {"sm_clock_hz", 1.7e9},
               {"samples_clock_hz", {1.7e9, nullptr, 1.71e9}},
               {"power_w", 512.5},
               {"temperature_c", 60},
               {"throttled", true},
               {"discarded", 2}});
  return line;
}

inline json counter_line(const std::string& level, double read, double write) {
  json line = cell("counter");
  line.update({{"level", level}, {"passes", 1}, {"metrics", {{level + "__bytes_read.sum", read}}}});
  line[level + "_read_bytes"] = read;
  line[level + "_write_bytes"] = write;
  return line;
}

inline json verify_line(const std::string& against = "float64") {
  json line = cell("verify");
  line.update({{"against", against}, {"relative_error", 3e-4}, {"max_error", 1e-3}, {"lse_error", 2e-6}});
  return line;
}

inline json micro_line() {
  return {{"kind", "micro"},     {"run", uuid},   {"name", "dram_read"}, {"parameters", {{"bytes_in_flight", 65536}}},
          {"status", "ok"},      {"value", 3e12}, {"unit", "B/s"},       {"samples", {2.9e12, 3e12}},
          {"sm_clock_hz", 1.7e9}};
}

inline std::string text_of(const std::vector<json>& lines) {
  std::string text;
  for (const json& line : lines) text += line.dump() + "\n";
  return text;
}

}  // namespace rooftile::test
