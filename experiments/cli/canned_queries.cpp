#include "cli/canned_queries.hpp"

#include <algorithm>
#include <vector>

#include "rooftile/model/error.hpp"
#include "rooftile/model/names.hpp"

namespace rooftile::cli {
namespace {

constexpr CannedQuery table[] = {
    {"worst", "the 20 predictions farthest from an observation",
     "SELECT profile, kernel, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, predictor, "
     "observed_ms, predicted_ms, error_pct, bound, source FROM v_compare ORDER BY abs(error_pct) DESC LIMIT 20"},
    {"best", "the 20 predictions nearest to an observation",
     "SELECT profile, kernel, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, predictor, "
     "observed_ms, predicted_ms, error_pct, bound, source FROM v_compare ORDER BY abs(error_pct) LIMIT 20"},
    {"block-sizes", "observed times by block size beside the bytes and times predicted for them",
     "SELECT profile, kernel, seq_q, head_dim, br, bc, predictor, predicted_dram_gb, predicted_ms, observed_ms, "
     "error_pct, bound FROM v_compare WHERE br IS NOT NULL OR bc IS NOT NULL "
     "ORDER BY profile, kernel, seq_q, head_dim, predictor, br, bc"},
    {"accuracy", "error per GPU, kernel and predictor",
     "SELECT * FROM v_accuracy ORDER BY profile, kernel, predictor, predictor_version"},
    {"coverage", "per GPU and kernel: how many questions each method has answered",
     "SELECT profile, kernel, count(*) AS questions, sum(predicted) AS predicted, sum(simulated) AS simulated, "
     "sum(executed) AS executed, sum(measured) AS measured, sum(published) AS published "
     "FROM (SELECT profile, kernel, max(method = 'predicted' AND status = 'ok') AS predicted, "
     "max(method = 'simulated' AND status = 'ok') AS simulated, max(method = 'executed' AND status = 'ok') AS "
     "executed, "
     "max(method = 'measured' AND status = 'ok') AS measured, max(method = 'published' AND status = 'ok') AS published "
     "FROM v_latest GROUP BY profile, kernel, br, bc, warps, stages, op, pass, dtype, batch, heads, kv_heads, seq_q, "
     "seq_kv, "
     "head_dim, "
     "mask, dropout, m, n, k, rows, cols, l2, setting) GROUP BY profile, kernel ORDER BY profile, kernel"},
    {"unmatched", "observations that no prediction stands beside",
     "SELECT profile, kernel, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, l2, setting, method, "
     "time_ms, source FROM v_latest WHERE method IN ('measured', 'published') AND status = 'ok' AND time_ms IS NOT "
     "NULL "
     "AND result_id NOT IN (SELECT observed_id FROM v_compare) ORDER BY profile, kernel, seq_q"},
    {"slowest", "the 20 answers that take longest",
     "SELECT profile, kernel, op, pass, dtype, batch, heads, seq_q, seq_kv, head_dim, mask, method, predictor, "
     "time_ms, "
     "tflop_per_s, bound FROM v_latest WHERE time_ms IS NOT NULL ORDER BY time_ms DESC LIMIT 20"},
    {"bound-mismatch", "questions for which two predictors name different bounds",
     "SELECT profile, kernel, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, m, n, k, rows, "
     "cols, l2, setting, group_concat(predictor || ': ' || bound, ', ') AS bounds FROM v_latest "
     "WHERE bound <> '' AND method NOT IN ('measured', 'published') "
     "GROUP BY profile, kernel, br, bc, warps, stages, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, "
     "head_dim, mask, "
     "dropout, "
     "m, n, k, rows, cols, l2, setting HAVING count(DISTINCT bound) > 1 ORDER BY profile, kernel, seq_q"},
    {"bytes", "DRAM and L2 bytes that counters saw beside those that each method says",
     "SELECT profile, kernel, seq_q, seq_kv, head_dim, mask, method, predictor, observed_dram_read_gb, dram_read_gb, "
     "dram_read_ratio, dram_write_ratio, l2_read_ratio, l2_write_ratio FROM v_bytes ORDER BY profile, kernel, seq_q"},
    {"clocks", "one measured call by every clock it was timed with, beside CUDA events",
     "SELECT t.profile, t.kernel, t.pass, t.batch, t.heads, t.kv_heads, t.seq_q, t.seq_kv, t.head_dim, t.mask, t.l2, "
     "t.timer, t.time_ms, t.time_ms / e.time_ms AS of_events, t.source FROM v_latest t JOIN v_latest e "
     "ON e.timer = 'cuda_event' AND e.method = 'measured' AND e.status = 'ok' AND e.source = t.source "
     "AND e.profile = t.profile AND e.kernel = t.kernel AND e.op = t.op AND e.pass = t.pass AND e.dtype = t.dtype "
     "AND e.batch = t.batch AND e.heads = t.heads AND e.kv_heads = t.kv_heads AND e.seq_q = t.seq_q "
     "AND e.seq_kv = t.seq_kv AND e.head_dim = t.head_dim AND e.mask = t.mask AND e.dropout = t.dropout "
     "AND e.l2 = t.l2 AND e.setting = t.setting WHERE t.method = 'measured' AND t.status = 'ok' "
     "ORDER BY t.profile, t.kernel, t.pass, t.seq_kv, t.batch, t.heads, t.head_dim, t.mask, t.l2, t.timer"},
    {"tiles", "tile shapes of one kernel and question, the fastest first, with what a CTA of each occupies",
     "SELECT profile, kernel, head_dim, seq_q, mask, rank, br, bc, warps, stages, registers_per_thread, "
     "smem_per_cta_kib, ctas_per_sm, time_ms, of_best, bound FROM v_tiles WHERE rank <= 10 "
     "ORDER BY profile, kernel, head_dim, seq_q, mask, rank, result_id"},
    {"refused", "cells without an answer: infeasible, unsupported, failed",
     "SELECT profile, kernel, br, bc, warps, stages, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, "
     "mask, method, predictor, status, reason FROM v_latest WHERE status <> 'ok' ORDER BY profile, kernel, status, "
     "seq_q"},
    {"latest", "the 20 results that were stored last",
     "SELECT profile, kernel, op, pass, dtype, batch, heads, seq_q, seq_kv, head_dim, mask, method, predictor, status, "
     "time_ms, bound FROM v_latest ORDER BY result_id DESC LIMIT 20"},
    {"verification", "kernels' results on GPUs against float64 and against the execution on the CPU",
     "SELECT profile, kernel, seq_q, seq_kv, head_dim, mask, against, status, relative_error, lse_error, "
     "tiles_differing, reason FROM v_verification ORDER BY status = 'ok', relative_error DESC"},
    {"micro", "micro-benchmarks: what single units of a GPU reach",
     "SELECT profile, gpu, name, parameters, value, unit, status, reason FROM v_micro ORDER BY profile, name, "
     "parameters"},
    {"runs", "the commands that wrote into this database, the last first",
     "SELECT r.started_at, r.ended_at IS NOT NULL AS ended, r.command, r.source, r.note, g.name AS gpu, "
     "count(x.id) AS results FROM run r LEFT JOIN gpu g ON g.id = r.gpu_id LEFT JOIN result x ON x.run_id = r.id "
     "GROUP BY r.id ORDER BY r.started_at DESC, r.id DESC"},
};

}  // namespace

std::span<const CannedQuery> canned_queries() { return table; }

const CannedQuery& canned_query(std::string_view name) {
  const auto* found = std::ranges::find(table, name, &CannedQuery::name);
  if (found != std::end(table)) return *found;
  std::vector<std::string_view> names{"list"};
  for (const CannedQuery& query : table) names.push_back(query.name);
  throw InputError{"--canned: " + unknown_name_message("query", name, names)};
}

}  // namespace rooftile::cli
