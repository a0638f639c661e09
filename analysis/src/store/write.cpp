// Storing results: one transaction per cell, or one for all.
#include "rooftile/model/error.hpp"
#include "store/rows.hpp"

namespace rooftile::analysis {
namespace {

std::string text(std::string_view view) { return std::string{view}; }

/// Canonical JSON of what was changed of the spec.
std::string params_json(SpecOverrides tile) {
  std::string json;
  const auto say = [&json](std::string_view name, std::int64_t value) {
    if (value == 0) return;
    json += (json.empty() ? "\"" : ",\"") + text(name) + "\":" + std::to_string(value);
  };
  say("br", tile.br);
  say("bc", tile.bc);
  say("warps", tile.warps);
  say("stages", tile.stages);
  return '{' + json + '}';
}

/// Runs `use` with the sixteen natural-key columns of a workload.
template <class Use>
auto with_columns(const Workload& workload, const Use& use) {
  AttentionShape a{.batch = 0, .heads = 0, .kv_heads = 0, .seq_q = 0, .seq_kv = 0, .head_dim = 0};
  GemmShape g{.batch = 0, .m = 0, .n = 0, .k = 0};
  SoftmaxShape s{.rows = 0, .cols = 0};
  if (const auto* attention = std::get_if<AttentionShape>(&workload)) a = *attention;
  if (const auto* gemm = std::get_if<GemmShape>(&workload)) g = *gemm;
  if (const auto* softmax = std::get_if<SoftmaxShape>(&workload)) s = *softmax;
  const Op op = op_of(workload);
  const bool attention = op == Op::attention;
  return use(text(name_of(op)), attention ? text(name_of(a.pass)) : "", text(name_of(dtype_of(workload))),
             op == Op::gemm ? g.batch : a.batch, a.heads, a.kv_heads, a.seq_q, a.seq_kv, a.head_dim,
             attention ? text(name_of(a.mask)) : "", a.dropout, g.m, g.n, g.k, s.rows, s.cols);
}

std::optional<std::int64_t> find_workload(Store::Impl& store, const Workload& workload) {
  return with_columns(workload, [&store](const auto&... columns) {
    return store.find_id(
        "SELECT id FROM workload WHERE op = ? AND pass = ? AND dtype = ? AND batch = ? AND heads = ? AND kv_heads = ? "
        "AND seq_q = ? AND seq_kv = ? AND head_dim = ? AND mask = ? AND dropout = ? AND m = ? AND n = ? AND k = ? "
        "AND rows = ? AND cols = ?",
        columns...);
  });
}

std::int64_t workload_id(Store::Impl& store, const Workload& workload) {
  if (const auto id = find_workload(store, workload)) return *id;
  return with_columns(workload, [&store](const auto&... columns) {
    return store.execute(
        "INSERT INTO workload (op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dropout, m, n, "
        "k, rows, cols) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        columns...);
  });
}

std::optional<std::int64_t> find_kernel(Store::Impl& store, const ResultKey& key) {
  return store.find_id("SELECT id FROM kernel WHERE name = ? AND params = ?", key.kernel, params_json(key.tile));
}

std::int64_t kernel_id(Store::Impl& store, const ResultKey& key) {
  if (const auto id = find_kernel(store, key)) return *id;
  return store.execute("INSERT INTO kernel (name, params) VALUES (?, ?)", key.kernel, params_json(key.tile));
}

/// An observation belongs to the product, whatever its profile says today.
std::string hash_of(const ResultKey& key) { return is_observed(key.method) ? "" : key.profile.hash; }

std::optional<std::int64_t> find_profile(Store::Impl& store, const ResultKey& key) {
  return store.find_id("SELECT id FROM profile WHERE name = ? AND hash = ?", key.profile.name, hash_of(key));
}

std::int64_t profile_id(Store::Impl& store, const ResultKey& key) {
  const std::string hash = hash_of(key);
  const std::string yaml = hash.empty() ? "" : key.profile.text;
  const auto id = find_profile(store, key);
  if (!id) {
    return store.execute("INSERT INTO profile (name, hash, yaml) VALUES (?, ?, ?)", key.profile.name, hash, yaml);
  }
  // A row that came by CSV knows the hash alone.
  if (!yaml.empty()) store.execute("UPDATE profile SET yaml = ? WHERE id = ? AND yaml = ''", yaml, *id);
  return *id;
}

std::optional<std::int64_t> find_result(Store::Impl& store, const ResultKey& key, KeyIds ids) {
  return store.find_id(
      "SELECT id FROM result WHERE workload_id = ? AND kernel_id = ? AND profile_id = ? AND method = ? AND "
      "predictor = ? AND predictor_version = ? AND l2 = ? AND timer = ? AND setting = ? AND source = ?",
      ids.workload, ids.kernel, ids.profile, text(name_of(key.method)), key.predictor, key.predictor_version,
      text(name_of(key.l2)), key.timer, key.setting, key.source);
}

std::optional<std::int64_t> find_result(Store::Impl& store, const ResultKey& key) {
  const auto profile = find_profile(store, key);
  if (!profile) return std::nullopt;
  const auto workload = find_workload(store, key.workload);
  if (!workload) return std::nullopt;
  const auto kernel = find_kernel(store, key);
  if (!kernel) return std::nullopt;
  return find_result(store, key, {*profile, *workload, *kernel});
}

/// "a100_sxm4_80gb, fa2, batch 8, ..." for messages.
std::string describe(const ResultKey& key) {
  return key.profile.name + ", " + key.kernel + ", " + rooftile::describe(key.workload);
}

/// What the CHECKs of the schema would refuse with less helpful words.
void validate(const ResultRow& row, const Location& where) {
  if (const auto sound = check(row); !sound) throw InputError(where, describe(row.key) + ": " + sound.error());
}

/// The number columns of a row in the order in which SQL lists them.
template <class Use>
auto with_numbers(const ResultRow& row, const Use& use) {
  const double unknown = Seconds::unknown().value();  // SQLite stores NaN as NULL
  const std::int64_t resident = row.cta ? row.cta->resident : 0;
  return use(text(name_of(row.status)), row.reason, row.time.value(), row.flops.value(), row.dram_read.value(),
             row.dram_write.value(), row.l2_read.value(), row.l2_write.value(), row.smem.value(),
             row.extra_memory.value(), row.cta ? static_cast<double>(row.cta->registers) : unknown,
             row.cta ? row.cta->smem.value() : unknown, resident > 0 ? static_cast<double>(resident) : unknown,
             row.bound ? text(name_of(*row.bound)) : "", row.expected_error.value_or(unknown), row.notes, row.printed);
}

std::int64_t insert(Store::Impl& store, RunId run, const ResultRow& row, KeyIds ids) {
  const ResultKey& key = row.key;
  return with_numbers(row, [&](const auto&... numbers) {
    return store.execute(
        "INSERT INTO result (run_id, profile_id, profile_name, workload_id, kernel_id, method, observed, predictor, "
        "predictor_version, l2, timer, setting, source, status, reason, time_s, flop, dram_read_bytes, "
        "dram_write_bytes, l2_read_bytes, l2_write_bytes, smem_bytes, extra_memory_bytes, registers_per_thread, "
        "smem_per_cta_bytes, ctas_per_sm, bound, expected_error, notes, printed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        static_cast<std::int64_t>(run), ids.profile, key.profile.name, ids.workload, ids.kernel,
        text(name_of(key.method)), is_observed(key.method) ? 1 : 0, key.predictor, key.predictor_version,
        text(name_of(key.l2)), key.timer, key.setting, key.source, numbers...);
  });
}

/// True if the stored numbers are these. `IS` compares NULL with NULL.
bool same_numbers(Store::Impl& store, const ResultRow& row, std::int64_t id) {
  return with_numbers(row, [&](const auto&... numbers) {
    return store
        .find_id(
            "SELECT id FROM result WHERE id = ? AND status IS ? AND reason IS ? AND time_s IS ? AND flop IS ? AND "
            "dram_read_bytes IS ? AND dram_write_bytes IS ? AND l2_read_bytes IS ? AND l2_write_bytes IS ? AND "
            "smem_bytes IS ? AND extra_memory_bytes IS ? AND registers_per_thread IS ? AND smem_per_cta_bytes IS ? AND "
            "ctas_per_sm IS ? AND bound IS ? AND expected_error IS ? AND notes IS ? AND "
            "printed IS ?",
            id, numbers...)
        .has_value();
  });
}

std::int64_t build_id(Store::Impl& store, const BuildInfo& build) {
  if (const auto id = store.find_id("SELECT id FROM build WHERE version = ? AND compiler = ? AND build_type = ?",
                                    build.version, build.compiler, build.build_type)) {
    return *id;
  }
  return store.execute("INSERT INTO build (version, compiler, build_type) VALUES (?, ?, ?)", build.version,
                       build.compiler, build.build_type);
}

std::int64_t gpu_id(Store::Impl& store, const GpuInfo& gpu) {
  if (const auto id = store.find_id("SELECT id FROM gpu WHERE uuid = ?", gpu.uuid)) return *id;
  return store.execute(
      "INSERT INTO gpu (uuid, name, compute_capability, sm_count, memory_bytes, l2_bytes, max_sm_clock_hz, properties) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      gpu.uuid, gpu.name, gpu.compute_capability, gpu.sm_count, gpu.memory.value(), gpu.l2.value(),
      gpu.max_sm_clock.value(), gpu.properties);
}

std::string json_array(Store::Impl& store, const std::vector<std::string>& words) {
  std::string json;
  for (const std::string& word : words) {
    SQLite::Statement& statement = store.bound("SELECT json_quote(?)", word);
    statement.executeStep();
    json += (json.empty() ? "" : ",") + statement.getColumn(0).getString();
    statement.reset();
  }
  return '[' + json + ']';
}

}  // namespace

KeyIds ids_of(Store::Impl& store, const ResultKey& key) {
  return {profile_id(store, key), workload_id(store, key.workload), kernel_id(store, key)};
}

StoredRow store_row(Store::Impl& store, RunId run, const ResultRow& row, const Location& where, PutReport& report) {
  validate(row, where);
  const KeyIds ids = ids_of(store, row.key);
  const auto existing = find_result(store, row.key, ids);
  if (!existing) {
    ++report.added;
    return {insert(store, run, row, ids), true};
  }
  if (!is_observed(row.key.method)) {
    store.execute("DELETE FROM result WHERE id = ?", *existing);
    ++report.replaced;
    return {insert(store, run, row, ids), true};
  }
  if (!same_numbers(store, row, *existing)) {
    throw InputError(where, describe(row.key) + ": stored already from '" + row.key.source +
                                "' with other numbers; an observation is never overwritten");
  }
  ++report.unchanged;
  return {*existing, false};
}

std::int64_t insert_run(Store::Impl& store, const RunInfo& info) {
  const std::int64_t id = store.execute(
      "INSERT INTO run (command, argv, build_id, host, driver, clocks, source, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      info.command, json_array(store, info.argv), build_id(store, info.build), info.host, info.driver, info.clocks,
      info.source, info.note);
  if (info.gpu) store.execute("UPDATE run SET gpu_id = ? WHERE id = ?", gpu_id(store, *info.gpu), id);
  return id;
}

RunId Store::begin_run(const RunInfo& info) {
  return impl_->guarded([&] {
    WriteTransaction transaction{impl_->db};
    const std::int64_t id = insert_run(*impl_, info);
    transaction.commit();
    return RunId{id};
  });
}

void Store::end_run(RunId run) {
  impl_->guarded([&] {
    impl_->execute("UPDATE run SET ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = ?",
                   static_cast<std::int64_t>(run));
  });
}

void Store::tag(RunId run, std::string_view name, std::string_view value) {
  impl_->guarded([&] {
    impl_->execute(
        "INSERT INTO tag (run_id, name, value) VALUES (?, ?, ?) "
        "ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value",
        static_cast<std::int64_t>(run), text(name), text(value));
  });
}

PutReport Store::put(RunId run, const ResultRow& row) { return put_all(run, {&row, 1}); }

PutReport Store::put_all(RunId run, std::span<const ResultRow> rows, std::span<const Location> places) {
  return impl_->guarded([&] {
    PutReport report;
    WriteTransaction transaction{impl_->db};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      (void)store_row(*impl_, run, rows[i], i < places.size() ? places[i] : Location{}, report);
    }
    transaction.commit();
    return report;
  });
}

void Store::all_or_nothing(const std::function<void()>& writes) {
  impl_->guarded([&] {
    WriteTransaction transaction{impl_->db};
    writes();
    transaction.commit();
  });
}

bool Store::contains(const ResultKey& key) const {
  return impl_->guarded([&] { return find_result(*impl_, key).has_value(); });
}

bool Store::reuse(const ResultKey& key) {
  return impl_->guarded([&] {
    const auto id = find_result(*impl_, key);
    if (!id) return false;
    if (impl_->find_id("SELECT latest FROM result WHERE id = ?", *id) == 1) return true;
    WriteTransaction transaction{impl_->db};
    impl_->execute(
        "UPDATE result SET latest = (result.id = me.id) FROM (SELECT * FROM result WHERE id = ?) AS me "
        "WHERE result.workload_id = me.workload_id AND result.kernel_id = me.kernel_id "
        "AND result.profile_name = me.profile_name AND result.l2 = me.l2 AND result.setting = me.setting "
        "AND result.method = me.method AND result.predictor = me.predictor AND result.timer = me.timer "
        "AND result.source = me.source",
        *id);
    transaction.commit();
    return true;
  });
}

}  // namespace rooftile::analysis
