#include "measure/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "measure/bad_input.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr std::array all_steps{Step::device, Step::verify, Step::micro, Step::time, Step::counters};
const std::array<std::string, 6> step_names{"device", "verify", "micro", "time", "counters", "all"};
const std::array<std::string, 12> option_names{"--cells",  "--out",     "--kernels", "--timers",
                                               "--budget", "--samples", "--sms",     "--dry-run",
                                               "--resume", "--list",    "--help",    "--version"};

template <class Number>
Number read_number(std::string_view option, std::string_view text, std::string_view allowed) {
  Number value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && stop == text.data() + text.size() && value > 0 && std::isfinite(double(value)))
    return value;
  throw BadInput(std::string(option) + " '" + std::string(text) + "'; allowed: " + std::string(allowed));
}

/// Names between commas, each of them known.
std::vector<std::string> read_list(std::string_view option, std::string_view text, std::span<const std::string> known) {
  std::vector<std::string> names;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string name(text.substr(start, end - start));
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw BadInput(std::string(option) + " " + not_among(name, known));
    names.push_back(name);
    start = end + 1;
  }
  return names;
}

std::vector<Timer> read_timers(std::string_view text) {
  const std::vector<std::string> known(timer_names.begin(), timer_names.end());
  const std::vector<std::string> wanted = read_list("--timers", text, known);
  std::vector<Timer> timers;  // in their own order, each once
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (std::find(wanted.begin(), wanted.end(), known[i]) != wanted.end()) timers.push_back(static_cast<Timer>(i));
  }
  return timers;
}

void read_samples(std::string_view text, StoppingOptions& stop) {
  constexpr std::string_view allowed = "MIN/MAX, two whole numbers, for example 10/500";
  const std::size_t slash = std::min(text.find('/'), text.size());
  stop.min_samples = read_number<std::int64_t>("--samples", text.substr(0, slash), allowed);
  stop.max_samples = read_number<std::int64_t>("--samples", text.substr(std::min(slash + 1, text.size())), allowed);
  if (stop.min_samples > stop.max_samples)
    throw BadInput("--samples '" + std::string(text) + "': the least is above the most");
}

void read_valued(const std::string& name, const std::string& value, Options& options,
                 std::span<const std::string> kernels) {
  if (name == "--cells") options.cells = value;
  if (name == "--out") options.out = value;
  if (name == "--kernels") options.kernels = read_list("--kernels", value, kernels);
  if (name == "--timers") options.timers = read_timers(value);
  if (name == "--budget") options.budget = read_number<double>("--budget", value, "seconds above 0");
  if (name == "--samples") read_samples(value, options.stop);
  if (name == "--sms") options.sms = read_number<int>("--sms", value, "a whole number of SMs above 0");
}

bool is_flag(std::string_view name, Options& options) {
  bool* flag = name == "--dry-run"   ? &options.dry_run
               : name == "--resume"  ? &options.resume
               : name == "--list"    ? &options.list
               : name == "--help"    ? &options.help
               : name == "--version" ? &options.version
                                     : nullptr;
  if (flag != nullptr) *flag = true;
  return flag != nullptr;
}

void read_step(const std::string& name, Options& options) {
  if (!options.steps.empty()) throw BadInput("'" + name + "': a second step; one step, or all");
  const auto found = std::find(step_names.begin(), step_names.end(), name);
  if (found == step_names.end()) throw BadInput("step " + not_among(name, step_names));
  if (name == "all") {
    options.steps.assign(all_steps.begin(), all_steps.end());
  } else {
    options.steps.push_back(all_steps.at(static_cast<std::size_t>(found - step_names.begin())));
  }
}

void check_together(const Options& options) {
  if (options.list || options.help || options.version) return;
  if (options.steps.empty()) throw BadInput("no step; allowed: device, verify, micro, time, counters, all (--help)");
  for (const Step step : options.steps) {
    if ((step == Step::time || step == Step::counters) && options.cells.empty())
      throw BadInput(std::string(name_of(step)) + " needs --cells FILE");
  }
  if (options.sms && !options.dry_run) throw BadInput("--sms is for --dry-run; a device knows its own");
  if (options.resume && options.out.empty()) throw BadInput("--resume needs --out FILE");
}

}  // namespace

std::string_view name_of(Step step) { return step_names.at(static_cast<std::size_t>(step)); }

Options read_options(std::span<const std::string> arguments, std::span<const std::string> kernels) {
  Options options;
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with("-")) {
      read_step(arguments[i], options);
      continue;
    }
    const std::size_t equals = arguments[i].find('=');
    const std::string name = arguments[i] == "-h" ? "--help" : arguments[i].substr(0, equals);
    if (std::find(option_names.begin(), option_names.end(), name) == option_names.end())
      throw BadInput("option " + not_among(name, option_names));
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) throw BadInput(name + " stands there twice");
    seen.push_back(name);
    if (is_flag(name, options)) {
      if (equals != std::string::npos) throw BadInput(name + " takes no value");
      continue;
    }
    const bool attached = equals != std::string::npos;
    if (!attached && i + 1 >= arguments.size()) throw BadInput(name + " needs a value");
    const std::string value = attached ? arguments[i].substr(equals + 1) : arguments[++i];
    if (value.empty()) throw BadInput(name + " needs a value");
    read_valued(name, value, options, kernels);
  }
  check_together(options);
  return options;
}

std::string_view help_text() {
  return R"(rooftile-measure: what attention kernels do on the GPU at hand, as JSON lines

  rooftile-measure STEP [--cells FILE.csv] [--out FILE.jsonl] [options]

Steps
  device     the device's properties
  verify     results against float64 and, tile by tile, against the kernel's execution on the CPU: a list of small
             ragged shapes over every kernel, forward and backward, and the cells of --cells
  micro      micro-benchmarks: bandwidths, rates, latencies
  time       every cell by CUDA events, graph replay and the host's clock, with cold and warm L2; verified first
  counters   bytes of every cell at DRAM and L2, read by CUPTI
  all        all of them, in this order

Options
  --cells FILE       CSV: kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask and, optionally, l2
  --out FILE         where the lines go; without it, to standard output
  --resume           go on with FILE: what is there with status ok is not measured again
  --kernels A,B      only these kernels
  --timers A,B       cuda_event, graph_replay, host_clock, cupti (all but cupti, which slows launches down)
  --budget SECONDS   begin nothing new after this time; what is left is said
  --samples MIN/MAX  samples per series (10/500)
  --dry-run          say what would be done, with memory and time; needs no GPU
  --sms N            SMs to plan for (those of the GPU at hand; without one 108, an A100)
  --list             the kernels, one a line
  --version, --help

Exit codes: 0 done, 1 something failed, 2 bad input, 77 no GPU.
)";
}

}  // namespace rooftile::kernels::measure
