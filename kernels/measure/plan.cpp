#include "measure/plan.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <map>
#include <sstream>

#include "measure/device_call.hpp"
#include "measure/host_compare.hpp"
#include "measure/micro/micro.hpp"
#include "measure/steps.hpp"

namespace rooftile::kernels::measure {
namespace {

// Rates to plan with: what a slow kernel on a large GPU and one core of a CPU do.
constexpr double planned_flop_rate = 1e14;
constexpr double planned_bandwidth = 1.5e12;
constexpr double planned_cpu_rate = 5e8;  // float64 multiply-adds
constexpr double seconds_per_launch = 1e-5;
constexpr double seconds_per_sample = 4e-4;  // sweep, hold, stamps, synchronisation
constexpr double seconds_per_series = 0.1;   // warm-up, capture, reading of the device's state
constexpr double seconds_per_cell = 0.1;     // allocation, inputs
constexpr double samples_per_series = 100;
constexpr double seconds_per_micro = 2;
constexpr double largest_judged = 2e9;
constexpr double backward_to_forward = 3.5;  // seven products of N² d instead of two, where dQ has a launch of its own
constexpr std::int64_t sweep_buffer = 150'000'000;

/// One cell's share.
struct Estimate {
  std::string refusal;
  std::int64_t bytes = 0;
  double seconds_per_call = 0;
  double verify_seconds = 0;
};

class Planner {
 public:
  Planner(std::ostream& out, const PlanInput& input) : out_(out), input_(input) {}

  void print() {
    out_ << "rooftile-measure: dry run, nothing is measured; for " << input_.sms << " SMs\n";
    for (const Step step : input_.options.steps) print_step(step);
    out_ << "total: about " << number(total_seconds_, 0) << " s";
    if (input_.options.budget) out_ << " (budget " << number(*input_.options.budget, 0) << " s)";
    out_ << ", at most " << mebibytes(most_bytes_ + sweep_buffer) << " MiB on the device";
    if (already_ > 0) out_ << "; " << already_ << " of the measurements are there already";
    out_ << '\n';
  }

 private:
  static std::string number(double value, int digits) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(digits) << value;
    return text.str();
  }
  static std::string mebibytes(std::int64_t bytes) { return number(double(bytes) / double(1 << 20), 1); }

  void print_step(Step step) {
    switch (step) {
      case Step::device: out_ << "device: its properties, 1 line\n"; break;
      case Step::verify: print_verify(); break;
      case Step::micro: print_micro(); break;
      case Step::time: print_time(); break;
      case Step::counters: print_counters(); break;
    }
  }

  [[nodiscard]] Estimate estimate(const Cell& cell) const {
    Estimate result;
    std::optional<AttentionCall> call = call_of(cell, result.refusal);
    if (!call) return result;
    call->sms = input_.sms;
    const auto subject = std::find_if(input_.subjects.begin(), input_.subjects.end(),
                                      [&](const auto& one) { return one->name() == cell.kernel; });
    // A peer decides on the device; our own kernels know their shapes.
    result.refusal =
        (*subject)->own_kernel().empty() ? pass_refusal(**subject, call->pass) : (*subject)->refusal(*call);
    if (!result.refusal.empty()) return result;
    const Tensors tensors = (*subject)->tensors(*call);
    result.bytes = tensor_bytes(tensors);
    const double products = 2.0 * call->batch * call->heads * double(call->seq_q) * call->seq_kv * call->head_dim /
                            (call->causal ? 2 : 1) * (call->pass == Pass::bwd ? backward_to_forward : 1);
    result.seconds_per_call =
        2 * products / planned_flop_rate + 3 * double(result.bytes) / planned_bandwidth + seconds_per_launch;
    result.verify_seconds = seconds_per_cell + std::min(products, largest_judged) / planned_cpu_rate;
    return result;
  }

