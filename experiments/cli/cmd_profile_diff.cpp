// rooftile profile diff A B: the numbers in which two profiles differ, and what makes them credible.
#include <memory>
#include <ostream>

#include "cli/cmd_profile.hpp"

namespace rooftile::cli {
namespace {

using analysis::Show;
using analysis::Table;
using analysis::Value;

struct DiffOptions {
  std::string a;
  std::string b;
  bool sources = false;
  OutputOptions output;
};

/// A cell per column of diff_columns(), from what one profile states of a leaf.
struct Side {
  Value text;
  Value value;
  Value kind;
  Value source;
};

Side side_of(const StatedLeaf* leaf) {
  if (leaf == nullptr) return {};
  return {leaf->text, leaf->value, std::string{name_of(leaf->kind)}, leaf->source};
}

std::vector<analysis::Column> diff_columns(const Profile& a, const Profile& b) {
  return {{"path", "number", Show::text},        {"a_text", a.name, Show::text},
          {"a_value", "SI value", Show::number}, {"b_text", b.name, Show::text},
          {"b_value", "SI value", Show::number}, {"ratio", "ratio", Show::ratio},
          {"a_kind", "kind", Show::text},        {"a_source", "source of " + a.name, Show::text},
          {"b_kind", "kind", Show::text},        {"b_source", "source of " + b.name, Show::text},
          {"meaning", "meaning", Show::text}};
}

void add_text(Table& table, const char* path, const std::string& a, const std::string& b) {
  if (a == b) return;
  std::vector<Value> row(table.columns.size());
  row[0] = std::string{path};
  if (!a.empty()) row[1] = a;
  if (!b.empty()) row[3] = b;
  table.rows.push_back(std::move(row));
}

/// People read the text as it was written; the meaning stands in `profile show`, sources on request.
void leave_out_for_people(Table& table, bool sources) {
  for (auto& row : table.rows) {
    row[2] = row[4] = row[10] = Value{};
    if (!sources) row[6] = row[7] = row[8] = row[9] = Value{};
  }
}

Table difference_table(const Profile& a, const Profile& b) {
  Table table{.name = "profile_diff", .columns = diff_columns(a, b)};
  add_text(table, "vendor", a.vendor, b.vendor);
  add_text(table, "compute_capability", to_string(a.device.compute_capability), to_string(b.device.compute_capability));
  add_text(table, "memory.dram.type", a.dram_type, b.dram_type);
  for (const LeafDifference& difference : differences(a, b)) {
    const Side in_a = side_of(difference.a);
    const Side in_b = side_of(difference.b);
    table.rows.push_back({std::string{difference.path}, in_a.text, in_a.value, in_b.text, in_b.value,
                          difference.ratio(), in_a.kind, in_a.source, in_b.kind, in_b.source,
                          std::string{find_leaf(difference.path)->meaning}});
  }
  table.notes = {a.name + ": " + a.description, b.name + ": " + b.description};
  if (table.rows.empty()) table.notes.emplace_back("no number differs");
  return table;
}

int diff(const DiffOptions& options, Context& context) {
  const auto a = context.catalogues.profile(options.a);
  const auto b = context.catalogues.profile(options.b);
  Table table = difference_table(*a, *b);
  const analysis::Format format = format_of(options.output);
  if (format == analysis::Format::table) leave_out_for_people(table, options.sources);
  write_output(context, options.output, table);
  return exit_ok;
}

}  // namespace

void add_profile_diff(Command command, Context& context) {
  auto options = std::make_shared<DiffOptions>();
  command.option("A", options->a, "a profile: its name or a YAML file").placeholder("PROFILE").required();
  command.option("B", options->b, "the profile to hold beside it; ratios are B / A").placeholder("PROFILE").required();
  command.flag("--sources", options->sources, "how each number is known and from where");
  add_output_options(command, options->output);
  command.examples({"rooftile profile diff a100_sxm4_80gb h100_sxm5_80gb",
                    "rooftile profile diff h100_sxm5_80gb h200_sxm_141gb --sources"});
  command.action([options, &context] { return diff(*options, context); });
}

}  // namespace rooftile::cli
