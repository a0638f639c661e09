// rooftile profile list|show|validate: what is known of each GPU, and from where. The other sub-commands have files of
// their own (cmd_profile.hpp).
#include <memory>
#include <ostream>

#include "cli/cmd_profile.hpp"
#include "cli/commands.hpp"
#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::cli {
namespace {

using analysis::Show;
using analysis::Table;
using analysis::Value;

struct ProfileOptions {
  std::vector<std::string> names;
  std::vector<std::string> settings;
  OutputOptions output;
};

int list(const ProfileOptions& options, Context& context) {
  Table table{.name = "profile_list",
              .columns = {{"name", "name", Show::text},
                          {"compute_capability", "CC", Show::text},
                          {"sm_count", "SMs", Show::count},
                          {"fp16_flop_per_s", "fp16", Show::flop_per_second},
                          {"dram_bytes_per_s", "DRAM", Show::bytes_per_second},
                          {"dram_bytes", "DRAM size", Show::bytes},
                          {"ridge_flop_per_byte", "ridge", Show::flop_per_byte},
                          {"l2_bytes", "L2", Show::bytes},
                          {"description", "description", Show::text}}};
  for (const std::string& name : context.catalogues.profiles().names()) {
    const auto profile = context.catalogues.profile(name);
    const Device& device = profile->device;
    table.rows.push_back({name, to_string(device.compute_capability), device.sm.count.value(),
                          matmul_peak(device, DType::fp16).value(), device.memory.dram.bandwidth.value(),
                          device.memory.dram.capacity.value(), ridge(device, DType::fp16).value(),
                          device.memory.l2.capacity.value(), profile->description});
  }
  write_output(context, options.output, table);
  return exit_ok;
}

std::string meaning_of(const std::string& path) {
  const DeviceLeaf* leaf = find_leaf(path);
  return leaf == nullptr ? std::string{} : std::string{leaf->meaning};
}

int show(const ProfileOptions& options, Context& context) {
  if (options.names.empty()) throw InputError{"a profile is required; `rooftile profile list` has their names"};
  std::vector<yaml::Setting> settings;
  for (const std::string& text : options.settings) settings.push_back(yaml::parse_setting(text));
  Table table{.name = "profile",
              .columns = {{"profile", "profile", Show::text},
                          {"path", "number", Show::text},
                          {"text", "value", Show::text},
                          {"value", "SI value", Show::number},
                          {"kind", "kind", Show::text},
                          {"source", "source", Show::text},
                          {"meaning", "meaning", Show::text}}};
  const bool for_people = format_of(options.output) == analysis::Format::table;
  for (const std::string& name : options.names) {
    const auto profile = context.catalogues.profile(name, settings);
    for (const auto* leaves : {&profile->leaves, &profile->measured, &profile->expect}) {
      for (const StatedLeaf& leaf : *leaves) {
        table.rows.push_back({profile->name, leaf.path, leaf.text, leaf.value, std::string{name_of(leaf.kind)},
                              leaf.source, meaning_of(leaf.path)});
      }
    }
    table.notes.push_back(profile->name + ": " + profile->description);
  }
  if (for_people) {
    // People read the text as it was written; keys say what they mean, and the source needs the room.
    for (auto& row : table.rows) row[3] = row[6] = Value{};
    if (options.names.size() == 1) {
      for (auto& row : table.rows) row[0] = Value{};
    }
  }
  write_output(context, options.output, table);
  return exit_ok;
}

int validate(const ProfileOptions& options, Context& context) {
  Table table{
      .name = "profile_validate",
      .columns = {{"profile", "profile", Show::text}, {"ok", "ok", Show::yes_no}, {"message", "message", Show::text}}};
  const auto names = options.names.empty() ? context.catalogues.profiles().names() : options.names;
  bool all_ok = true;
  for (const std::string& name : names) {
    try {
      (void)context.catalogues.profile(name);
      table.rows.push_back({name, true, {}});
    } catch (const InputError& error) {
      all_ok = false;
      table.rows.push_back({name, false, std::string{error.what()}});
    }
  }
  write_output(context, options.output, table);
  return all_ok ? exit_ok : exit_bad_input;
}

using ProfileAction = int (*)(const ProfileOptions&, Context&);

void finish(Command& command, Context& context, const std::shared_ptr<ProfileOptions>& options, ProfileAction run) {
  add_output_options(command, options->output);
  command.action([options, &context, run] { return run(*options, context); });
}

}  // namespace

void add_profile(Command& command, Context& context) {
  auto options = std::make_shared<ProfileOptions>();
  command.examples({"rooftile profile list", "rooftile profile show a100_sxm4_80gb --format json"});

  Command list_command = command.subcommand("list", "all profiles with their main numbers");
  list_command.examples({"rooftile profile list", "rooftile profile list --format csv"});
  finish(list_command, context, options, list);

  Command show_command = command.subcommand("show", "every number of a profile, with its source");
  show_command.option("name", options->names, "profiles: names or YAML files").placeholder("NAME...").profiles();
  show_command.option("--set", options->settings, "change a number: memory.dram.bandwidth=\"3 TB/s\"; repeatable")
      .placeholder("PATH=VALUE");
  show_command.examples({"rooftile profile show a100_sxm4_80gb", "rooftile profile show h100_sxm5_80gb --format md"});
  finish(show_command, context, options, show);

  Command validate_command = command.subcommand("validate", "read profiles and recompute their datasheet totals");
  validate_command.option("name", options->names, "profiles: names or YAML files (default: all)")
      .placeholder("NAME...")
      .profiles();
  validate_command.examples({"rooftile profile validate", "rooftile profile validate a100_sxm4_80gb l40s"});
  finish(validate_command, context, options, validate);

  add_profile_diff(command.subcommand("diff", "the numbers in which two profiles differ"), context);
  add_profile_known(command.subcommand("known", "how many numbers of each profile are known how"), context);
  add_profile_from_measurements(
      command.subcommand("from-measurements", "write a profile of what rooftile-measure found"), context);
  add_profile_from_device(command.subcommand("from-device", "write a profile of what the driver says of a GPU here"),
                          context);
}

}  // namespace rooftile::cli
