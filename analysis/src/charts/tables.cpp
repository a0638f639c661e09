// What a report says in tables: errors, and where its numbers are from.
#include "charts/fill.hpp"
#include "rooftile/analysis/charts.hpp"

namespace rooftile::analysis {
namespace {

void add(std::vector<Chart>& charts, std::string id, std::string section, std::string title, std::string text,
         Table table) {
  if (table.rows.empty()) return;
  charts.push_back({.id = std::move(id),
                    .section = std::move(section),
                    .title = std::move(title),
                    .text = std::move(text),
                    .tables = {std::move(table)},
                    .marks = {{.kind = MarkKind::table}}});
}

}  // namespace

std::vector<Chart> table_charts(const Store& store) {
  std::vector<Chart> charts;
  add(charts, "accuracy", "Accuracy", "Errors by GPU and implementation",
      "Computed against observed times; bias below zero: the model is too fast.",
      charts::table_from(
          store, "accuracy",
          {{"profile", "GPU"},
           {"kernel", "kernel"},
           {"by", "computed by"},
           {"version", "version", Show::count},
           {"n", "n", Show::count},
           {"mape_pct", "MAPE", Show::percent},
           {"worst_pct", "worst", Show::percent},
           {"bias_pct", "bias", Show::percent}},
          "SELECT profile, kernel, predictor, predictor_version, sum(n), sum(n * mape_pct) / sum(n), "
          "max(worst_pct), sum(n * bias_pct) / sum(n) FROM v_accuracy GROUP BY profile, kernel, predictor, "
          "predictor_version ORDER BY predictor = 'roofline', profile, kernel"));
  add(charts, "sources", "Provenance", "Where observed times are from",
      "Every source of an observation, and how many it gave.",
      charts::table_from(
          store, "sources",
          {{"source", "source"}, {"method", "method"}, {"gpus", "GPUs"}, {"n", "results", Show::count}},
          "SELECT source, method, group_concat(DISTINCT profile_name), count(*) FROM result WHERE observed = 1 "
          "AND latest = 1 GROUP BY source, method ORDER BY source, method"));
  add(charts, "runs", "Provenance", "Who computed",
      "Commands that wrote into the database, with the rooftile that ran them; the last first.",
      charts::table_from(
          store, "runs",
          {{"started", "started"},
           {"command", "command"},
           {"rooftile", "rooftile"},
           {"n", "results", Show::count},
           {"source", "file"},
           {"note", "note"}},
          "SELECT r.started_at, r.command, b.version || ', ' || b.compiler, count(x.id), r.source, r.note "
          "FROM run r JOIN build b ON b.id = r.build_id LEFT JOIN result x ON x.run_id = r.id "
          "GROUP BY r.id ORDER BY r.started_at DESC, r.id DESC LIMIT 200"));
  add(charts, "profiles", "Provenance", "Profiles",
      "GPUs of the database, and which text of their profile computed results are of.",
      charts::table_from(
          store, "profiles", {{"profile", "profile"}, {"hash", "hash of its text"}, {"n", "results", Show::count}},
          "SELECT p.name, substr(p.hash, 1, 12), count(r.id) FROM profile p LEFT JOIN result r ON "
          "r.profile_id = p.id AND r.latest = 1 GROUP BY p.id HAVING count(r.id) > 0 ORDER BY p.name, p.hash"));
  return charts;
}

}  // namespace rooftile::analysis
