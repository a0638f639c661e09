#include "execute/execute.hpp"

#include <array>
#include <charconv>

#include "execute/attention_call.hpp"
#include "execute/estimate.hpp"
#include "execute/residency.hpp"
#include "rooftile/kernels/host_execution.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/occupancy.hpp"

namespace rooftile::experiments {
namespace {

using kernels::LaunchExecution;

/// "3.1e-04": two digits say what a tolerance is held against.
std::string error_text(double error) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), error, std::chars_format::general, 2);
  return {text.data(), end.ptr};
}

Bytes bytes(std::int64_t count) { return Bytes{static_cast<double>(count)}; }

/// Empty, or why the result is not to be trusted.
std::string verdict(const Executed& executed) {
  const auto& faults = executed.record.faults;
  if (!faults.empty()) {
    const kernels::Fault& first = faults.front();
    return std::to_string(faults.size()) + (faults.size() == 1 ? " fault: " : " faults, the first: ") + first.launch +
           ": " + first.text + " (" + first.where + ")";
  }
  if (!(executed.error.relative <= executed.tolerance.relative)) {
    return "relative error " + error_text(executed.error.relative) + " of " + executed.judged + ", at most " +
           error_text(executed.tolerance.relative) + " is allowed";
  }
  if (!(executed.error.lse <= executed.tolerance.lse)) {
    return "error " + error_text(executed.error.lse) + " of the logsumexp, at most " +
           error_text(executed.tolerance.lse) + " is allowed";
  }
  return {};
}

Bytes workspace_bytes(const kernels::Tensors& tensors) {
  std::int64_t total = 0;
  for (const kernels::TensorLayout& tensor : tensors) {
    if (tensor.role == kernels::TensorRole::workspace) total += tensor.bytes();
  }
  return bytes(total);
}

}  // namespace

struct PreparedExecution::State {
  Executed executed;
  kernels::AttentionCall call;
  std::uint64_t input_seed = 0;
  Program program;
  ProgramCounts counts;
  double seconds = 0;

  void refuse(analysis::Outcome status, std::string reason) {
    executed.status = status;
    executed.reason = std::move(reason);
  }
  /// Everything that may speak against running; the first that does is kept.
  void prepare(const Question& question, const ExecuteOptions& options) {
    const auto unsupported = [this](std::string reason) { refuse(analysis::Outcome::unsupported, std::move(reason)); };
    const auto kernel = own_kernel(*executed.spec);
    if (!kernel) return unsupported(kernel.error());
    executed.kernel = *kernel;
    const auto wanted = attention_call(question.workload);
    if (!wanted) return unsupported(wanted.error());
    call = *wanted;
    call.dropout.seed = options.dropout_seed;
    const Count sms = executed.profile->device.sm.count;
    if (is_known(sms)) call.sms = static_cast<int>(sms.value());
    if (question.l2.value_or(executed.spec->l2) == L2State::warm)
      return unsupported("a warm L2: an execution begins with an empty one");
    if (std::string reason = kernels::refusal(executed.kernel, call); !reason.empty()) return unsupported(reason);
    const Device& device = executed.profile->device;
    const auto built = build(program, device, question.workload, *executed.spec);
    if (!built) return refuse(analysis::outcome_of(built.error().status), built.error().reason);
    count(program, counts);
    const auto fit = fits(device, program, counts);
    if (!fit) return refuse(analysis::outcome_of(fit.error().status), fit.error().reason);
    choose(options);
  }
  /// What the CPU plays.
  void choose(const ExecuteOptions& options) {
    const Device& device = executed.profile->device;
    const Residency default_residency = residency(device, program, counts);
    const Bytes capacity = device.memory.l2.capacity;
    executed.host.seed = options.seed;
    executed.host.resident = static_cast<int>(options.resident.value_or(default_residency.ctas));
    executed.host.l2_capacity =
        options.l2_capacity.value_or(is_known(capacity) ? static_cast<std::int64_t>(capacity.value()) : 0);
    if (!options.resident) executed.remarks = default_residency.remark;
    executed.tolerance = kernels::tolerance_of(executed.kernel, call.element, call.pass);
    if (call.pass == kernels::Pass::bwd) executed.judged = "a gradient";
    executed.extra_memory = workspace_bytes(kernels::tensors_of(executed.kernel, call));
    input_seed = options.input_seed;
    seconds = execution_seconds(program, counts);
  }
};

PreparedExecution::PreparedExecution(const Question& question, const ExecuteOptions& options, Catalogues& catalogues)
    : state_{std::make_unique<State>()} {
  if (const auto sound = check(question.workload); !sound) throw InputError{sound.error()};
  state_->executed.profile = catalogues.profile(question.profile, question.settings);
  state_->executed.spec = catalogues.spec(question.kernel);
  state_->prepare(question, options);
}

PreparedExecution::~PreparedExecution() = default;
PreparedExecution::PreparedExecution(PreparedExecution&&) noexcept = default;

const Executed& PreparedExecution::executed() const { return state_->executed; }
double PreparedExecution::seconds() const { return state_->seconds; }

Executed PreparedExecution::run() && {
  Executed& executed = state_->executed;
  if (executed.status != analysis::Outcome::ok) return std::move(executed);
  kernels::HostCall call{executed.kernel, state_->call};
  call.fill(state_->input_seed);
  executed.record = call.execute(executed.host);
  executed.error = call.accuracy();
  executed.counts = compare_counts(executed.record, state_->program, state_->counts, state_->call.sms);
  if (std::string reason = verdict(executed); !reason.empty())
    state_->refuse(analysis::Outcome::failed, std::move(reason));
  return std::move(executed);
}

std::int64_t Executed::total(std::int64_t LaunchExecution::*member) const {
  std::int64_t sum = 0;
  for (const LaunchExecution& launch : record.launches) sum += launch.*member;
  return sum;
}

Traffic Executed::dram() const {
  if (host.l2_capacity == 0) return {Bytes::unknown(), Bytes::unknown()};
  return {bytes(total(&LaunchExecution::dram_read_bytes)), bytes(total(&LaunchExecution::dram_write_bytes))};
}

Traffic Executed::l2() const {
  Traffic sum;
  for (const LaunchExecution& launch : record.launches) {
    for (const kernels::TensorTraffic& tensor : launch.tensors) {
      sum.read += bytes(tensor.loaded_bytes);
      sum.write += bytes(tensor.stored_bytes + tensor.atomic_bytes);
    }
  }
  return sum;
}

Traffic Executed::smem() const {
  return {bytes(total(&LaunchExecution::smem_read_bytes)), bytes(total(&LaunchExecution::smem_written_bytes))};
}

std::string Executed::notes() const {
  if (!ran()) return remarks;
  std::string text = "relative_error " + error_text(error.relative) + "; ";
  if (writes_lse()) text += "lse_error " + error_text(error.lse) + "; ";
  text += std::to_string(host.resident) + " CTAs in flight";
  if (const std::int64_t differ = counts_apart(counts); differ > 0)
    text += "; " + std::to_string(differ) + " counts are not the Program's";
  return remarks.empty() ? text : text + "; " + remarks;
}

}  // namespace rooftile::experiments
