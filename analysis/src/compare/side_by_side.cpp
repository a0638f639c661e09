#include "rooftile/analysis/side_by_side.hpp"

#include "store/row_reader.hpp"

namespace rooftile::analysis {
namespace {

constexpr const char* side_by_side_query =
    "SELECT profile, kernel, br, bc, warps, stages, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, "
    "mask, dropout, m, n, k, rows, cols, l2, setting, predictor, observed, predicted_ms, simulated_ms, observed_ms, "
    "predicted_dram_gb, simulated_dram_gb, executed_dram_gb, observed_dram_gb, source FROM v_methods WHERE methods > 1 "
    "ORDER BY profile, kernel, op, pass, dtype, mask, head_dim, seq_q, seq_kv, batch, heads, m, n, k, rows, cols, br, "
    "bc, warps, stages, l2, setting, observed, source, predictor";

SideBySide read_side_by_side(const RowCursor& row) {
  RowReader in{row};
  SideBySide s;
  s.profile = in.text();
  s.kernel = in.text();
  s.tile = {in.integer(), in.integer(), in.integer(), in.integer()};
  s.workload = read_workload(in);
  s.l2 = in.name<L2State>();
  s.setting = in.text();
  s.predictor = in.text();
  s.observed = in.name_or_nothing<Method>();
  for (Seconds* time : {&s.predicted_time, &s.simulated_time, &s.observed_time}) *time = Seconds{in.number() * 1e-3};
  for (Bytes* bytes : {&s.predicted_dram, &s.simulated_dram, &s.executed_dram, &s.observed_dram})
    *bytes = Bytes{in.number() * 1e9};
  s.source = in.text();
  return s;
}

bool is_wanted(const SideBySide& row, const CompareFilter& filter) {
  const auto meets = [](const std::string& wanted, const std::string& has) { return wanted.empty() || wanted == has; };
  return meets(filter.profile, row.profile) && meets(filter.kernel, row.kernel) &&
         meets(filter.predictor, row.predictor) && (!filter.observed_method || row.observed == filter.observed_method);
}

}  // namespace

std::vector<SideBySide> load_side_by_side(const Store& store, const CompareFilter& filter) {
  std::vector<SideBySide> rows;
  store.for_each(side_by_side_query, [&](const RowCursor& cursor) {
    SideBySide row = read_side_by_side(cursor);
    if (is_wanted(row, filter)) rows.push_back(std::move(row));
  });
  return rows;
}

}  // namespace rooftile::analysis
