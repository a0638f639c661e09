// Rows of the store as its parts write them, inside a transaction that the caller has begun.
#pragma once

#include "store/store_impl.hpp"

namespace rooftile::analysis {

/// The rows that a key points to.
struct KeyIds {
  std::int64_t profile;
  std::int64_t workload;
  std::int64_t kernel;
};
/// Finds them, and adds what is missing.
[[nodiscard]] KeyIds ids_of(Store::Impl& store, const ResultKey& key);

/// A result's row, and whether it has just been written.
struct StoredRow {
  std::int64_t id;
  bool fresh;
};
/// Store::put of one row; `where` stands in messages.
StoredRow store_row(Store::Impl& store, RunId run, const ResultRow& row, const Location& where, PutReport& report);

/// A new row of table run, with its build and GPU.
[[nodiscard]] std::int64_t insert_run(Store::Impl& store, const RunInfo& info);

}  // namespace rooftile::analysis
