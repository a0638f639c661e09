// rooftile devices: the GPUs of this machine as the NVIDIA driver sees them, and the profile of each.
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "profile/driver_device.hpp"
#include "question/measured_names.hpp"

namespace rooftile::cli {
namespace {

using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::DriverDevice;

struct DevicesOptions {
  std::string library = "libcuda.so.1";
  OutputOptions output;
};

std::vector<DriverDevice> read_devices(const std::string& library) {
  const experiments::Driver driver{library};
  std::vector<DriverDevice> devices;
  for (int index = 0; index < driver.device_count(); ++index) devices.push_back(driver.device(index));
  return devices;
}

/// The profile that lists the device's name; "" and a note if none does, or several do.
std::string profile_of(const DriverDevice& device, Table& table, Context& context) try {
  return experiments::profile_of_device(device.name, context.catalogues);
} catch (const InputError&) {
  const std::string index = std::to_string(device.index);
  table.notes.push_back("not exactly one profile lists '" + device.name +
                        "' under device_names; `rooftile profile from-device --index " + index + " -o gpu" + index +
                        ".yaml` writes one");
  return {};
}

/// A number that the driver does not know is 0.
Value known(std::int64_t value) { return value > 0 ? Value{value} : Value{}; }

Table devices_table(const std::vector<DriverDevice>& devices, Context& context) {
  Table table{.name = "devices",
              .columns = {{"index", "index", Show::count},
                          {"name", "name", Show::text},
                          {"profile", "profile", Show::text},
                          {"compute_capability", "CC", Show::text},
                          {"sm_count", "SMs", Show::count},
                          {"dram_bytes", "memory", Show::bytes},
                          {"l2_bytes", "L2", Show::bytes},
                          {"boost_clock_hz", "clock", Show::hertz},
                          {"cuda_version", "driver's CUDA", Show::text},
                          {"uuid", "UUID", Show::text}}};
  for (const DriverDevice& device : devices) {
    const Value clock = device.clock_khz > 0 ? Value{device.clock_khz * 1e3} : Value{};
    table.rows.push_back({std::int64_t{device.index}, device.name, profile_of(device, table, context),
                          to_string(device.compute_capability), known(device.sm_count), known(device.memory_bytes),
                          known(device.l2_bytes), clock, device.cuda_version, device.uuid});
  }
  return table;
}

int devices(const DevicesOptions& options, Context& context) {
  (void)format_of(options.output);
  std::vector<DriverDevice> found;
  try {
    found = read_devices(options.library);
  } catch (const experiments::NoDevice& problem) {
    context.err << "rooftile: " << problem.what() << '\n';
    return exit_needs_gpu;
  }
  write_output(context, options.output, devices_table(found, context));
  return exit_ok;
}

}  // namespace

void add_devices(Command& command, Context& context) {
  auto options = std::make_shared<DevicesOptions>();
  command.option("--driver", options->library, "the driver's library (default: libcuda.so.1)")
      .placeholder("LIBRARY")
      .files();
  add_output_options(command, options->output);
  command.examples({"rooftile devices", "rooftile devices --format json"});
  command.action([options, &context] { return devices(*options, context); });
}

}  // namespace rooftile::cli
