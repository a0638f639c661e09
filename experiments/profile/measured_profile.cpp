#include "profile/measured_profile.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "profile/micro_values.hpp"
#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/format_quantity.hpp"

namespace rooftile::experiments {
namespace {

constexpr int digits = 4;
constexpr double worth_a_word = 0.10;  // differences above this are reported
constexpr double clock_error = 0.02;   // a fraction above 1 by less than this is the clock's reading

/// Leaves that are a micro-benchmark's value as it stands.
struct Plain {
  std::string_view name;
  std::string_view path;
};
constexpr Plain plain[] = {
    {"fma", "sm.rates.fma_fp32"},
    {"ex2", "sm.rates.ex2"},
    {"convert_f32_f16", "sm.rates.convert_fp32_fp16"},
    {"shuffle", "sm.rates.shuffle"},
    {"smem_read", "memory.smem.bandwidth"},
    {"latency_smem", "memory.smem.latency"},
    {"latency_l1", "memory.l1.latency"},
    {"latency_l2_near", "memory.l2.latency_near"},
    {"latency_l2_far", "memory.l2.latency_far"},
    {"latency_dram", "memory.dram.latency"},
    {"launch_stream", "launch.stream_period"},
    {"launch_graph", "launch.graph_period"},
};
constexpr std::string_view totals[] = {"dram_read", "dram_copy", "dram_triad", "l2_read"};

/// The one device that all runs were on.
const analysis::GpuInfo& device_of(const analysis::Measurements& measurements) {
  if (measurements.runs.empty()) throw InputError{{measurements.file}, "holds no line of kind 'run'"};
  const analysis::MeasuringRun& first = measurements.runs.front();
  for (const analysis::MeasuringRun& run : measurements.runs) {
    if (run.info.gpu->name == first.info.gpu->name) continue;
    throw InputError{run.where, "device.name: '" + run.info.gpu->name + "', but line " +
                                    std::to_string(first.where.line) + " is about '" + first.info.gpu->name +
                                    "'; a profile describes one device"};
  }
  return *first.info.gpu;
}

/// "rooftile-measure, 2026-05-01, driver 580.65, NVIDIA H100 80GB HBM3".
std::string source_of(const analysis::Measurements& measurements) {
  std::set<std::string> dates;
  std::set<std::string> drivers;
  for (const analysis::MeasuringRun& run : measurements.runs) {
    dates.insert(run.started_at.substr(0, run.started_at.find('T')));
    drivers.insert(run.info.driver.substr(0, run.info.driver.find(',')));
  }
  std::string source = "rooftile-measure";
  for (const std::string& date : dates) source += ", " + date;
  for (const std::string& driver : drivers) {
    if (!driver.empty()) source += ", driver " + driver;
  }
  return source + ", " + device_of(measurements).name;
}

const MicroValue* largest(const std::vector<MicroValue>& values) {
  const auto less = [](const MicroValue& a, const MicroValue& b) { return a.value < b.value; };
  const auto found = std::max_element(values.begin(), values.end(), less);
  return found == values.end() ? nullptr : &*found;
}

/// One profile in the making.
class Builder {
 public:
  Builder(const analysis::Measurements& measurements, const Profile& base)
      : values_{measurements}, base_{base}, source_{source_of(measurements)} {
    if (values_.empty()) throw InputError{{measurements.file}, "holds no result of a micro-benchmark"};
    found_.warnings = values_.warnings();
    if (measurements.ends_inside)
      found_.warnings.push_back(measurements.file + ": the last line has no end and is left out");
    found_.draft.device_names = {device_of(measurements).name};
  }

  MeasuredProfile build() {
    for (const Plain& entry : plain) add_plain(entry);
    add_l2_bandwidth();
    add_sustained_fraction();
    add_mma_sync_fraction();
    for (const std::string_view name : totals) {
      const std::vector<MicroValue> all = values_.all(name);
      if (const MicroValue* best = largest(all)) add_total(name, best->value, BytesPerSecond::dimension);
    }
    const std::vector<MicroValue> wgmma = values_.with("wgmma", "dtype", "fp16");
    if (const MicroValue* best = largest(wgmma)) add_total("wgmma_fp16", best->value, FlopsPerSecond::dimension);
    return std::move(found_);
  }

 private:
  void warn(const std::string& what) { found_.warnings.push_back(what); }

