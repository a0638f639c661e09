#include "validate/observed.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "calibrate/plan.hpp"
#include "runner/published.hpp"

namespace rooftile::validate {
namespace {

using analysis::Comparison;

constexpr const char* published = "published";

constexpr const char* folder_variable = "ROOFTILE_REFERENCE_DIR";

/// Names that can stand for a table: those of the folder, where there is one.
std::vector<std::string> known_tables(const calibrate::Tables& where) {
  std::vector<std::string> known{published};
  if (!where.reference) return known;
  if (!std::filesystem::is_directory(*where.reference)) {
    throw InputError{std::string{folder_variable} + ": '" + where.reference->string() + "' is no folder"};
  }
  for (const auto& entry : std::filesystem::directory_iterator{*where.reference}) {
    if (entry.path().extension() == ".csv") known.push_back(entry.path().filename().string());
  }
  std::sort(known.begin() + 1, known.end());
  return known;
}

void check_known_table(const std::string& name, const calibrate::Tables& where) {
  const std::vector<std::string> known = known_tables(where);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  std::string message = unknown_name_message("table", name, {known.begin(), known.end()});
  if (!where.reference) message += std::string{"; files are read from "} + folder_variable + ", which is not set";
  throw InputError{message};
}

Observed observed_row(calibrate::Observation&& from, experiments::Catalogues& catalogues) {
  const auto spec = catalogues.spec(from.spec);
  Observed observed;
  observed.row.profile = std::move(from.profile);
  observed.row.kernel = spec->name;
  observed.row.workload = from.workload;
  observed.row.tile = from.tile;
  observed.row.l2 = spec->l2;
  observed.row.setting = runner::setting_text(from.settings);
  observed.row.observed = from.time;
  observed.row.flops = paper_flops(from.workload);
  observed.row.source = std::move(from.source);
  observed.row.printed = std::move(from.printed);
  observed.settings = std::move(from.settings);
  return observed;
}

/// What setting_text() wrote: "clock.boost=1830 MHz; clock.tensor_boost=1830 MHz".
std::vector<experiments::Setting> settings_of(const std::string& text) {
  std::vector<experiments::Setting> settings;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("; "), rest.size());
    const std::string_view one = rest.substr(0, end);
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) {
      throw InputError{"setting '" + text + "' of an observation is not of the form leaf=value"};
    }
    settings.push_back({std::string{one.substr(0, equals)}, std::string{one.substr(equals + 1)}});
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return settings;
}

/// A name that no row has is a slip.
void check_among(const std::vector<Observed>& rows, std::string_view option, std::string_view kind,
                 const std::string& name, std::string Comparison::*member) {
  if (name.empty()) return;
  std::set<std::string> known;
  for (const Observed& one : rows) known.insert(one.row.*member);
  if (known.contains(name)) return;
  throw InputError{std::string{option} +
                   ": among the rows: " + unknown_name_message(kind, name, {known.begin(), known.end()})};
}

bool is_wanted(const Observed& one, const Wanted& wanted) {
  if (!wanted.profile.empty() && one.row.profile != wanted.profile) return false;
  if (!wanted.kernel.empty() && one.row.kernel != wanted.kernel) return false;
  const auto* shape = std::get_if<AttentionShape>(&one.row.workload);
  if (shape != nullptr && shape->seq_kv < wanted.least_seq_kv) return false;
  return one.row.observed >= wanted.from;
}

}  // namespace

std::vector<std::string> tables_at_hand(const std::filesystem::path& plan, const calibrate::Tables& where) {
  std::vector<std::string> tables{published};
  if (!where.reference) return tables;
  for (const calibrate::Family& family : calibrate::load_plan(plan)) {
    for (const std::string& table : family.tables) {
      if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
    }
  }
  return tables;
}

std::vector<Observed> observed_in_tables(const std::vector<std::string>& names, const calibrate::Tables& where,
                                         experiments::Catalogues& catalogues) {
  std::vector<Observed> rows;
  for (const std::string& name : names) {
    check_known_table(name, where);
    std::vector<calibrate::Observation> observations = calibrate::read_observations(name, where);
    if (observations.empty()) {
      throw InputError{"table '" + name + "': no entry of " + where.mapping.string() + " says what its rows mean"};
    }
    for (calibrate::Observation& one : observations) rows.push_back(observed_row(std::move(one), catalogues));
  }
  return rows;
}

std::vector<Observed> observed_in_store(const analysis::Store& store) {
  std::vector<Observed> rows;
  for (Comparison& row : analysis::load_observed(store)) {
    std::vector<experiments::Setting> settings = settings_of(row.setting);
    rows.push_back({std::move(row), std::move(settings)});
  }
  return rows;
}

std::vector<Observed> chosen(std::vector<Observed> rows, const Wanted& wanted) {
  check_among(rows, "--profile", "profile", wanted.profile, &Comparison::profile);
  check_among(rows, "--kernel", "kernel", wanted.kernel, &Comparison::kernel);
  std::erase_if(rows, [&](const Observed& one) { return !is_wanted(one, wanted); });
  return rows;
}

}  // namespace rooftile::validate
