// How far the model is from what was observed: error = |predicted - observed| / observed.
//
//   gpu             kernel  predictor      n   MAPE   median   p95    worst   bias
//   a100_sxm4_80gb  fa2     hierarchical  48   6.1 %   4.9 %  14.2 %  19.0 %  -2.3 %
//
// Bias is the mean of the signed error: negative = the model is too fast. A time that is zero, negative or not a number
// is never compared: it is an error, not an error of 0 %.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/analysis/result.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis {

/// One observation beside one computed answer to the same question (a row of v_compare).
struct Comparison {
  std::string profile{};
  std::string kernel{};
  Workload workload{};
  SpecOverrides tile{};
  L2State l2 = L2State::cold;
  std::string setting{};
  Method observed_method = Method::published;
  Method method = Method::predicted;
  std::string predictor{};
  int predictor_version = 0;
  std::optional<Limit> bound{};
  Seconds observed{};
  Seconds predicted{};
  Flops flops{};
  std::string source{};   ///< of the observation
  std::string printed{};  ///< the observation as its source prints it

  /// (predicted - observed) / observed, signed.
  [[nodiscard]] double error() const;
};

/// Signed relative error. std::domain_error unless both times are finite and above zero.
[[nodiscard]] double relative_error(Seconds predicted, Seconds observed);

/// Which comparisons to load; empty members do not restrict.
struct CompareFilter {
  std::string profile{};
  std::string kernel{};
  std::string predictor{};
  std::optional<Method> method{};
  std::optional<Method> observed_method{};
};

/// The rows of v_compare, ordered by profile, kernel, workload.
[[nodiscard]] std::vector<Comparison> load_comparisons(const Store& store, const CompareFilter& filter = {});

/// Every observed time (measured or published) that stands for its question today, with nothing beside it yet: method,
/// predictor, bound and the predicted time are empty. Ordered as load_comparisons().
[[nodiscard]] std::vector<Comparison> load_observed(const Store& store);

/// What a call is used for, by its shape: "prefill" (as many queries as keys), "decode" (one query for each sequence),
/// "append" (fewer queries than keys: a chunk of a prompt, speculative decoding), "cross" (more queries than keys);
/// "backward" for passes that are not forward alone; "gemm" and "softmax" for the parts of standard attention.
[[nodiscard]] std::string_view regime_of(const Workload& workload);

/// All that regime_of() answers.
[[nodiscard]] std::span<const std::string_view> regimes();

/// What accuracy can be grouped by.
enum class GroupBy : std::uint8_t {
  gpu,
  kernel,
  method,
  observed,
  predictor,
  bound,
  bound_class,
  regime,
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
  dropout,
  l2,
  setting,
  source
};

/// Statistics of one group; fractions, not percent.
struct Accuracy {
  std::vector<std::string> group{};  ///< one text per requested GroupBy
  std::int64_t n = 0;
  double mape = 0;    ///< mean of |error|
  double median = 0;  ///< of |error|
  double p95 = 0;     ///< of |error|, linear between order statistics
  double worst = 0;   ///< largest |error|
  double bias = 0;    ///< mean of error
};

/// Groups in natural order of their texts (numbers by value). No groups asked for: one row over everything.
[[nodiscard]] std::vector<Accuracy> accuracy(std::span<const Comparison> rows, std::span<const GroupBy> by);

/// True if any group's MAPE is above `limit` (fraction). std::domain_error for a limit that is negative or NaN.
[[nodiscard]] bool exceeds(std::span<const Accuracy> groups, double limit);

/// The q-quantile (0..1) with linear interpolation between order statistics; `values` need not be sorted, not empty.
[[nodiscard]] double quantile(std::span<const double> values, double q);

}  // namespace rooftile::analysis

template <>
struct rooftile::EnumNames<rooftile::analysis::GroupBy> {
  using enum analysis::GroupBy;
  static constexpr std::string_view kind = "group";
  static constexpr Named<analysis::GroupBy> table[] = {{gpu, "gpu"},
                                                       {gpu, "profile"},
                                                       {kernel, "kernel"},
                                                       {method, "method"},
                                                       {observed, "observed"},
                                                       {predictor, "predictor"},
                                                       {bound, "bound"},
                                                       {bound_class, "bound_class"},
                                                       {regime, "regime"},
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
                                                       {dropout, "dropout"},
                                                       {l2, "l2"},
                                                       {setting, "setting"},
                                                       {source, "source"}};
};
