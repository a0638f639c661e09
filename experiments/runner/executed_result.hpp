// An execution as the store keeps it: method executed, predictor "host".
#pragma once

#include "execute/execute.hpp"
#include "rooftile/analysis/result.hpp"

namespace rooftile::runner {

/// What the store calls the executor, and its version: raised when the same kernel text would give other numbers.
inline constexpr const char* host_predictor = "host";
inline constexpr int host_version = 1;

/// Bytes of every level; relative_error and lse_error stand in the notes.
[[nodiscard]] analysis::ResultRow row_of(const experiments::Question& question,
                                         const experiments::ExecuteOptions& options,
                                         const experiments::Executed& executed);

/// Its key. Options that were given stand in its setting: "execute.resident=8".
[[nodiscard]] analysis::ResultKey executed_key(const experiments::Question& question,
                                               const experiments::ExecuteOptions& options, const Profile& profile,
                                               const KernelSpec& spec);

}  // namespace rooftile::runner
