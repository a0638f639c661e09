-- Schema version 2: what a visit to a GPU brings home beside times: how each series of samples went, verification,
-- micro-benchmarks, and bytes from hardware counters beside predicted ones.

ALTER TABLE gpu ADD COLUMN properties TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties));

-- The series of samples behind a measured time.
CREATE TABLE series (
  result_id     INTEGER PRIMARY KEY REFERENCES result (id) ON DELETE CASCADE,
  q1_s          REAL CHECK (q1_s > 0),
  q3_s          REAL CHECK (q3_s > 0),
  sm_clock_hz   REAL,              -- median
  power_w       REAL,
  temperature_c REAL,
  throttled     INTEGER NOT NULL CHECK (throttled IN (0, 1)),
  discarded     INTEGER NOT NULL CHECK (discarded >= 0)  -- samples left out for their clock
) STRICT;

-- A kernel's result on the GPU against float64, or tile by tile against the same text run on the CPU.
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

-- A micro-benchmark: 'dram_read' with {"bytes_in_flight": 65536}, the median of its samples in `unit`.
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

-- Bytes that counters saw beside the bytes that each method says, for the same product, workload, kernel, setting and
-- L2 state. Columns end in _ratio where they are computed / observed.
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
