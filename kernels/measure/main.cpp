// rooftile-measure: verifies, times and counts attention kernels on the GPU at hand (README.md beside this file).
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "measure/bad_input.hpp"
#include "measure/cuda_check.hpp"
#include "measure/own_kernels.hpp"
#include "measure/plan.hpp"
#include "measure/run_line.hpp"
#include "measure/session.hpp"
#include "measure/steps.hpp"

namespace rooftile::kernels::measure {
namespace {

enum ExitCode : int { fine = 0, something_failed = 1, bad_input = 2, no_gpu = 77 };

volatile std::sig_atomic_t wish_to_end = 0;  // set by SIGINT and SIGTERM; the cell in flight is finished

void on_signal(int signal) {
  wish_to_end = 1;
  static_cast<void>(std::signal(signal, SIG_DFL));  // a second one ends the program at once
}

using Subjects = std::vector<std::unique_ptr<Peer>>;

/// Our kernels, then the peers.
Subjects all_subjects() {
  Subjects subjects = own_kernels();
  for (std::unique_ptr<Peer>& peer : peers()) subjects.push_back(std::move(peer));
  return subjects;
}

/// The cells of --cells that --kernels lets through.
std::vector<Cell> load_cells(const Options& options, std::span<const std::string> kernels) {
  if (options.cells.empty()) return {};
  std::ifstream in(options.cells, std::ios::binary);
  if (!in) throw BadInput(options.cells + ": cannot be read");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  CellFile file = read_cells(text, options.cells, kernels);
  for (const std::string& warning : file.warnings) std::cerr << "warning: " << warning << '\n';
  std::erase_if(file.cells, [&](const Cell& cell) {
    const std::vector<std::string>& only = options.kernels;
    return !only.empty() && std::find(only.begin(), only.end(), cell.kernel) == only.end();
  });
  return file.cells;
}

/// Built-in shapes, then the file's.
std::vector<Cell> cells_to_verify(const Options& options, const Subjects& subjects, const std::vector<Cell>& cells) {
  std::vector<Cell> all = verification_cells(subjects, options.kernels);
  all.insert(all.end(), cells.begin(), cells.end());
  return all;
}

void run_steps(Session& session, const std::vector<Cell>& cells, const std::vector<Cell>& verified) {
  for (const Step step : session.options().steps) {
    if (step == Step::verify) verify_step(session, verified);
    if (step == Step::micro) micro_step(session);
    if (step == Step::time) time_step(session, cells);
    if (step == Step::counters) counters_step(session, cells);
  }
}

ExitCode conclude(const Session& session) {
  const Tally& tally = session.tally();
  std::cerr << "lines: " << tally.ok << " ok, " << tally.failed << " failed, " << tally.not_possible
            << " not possible here; cells there already: " << tally.already << ", left: " << tally.left << '\n';
  if (session.device_lost()) std::cerr << "the device was lost; start again with --resume\n";
  if (tally.left > 0 && !session.device_lost()) std::cerr << "go on with --resume\n";
  return tally.failed > 0 || session.device_lost() ? something_failed : fine;
}

ExitCode measure(const Options& options, const std::vector<std::string>& argv, const Subjects& subjects,
                 const std::vector<Cell>& cells, const std::vector<Cell>& verified) {
  std::string why;
  const std::optional<DeviceInfo> device = find_device(why);
  if (!device) {
    std::cerr << "rooftile-measure: no GPU to measure on: " << why << '\n';
    return no_gpu;
  }
  std::unique_ptr<ResultFile> out = options.out.empty() ? std::make_unique<ResultFile>(std::cout)
                                                        : std::make_unique<ResultFile>(options.out, options.resume);
  const std::string& before = out->existing().device;
  if (!before.empty() && before != device->uuid)
    throw BadInput(options.out + ": was measured on device " + before + ", this one is " + device->uuid);
  const std::string run = new_uuid();
  out->append(run_line(run, argv, *device, Nvml(device->uuid), subjects));
  static_cast<void>(std::signal(SIGINT, on_signal));
  static_cast<void>(std::signal(SIGTERM, on_signal));
  Session session({.options = options,
                   .device = *device,
                   .subjects = subjects,
                   .out = *out,
                   .people = std::cerr,
                   .interrupted = [] { return wish_to_end != 0; },
                   .run = run});
  run_steps(session, cells, verified);
  return conclude(session);
}

/// SMs that a dry run plans for: those asked for, those of the device at hand, or those of a call that states none.
int planned_sms(const Options& options) {
  if (options.sms) return *options.sms;
  std::string why;
  const std::optional<DeviceInfo> device = find_device(why);
  return device ? device->sm_count : AttentionCall{}.sms;
}

ExitCode run(const std::vector<std::string>& argv) {
  const Subjects subjects = all_subjects();
  std::vector<std::string> names;
  for (const std::unique_ptr<Peer>& subject : subjects) names.emplace_back(subject->name());
  const Options options = read_options(std::span(argv).subspan(1), names);
  if (options.help) std::cout << help_text();
  if (options.version) std::cout << "rooftile-measure " ROOFTILE_VERSION "\n";
  if (options.list) {
    for (const std::string& name : names) std::cout << name << '\n';
  }
  if (options.help || options.version || options.list) return fine;
  const std::vector<Cell> cells = load_cells(options, names);
  const std::vector<Cell> verified = cells_to_verify(options, subjects, cells);
  if (!options.dry_run) return measure(options, argv, subjects, cells, verified);
  const ExistingLines existing = options.out.empty() ? ExistingLines{} : existing_lines(options.out, options.resume);
  print_plan(std::cout, {options, subjects, cells, verified, existing, planned_sms(options)});
  return fine;
}

}  // namespace
}  // namespace rooftile::kernels::measure

int main(int argc, char** argv) {
  using namespace rooftile::kernels::measure;
  try {
    return run({argv, argv + argc});
  } catch (const BadInput& error) {
    std::cerr << "rooftile-measure: " << error.what() << '\n';
    return bad_input;
  } catch (const std::exception& error) {
    std::cerr << "rooftile-measure: " << error.what() << '\n';
    return something_failed;
  }
}
