-- A results file of schema version 4, frozen: never edit. migrate_test.cpp opens it with every later schema.
PRAGMA application_id = 0x52465431;

CREATE TABLE profile (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL CHECK (name <> ''),
  hash TEXT NOT NULL DEFAULT '',
  yaml TEXT NOT NULL DEFAULT '',
  UNIQUE (name, hash),
  UNIQUE (id, name)
) STRICT;

CREATE TABLE workload (
  id       INTEGER PRIMARY KEY,
  op       TEXT    NOT NULL CHECK (op IN ('attention', 'gemm', 'softmax')),
  pass     TEXT    NOT NULL CHECK (pass IN ('', 'fwd', 'bwd', 'fwd+bwd')),
  dtype    TEXT    NOT NULL CHECK (dtype IN ('fp16', 'bf16', 'fp32', 'fp8_e4m3')),
  batch    INTEGER NOT NULL CHECK (batch >= 0),
  heads    INTEGER NOT NULL CHECK (heads >= 0),
  kv_heads INTEGER NOT NULL CHECK (kv_heads >= 0),
  seq_q    INTEGER NOT NULL CHECK (seq_q >= 0),
  seq_kv   INTEGER NOT NULL CHECK (seq_kv >= 0),
  head_dim INTEGER NOT NULL CHECK (head_dim >= 0),
  mask     TEXT    NOT NULL CHECK (mask IN ('', 'none', 'causal', 'key_padding')),
  dropout  REAL    NOT NULL CHECK (dropout >= 0 AND dropout < 1),
  m        INTEGER NOT NULL CHECK (m >= 0),
  n        INTEGER NOT NULL CHECK (n >= 0),
  k        INTEGER NOT NULL CHECK (k >= 0),
  rows     INTEGER NOT NULL CHECK (rows >= 0),
  cols     INTEGER NOT NULL CHECK (cols >= 0),
  CHECK (op <> 'attention' OR (pass <> '' AND mask <> '' AND batch > 0 AND heads > 0 AND kv_heads > 0 AND
                               heads % kv_heads = 0 AND seq_q > 0 AND seq_kv > 0 AND head_dim > 0)),
  CHECK (op <> 'gemm' OR (batch > 0 AND m > 0 AND n > 0 AND k > 0)),
  CHECK (op <> 'softmax' OR (rows > 0 AND cols > 0)),
  UNIQUE (op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dropout, m, n, k, rows, cols)
) STRICT;

CREATE TABLE kernel (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL CHECK (name <> ''),
  params TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(params)),
  br     INTEGER GENERATED ALWAYS AS (params ->> '$.br') VIRTUAL,
  bc     INTEGER GENERATED ALWAYS AS (params ->> '$.bc') VIRTUAL,
  UNIQUE (name, params)
) STRICT;

CREATE TABLE build (
  id         INTEGER PRIMARY KEY,
  version    TEXT NOT NULL,
  compiler   TEXT NOT NULL,
  build_type TEXT NOT NULL,
  UNIQUE (version, compiler, build_type)
) STRICT;

CREATE TABLE gpu (
  id                 INTEGER PRIMARY KEY,
  uuid               TEXT    NOT NULL UNIQUE,
  name               TEXT    NOT NULL,
  compute_capability TEXT    NOT NULL,
  sm_count           INTEGER NOT NULL,
  memory_bytes       REAL,
  l2_bytes           REAL,
  max_sm_clock_hz    REAL
) STRICT;

