#include "validate/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "rooftile/analysis/csv.hpp"
#include "rooftile/analysis/report.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::validate {
namespace {

using analysis::ValidatedGroup;

constexpr std::string_view bounds_schema = "rooftile.validation_bounds/1";
/// Errors are recorded in steps of 0.1 %: what differs by less than a compiler's rounding is the same.
constexpr double steps = 1000;
constexpr double rounding = 1e-9;

double recorded_error(double error) { return std::ceil((error - rounding) * steps) / steps; }

/// "40.1 %", a bound as files say it.
std::string bound_text(double fraction) {
  return analysis::shortest_text(std::round(fraction * steps) / (steps / 100)) + " %";
}
/// "40.07 %", an error as people read it.
std::string percent_text(double fraction) { return analysis::show_cell(fraction * 100, analysis::Show::percent); }

std::string name_of_group(const std::vector<std::string>& group) { return join({group.begin(), group.end()}, " "); }

std::string known_name(const yaml::Node& node, std::string_view kind, const std::vector<std::string_view>& known) {
  const std::string& name = node.as_text();
  if (std::find(known.begin(), known.end(), name) == known.end()) node.fail(unknown_name_message(kind, name, known));
  return name;
}

/// Names that a group may consist of.
struct KnownGroups {
  std::vector<std::string> profiles;
  std::vector<std::string> kernels;
};

ErrorBound read_bound(const yaml::Node& node, const KnownGroups& known) {
  yaml::Map map{node};
  ErrorBound bound;
  const auto regimes = analysis::regimes();
  bound.group = {known_name(map.required("gpu"), "profile", {known.profiles.begin(), known.profiles.end()}),
                 known_name(map.required("kernel"), "kernel", {known.kernels.begin(), known.kernels.end()}),
                 known_name(map.required("regime"), "regime", {regimes.begin(), regimes.end()})};
  bound.rows = map.required("rows").as_integer(1, 1 << 30);
  const auto error = [&map](std::string_view key) {
    const yaml::Node& value = map.required(key);
    if (!(value.as_percent() >= 0)) value.fail("'" + value.as_text() + "' is below zero; an error is a size");
    return value.as_percent();
  };
  bound.mape = error("mape");
  bound.p95 = error("p95");
  map.finish();
  return bound;
}

/// What one bound says of today's group; `recorded` becomes the lower of both.
class Judge {
 public:
  explicit Judge(const Bounds& bounds) { result_.recorded = bounds; }

  void hold(const ValidatedGroup& group) {
    const analysis::Accuracy& now = group.accuracy;
    const auto same = [&](const ErrorBound& one) { return one.group == now.group; };
    std::vector<ErrorBound>& bounds = result_.recorded.bounds;
    const auto bound = std::find_if(bounds.begin(), bounds.end(), same);
    if (bound == bounds.end()) {
      result_.unknown.push_back(name_of_group(now.group));
      bounds.push_back({now.group, now.n, recorded_error(now.mape), recorded_error(now.p95)});
      return;
    }
    if (now.n < bound->rows) missing_rows(*bound, now.n);
    bound->rows = std::max(bound->rows, now.n);
    hold(*bound, "MAPE", now.mape, bound->mape);
    hold(*bound, "p95", now.p95, bound->p95);
  }
  void missing_rows(const ErrorBound& bound, std::int64_t left) {
    result_.broken.push_back(name_of_group(bound.group) + ": " + std::to_string(left) + " of its " +
                             std::to_string(bound.rows) + " rows are left");
  }
  [[nodiscard]] Judgement take() && { return std::move(result_); }

 private:
  void hold(const ErrorBound& bound, const char* what, double now, double& limit) {
    const std::string words = name_of_group(bound.group) + ": " + what + " " + percent_text(now);
    if (!(now <= limit + rounding)) {  // so that a NaN breaks every bound
      result_.broken.push_back(words + " is above its bound of " + bound_text(limit));
    } else if (recorded_error(now) < limit - rounding) {
      result_.lower.push_back(words + " is below its bound of " + bound_text(limit));
      limit = recorded_error(now);
    }
  }

  Judgement result_;
};

}  // namespace

Bounds load_bounds(const std::filesystem::path& file, const experiments::Catalogues& catalogues) {
  const yaml::Node root = yaml::load_file(file);
  yaml::Map map{root};
  yaml::require_schema(map, bounds_schema);
  (void)map.required("predictor").as_text();
  Bounds bounds;
  if (const yaml::Node* tables = map.optional("tables")) bounds.tables = tables->as_texts();
  const KnownGroups known{catalogues.profiles().names(), catalogues.specs().names()};
  for (const yaml::Node& node : map.required("bounds").as_list()) {
    ErrorBound bound = read_bound(node, known);
    const auto same = [&](const ErrorBound& one) { return one.group == bound.group; };
    if (std::any_of(bounds.bounds.begin(), bounds.bounds.end(), same)) {
      node.fail("a second bound of " + name_of_group(bound.group));
    }
    bounds.bounds.push_back(std::move(bound));
  }
  map.finish();
  return bounds;
}

void write_bounds(std::ostream& out, const Bounds& bounds, const std::string& predictor) {
  out << "# Written by `rooftile validate --bounds FILE --record`: do not edit. Errors that may only go down; a "
         "recording\n"
         "# lowers them and adds groups. To begin anew (other tables, other constants), delete the file first.\n"
      << "schema: " << bounds_schema << "\npredictor: " << predictor << '\n';
  if (!bounds.tables.empty()) out << "tables: [" << join({bounds.tables.begin(), bounds.tables.end()}) << "]\n";
  out << "bounds:\n";
  for (const ErrorBound& bound : bounds.bounds) {
    out << "  - {gpu: " << bound.group[0] << ", kernel: " << bound.group[1] << ", regime: " << bound.group[2]
        << ", rows: " << bound.rows << ", mape: " << bound_text(bound.mape) << ", p95: " << bound_text(bound.p95)
        << "}\n";
  }
}

Judgement judge(const Bounds& bounds, const std::vector<ValidatedGroup>& groups) {
  Judge judge{bounds};
  for (const ValidatedGroup& group : groups) judge.hold(group);
  for (const ErrorBound& bound : bounds.bounds) {
    const auto same = [&](const ValidatedGroup& group) { return group.accuracy.group == bound.group; };
    if (std::none_of(groups.begin(), groups.end(), same)) judge.missing_rows(bound, 0);
  }
  Judgement judgement = std::move(judge).take();
  std::sort(judgement.recorded.bounds.begin(), judgement.recorded.bounds.end(),
            [](const ErrorBound& a, const ErrorBound& b) { return a.group < b.group; });
  return judgement;
}

}  // namespace rooftile::validate
