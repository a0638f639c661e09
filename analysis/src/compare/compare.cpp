#include "rooftile/analysis/compare.hpp"

#include <stdexcept>

#include "rooftile/model/error.hpp"

namespace rooftile::analysis {
namespace {

constexpr const char* select =
    "SELECT profile, kernel, coalesce(br, 0), coalesce(bc, 0), op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, "
    "head_dim, mask, dropout, m, n, k, rows, cols, l2, setting, observed, method, predictor, predictor_version, bound, "
    "observed_ms, predicted_ms, flop, source, printed FROM v_compare";

/// Reads the columns of one row from left to right.
class Reader {
 public:
  explicit Reader(const std::vector<SqlValue>& row) : row_{row} {}
  std::string text() { return std::get<std::string>(row_[at_++]); }
  std::int64_t integer() { return std::get<std::int64_t>(row_[at_++]); }
  double number() {
    const SqlValue& value = row_[at_++];
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    return Seconds::unknown().value();
  }
  /// The schema's CHECKs allow no other names.
  template <class E>
  E name() {
    return from_name<E>(text()).value();
  }
  template <class E>
  std::optional<E> name_or_nothing() {
    return from_name<E>(text());
  }

 private:
  const std::vector<SqlValue>& row_;
  std::size_t at_ = 0;
};

Workload read_workload(Reader& in) {
  const Op op = in.name<Op>();
  AttentionShape a;
  a.pass = in.name_or_nothing<Pass>().value_or(Pass::fwd);
  a.dtype = in.name<DType>();
  a.batch = in.integer();
  a.heads = in.integer();
  a.kv_heads = in.integer();
  a.seq_q = in.integer();
  a.seq_kv = in.integer();
  a.head_dim = in.integer();
  a.mask = in.name_or_nothing<Mask>().value_or(Mask::none);
  a.dropout = in.number();
  GemmShape g{.batch = a.batch, .dtype = a.dtype};
  g.m = in.integer();
  g.n = in.integer();
  g.k = in.integer();
  SoftmaxShape s{.dtype = a.dtype};
  s.rows = in.integer();
  s.cols = in.integer();
  if (op == Op::gemm) return g;
  if (op == Op::softmax) return s;
  return a;
}

Comparison read_comparison(const std::vector<SqlValue>& row) {
  Reader in{row};
  Comparison c;
  c.profile = in.text();
  c.kernel = in.text();
  c.tile.br = in.integer();
  c.tile.bc = in.integer();
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
  const QueryResult answer = store.query(select + where_clause(filter) +
                                         " ORDER BY profile, kernel, op, pass, dtype, mask, head_dim, seq_q, seq_kv, "
                                         "batch, heads, m, n, k, rows, cols, observed_id, method, predictor");
  std::vector<Comparison> rows;
  rows.reserve(answer.rows.size());
  for (const std::vector<SqlValue>& row : answer.rows) rows.push_back(read_comparison(row));
  return rows;
}

}  // namespace rooftile::analysis
