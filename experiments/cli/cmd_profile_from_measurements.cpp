// rooftile profile from-measurements: a profile of what rooftile-measure found on this GPU.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <ostream>

#include "cli/cmd_profile.hpp"
#include "profile/measured_profile.hpp"
#include "question/measured_names.hpp"

namespace rooftile::cli {
namespace {

namespace fs = std::filesystem;

struct FromMeasurementsOptions {
  std::string measurements;
  std::string base;
  std::string name;
  OutputOptions output;
};

/// The base by the names that profiles give their devices.
std::string base_of(std::string_view device_name, const Context& context) try {
  return experiments::profile_of_device(device_name, context.catalogues);
} catch (const InputError&) {
  throw InputError{"not exactly one profile lists '" + std::string{device_name} +
                   "' under device_names; say with --base which one the measurements belong to"};
}

/// What the file says under extends: the name of a profile, the path of a file.
std::string extends_of(const std::string& base, const Context& context) {
  const fs::path file = context.catalogues.profiles().find(base);
  const bool in_catalogue = file.parent_path() == context.data.profiles();
  return in_catalogue ? file.stem().string() : fs::absolute(file).lexically_normal().string();
}

void report(const experiments::MeasuredProfile& found, const Profile& base, Context& context) {
  for (const std::string& warning : found.warnings) context.err << "warning: " << warning << '\n';
  for (const experiments::Difference& difference : found.differences) {
    char percent[32];
    std::snprintf(percent, sizeof percent, "%+.0f %%", 100 * (difference.ratio - 1));
    context.err << difference.path << ": " << difference.measured << " measured, " << difference.stated << " in "
                << base.name << " (" << percent << ")\n";
  }
}

int from_measurements(const FromMeasurementsOptions& options, Context& context) {
  std::string base_name = options.base;
  const analysis::MeasurementOptions known{.profile_of =
                                               [&](std::string_view device) {
                                                 if (base_name.empty()) base_name = base_of(device, context);
                                                 return base_name;
                                               },
                                           .kernels = {}};
  const analysis::Measurements measurements = analysis::read_measurements(options.measurements, known);
  if (measurements.runs.empty()) throw InputError{{options.measurements}, "holds no line of kind 'run'"};
  const auto base = context.catalogues.profile(base_name);
  experiments::MeasuredProfile found = experiments::measured_profile(measurements, *base);
  found.draft.name = experiments::profile_name(options.name, options.output.file, base->name + "_measured");
  found.draft.extends = extends_of(base_name, context);
  found.draft.description = base->description + ", with what was measured on one";
  (void)experiments::read_back(found.draft, {context.data.profiles()});
  write_output(context, options.output, [&](std::ostream& out) { out << experiments::yaml_text(found.draft); });
  report(found, *base, context);
  return exit_ok;
}

}  // namespace

void add_profile_from_measurements(Command command, Context& context) {
  auto options = std::make_shared<FromMeasurementsOptions>();
  command.option("FILE", options->measurements, "what rooftile-measure wrote (JSON lines)").required();
  command
      .option("--base", options->base,
              "profile that the numbers are laid over (default: the one that lists the device's name)")
      .placeholder("PROFILE");
  command.option("--name", options->name, "name of the new profile (default: its file's)").placeholder("NAME");
  command.option("-o,--output", options->output.file, "write to this file instead of standard output")
      .placeholder("FILE")
      .group("Output");
  command.examples({"rooftile profile from-measurements visit.jsonl -o my_h100.yaml",
                    "rooftile profile from-measurements visit.jsonl --base h100_sxm5_80gb"});
  command.action([options, &context] { return from_measurements(*options, context); });
}

}  // namespace rooftile::cli
