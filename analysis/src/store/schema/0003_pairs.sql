-- Schema version 3: each observation beside each computed answer, kept as a table by triggers. v_accuracy over 50,000
-- pairs is then one walk along an index instead of 50,000 searches by seven columns, and v_compare finds its rows by id.

-- Two results with status 'ok', both the latest of their series, of the same product, workload, kernel, setting and L2
-- state. A pair never outlives either of them.

CREATE TABLE pair (
  observed_id       INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
  computed_id       INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
  profile_name      TEXT    NOT NULL,
  kernel_id         INTEGER NOT NULL,
  method            TEXT    NOT NULL,
  predictor         TEXT    NOT NULL,
  predictor_version INTEGER NOT NULL,
  observed_s        REAL,  -- NULL where bytes were observed and no time
  computed_s        REAL,
  PRIMARY KEY (observed_id, computed_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pair_computed ON pair (computed_id);
-- The groups of v_accuracy in their order, with what is summed.
CREATE INDEX pair_group ON pair (profile_name, kernel_id, method, predictor, predictor_version, observed_s, computed_s);

-- What the table must hold, by definition.
CREATE VIEW pair_by_definition AS
SELECT o.id AS observed_id, c.id AS computed_id, c.profile_name, c.kernel_id, c.method, c.predictor,
       c.predictor_version, o.time_s AS observed_s, c.time_s AS computed_s
FROM result o
JOIN result c ON c.workload_id = o.workload_id AND c.kernel_id = o.kernel_id AND c.profile_name = o.profile_name
  AND c.l2 = o.l2 AND c.setting = o.setting
WHERE o.observed = 1 AND c.observed = 0 AND o.latest = 1 AND c.latest = 1 AND o.status = 'ok' AND c.status = 'ok';

-- Which results ask the same question: the triggers and v_bytes look along it. It replaces result_series, which also
-- held every column that v_accuracy read.
DROP INDEX result_series;
CREATE INDEX result_question ON result (workload_id, kernel_id, profile_name, l2, setting, latest);

INSERT INTO pair SELECT * FROM pair_by_definition;

CREATE TRIGGER result_pairs_when_added AFTER INSERT ON result WHEN NEW.latest = 1 AND NEW.status = 'ok' BEGIN
  INSERT INTO pair SELECT * FROM pair_by_definition WHERE observed_id = NEW.id AND NEW.observed = 1;
  INSERT INTO pair SELECT * FROM pair_by_definition WHERE computed_id = NEW.id AND NEW.observed = 0;
END;

CREATE TRIGGER result_pairs_when_changed AFTER UPDATE ON result
WHEN (NEW.latest, NEW.status, NEW.time_s, NEW.profile_name, NEW.workload_id, NEW.kernel_id, NEW.l2, NEW.setting,
      NEW.method, NEW.predictor, NEW.predictor_version)
  IS NOT (OLD.latest, OLD.status, OLD.time_s, OLD.profile_name, OLD.workload_id, OLD.kernel_id, OLD.l2, OLD.setting,
          OLD.method, OLD.predictor, OLD.predictor_version)
BEGIN
  DELETE FROM pair WHERE observed_id = NEW.id;
  DELETE FROM pair WHERE computed_id = NEW.id;
  INSERT INTO pair SELECT * FROM pair_by_definition WHERE observed_id = NEW.id AND NEW.observed = 1;
  INSERT INTO pair SELECT * FROM pair_by_definition WHERE computed_id = NEW.id AND NEW.observed = 0;
END;

-- Tools that leave foreign keys off (SQLite's default) delete results, too.
CREATE TRIGGER result_pairs_when_deleted AFTER DELETE ON result BEGIN
  DELETE FROM pair WHERE observed_id = OLD.id;
  DELETE FROM pair WHERE computed_id = OLD.id;
END;

-- Each observation beside each method's and predictor's latest answer for the same product, workload, kernel, setting
-- and L2 state. ratio = predicted / observed; error_pct is signed: negative where the model is too fast.
DROP VIEW v_compare;
CREATE VIEW v_compare AS
SELECT p.observed_id, p.computed_id AS result_id, p.profile_name AS profile, k.name AS kernel, k.br, k.bc, w.op, w.pass,
       w.dtype, w.batch, w.heads, w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, w.dropout, w.m, w.n, w.k, w.rows,
       w.cols, o.l2, o.setting, o.method AS observed, o.timer, o.source, o.printed, p.method, p.predictor,
       p.predictor_version, p.observed_s * 1e3 AS observed_ms, p.computed_s * 1e3 AS predicted_ms,
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

-- Error per GPU, kernel and predictor, in per cent of the observed time. bias_pct is the mean of the signed error.
DROP VIEW v_accuracy;
CREATE VIEW v_accuracy AS
SELECT a.profile, k.name AS kernel, k.br, k.bc, a.method, a.predictor, a.predictor_version, a.n, a.mape_pct,
       a.worst_pct, a.bias_pct
FROM (SELECT profile_name AS profile, kernel_id, method, predictor, predictor_version, count(*) AS n,
             100 * avg(abs(computed_s / observed_s - 1)) AS mape_pct,
             100 * max(abs(computed_s / observed_s - 1)) AS worst_pct,
             100 * avg(computed_s / observed_s - 1) AS bias_pct
      FROM pair
      WHERE observed_s IS NOT NULL AND computed_s IS NOT NULL
      GROUP BY profile_name, kernel_id, method, predictor, predictor_version) a
JOIN kernel k ON k.id = a.kernel_id;

-- Bytes that counters saw beside the bytes that each method says. Columns end in _ratio where they are computed /
-- observed.
DROP VIEW v_bytes;
CREATE VIEW v_bytes AS
SELECT o.id AS observed_id, c.id AS result_id, o.profile_name AS profile, k.name AS kernel, w.op, w.pass, w.dtype,
       w.batch, w.heads, w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, o.l2, o.setting, o.source, c.method,
       c.predictor, c.predictor_version,
       o.dram_read_bytes / 1e9 AS observed_dram_read_gb, c.dram_read_bytes / 1e9 AS dram_read_gb,
       c.dram_read_bytes / o.dram_read_bytes AS dram_read_ratio,
       o.dram_write_bytes / 1e9 AS observed_dram_write_gb, c.dram_write_bytes / 1e9 AS dram_write_gb,
       c.dram_write_bytes / o.dram_write_bytes AS dram_write_ratio,
       o.l2_read_bytes / 1e9 AS observed_l2_read_gb, c.l2_read_bytes / 1e9 AS l2_read_gb,
       c.l2_read_bytes / o.l2_read_bytes AS l2_read_ratio,
       o.l2_write_bytes / 1e9 AS observed_l2_write_gb, c.l2_write_bytes / 1e9 AS l2_write_gb,
       c.l2_write_bytes / o.l2_write_bytes AS l2_write_ratio
FROM pair p
CROSS JOIN result o ON o.id = p.observed_id
CROSS JOIN result c ON c.id = p.computed_id
JOIN workload w ON w.id = o.workload_id
JOIN kernel k ON k.id = p.kernel_id
WHERE o.dram_read_bytes IS NOT NULL OR o.l2_read_bytes IS NOT NULL;
