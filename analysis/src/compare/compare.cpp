#include "rooftile/analysis/compare.hpp"

#include "store/row_reader.hpp"

namespace rooftile::analysis {
namespace {

constexpr const char* select =
    "SELECT profile, kernel, br, bc, warps, stages, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, "
    "mask, dropout, "
    "m, "
    "n, k, rows, cols, l2, setting, observed, method, predictor, predictor_version, bound, "
    "observed_ms, predicted_ms, flop, source, printed FROM v_compare";

Comparison read_comparison(const RowCursor& row) {
  RowReader in{row};
  Comparison c;
  c.profile = in.text();
  c.kernel = in.text();
  c.tile.br = in.integer();
  c.tile.bc = in.integer();
  c.tile.warps = in.integer();
  c.tile.stages = in.integer();
  c.workload = read_workload(in);
  c.l2 = in.name<L2State>();
  c.setting = in.text();
  c.observed_method = in.name<Method>();
  c.method = in.name<Method>();
  c.predictor = in.text();
  c.predictor_version = static_cast<int>(in.integer());
  c.bound = in.name_or_nothing<Limit>();
  c.observed = Seconds{in.number() * 1e-3};
  c.predicted = Seconds{in.number() * 1e-3};
  c.flops = Flops{in.number()};
  c.source = in.text();
  c.printed = in.text();
  return c;
}

std::string quoted(std::string_view text) {
  std::string sql = "'";
  for (const char c : text) {
    if (c == '\'') sql += '\'';
    sql += c;
  }
  return sql + '\'';
}

std::string where_clause(const CompareFilter& filter) {
  std::string sql;
  const auto restrict_to = [&sql](std::string_view column, std::string_view value) {
    if (value.empty()) return;
    sql += (sql.empty() ? " WHERE " : " AND ") + std::string{column} + " = " + quoted(value);
  };
  restrict_to("profile", filter.profile);
  restrict_to("kernel", filter.kernel);
  restrict_to("predictor", filter.predictor);
  if (filter.method) restrict_to("method", name_of(*filter.method));
  if (filter.observed_method) restrict_to("observed", name_of(*filter.observed_method));
  return sql;
}

}  // namespace

std::vector<Comparison> load_comparisons(const Store& store, const CompareFilter& filter) {
  std::vector<Comparison> rows;
  store.for_each(select + where_clause(filter) +
                     " ORDER BY profile, kernel, op, pass, dtype, mask, head_dim, seq_q, seq_kv, batch, heads, m, n, "
                     "k, rows, cols, observed_id, method, predictor",
                 [&rows](const RowCursor& row) { rows.push_back(read_comparison(row)); });
  return rows;
}

}  // namespace rooftile::analysis
