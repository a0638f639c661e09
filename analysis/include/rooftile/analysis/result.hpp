// One number-bearing answer about (profile, workload, kernel), whoever gave it: the row that the store keeps and that
// every writer takes.
//
//   a100_sxm4_80gb  fa2  batch 8, heads 16/16, seq 4096, d 128, fp16, causal, fwd
//   predicted  hierarchical v1  1.42 ms  dram
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rooftile/model/error.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/names.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/profile.hpp"
#include "rooftile/model/quantity.hpp"
#include "rooftile/model/workload.hpp"
#include "tl/expected.hpp"

namespace rooftile::analysis {

/// How a result came to be. The first three are computed and may be replaced by computing again; the last two are
/// observations and are never overwritten.
enum class Method : std::uint8_t { predicted, simulated, executed, measured, published };

/// True for measured and published: what predictions are compared against.
[[nodiscard]] constexpr bool is_observed(Method method) { return method >= Method::measured; }

/// rooftile::Status and `failed`: the attempt itself went wrong (a launch error, a failed verification).
enum class Outcome : std::uint8_t { ok, infeasible, unsupported, failed };
[[nodiscard]] constexpr Outcome outcome_of(Status status) { return static_cast<Outcome>(status); }

/// The profile a result belongs to. Computed results need all three members; an observation belongs to the product and
/// needs the name alone (hash and text stay empty: editing a profile does not change what was measured).
struct ProfileRef {
  std::string name{};  ///< "a100_sxm4_80gb"
  std::string hash{};  ///< Profile::hash
  std::string text{};  ///< Profile::text
};
[[nodiscard]] inline ProfileRef ref_of(const Profile& profile) { return {profile.name, profile.hash, profile.text}; }

/// What makes a result the same result: at most one row per key is stored.
struct ResultKey {
  ProfileRef profile{};
  Workload workload{};
  std::string kernel{};  ///< full spec name: "rt_flash2", not "flash2"
  SpecOverrides tile{};  ///< zeros: the spec's own tile shape
  Method method = Method::predicted;
  std::string predictor{};    ///< "hierarchical"; "" for observations
  int predictor_version = 0;  ///< 0 for observations
  L2State l2 = L2State::cold;
  std::string timer{};    ///< "cuda_event", "" where nothing was timed
  std::string setting{};  ///< what-if or condition beside the profile: "clock.tensor_boost=1410 MHz"; "" if none
  std::string source{};   ///< paper and table, file; "" for computed results
};

/// What a CTA of the launch that takes longest occupies.
struct CtaUse {
  std::int64_t registers = 0;  ///< per thread, at entry
  Bytes smem;                  ///< per CTA
  std::int64_t resident = 0;   ///< CTAs per SM at once; 0: not known
};

/// A key and its numbers. Quantities are unknown() where nobody gave them.
struct ResultRow {
  ResultKey key{};
  Outcome status = Outcome::ok;
  std::string reason{};  ///< why not, for every status but ok
  Seconds time = Seconds::unknown();
  Flops flops = Flops::unknown();  ///< as the papers count (paper_flops)
  Bytes dram_read = Bytes::unknown();
  Bytes dram_write = Bytes::unknown();
  Bytes l2_read = Bytes::unknown();
  Bytes l2_write = Bytes::unknown();
  Bytes smem = Bytes::unknown();
  Bytes extra_memory = Bytes::unknown();
  std::optional<CtaUse> cta{};
  std::optional<Limit> bound{};
  std::optional<double> expected_error{};  ///< fraction of the time: 0.1 = 10 %
  std::string notes{};
  std::string printed{};  ///< the value as its source prints it: "225 TFLOP/s"
};

/// The row of a prediction: times, bytes, bound.
[[nodiscard]] ResultRow make_row(ResultKey key, const Prediction& prediction);
/// The row of a refusal: status and reason, and the FLOP of the workload.
[[nodiscard]] ResultRow make_row(ResultKey key, const Refusal& refusal);

/// What no store takes: a time that is not above zero and below 1e300, an amount that is negative or infinite, a reason
/// where there is none to give, a reason or a source that is missing.
[[nodiscard]] tl::expected<void, std::string> check(const ResultRow& row);

}  // namespace rooftile::analysis

template <>
struct rooftile::EnumNames<rooftile::analysis::Method> {
  static constexpr std::string_view kind = "method";
  static constexpr Named<analysis::Method> table[] = {{analysis::Method::predicted, "predicted"},
                                                      {analysis::Method::simulated, "simulated"},
                                                      {analysis::Method::executed, "executed"},
                                                      {analysis::Method::measured, "measured"},
                                                      {analysis::Method::published, "published"}};
};
template <>
struct rooftile::EnumNames<rooftile::analysis::Outcome> {
  static constexpr std::string_view kind = "status";
  static constexpr Named<analysis::Outcome> table[] = {{analysis::Outcome::ok, "ok"},
                                                       {analysis::Outcome::infeasible, "infeasible"},
                                                       {analysis::Outcome::unsupported, "unsupported"},
                                                       {analysis::Outcome::failed, "failed"}};
};
