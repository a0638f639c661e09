// What several kinds of lines have in common: which kinds and statuses there are, the workload, the run, the series.
#pragma once

#include <string>

#include "measurements/json_line.hpp"
#include "rooftile/analysis/measurements.hpp"

namespace rooftile::analysis {

enum class LineKind : std::uint8_t { run, verify, micro, time, counter };
/// Outcome, `refused` (the driver does not let this user read counters) and `skipped` (not tried).
enum class LineStatus : std::uint8_t { ok, failed, unsupported, infeasible, refused, skipped };

struct LineOutcome {
  Outcome status = Outcome::ok;
  std::string reason{};  ///< "refused: ..." for what was refused
  bool skipped = false;
};
/// Reads `status` and `reason`; whatever is neither ok nor skipped needs a reason.
[[nodiscard]] LineOutcome outcome_of(JsonLine& line);

/// Reads pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask.
[[nodiscard]] Workload workload_of(JsonLine& line);

/// Reads everything of a run line but its uuid and time.
[[nodiscard]] RunInfo run_info_of(JsonLine& line, const std::string& file);

/// Reads quartiles, samples, clocks, power, temperature; refuses samples that are no times.
[[nodiscard]] Series series_of(JsonLine& line);
/// "throttled; 3 samples left out for their clock".
[[nodiscard]] std::string notes_on(const Series& series);

/// Equal texts: the same run, kernel, workload, L2 state and timer.
[[nodiscard]] std::string line_text(std::size_t run, const ResultKey& key);

}  // namespace rooftile::analysis

template <>
struct rooftile::EnumNames<rooftile::analysis::LineKind> {
  using enum analysis::LineKind;
  static constexpr std::string_view kind = "kind";
  static constexpr Named<analysis::LineKind> table[] = {
      {run, "run"}, {verify, "verify"}, {micro, "micro"}, {time, "time"}, {counter, "counter"}};
};
template <>
struct rooftile::EnumNames<rooftile::analysis::LineStatus> {
  using enum analysis::LineStatus;
  static constexpr std::string_view kind = "status";
  static constexpr Named<analysis::LineStatus> table[] = {
      {ok, "ok"},           {failed, "failed"},  {unsupported, "unsupported"}, {infeasible, "infeasible"},
      {refused, "refused"}, {skipped, "skipped"}};
};