CREATE TABLE run (
  id         INTEGER PRIMARY KEY,
  uuid       TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),
  started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  ended_at   TEXT,
  command    TEXT NOT NULL CHECK (command <> ''),
  argv       TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(argv)),
  build_id   INTEGER NOT NULL REFERENCES build (id),
  gpu_id     INTEGER REFERENCES gpu (id),
  host       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(host)),
  driver     TEXT NOT NULL DEFAULT '',
  clocks     TEXT NOT NULL DEFAULT '',
  source     TEXT NOT NULL DEFAULT '',
  note       TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE result (
  id                 INTEGER PRIMARY KEY,
  run_id             INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  profile_id         INTEGER NOT NULL,
  profile_name       TEXT    NOT NULL,
  workload_id        INTEGER NOT NULL REFERENCES workload (id),
  kernel_id          INTEGER NOT NULL REFERENCES kernel (id),
  method             TEXT    NOT NULL CHECK (method IN ('predicted', 'simulated', 'executed', 'measured', 'published')),
  observed           INTEGER NOT NULL CHECK (observed = (method IN ('measured', 'published'))),
  predictor          TEXT    NOT NULL DEFAULT '',
  predictor_version  INTEGER NOT NULL DEFAULT 0,
  l2                 TEXT    NOT NULL CHECK (l2 IN ('cold', 'warm')),
  timer              TEXT    NOT NULL DEFAULT '',
  setting            TEXT    NOT NULL DEFAULT '',
  source             TEXT    NOT NULL DEFAULT '' CHECK (source <> '' OR observed = 0),
  latest             INTEGER NOT NULL DEFAULT 1 CHECK (latest IN (0, 1)),
  status             TEXT    NOT NULL CHECK (status IN ('ok', 'infeasible', 'unsupported', 'failed')),
  reason             TEXT    NOT NULL DEFAULT '',
  time_s             REAL CHECK (time_s > 0 AND time_s < 1e300),
  flop               REAL CHECK (flop >= 0),
  dram_read_bytes    REAL CHECK (dram_read_bytes >= 0),
  dram_write_bytes   REAL CHECK (dram_write_bytes >= 0),
  l2_read_bytes      REAL CHECK (l2_read_bytes >= 0),
  l2_write_bytes     REAL CHECK (l2_write_bytes >= 0),
  smem_bytes         REAL CHECK (smem_bytes >= 0),
  extra_memory_bytes REAL CHECK (extra_memory_bytes >= 0),
  bound              TEXT NOT NULL DEFAULT '' CHECK (bound IN ('', 'dram', 'l2', 'smem', 'tensor', 'exp2', 'fma',
                                                               'convert', 'issue', 'latency', 'launch')),
  expected_error     REAL CHECK (expected_error >= 0),
  notes              TEXT NOT NULL DEFAULT '',
  printed            TEXT NOT NULL DEFAULT '',
  CHECK ((status = 'ok') = (reason = '')),
  FOREIGN KEY (profile_id, profile_name) REFERENCES profile (id, name),
  UNIQUE (workload_id, kernel_id, profile_id, method, predictor, predictor_version, l2, timer, setting, source)
) STRICT;

CREATE INDEX result_run ON result (run_id);
CREATE INDEX result_series ON result (latest, observed, profile_name, kernel_id, workload_id, l2, setting, method,
                                      predictor, predictor_version, timer, source, status, time_s);

CREATE TRIGGER result_becomes_latest AFTER INSERT ON result WHEN NEW.latest = 1 BEGIN
  UPDATE result SET latest = 0
  WHERE latest = 1 AND id <> NEW.id AND observed = NEW.observed AND profile_name = NEW.profile_name
    AND kernel_id = NEW.kernel_id AND workload_id = NEW.workload_id AND l2 = NEW.l2 AND setting = NEW.setting
    AND method = NEW.method AND predictor = NEW.predictor AND timer = NEW.timer AND source = NEW.source;
END;

CREATE TRIGGER result_leaves_latest AFTER DELETE ON result WHEN OLD.latest = 1 BEGIN
  UPDATE result SET latest = 1
  WHERE id = (SELECT max(id) FROM result
              WHERE workload_id = OLD.workload_id AND kernel_id = OLD.kernel_id AND profile_name = OLD.profile_name
                AND l2 = OLD.l2 AND setting = OLD.setting AND method = OLD.method AND predictor = OLD.predictor
                AND timer = OLD.timer AND source = OLD.source);
END;

