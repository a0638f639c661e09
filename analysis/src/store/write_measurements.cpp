// A measuring program's lines into the store, all in one transaction.
#include "rooftile/analysis/measurements.hpp"

#include <limits>
#include <string>
#include <vector>

#include "rooftile/model/error.hpp"
#include "store/rows.hpp"

namespace rooftile::analysis {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();  // SQLite stores NaN as NULL

/// The row of a run: a file that has grown since it was imported brings lines of runs that are stored already.
std::int64_t run_id(Store::Impl& store, const MeasuringRun& run) {
  if (const auto id = store.find_id("SELECT id FROM run WHERE uuid = ?", run.uuid)) return *id;
  const std::int64_t id = insert_run(store, run.info);
  store.execute("UPDATE run SET uuid = ?, started_at = ?, ended_at = ? WHERE id = ?", run.uuid, run.started_at,
                run.started_at, id);
  return id;
}

void put_series(Store::Impl& store, std::int64_t result, const Series& series) {
  store.execute(
      "INSERT INTO series (result_id, q1_s, q3_s, sm_clock_hz, power_w, temperature_c, throttled, discarded) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      result, series.q1_s, series.q3_s, series.sm_clock_hz, series.power_w, series.temperature_c,
      series.throttled ? 1 : 0, series.discarded);
  for (std::size_t i = 0; i < series.samples_s.size(); ++i) {
    const double clock = i < series.samples_clock_hz.size() ? series.samples_clock_hz[i] : unknown;
    store.execute("INSERT INTO sample (result_id, idx, time_s, sm_clock_hz) VALUES (?, ?, ?, ?)", result,
                  static_cast<std::int64_t>(i), series.samples_s[i], clock);
  }
}

void put_result(Store::Impl& store, RunId run, const MeasuredResult& result, PutReport& report) {
  const StoredRow stored = store_row(store, run, result.row, result.where, report);
  if (!stored.fresh) return;
  if (result.series) put_series(store, stored.id, *result.series);
  for (const MeasuredCounter& counter : result.counters) {
    store.execute("INSERT OR IGNORE INTO counter (result_id, name, value, unit) VALUES (?, ?, ?, ?)", stored.id,
                  counter.name, counter.value, counter.unit);
  }
}

/// Counts a row that is stored already; InputError if it says something else.
void found_again(bool same, const Location& where, const std::string& what, PutReport& report) {
  if (!same) throw InputError(where, what + ": stored already with other numbers; an observation is never overwritten");
  ++report.unchanged;
}

void put_verification(Store::Impl& store, std::int64_t run, const Verification& found, PutReport& report) {
  const KeyIds ids = ids_of(store, found.key);
  const std::string status{name_of(found.status)};
  const auto id = store.find_id(
      "SELECT id FROM verification WHERE run_id = ? AND workload_id = ? AND kernel_id = ? AND against = ?", run,
      ids.workload, ids.kernel, found.against);
  if (id) {
    const bool same =
        store
            .find_id("SELECT id FROM verification WHERE id = ? AND status = ? AND reason = ? AND relative_error IS ?",
                     *id, status, found.reason, found.relative_error.value_or(unknown))
            .has_value();
    return found_again(same, found.where, "verification of " + found.key.kernel, report);
  }
  store.execute(
      "INSERT INTO verification (run_id, profile_id, workload_id, kernel_id, against, status, reason, relative_error, "
      "max_error, lse_error, tiles, tiles_differing, tile_difference) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "nullif(?, -1), nullif(?, -1), ?)",
      run, ids.profile, ids.workload, ids.kernel, found.against, status, found.reason,
      found.relative_error.value_or(unknown), found.max_error.value_or(unknown), found.lse_error.value_or(unknown),
      found.tiles.value_or(-1), found.tiles_differing.value_or(-1), found.tile_difference.value_or(unknown));
  ++report.added;
}

std::int64_t product_id(Store::Impl& store, const std::string& name) {
  if (const auto id = store.find_id("SELECT id FROM profile WHERE name = ? AND hash = ''", name)) return *id;
  return store.execute("INSERT INTO profile (name) VALUES (?)", name);
}

void put_micro(Store::Impl& store, std::int64_t run, const std::string& profile, const MicroBenchmark& found,
               PutReport& report) {
  const std::string status{name_of(found.status)};
  const double value = found.value.value_or(unknown);
  const auto id = store.find_id("SELECT id FROM micro WHERE run_id = ? AND name = ? AND parameters = ?", run,
                                found.name, found.parameters);
  if (id) {
    const bool same = store
                          .find_id("SELECT id FROM micro WHERE id = ? AND status = ? AND reason = ? AND value IS ?",
                                   *id, status, found.reason, value)
                          .has_value();
    return found_again(same, found.where, "micro-benchmark " + found.name, report);
  }
  const std::int64_t fresh = store.execute(
      "INSERT INTO micro (run_id, profile_id, name, parameters, status, reason, value, unit, sm_clock_hz) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      run, product_id(store, profile), found.name, found.parameters, status, found.reason, value, found.unit,
      found.sm_clock_hz.value_or(unknown));
  for (std::size_t i = 0; i < found.samples.size(); ++i) {
    store.execute("INSERT INTO micro_sample (micro_id, idx, value) VALUES (?, ?, ?)", fresh,
                  static_cast<std::int64_t>(i), found.samples[i]);
  }
  ++report.added;
}

}  // namespace

PutReport Store::put_measurements(const Measurements& measurements) {
  return impl_->guarded([&] {
    PutReport report;
    WriteTransaction transaction{impl_->db};
    std::vector<std::int64_t> runs;
    for (const MeasuringRun& run : measurements.runs) runs.push_back(run_id(*impl_, run));
    for (const MeasuredResult& result : measurements.results)
      put_result(*impl_, RunId{runs[result.run]}, result, report);
    for (const Verification& found : measurements.verifications)
      put_verification(*impl_, runs[found.run], found, report);
    for (const MicroBenchmark& found : measurements.micros)
      put_micro(*impl_, runs[found.run], measurements.runs[found.run].profile, found, report);
    transaction.commit();
    return report;
  });
}

}  // namespace rooftile::analysis
