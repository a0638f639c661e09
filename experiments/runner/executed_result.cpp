#include "runner/executed_result.hpp"

#include "runner/published.hpp"
#include "runner/run_experiment.hpp"

namespace rooftile::runner {
namespace {

using experiments::Executed;
using experiments::ExecuteOptions;
using experiments::Question;

/// Settings of the profile and of the run, as far as they were asked for: what follows from the profile is no
/// condition beside it.
std::string conditions(const Question& question, const ExecuteOptions& options) {
  std::vector<yaml::Setting> settings = question.settings;
  if (options.seed != 0) settings.push_back({"execute.seed", std::to_string(options.seed)});
  if (options.resident) settings.push_back({"execute.resident", std::to_string(*options.resident)});
  if (options.l2_capacity) settings.push_back({"execute.l2_capacity", std::to_string(*options.l2_capacity) + " B"});
  return setting_text(settings);
}

}  // namespace

analysis::ResultKey executed_key(const Question& question, const ExecuteOptions& options, const Profile& profile,
                                 const KernelSpec& spec) {
  return {.profile = analysis::ref_of(profile),
          .workload = question.workload,
          .kernel = full_name(spec, profile.device),
          .tile = {},
          .method = analysis::Method::executed,
          .predictor = host_predictor,
          .predictor_version = host_version,
          .l2 = question.l2.value_or(spec.l2),
          .timer = {},
          .setting = conditions(question, options),
          .source = {}};
}

analysis::ResultRow row_of(const Question& question, const ExecuteOptions& options, const Executed& executed) {
  analysis::ResultRow row;
  row.key = executed_key(question, options, *executed.profile, *executed.spec);
  row.status = executed.status;
  row.reason = executed.reason;
  row.flops = paper_flops(question.workload);
  row.notes = executed.notes();
  if (!executed.ran()) return row;
  row.dram_read = executed.dram().read;
  row.dram_write = executed.dram().write;
  row.l2_read = executed.l2().read;
  row.l2_write = executed.l2().write;
  row.smem = executed.smem().total();
  row.extra_memory = executed.extra_memory;
  return row;
}

}  // namespace rooftile::runner
