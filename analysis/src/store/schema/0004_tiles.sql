-- Schema version 4: a kernel's tile by all that can be changed of it, and what a CTA of it occupies.

-- {"br":128,"bc":64,"warps":4,"stages":1}
ALTER TABLE kernel ADD COLUMN warps  INTEGER GENERATED ALWAYS AS (params ->> '$.warps') VIRTUAL;
ALTER TABLE kernel ADD COLUMN stages INTEGER GENERATED ALWAYS AS (params ->> '$.stages') VIRTUAL;

-- Of the launch that takes longest; NULL where nobody said.
ALTER TABLE result ADD COLUMN registers_per_thread INTEGER CHECK (registers_per_thread >= 0);
ALTER TABLE result ADD COLUMN smem_per_cta_bytes REAL CHECK (smem_per_cta_bytes >= 0);
ALTER TABLE result ADD COLUMN ctas_per_sm INTEGER CHECK (ctas_per_sm >= 0);

DROP VIEW v_latest;
DROP VIEW v_result;
CREATE VIEW v_result AS
SELECT r.id, r.run_id, r.latest, r.profile_name AS profile, p.hash AS profile_hash, k.name AS kernel, k.br, k.bc,
       k.warps, k.stages, w.op, w.pass, w.dtype, w.batch, w.heads, w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask,
       w.dropout, w.m, w.n, w.k, w.rows, w.cols, r.l2, r.method, r.predictor, r.predictor_version, r.timer, r.setting,
       r.source, r.printed, r.time_s, r.flop, r.dram_read_bytes, r.dram_write_bytes, r.l2_read_bytes, r.l2_write_bytes,
       r.smem_bytes, r.extra_memory_bytes, r.registers_per_thread, r.smem_per_cta_bytes, r.ctas_per_sm, r.bound,
       r.status, r.reason, r.expected_error, r.notes
FROM result r
JOIN profile p ON p.id = r.profile_id
JOIN workload w ON w.id = r.workload_id
JOIN kernel k ON k.id = r.kernel_id;

CREATE VIEW v_latest AS
SELECT id AS result_id, profile, kernel, br, bc, warps, stages, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv,
       head_dim, mask, dropout, m, n, k, rows, cols, l2, setting, method, predictor, predictor_version, timer, source,
       status, reason, time_s * 1e3 AS time_ms, flop / time_s / 1e12 AS tflop_per_s,
       dram_read_bytes / 1e9 AS dram_read_gb, dram_write_bytes / 1e9 AS dram_write_gb,
       l2_read_bytes / 1e9 AS l2_read_gb, l2_write_bytes / 1e9 AS l2_write_gb, smem_bytes / 1e9 AS smem_gb,
       extra_memory_bytes / 1e9 AS extra_memory_gb, registers_per_thread, smem_per_cta_bytes / 1024 AS smem_per_cta_kib,
       ctas_per_sm, bound, printed, notes
FROM v_result
WHERE latest = 1;

DROP VIEW v_compare;
CREATE VIEW v_compare AS
SELECT p.observed_id, p.computed_id AS result_id, p.profile_name AS profile, k.name AS kernel, k.br, k.bc, k.warps,
       k.stages, w.op, w.pass, w.dtype, w.batch, w.heads, w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, w.dropout,
       w.m, w.n, w.k, w.rows, w.cols, o.l2, o.setting, o.method AS observed, o.timer, o.source, o.printed, p.method,
       p.predictor, p.predictor_version, p.observed_s * 1e3 AS observed_ms, p.computed_s * 1e3 AS predicted_ms,
       p.computed_s / p.observed_s AS ratio, 100.0 * (p.computed_s - p.observed_s) / p.observed_s AS error_pct,
       coalesce(o.flop, c.flop) AS flop, coalesce(o.flop, c.flop) / p.observed_s / 1e12 AS observed_tflop_per_s,
       coalesce(o.flop, c.flop) / p.computed_s / 1e12 AS predicted_tflop_per_s,
       (o.dram_read_bytes + o.dram_write_bytes) / 1e9 AS observed_dram_gb,
       (c.dram_read_bytes + c.dram_write_bytes) / 1e9 AS predicted_dram_gb,
       (c.l2_read_bytes + c.l2_write_bytes) / 1e9 AS predicted_l2_gb, c.bound, b.class AS bound_class
FROM pair p
CROSS JOIN result o ON o.id = p.observed_id
CROSS JOIN result c ON c.id = p.computed_id
CROSS JOIN workload w ON w.id = o.workload_id
CROSS JOIN kernel k ON k.id = p.kernel_id
CROSS JOIN bound_class b ON b.bound = c.bound
WHERE p.observed_s IS NOT NULL AND p.computed_s IS NOT NULL;

DROP VIEW v_accuracy;
CREATE VIEW v_accuracy AS
SELECT a.profile, k.name AS kernel, k.br, k.bc, k.warps, k.stages, a.method, a.predictor, a.predictor_version, a.n,
       a.mape_pct, a.worst_pct, a.bias_pct
FROM (SELECT profile_name AS profile, kernel_id, method, predictor, predictor_version, count(*) AS n,
             100 * avg(abs(computed_s / observed_s - 1)) AS mape_pct,
             100 * max(abs(computed_s / observed_s - 1)) AS worst_pct,
             100 * avg(computed_s / observed_s - 1) AS bias_pct
      FROM pair
      WHERE observed_s IS NOT NULL AND computed_s IS NOT NULL
      GROUP BY profile_name, kernel_id, method, predictor, predictor_version) a
JOIN kernel k ON k.id = a.kernel_id;

-- The tiles of one kernel for one question, the fastest first: every latest prediction that says its tile.
CREATE VIEW v_tiles AS
SELECT profile, kernel, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dtype, pass, dropout, l2, setting,
       predictor, rank() OVER tiles AS rank, br, bc, warps, stages, registers_per_thread, smem_per_cta_kib, ctas_per_sm,
       time_ms, time_ms / min(time_ms) OVER tiles AS of_best, bound, result_id
FROM v_latest
WHERE br IS NOT NULL AND bc IS NOT NULL AND warps IS NOT NULL AND stages IS NOT NULL AND op = 'attention'
  AND method = 'predicted' AND status = 'ok'
WINDOW tiles AS (PARTITION BY profile, kernel, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dtype, pass,
                              dropout, l2, setting, predictor ORDER BY time_ms);
