#include "rooftile/analysis/compare.hpp"

#include "store/row_reader.hpp"

namespace rooftile::analysis {
namespace {

using namespace std::string_literals;

constexpr const char* question_columns =
    "SELECT profile, kernel, br, bc, warps, stages, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, "
    "mask, dropout, m, n, k, rows, cols, l2, setting, ";
constexpr const char* compared_columns =
    "observed, method, predictor, predictor_version, bound, observed_ms, predicted_ms, flop, source, printed "
    "FROM v_compare";
constexpr const char* observed_columns =
    "method, time_s, flop, source, printed FROM v_result WHERE latest = 1 AND status = 'ok' AND time_s IS NOT NULL "
    "AND method IN ('measured', 'published')";
constexpr const char* question_order =
    " ORDER BY profile, kernel, op, pass, dtype, mask, head_dim, seq_q, seq_kv, batch, heads, m, n, k, rows, cols, ";

/// What was asked of what, and who observed it: the columns that open both queries.
void read_question(RowReader& in, Comparison& c) {
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
}

Comparison read_comparison(const RowCursor& row) {
  RowReader in{row};
  Comparison c;
  read_question(in, c);
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

Comparison read_observed(const RowCursor& row) {
  RowReader in{row};
  Comparison c;
  read_question(in, c);
  c.observed = Seconds{in.number()};
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
  store.for_each(question_columns + ""s + compared_columns + where_clause(filter) + question_order +
                     "observed_id, method, predictor",
                 [&rows](const RowCursor& row) { rows.push_back(read_comparison(row)); });
  return rows;
}

std::vector<Comparison> load_observed(const Store& store) {
  std::vector<Comparison> rows;
  store.for_each(question_columns + ""s + observed_columns + question_order + "id",
                 [&rows](const RowCursor& row) { rows.push_back(read_observed(row)); });
  return rows;
}

}  // namespace rooftile::analysis
