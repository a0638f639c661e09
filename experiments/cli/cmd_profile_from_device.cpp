// rooftile profile from-device: a profile of what the driver says of the GPU in this machine.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <utility>

#include "cli/cmd_profile.hpp"
#include "profile/driver_profile.hpp"

namespace rooftile::cli {
namespace {

namespace fs = std::filesystem;

struct FromDeviceOptions {
  std::int64_t index = 0;
  std::string library = "libcuda.so.1";
  std::string name;
  OutputOptions output;
};

/// The CUDA chips that have a file, oldest first, for the message that this one has none.
std::string known_chips(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{folder, ignored}) {
    if (std::string name = entry.path().stem().string(); name.starts_with("sm_")) names.push_back(std::move(name));
  }
  const auto age = [](const std::string& name) { return std::pair{name.size(), name}; };  // sm_90 before sm_100
  std::sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return age(a) < age(b); });
  return join({names.begin(), names.end()});
}

experiments::DriverDevice read_device(const FromDeviceOptions& options) {
  const experiments::Driver driver{options.library};
  const int count = driver.device_count();
  if (options.index < 0 || options.index >= count) {
    refuse("--index", std::to_string(options.index) + ": the driver counts " + std::to_string(count) +
                          (count == 1 ? " device" : " devices") + ", from 0");
  }
  return driver.device(static_cast<int>(options.index));
}

int write_profile(const FromDeviceOptions& options, const experiments::DriverDevice& device, Context& context) {
  experiments::ProfileDraft draft = experiments::driver_profile(device);
  const fs::path chips = context.data.profiles() / "arch";
  if (!fs::is_regular_file(context.data.profiles() / (draft.extends + ".yaml"))) {
    context.err << "rooftile: nothing is known of the chip of '" << device.name << "': no " << draft.extends
                << ".yaml among the profiles; there are " << known_chips(chips) << '\n';
    return exit_failed;
  }
  draft.name = experiments::profile_name(options.name, options.output.file, experiments::profile_name_of(device.name));
  const std::vector<std::string> missing =
      experiments::missing_leaves(experiments::read_back(draft, {context.data.profiles()}));
  for (const std::string& path : missing) draft.remarks.push_back("not stated: " + path);
  write_output(context, options.output, [&](std::ostream& out) { out << experiments::yaml_text(draft); });
  context.err << "device " << device.index << ": " << device.name << ", " << device.uuid << "; " << draft.leaves.size()
              << " numbers from its driver, the chip's from " << draft.extends << '\n';
  if (!missing.empty()) context.err << "not stated: " << join({missing.begin(), missing.end()}) << '\n';
  return exit_ok;
}

int from_device(const FromDeviceOptions& options, Context& context) {
  experiments::DriverDevice device;
  try {
    device = read_device(options);
  } catch (const experiments::NoDevice& problem) {
    context.err << "rooftile: " << problem.what() << '\n';
    return exit_needs_gpu;
  }
  return write_profile(options, device, context);
}

}  // namespace

void add_profile_from_device(Command command, Context& context) {
  auto options = std::make_shared<FromDeviceOptions>();
  command.option("--index", options->index, "which device, counted as the driver does (default: 0)").placeholder("N");
  command.option("--name", options->name, "name of the new profile (default: its file's, or the device's)")
      .placeholder("NAME");
  command.option("--driver", options->library, "the driver's library (default: libcuda.so.1)").placeholder("LIBRARY");
  command.option("-o,--output", options->output.file, "write to this file instead of standard output")
      .placeholder("FILE")
      .group("Output");
  command.examples({"rooftile profile from-device", "rooftile profile from-device --index 1 -o my_gpu.yaml"});
  command.action([options, &context] { return from_device(*options, context); });
}

}  // namespace rooftile::cli
