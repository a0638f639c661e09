#include "store/merge_tables.hpp"

#include <algorithm>

namespace rooftile::analysis {
namespace {

using Names = std::string_view[];

constexpr Names build_key = {"version", "compiler", "build_type"};
constexpr Names uuid_key = {"uuid"};
constexpr Names gpu_rest = {"name",     "compute_capability", "sm_count",  "memory_bytes",
                            "l2_bytes", "max_sm_clock_hz",    "properties"};
constexpr Names profile_key = {"name", "hash"};
constexpr Names profile_rest = {"yaml"};
constexpr Names workload_key = {"op",       "pass", "dtype",   "batch", "heads", "kv_heads", "seq_q", "seq_kv",
                                "head_dim", "mask", "dropout", "m",     "n",     "k",        "rows",  "cols"};
constexpr Names kernel_key = {"name", "params"};
constexpr Names run_rest = {"started_at", "ended_at", "command", "argv",   "build_id", "gpu_id",
                            "host",       "driver",   "clocks",  "source", "note"};
constexpr Names tag_key = {"run_id", "name"};
constexpr Names tag_rest = {"value"};
constexpr Names result_key = {"workload_id",       "kernel_id", "profile_id", "method",  "predictor",
                              "predictor_version", "l2",        "timer",      "setting", "source"};
constexpr Names result_numbers = {"status",
                                  "reason",
                                  "time_s",
                                  "flop",
                                  "dram_read_bytes",
                                  "dram_write_bytes",
                                  "l2_read_bytes",
                                  "l2_write_bytes",
                                  "smem_bytes",
                                  "extra_memory_bytes",
                                  "bound",
                                  "expected_error",
                                  "notes",
                                  "printed",
                                  "registers_per_thread",
                                  "smem_per_cta_bytes",
                                  "ctas_per_sm"};
constexpr Names result_rest = {"run_id", "profile_name", "observed", "latest"};
constexpr Names series_key = {"result_id"};
constexpr Names series_rest = {"q1_s", "q3_s", "sm_clock_hz", "power_w", "temperature_c", "throttled", "discarded"};
constexpr Names sample_key = {"result_id", "idx"};
constexpr Names sample_rest = {"time_s", "sm_clock_hz"};
constexpr Names counter_key = {"result_id", "name"};
constexpr Names counter_rest = {"value", "unit"};
constexpr Names verification_key = {"run_id", "workload_id", "kernel_id", "against"};
constexpr Names verification_numbers = {"status",    "reason", "relative_error",  "max_error",
                                        "lse_error", "tiles",  "tiles_differing", "tile_difference"};
constexpr Names profile_id_rest = {"profile_id"};
constexpr Names micro_key = {"run_id", "name", "parameters"};
constexpr Names micro_numbers = {"status", "reason", "value", "unit", "sm_clock_hz"};
constexpr Names micro_sample_key = {"micro_id", "idx"};
constexpr Names micro_sample_rest = {"value"};

constexpr bool no_id = false;

constexpr MergeTable tables[] = {
    {"build", Again::keep, true, build_key},
    {"gpu", Again::keep, true, uuid_key, {}, gpu_rest},
    {"profile", Again::keep, true, profile_key, {}, profile_rest},
    {"workload", Again::keep, true, workload_key},
    {"kernel", Again::keep, true, kernel_key},
    {"run", Again::keep, true, uuid_key, {}, run_rest},
    {"tag", Again::keep, no_id, tag_key, {}, tag_rest},
    {"result", Again::newer, true, result_key, result_numbers, result_rest},
    {"series", Again::keep, no_id, series_key, {}, series_rest},
    {"sample", Again::keep, no_id, sample_key, {}, sample_rest},
    {"counter", Again::keep, no_id, counter_key, {}, counter_rest},
    {"verification", Again::compare, true, verification_key, verification_numbers, profile_id_rest},
    {"micro", Again::compare, true, micro_key, micro_numbers, profile_id_rest},
    {"micro_sample", Again::keep, no_id, micro_sample_key, {}, micro_sample_rest},
};

constexpr MergeLink links[] = {{"build_id", "build"},     {"gpu_id", "gpu"},       {"run_id", "run"},
                               {"profile_id", "profile"}, {"kernel_id", "kernel"}, {"workload_id", "workload"},
                               {"result_id", "result"},   {"micro_id", "micro"}};

}  // namespace

std::span<const MergeTable> merge_tables() { return tables; }

std::string_view table_behind(std::string_view column) {
  const auto* link = std::ranges::find(links, column, &MergeLink::column);
  return link == std::end(links) ? std::string_view{} : link->table;
}

}  // namespace rooftile::analysis
