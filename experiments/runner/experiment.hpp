// An experiment: what is asked, written down. `rooftile run FILE.yaml` computes every cell and keeps the answers.
//
//   schema: rooftile.experiment/1
//   name: seq_sweep
//   description: Standard attention and FlashAttention-2 as the sequence grows.
//   profiles: [a100_sxm4_80gb, h100_sxm5_80gb]
//   kernels: [pytorch_eager, fa2]
//   predictors: [hierarchical, roofline]             # default: hierarchical
//   methods: [predicted]                             # default; simulated: event by event; executed: our kernels are
//                                                    # run on the CPU
//   set: {memory.dram.bandwidth: 3 TB/s}             # default: profiles as they are
//   variants:                                        # or several such sets, each with a name: every cell in each
//     as_is: {}
//     hbm_x2: {memory.dram.bandwidth: 6.7 TB/s}
//   workloads:                                       # each entry is a grid: every combination of its lists
//     - {batch: 4, heads: 16, seq: 512:16384:x2, head_dim: [64, 128], mask: [none, causal]}
//     - {op: gemm, mn: [256, 1024], k: 128}          # mn: m and n alike, as seq is seq_q and seq_kv
//   expect:                                          # what must come out; see expectations.hpp
//     - {mn: 256, k: 128, flop_per_byte: 64, bound_class: memory}
//
// An entry may have `kernels:` and `methods:` of its own. In a campaign, which a GPU visit measures, it also says in
// which phases of the visit it takes part, and which libraries are timed beside our kernels (campaign.hpp).
//
// `workloads: [{published: FOLDER}]` (relative to the file) asks for the rows of that folder instead, on the profiles,
// kernels and settings of its mapping.yaml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "question/question.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/names.hpp"
#include "runner/conditions.hpp"
#include "runner/outcomes.hpp"

namespace rooftile::runner {

/// All cells that meet `cells` must give what `outcomes` say and, where there are any, at least one of `any_of`; ratios
/// are to the cell that is the same but for what `against` says. With `share`, not all of them but such a share.
struct Expectation {
  struct Share {
    ExpectedNumber number;
    std::string text;  ///< as the file has it
  };
  std::vector<Condition> cells;
  std::vector<Condition> against;
  std::vector<Expected> outcomes;
  std::vector<Expected> any_of;
  std::optional<Share> share;
  Location where;
};

/// A part of a visit to a GPU.
enum class Phase : std::uint8_t { verify, clocks, time, counters, peers };

/// What a visit measures: one kernel and workload, and in which phases.
struct CampaignCell {
  std::string kernel;
  Workload workload;
  std::optional<L2State> l2;  ///< nothing: both
  std::vector<Phase> phases;  ///< in their order, none twice
};

struct Experiment {
  std::string name;
  std::string description;
  std::vector<CampaignCell> campaign;            ///< of entries with `phases:` or `peers:`, in the order of the file
  std::vector<experiments::Question> questions;  ///< every cell, in the order of the file; no two alike
  std::vector<Expectation> expectations;
};

/// The most cells an experiment may have: a typo in a step should not ask for a billion predictions.
inline constexpr std::size_t most_cells = 10'000'000;

/// Reads and expands a file. InputError with file:line:col for whatever does not fit: unknown keys, names, predictors,
/// methods, settings; lists that are empty; shapes that make no workload; expectations that no cell meets; more than
/// `most` cells.
[[nodiscard]] Experiment load_experiment(const std::filesystem::path& file, experiments::Catalogues& catalogues,
                                         std::size_t most = most_cells);

}  // namespace rooftile::runner

template <>
struct rooftile::EnumNames<rooftile::runner::Phase> {
  using enum runner::Phase;
  static constexpr std::string_view kind = "phase";
  static constexpr Named<runner::Phase> table[] = {
      {verify, "verify"}, {clocks, "clocks"}, {time, "time"}, {counters, "counters"}, {peers, "peers"}};
};
