// The part of `rooftile db import` that takes rooftile-measure's JSON lines.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command.hpp"
#include "rooftile/analysis/measurements.hpp"

namespace rooftile::cli {

/// True for what is read as JSON lines: *.jsonl.
[[nodiscard]] bool is_measurement_file(const std::filesystem::path& file);

/// Reads a file. `profile`: of every device in it; empty: the profile that lists the device's name. InputError with
/// file:line.
[[nodiscard]] analysis::Measurements read_measurement_file(const std::filesystem::path& file,
                                                           const std::string& profile, Context& context);

/// What a file held, for people: "visit.jsonl: 120 times, 60 counted cells, 41 micro-benchmarks, 90 verifications (1
/// failed)", then a line for each verification that failed.
[[nodiscard]] std::vector<std::string> notes_on(const analysis::Measurements& measurements);

}  // namespace rooftile::cli
