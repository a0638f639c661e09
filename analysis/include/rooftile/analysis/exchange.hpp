// Results in and out as CSV: how published and measured data, which live in git as text, enter a store, and how a store
// leaves as text again. Export and import of the same rows give the same store.
//
//   profile,kernel,pass,...,dropout,op,...,l2,method,predictor,predictor_version,timer,setting,source,printed,time_s,...
//   a100_sxm4_80gb,fa2,fwd,fp16,16,16,16,1024,1024,128,none,,...,published,,,,,"FlashAttention-2, Fig. 5",189
//   TFLOP/s,...
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/analysis/csv.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis {

/// What an import may take for granted or has to check.
struct ImportOptions {
  std::optional<Method> method{};       ///< of rows that have no `method` column
  std::string source{};                 ///< of rows that state none; "" = every row must state one
  std::vector<std::string> profiles{};  ///< names that exist; empty: any
  std::vector<std::string> kernels{};   ///< names that exist; empty: any
  /// L2 state of rows that state none; by default cold for rt_* kernels and warm for all others.
  std::function<L2State(std::string_view kernel)> default_l2{};
};

/// The rows of a CSV. Needs the batch columns and a time: time_s, or printed with a number and "TFLOP/s" or "ms".
/// InputError with file:line:column for unknown columns and names, missing sources, two rows with one key, times <= 0.
[[nodiscard]] std::vector<ResultRow> read_results(const CsvTable& table, const ImportOptions& options);

/// read_results() and put_all(): all rows or none. Rows stored already with the same numbers are counted, not added.
PutReport import_csv(Store& store, RunId run, const CsvTable& table, const ImportOptions& options);

/// All results (or those of one method) in the order they were written; every column of result_columns().
void export_csv(const Store& store, std::ostream& out, std::optional<Method> method = std::nullopt);

/// The columns of an export: batch columns, optional ones, key columns, output columns.
[[nodiscard]] std::span<const std::string_view> result_columns();

}  // namespace rooftile::analysis
