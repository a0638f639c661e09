// Where results live: one SQLite file, readable with any SQLite tool, in SI units with views in human units.
//
//   Store store = Store::open("results.db", Access::read_write_create);
//   const RunId run = store.begin_run({.command = "run", .argv = {"rooftile", "run", "x.yaml"}});
//   if (!store.reuse(key)) store.put(run, make_row(key, prediction));     // resumable: one transaction per cell
//   store.end_run(run);
//
// Tables: profile workload kernel build gpu run result pair sample counter tag, and of visits to a GPU series
// verification micro micro_sample. Views: v_result (every result, flat, SI), v_latest, v_compare, v_accuracy,
// v_roofline, v_tiles, v_bytes, v_micro, v_verification (schema/*.sql explain each).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rooftile/analysis/result.hpp"

struct sqlite3_stmt;

namespace rooftile::analysis {

struct Measurements;

enum class Access : std::uint8_t { read_only, read_write_create };
enum class RunId : std::int64_t {};

/// Which program computed the numbers; equal builds share a row.
struct BuildInfo {
  std::string version{};     ///< "0.1.0"
  std::string compiler{};    ///< "GNU 12.2.0"
  std::string build_type{};  ///< "Release"
};

/// The physical GPU of a measuring run, as the driver reports it.
struct GpuInfo {
  std::string uuid{};
  std::string name{};
  std::string compute_capability{};  ///< "8.0"
  std::int64_t sm_count = 0;
  Bytes memory = Bytes::unknown();
  Bytes l2 = Bytes::unknown();
  Hertz max_sm_clock = Hertz::unknown();
  std::string properties = "{}";  ///< JSON object: everything else that the driver said of it
};

/// One invocation of a command that writes results.
struct RunInfo {
  std::string command{};            ///< "run", "predict", "db import"
  std::vector<std::string> argv{};  ///< stored as a JSON array
  BuildInfo build{};
  std::string host = "{}";  ///< JSON object: cpu, cores, memory_bytes, os
  std::optional<GpuInfo> gpu{};
  std::string driver{};
  std::string clocks{};  ///< "locked 1410 MHz", "free"
  std::string source{};  ///< for imports: the file
  std::string note{};
};

/// One value of a query's answer: NULL, integer, real or text (blobs come as text).
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;

struct QueryResult {
  std::vector<std::string> columns{};
  std::vector<std::vector<SqlValue>> rows{};
};

/// One row of an answer while it is read; valid until the next one. Columns count from 0.
class RowCursor {
 public:
  explicit RowCursor(sqlite3_stmt* statement) : statement_{statement} {}
  [[nodiscard]] SqlValue value(int column) const;
  /// "" for NULL.
  [[nodiscard]] std::string_view text(int column) const;
  /// 0 for NULL.
  [[nodiscard]] std::int64_t integer(int column) const;
  /// NaN for NULL.
  [[nodiscard]] double number(int column) const;

 private:
  sqlite3_stmt* statement_;
};

struct StoreInfo {
  std::filesystem::path path{};
  int schema_version = 0;
  std::int64_t size_bytes = 0;
  std::int64_t runs = 0;
  std::int64_t profiles = 0;
  std::int64_t workloads = 0;
  std::int64_t kernels = 0;
  std::vector<std::pair<Method, std::int64_t>> results{};  ///< every method, zeros included
};

/// What becomes of rows whose key is stored already.
struct PutReport {
  std::int64_t added = 0;
  std::int64_t replaced = 0;   ///< computed results: the new numbers take the place of the old
  std::int64_t unchanged = 0;  ///< observations stored already with the same numbers
};

/// Thrown when another process keeps the file locked longer than 5 s or the disk fails: not the user's input.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A connection; use each from one thread at a time.
class Store {
 public:
  struct Impl;
  /// Opens, and with read_write_create creates or migrates, a results file. An older file is copied to
  /// "<path>.bak-v<N>" before it is migrated. InputError if the file is missing (read_only), is not SQLite, is SQLite
  /// but not rooftile's, was written by a newer rooftile, needs migrating (read_only), is damaged (its pages are
  /// checked, 0.1 s per 100,000 results; what is damaged is never written to), or cannot be created.
  [[nodiscard]] static Store open(const std::filesystem::path& path, Access access);
  /// A store in memory, for tests and for commands without --db.
  [[nodiscard]] static Store in_memory();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  [[nodiscard]] const std::filesystem::path& path() const;

  /// Notes that a command begins (time and uuid are SQLite's); end_run() notes that it ended in order.
  RunId begin_run(const RunInfo& info);
  void end_run(RunId run);
  /// Attaches a word and its value to a run.
  void tag(RunId run, std::string_view name, std::string_view value);

  /// Stores one result in one transaction. The same key again: computed results are replaced; an observation with the
  /// same numbers is left as it is, one with other numbers is an InputError (an observation is never overwritten).
  PutReport put(RunId run, const ResultRow& row);
  /// All rows in one transaction, or none if one is refused. `places` says where each row was written, for messages.
  PutReport put_all(RunId run, std::span<const ResultRow> rows, std::span<const Location> places = {});

  /// Stores what a measuring program wrote (measurements.hpp): all of a file in one transaction, or nothing. What is
  /// stored already with the same numbers is counted, not added; other numbers under the same run are an InputError.
  PutReport put_measurements(const Measurements& measurements);

  /// What `writes` stores with the functions above is stored together, or not at all if it throws.
  void all_or_nothing(const std::function<void()>& writes);

  /// Brings in all of some results files (shards that several machines computed), in one transaction: all or nothing.
  /// Rows with one key are one row: of computed results the newer run's numbers stand, observations must agree. What
  /// was added, replaced and there already, per file; results, verifications and micro-benchmarks are counted.
  /// InputError as of open(), for this file itself among them, and for an observation with other numbers.
  std::vector<PutReport> merge(std::span<const std::filesystem::path> shards);

  /// True if a result with this key is stored, whatever its status.
  [[nodiscard]] bool contains(const ResultKey& key) const;
  /// contains(), and the stored row becomes the latest of its series again (v_latest, v_compare): what a resumed run
  /// asks before it computes a cell, so that going back to an earlier profile shows that profile's numbers.
  bool reuse(const ResultKey& key);

  /// Answers SELECT, WITH, VALUES, EXPLAIN and reading PRAGMAs; anything that would write is refused, whatever the
  /// access. InputError with SQLite's message for what cannot be run.
  [[nodiscard]] QueryResult query(std::string_view sql) const;
  /// The same without keeping the answer: `row` is called for each row in turn. A full read of v_compare over 100,000
  /// results would be 100 MB as a QueryResult.
  void for_each(std::string_view sql, const std::function<void(const RowCursor&)>& row) const;

  [[nodiscard]] StoreInfo info() const;

 private:
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The schema version that this rooftile reads and writes.
[[nodiscard]] int schema_version();

}  // namespace rooftile::analysis