CREATE TABLE sample (
  result_id   INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
  idx         INTEGER NOT NULL CHECK (idx >= 0),
  time_s      REAL    NOT NULL CHECK (time_s > 0),
  sm_clock_hz REAL,
  PRIMARY KEY (result_id, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  result_id INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
  name      TEXT    NOT NULL,
  value     REAL    NOT NULL,
  unit      TEXT    NOT NULL,
  PRIMARY KEY (result_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  name   TEXT    NOT NULL CHECK (name <> ''),
  value  TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE bound_class (
  bound TEXT PRIMARY KEY NOT NULL,
  class TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO bound_class VALUES
  ('', ''), ('dram', 'memory'), ('l2', 'memory'), ('smem', 'memory'), ('tensor', 'compute'), ('exp2', 'compute'),
  ('fma', 'compute'), ('convert', 'compute'), ('issue', 'compute'), ('latency', 'overhead'), ('launch', 'overhead');

CREATE VIEW v_result AS
SELECT r.id, r.run_id, r.latest, r.profile_name AS profile, p.hash AS profile_hash, k.name AS kernel, k.br, k.bc,
       w.op, w.pass, w.dtype, w.batch, w.heads, w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, w.dropout,
       w.m, w.n, w.k, w.rows, w.cols, r.l2, r.method, r.predictor, r.predictor_version, r.timer, r.setting, r.source,
       r.printed, r.time_s, r.flop, r.dram_read_bytes, r.dram_write_bytes, r.l2_read_bytes, r.l2_write_bytes,
       r.smem_bytes, r.extra_memory_bytes, r.bound, r.status, r.reason, r.expected_error, r.notes
FROM result r
JOIN profile p ON p.id = r.profile_id
JOIN workload w ON w.id = r.workload_id
JOIN kernel k ON k.id = r.kernel_id;

CREATE VIEW v_latest AS
SELECT id AS result_id, profile, kernel, br, bc, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask,
       dropout, m, n, k, rows, cols, l2, setting, method, predictor, predictor_version, timer, source, status, reason,
       time_s * 1e3 AS time_ms, flop / time_s / 1e12 AS tflop_per_s, dram_read_bytes / 1e9 AS dram_read_gb,
       dram_write_bytes / 1e9 AS dram_write_gb, l2_read_bytes / 1e9 AS l2_read_gb, l2_write_bytes / 1e9 AS l2_write_gb,
       smem_bytes / 1e9 AS smem_gb, extra_memory_bytes / 1e9 AS extra_memory_gb, bound, printed, notes
FROM v_result
WHERE latest = 1;

CREATE VIEW v_compare AS
SELECT o.id AS observed_id, c.id AS result_id, o.profile_name AS profile, k.name AS kernel, k.br, k.bc, w.op, w.pass,
       w.dtype, w.batch, w.heads, w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, w.dropout, w.m, w.n, w.k, w.rows,
       w.cols, o.l2, o.setting, o.method AS observed, o.timer, o.source, o.printed, c.method, c.predictor,
       c.predictor_version, o.time_s * 1e3 AS observed_ms, c.time_s * 1e3 AS predicted_ms, c.time_s / o.time_s AS ratio,
       100.0 * (c.time_s - o.time_s) / o.time_s AS error_pct, coalesce(o.flop, c.flop) AS flop,
       coalesce(o.flop, c.flop) / o.time_s / 1e12 AS observed_tflop_per_s,
       coalesce(o.flop, c.flop) / c.time_s / 1e12 AS predicted_tflop_per_s,
       (o.dram_read_bytes + o.dram_write_bytes) / 1e9 AS observed_dram_gb,
       (c.dram_read_bytes + c.dram_write_bytes) / 1e9 AS predicted_dram_gb,
       (c.l2_read_bytes + c.l2_write_bytes) / 1e9 AS predicted_l2_gb, c.bound, b.class AS bound_class
FROM result o
CROSS JOIN result c ON c.observed = 0 AND c.latest = 1 AND c.profile_name = o.profile_name AND c.kernel_id = o.kernel_id
  AND c.workload_id = o.workload_id AND c.l2 = o.l2 AND c.setting = o.setting
JOIN workload w ON w.id = o.workload_id
JOIN kernel k ON k.id = o.kernel_id
JOIN bound_class b ON b.bound = c.bound
WHERE o.observed = 1 AND o.latest = 1 AND o.status = 'ok' AND o.time_s IS NOT NULL AND c.status = 'ok'
  AND c.time_s IS NOT NULL;

CREATE VIEW v_accuracy AS
SELECT a.profile, k.name AS kernel, k.br, k.bc, a.method, a.predictor, a.predictor_version, a.n, a.mape_pct,
       a.worst_pct, a.bias_pct
FROM (SELECT o.profile_name AS profile, o.kernel_id, c.method, c.predictor, c.predictor_version, count(*) AS n,
             100 * avg(abs(c.time_s / o.time_s - 1)) AS mape_pct, 100 * max(abs(c.time_s / o.time_s - 1)) AS worst_pct,
             100 * avg(c.time_s / o.time_s - 1) AS bias_pct
      FROM result o
      CROSS JOIN result c ON c.observed = 0 AND c.latest = 1 AND c.profile_name = o.profile_name
        AND c.kernel_id = o.kernel_id AND c.workload_id = o.workload_id AND c.l2 = o.l2 AND c.setting = o.setting
      WHERE o.observed = 1 AND o.latest = 1 AND o.status = 'ok' AND o.time_s IS NOT NULL AND c.status = 'ok'
        AND c.time_s IS NOT NULL
      GROUP BY o.profile_name, o.kernel_id, c.method, c.predictor, c.predictor_version) a
JOIN kernel k ON k.id = a.kernel_id;

CREATE VIEW v_roofline AS
SELECT r.id AS result_id, r.profile_name AS profile, k.name AS kernel, w.op, w.pass, w.dtype, w.batch, w.heads,
       w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, w.m, w.n, w.k, w.rows, w.cols, r.l2, r.setting, r.method,
       r.predictor, r.predictor_version, r.flop / (r.dram_read_bytes + r.dram_write_bytes) AS intensity_flop_per_byte,
       r.flop / r.time_s / 1e12 AS tflop_per_s, r.bound, b.class AS bound_class
FROM result r
JOIN workload w ON w.id = r.workload_id
JOIN kernel k ON k.id = r.kernel_id
JOIN bound_class b ON b.bound = r.bound
WHERE r.latest = 1 AND r.status = 'ok' AND r.time_s IS NOT NULL AND r.flop IS NOT NULL
  AND r.dram_read_bytes + r.dram_write_bytes > 0;

ALTER TABLE gpu ADD COLUMN properties TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties));

CREATE TABLE series (
  result_id     INTEGER PRIMARY KEY REFERENCES result (id) ON DELETE CASCADE,
  q1_s          REAL CHECK (q1_s > 0),
  q3_s          REAL CHECK (q3_s > 0),
  sm_clock_hz   REAL,
  power_w       REAL,
  temperature_c REAL,
  throttled     INTEGER NOT NULL CHECK (throttled IN (0, 1)),
  discarded     INTEGER NOT NULL CHECK (discarded >= 0)
) STRICT;

CREATE TABLE verification (
  id              INTEGER PRIMARY KEY,
  run_id          INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  profile_id      INTEGER NOT NULL REFERENCES profile (id),
  workload_id     INTEGER NOT NULL REFERENCES workload (id),
  kernel_id       INTEGER NOT NULL REFERENCES kernel (id),
  against         TEXT    NOT NULL CHECK (against IN ('float64', 'host')),
  status          TEXT    NOT NULL CHECK (status IN ('ok', 'infeasible', 'unsupported', 'failed')),
  reason          TEXT    NOT NULL DEFAULT '',
  relative_error  REAL,
  max_error       REAL,
  lse_error       REAL,
  tiles           INTEGER,
  tiles_differing INTEGER,
  tile_difference REAL,
  CHECK ((status = 'ok') = (reason = '')),
  UNIQUE (run_id, workload_id, kernel_id, against)
) STRICT;

CREATE TABLE micro (
  id          INTEGER PRIMARY KEY,
  run_id      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  profile_id  INTEGER NOT NULL REFERENCES profile (id),
  name        TEXT    NOT NULL CHECK (name <> ''),
  parameters  TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(parameters)),
  status      TEXT    NOT NULL CHECK (status IN ('ok', 'infeasible', 'unsupported', 'failed')),
  reason      TEXT    NOT NULL DEFAULT '',
  value       REAL,
  unit        TEXT    NOT NULL DEFAULT '',
  sm_clock_hz REAL,
  CHECK ((status = 'ok') = (reason = '')),
  CHECK (status <> 'ok' OR value IS NOT NULL),
  UNIQUE (run_id, name, parameters)
) STRICT;

CREATE TABLE micro_sample (
  micro_id INTEGER NOT NULL REFERENCES micro (id) ON DELETE CASCADE,
  idx      INTEGER NOT NULL CHECK (idx >= 0),
  value    REAL    NOT NULL,
  PRIMARY KEY (micro_id, idx)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_micro AS
SELECT m.id AS micro_id, p.name AS profile, g.name AS gpu, r.started_at, m.name, m.parameters, m.value, m.unit,
       m.sm_clock_hz / 1e6 AS sm_clock_mhz, m.status, m.reason
FROM micro m
JOIN run r ON r.id = m.run_id
JOIN profile p ON p.id = m.profile_id
LEFT JOIN gpu g ON g.id = r.gpu_id;

CREATE VIEW v_verification AS
SELECT v.id AS verification_id, p.name AS profile, r.started_at, k.name AS kernel, w.pass, w.dtype, w.batch, w.heads,
       w.kv_heads, w.seq_q, w.seq_kv, w.head_dim, w.mask, v.against, v.status, v.reason, v.relative_error, v.max_error,
       v.lse_error, v.tiles, v.tiles_differing, v.tile_difference
FROM verification v
JOIN run r ON r.id = v.run_id
JOIN profile p ON p.id = v.profile_id
JOIN workload w ON w.id = v.workload_id
JOIN kernel k ON k.id = v.kernel_id;

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
FROM result o
CROSS JOIN result c ON c.observed = 0 AND c.latest = 1 AND c.profile_name = o.profile_name AND c.kernel_id = o.kernel_id
  AND c.workload_id = o.workload_id AND c.l2 = o.l2 AND c.setting = o.setting
JOIN workload w ON w.id = o.workload_id
JOIN kernel k ON k.id = o.kernel_id
WHERE o.observed = 1 AND o.latest = 1 AND o.status = 'ok' AND c.status = 'ok'
  AND (o.dram_read_bytes IS NOT NULL OR o.l2_read_bytes IS NOT NULL);

CREATE TABLE pair (
  observed_id       INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
  computed_id       INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
  profile_name      TEXT    NOT NULL,
  kernel_id         INTEGER NOT NULL,
  method            TEXT    NOT NULL,
  predictor         TEXT    NOT NULL,
  predictor_version INTEGER NOT NULL,
  observed_s        REAL,
  computed_s        REAL,
  PRIMARY KEY (observed_id, computed_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pair_computed ON pair (computed_id);
CREATE INDEX pair_group ON pair (profile_name, kernel_id, method, predictor, predictor_version, observed_s, computed_s);

CREATE VIEW pair_by_definition AS
SELECT o.id AS observed_id, c.id AS computed_id, c.profile_name, c.kernel_id, c.method, c.predictor,
       c.predictor_version, o.time_s AS observed_s, c.time_s AS computed_s
FROM result o
JOIN result c ON c.workload_id = o.workload_id AND c.kernel_id = o.kernel_id AND c.profile_name = o.profile_name
  AND c.l2 = o.l2 AND c.setting = o.setting
WHERE o.observed = 1 AND c.observed = 0 AND o.latest = 1 AND c.latest = 1 AND o.status = 'ok' AND c.status = 'ok';

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

CREATE TRIGGER result_pairs_when_deleted AFTER DELETE ON result BEGIN
  DELETE FROM pair WHERE observed_id = OLD.id;
  DELETE FROM pair WHERE computed_id = OLD.id;
END;

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

ALTER TABLE kernel ADD COLUMN warps  INTEGER GENERATED ALWAYS AS (params ->> '$.warps') VIRTUAL;
ALTER TABLE kernel ADD COLUMN stages INTEGER GENERATED ALWAYS AS (params ->> '$.stages') VIRTUAL;

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

CREATE VIEW v_tiles AS
SELECT profile, kernel, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dtype, pass, dropout, l2, setting,
       predictor, rank() OVER tiles AS rank, br, bc, warps, stages, registers_per_thread, smem_per_cta_kib, ctas_per_sm,
       time_ms, time_ms / min(time_ms) OVER tiles AS of_best, bound, result_id
FROM v_latest
WHERE br IS NOT NULL AND bc IS NOT NULL AND warps IS NOT NULL AND stages IS NOT NULL AND op = 'attention'
  AND method = 'predicted' AND status = 'ok'
WINDOW tiles AS (PARTITION BY profile, kernel, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dtype, pass,
                              dropout, l2, setting, predictor ORDER BY time_ms);

INSERT INTO profile (id, name, hash, yaml) VALUES
  (1, 'a100_sxm4_80gb', '', ''), (2, 'a100_sxm4_80gb', '5b1c', 'name: a100_sxm4_80gb');
INSERT INTO workload VALUES (1, 'attention', 'fwd', 'fp16', 2, 8, 8, 1024, 1024, 128, 'causal', 0, 0, 0, 0, 0, 0);
INSERT INTO kernel (id, name, params) VALUES (1, 'fa2', '{}'), (2, 'fa2', '{"br":64,"bc":32,"warps":4,"stages":1}');
INSERT INTO build VALUES (1, '0.1.0', 'GNU 12.2.0', 'Release');
INSERT INTO run (id, uuid, started_at, ended_at, command, argv, build_id, source) VALUES
  (1, '01', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z', 'run', '["rooftile","run"]', 1, ''),
  (2, '02', '2026-01-01T00:00:02.000Z', NULL, 'db import', '[]', 1, 'fa2.csv');
INSERT INTO result (run_id, profile_id, profile_name, workload_id, kernel_id, method, observed, predictor,
                    predictor_version, l2, source, status, time_s, flop, dram_read_bytes, dram_write_bytes, bound) VALUES
  (1, 2, 'a100_sxm4_80gb', 1, 1, 'predicted', 0, 'hierarchical', 1, 'warm', '', 'ok', 0.001, 4294967296, 6e6, 2e6,
   'tensor'),
  (1, 2, 'a100_sxm4_80gb', 1, 1, 'predicted', 0, 'hierarchical', 2, 'warm', '', 'ok', 0.0015, 4294967296, 6e6, 2e6,
   'tensor'),
  (1, 2, 'a100_sxm4_80gb', 1, 2, 'predicted', 0, 'hierarchical', 3, 'warm', '', 'ok', 0.0012, 4294967296, 6e6, 2e6,
   'tensor'),
  (1, 2, 'a100_sxm4_80gb', 1, 1, 'executed', 0, 'host', 1, 'warm', '', 'ok', NULL, 4294967296, 7e6, 2e6, ''),
  (2, 1, 'a100_sxm4_80gb', 1, 1, 'published', 1, '', 0, 'warm', 'a paper', 'ok', 0.002, 4294967296, NULL, NULL, ''),
  (2, 1, 'a100_sxm4_80gb', 1, 1, 'measured', 1, '', 0, 'warm', 'counters', 'ok', NULL, 4294967296, 5e6, 1e6, '');
INSERT INTO verification (run_id, profile_id, workload_id, kernel_id, against, status, relative_error) VALUES
  (2, 1, 1, 1, 'float64', 'ok', 0.0001);
INSERT INTO micro (run_id, profile_id, name, status, value, unit) VALUES (2, 1, 'dram_read', 'ok', 1.5e12, 'B/s');
UPDATE result SET registers_per_thread = 149, smem_per_cta_bytes = 32768, ctas_per_sm = 3 WHERE kernel_id = 2;
PRAGMA user_version = 4;
