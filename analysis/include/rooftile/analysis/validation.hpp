// How far predictions are from observations where each kind of resource decides, whether they order calls rightly, and
// whether they name the right bound.
//
//   gpu             kernel  regime   bound regime    n   MAPE   median  p95    bias    rank   bound n  bound agreement
//   a100_sxm4_80gb  fa2     prefill  compute        24   2.9 %  2.8 %   4.3 %  0.6 %  0.998       20            100 %
//
// Rank is Spearman's rho of predicted and observed times. Bound n counts the rows whose observed time shows what
// decided it (sustained_floors.hpp: one floor 80 % of it or more, the other 60 % or less), bound agreement those of
// them whose predicted bound is of that kind.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rooftile/analysis/compare.hpp"
#include "rooftile/model/bound_regime.hpp"
#include "rooftile/model/sustained_floors.hpp"

namespace rooftile::analysis {

/// An observation beside today's prediction.
struct ValidatedRow {
  Comparison comparison{};
  BoundRegime bound_regime = BoundRegime::compute;  ///< of the prediction
  SustainedFloors floors{};
};

/// What a validation can be grouped by: bound_regime, and some of GroupBy under the same names.
enum class ValidateBy : std::uint8_t {
  gpu,
  kernel,
  regime,
  bound_regime,
  bound,
  observed,
  op,
  pass,
  dtype,
  batch,
  heads,
  kv_heads,
  seq_q,
  seq_kv,
  head_dim,
  mask,
  l2,
  setting,
  source
};

/// Statistics of one group.
struct ValidatedGroup {
  Accuracy accuracy{};
  std::optional<double> rank_correlation{};  ///< of predicted and observed times; nothing below three rows
  std::int64_t bound_n = 0;                  ///< rows whose observed time shows its bound
  std::int64_t bound_agreed = 0;             ///< of these, rows with a predicted bound of that kind

  /// bound_agreed / bound_n; nothing where no row shows its bound.
  [[nodiscard]] std::optional<double> bound_agreement() const;
};

/// Groups in natural order of their texts; no groups asked for: one over everything. Nothing for no rows.
/// std::domain_error for a time that cannot be compared (compare.hpp).
[[nodiscard]] std::vector<ValidatedGroup> validate(std::span<const ValidatedRow> rows, std::span<const ValidateBy> by);

}  // namespace rooftile::analysis

template <>
struct rooftile::EnumNames<rooftile::analysis::ValidateBy> {
  using enum analysis::ValidateBy;
  static constexpr std::string_view kind = "group";
  static constexpr Named<analysis::ValidateBy> table[] = {{gpu, "gpu"},
                                                          {gpu, "profile"},
                                                          {kernel, "kernel"},
                                                          {regime, "regime"},
                                                          {bound_regime, "bound_regime"},
                                                          {bound, "bound"},
                                                          {observed, "observed"},
                                                          {op, "op"},
                                                          {pass, "pass"},
                                                          {dtype, "dtype"},
                                                          {batch, "batch"},
                                                          {heads, "heads"},
                                                          {kv_heads, "kv_heads"},
                                                          {seq_q, "seq_q"},
                                                          {seq_kv, "seq_kv"},
                                                          {head_dim, "head_dim"},
                                                          {mask, "mask"},
                                                          {l2, "l2"},
                                                          {setting, "setting"},
                                                          {source, "source"}};
};