  /// Counts a cell and says what it takes.
  void print_cell(const Cell& cell, const Estimate& one, const std::string& what, double seconds) {
    out_ << "  " << describe(cell) << ": ";
    if (!one.refusal.empty()) {
      out_ << "unsupported: " << one.refusal << '\n';
      return;
    }
    add(one, seconds);
    out_ << what << ", " << mebibytes(one.bytes) << " MiB, about " << number(seconds, 1) << " s\n";
  }

  void add(const Estimate& one, double seconds) {
    total_seconds_ += seconds;
    most_bytes_ = std::max(most_bytes_, one.bytes);
  }

  void print_verify() {
    struct Group {
      std::int64_t cells = 0, unsupported = 0, there = 0;
      double seconds = 0;
    };
    std::map<std::string, Group> groups;
    for (const Cell& cell : input_.verified_cells) {
      Group& group = groups[cell.kernel];
      const Estimate one = estimate(cell);
      if (input_.existing.done.contains(cell_key("verify", cell, "cold", "float64"))) {
        ++group.there;
        ++already_;
      } else if (!one.refusal.empty()) {
        ++group.unsupported;
      } else {
        ++group.cells;
        group.seconds += one.verify_seconds;
        add(one, one.verify_seconds);
      }
    }
    out_ << "verify: " << input_.verified_cells.size() << " calls against float64"
         << (host_execution_linked() ? " and the host execution" : "; no host execution in this build") << '\n';
    for (const auto& [kernel, group] : groups) {
      out_ << "  " << kernel << ": " << group.cells << " calls, about " << number(group.seconds, 1) << " s";
      if (group.unsupported > 0) out_ << "; " << group.unsupported << " unsupported";
      if (group.there > 0) out_ << "; " << group.there << " there already";
      out_ << '\n';
    }
  }

  void print_micro() {
    out_ << "micro: " << micro_names().size() << " benchmarks, about "
         << number(seconds_per_micro * double(micro_names().size()), 0) << " s\n";
    for (const MicroName& micro : micro_names()) {
      out_ << "  " << micro.name << " [" << micro.unit << "]: " << micro.summary << '\n';
      total_seconds_ += seconds_per_micro;
    }
  }

  void print_time() {
    out_ << "time: " << input_.cells.size() << " cells\n";
    for (const Cell& cell : input_.cells) {
      const Estimate one = estimate(cell);
      std::int64_t series = 0;
      for (const L2 l2 : l2_states(cell)) {
        for (const Timer timer : input_.options.timers) {
          const bool there = input_.existing.done.contains(cell_key("time", cell, name_of(l2), name_of(timer)));
          there ? ++already_ : ++series;
        }
      }
      const double one_series =
          seconds_per_series +
          std::min(samples_per_series * (one.seconds_per_call + seconds_per_sample), input_.options.stop.time_out);
      const std::string states = cell.l2.empty() ? "cold and warm L2" : cell.l2 + " L2";
      print_cell(cell, one, std::to_string(series) + " series, " + states,
                 series > 0 ? one.verify_seconds + double(series) * one_series : 0);
    }
  }

  void print_counters() {
    out_ << "counters: " << input_.cells.size() << " cells, DRAM and L2\n";
    for (const Cell& cell : input_.cells) {
      const Estimate one = estimate(cell);
      std::int64_t levels = 0;
      for (const char* level : {"dram", "l2"}) {
        const bool there = input_.existing.done.contains(cell_key("counter", cell, "cold", level));
        there ? ++already_ : ++levels;
      }
      print_cell(cell, one, std::to_string(levels) + " levels",
                 double(levels) * (seconds_per_series + 4 * one.seconds_per_call));
    }
  }

  std::ostream& out_;
  const PlanInput& input_;
  double total_seconds_ = 0;
  std::int64_t most_bytes_ = 0;
  std::int64_t already_ = 0;
};

}  // namespace

void print_plan(std::ostream& out, const PlanInput& input) { Planner(out, input).print(); }

}  // namespace rooftile::kernels::measure
