#include "cli/import_measurements.hpp"

#include <algorithm>

#include "question/measured_names.hpp"

namespace rooftile::cli {
namespace {

using analysis::Measurements;
using analysis::Verification;

bool failed(const Verification& found) { return found.status == analysis::Outcome::failed; }

void append(std::string& text, std::int64_t count, const std::string& what) {
  if (count == 0) return;
  text += (text.ends_with(": ") ? "" : ", ") + std::to_string(count) + ' ' + what;
}

}  // namespace

bool is_measurement_file(const std::filesystem::path& file) { return file.extension() == ".jsonl"; }

Measurements read_measurement_file(const std::filesystem::path& file, const std::string& profile, Context& context) {
  if (!profile.empty()) (void)context.catalogues.profile(profile);
  return analysis::read_measurements(
      file, {.profile_of =
                 [&](std::string_view device) {
                   return profile.empty() ? experiments::profile_of_device(device, context.catalogues) : profile;
                 },
             .kernels = experiments::measurable_kernels(context.catalogues)});
}

std::vector<std::string> notes_on(const Measurements& m) {
  const auto failures = std::count_if(m.verifications.begin(), m.verifications.end(), failed);
  std::string text = m.file + ": ";
  append(text, m.times, "times");
  append(text, m.counted, "cells with counters");
  append(text, static_cast<std::int64_t>(m.micros.size()), "micro-benchmarks");
  append(text, static_cast<std::int64_t>(m.verifications.size()), "verifications");
  if (failures > 0) text += " (" + std::to_string(failures) + " failed)";
  append(text, m.skipped, "skipped");
  if (m.rows() + m.skipped == 0) text += "nothing measured";
  if (m.ends_inside) text += "; the last line has no end and is left out";
  std::vector<std::string> notes{std::move(text)};
  for (const Verification& found : m.verifications) {
    if (!failed(found)) continue;
    notes.push_back("failed verification, " + to_string(found.where) + ": " + found.key.kernel + " against " +
                    found.against + ", " + describe(found.key.workload) + ": " + found.reason);
  }
  return notes;
}

}  // namespace rooftile::cli