  void add(std::string_view path, double value, const std::string& how = {}) {
    const DeviceLeaf* leaf = find_leaf(path);
    const std::string source = how.empty() ? source_ : source_ + ": " + how;
    StatedLeaf stated = rounded_leaf(std::string{path}, value, leaf->dimension, digits, Kind::measured, source);
    if (!(stated.value >= leaf->least && stated.value <= leaf->most)) {
      return warn(std::string{path} + ": " + stated.text + " cannot be; left out");
    }
    compare(stated, base_.find(path));
    found_.draft.leaves.push_back(std::move(stated));
  }

  void add_total(std::string_view name, double value, Dimension dimension) {
    StatedLeaf stated =
        rounded_leaf("measured." + std::string{name}, value, dimension, digits, Kind::measured, source_);
    const auto same = [&](const StatedLeaf& other) { return other.path == stated.path; };
    const auto known = std::find_if(base_.measured.begin(), base_.measured.end(), same);
    compare(stated, known == base_.measured.end() ? nullptr : &*known);
    found_.draft.measured.push_back(std::move(stated));
  }

  void compare(const StatedLeaf& measured, const StatedLeaf* stated) {
    if (stated == nullptr || stated->value == 0) return;
    const double ratio = measured.value / stated->value;
    if (std::fabs(ratio - 1) > worth_a_word)
      found_.differences.push_back({measured.path, measured.text, stated->text, ratio});
  }

  /// Points of one name that differ in their parameters have no common value: the median is of lines, not of points.
  void add_plain(const Plain& entry) {
    const std::vector<MicroValue> all = values_.all(entry.name);
    if (all.empty()) return;
    if (all.size() > 1) {
      return warn(std::string{entry.name} + ": measured with " + std::to_string(all.size()) +
                  " sets of parameters; left out");
    }
    add(entry.path, all.front().value);
  }

  void add_l2_bandwidth() {
    const std::vector<MicroValue> all = values_.all("l2_read");
    const MicroValue* best = largest(all);
    if (best == nullptr) return;
    if (!best->value_per_cycle) return warn("l2_read: no line has the SM clock; memory.l2.bandwidth is left out");
    add("memory.l2.bandwidth", *best->value_per_cycle,
        format(BytesPerSecond{best->value}, digits) + " / " + format(Hertz{*best->sm_clock_hz}, digits));
  }

  void add_sustained_fraction() {
    const std::vector<MicroValue> all = values_.all("dram_read");
    const MicroValue* best = largest(all);
    if (best == nullptr) return;
    const BytesPerSecond peak = base_.device.memory.dram.bandwidth;
    const std::string read = format(BytesPerSecond{best->value}, digits);
    if (!is_known(peak)) return warn("dram_read: " + base_.name + " states no memory.dram.bandwidth to take a part of");
    if (best->value > peak.value()) {
      return warn("dram_read: " + read + " is more than memory.dram.bandwidth of " + base_.name + ", " +
                  format(peak, digits) + "; memory.dram.sustained_fraction is left out");
    }
    add("memory.dram.sustained_fraction", best->value / peak.value(), "read " + read + " of " + format(peak, digits));
  }

  /// The dtype that comes closest to its rate.
  void add_mma_sync_fraction() {
    double best = 0;
    std::string how;
    for (const DType dtype : {DType::fp16, DType::bf16}) {
      const std::vector<MicroValue> all = values_.with("mma_sync", "dtype", name_of(dtype));
      const MicroValue* value = largest(all);
      if (value == nullptr) continue;
      const double whole_chip = base_.device.sm.count.value() * matmul_rate(base_.device, dtype).value();
      if (std::isnan(whole_chip)) {
        warn("mma_sync: " + base_.name + " does not state sm.count and " + std::string{matmul_rate_leaf(dtype)});
      } else if (!value->value_per_cycle) {
        warn("mma_sync: no line of " + std::string{name_of(dtype)} + " has the SM clock");
      } else if (const double fraction = *value->value_per_cycle / whole_chip; fraction > best) {
        best = fraction;
        how = std::string{name_of(dtype)} + " at " + format(FlopsPerSecond{value->value}, digits) + " of " +
              format(FlopsPerCycle{whole_chip}, digits) + " at " + format(Hertz{*value->sm_clock_hz}, digits);
      }
    }
    if (best == 0) return;
    add("sm.tensor.mma_sync_fraction", best > 1 && best <= 1 + clock_error ? 1 : best, how);
  }

  MicroValues values_;
  const Profile& base_;
  std::string source_;
  MeasuredProfile found_;
};

}  // namespace

MeasuredProfile measured_profile(const analysis::Measurements& measurements, const Profile& base) {
  return Builder{measurements, base}.build();
}

}  // namespace rooftile::experiments
