-- Schema version 5: what each method answers to the same question, side by side.

-- One row per question (product, workload, kernel, setting, L2 state), predictor and observed time; NULL where nobody
-- answered. Simulated and executed are the answers stored last, observed bytes those that counters saw last: they come
-- apart from times. `methods` counts those of predicted, simulated, executed and observed that are there. An execution
-- has no time. error_pct is signed: negative where the model is too fast.
CREATE VIEW v_methods AS
SELECT q.profile_name AS profile, k.name AS kernel, k.br, k.bc, k.warps, k.stages, w.op, w.pass, w.dtype, w.batch,
       w.heads, w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, w.dropout, w.m, w.n, w.k, w.rows, w.cols, q.l2,
       q.setting, p.predictor, o.method AS observed, o.timer, o.source, o.printed,
       (p.id IS NOT NULL) + (s.id IS NOT NULL) + (e.id IS NOT NULL) + (coalesce(o.id, c.id) IS NOT NULL) AS methods,
       p.time_s * 1e3 AS predicted_ms, s.time_s * 1e3 AS simulated_ms, o.time_s * 1e3 AS observed_ms,
       100.0 * (p.time_s - o.time_s) / o.time_s AS predicted_error_pct,
       100.0 * (s.time_s - o.time_s) / o.time_s AS simulated_error_pct,
       (p.dram_read_bytes + p.dram_write_bytes) / 1e9 AS predicted_dram_gb,
       (s.dram_read_bytes + s.dram_write_bytes) / 1e9 AS simulated_dram_gb,
       (e.dram_read_bytes + e.dram_write_bytes) / 1e9 AS executed_dram_gb,
       (c.dram_read_bytes + c.dram_write_bytes) / 1e9 AS observed_dram_gb,
       (p.l2_read_bytes + p.l2_write_bytes) / 1e9 AS predicted_l2_gb,
       (s.l2_read_bytes + s.l2_write_bytes) / 1e9 AS simulated_l2_gb,
       (e.l2_read_bytes + e.l2_write_bytes) / 1e9 AS executed_l2_gb,
       (c.l2_read_bytes + c.l2_write_bytes) / 1e9 AS observed_l2_gb, p.bound AS predicted_bound,
       s.bound AS simulated_bound
FROM (SELECT workload_id, kernel_id, profile_name, l2, setting,
             max(id) FILTER (WHERE method = 'simulated') AS simulated,
             max(id) FILTER (WHERE method = 'executed') AS executed,
             max(id) FILTER (WHERE observed = 1 AND dram_read_bytes IS NOT NULL) AS counted
      FROM result WHERE latest = 1 AND status = 'ok'
      GROUP BY workload_id, kernel_id, profile_name, l2, setting) q
JOIN workload w ON w.id = q.workload_id
JOIN kernel k ON k.id = q.kernel_id
LEFT JOIN result s ON s.id = q.simulated
LEFT JOIN result e ON e.id = q.executed
LEFT JOIN result c ON c.id = q.counted
LEFT JOIN result p ON p.workload_id = q.workload_id AND p.kernel_id = q.kernel_id AND p.profile_name = q.profile_name
  AND p.l2 = q.l2 AND p.setting = q.setting AND p.latest = 1 AND p.status = 'ok' AND p.method = 'predicted'
LEFT JOIN result o ON o.workload_id = q.workload_id AND o.kernel_id = q.kernel_id AND o.profile_name = q.profile_name
  AND o.l2 = q.l2 AND o.setting = q.setting AND o.latest = 1 AND o.status = 'ok' AND o.observed = 1
  AND o.time_s IS NOT NULL;
