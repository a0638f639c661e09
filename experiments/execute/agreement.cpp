#include "execute/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace rooftile::experiments {
namespace {

using kernels::LaunchExecution;
using kernels::TensorTraffic;

std::int64_t whole(double count) { return std::llround(count); }

/// What a Program says of one launch; a launch that it does not have moves nothing.
class ProgramSide {
 public:
  ProgramSide(const Program& program, const ProgramCounts& counts, std::string_view launch)
      : program_{&program}, counts_{&counts} {
    for (std::size_t l = 0; l < program.launches.size(); ++l) {
      if (program.launches[l].name == launch) launch_ = static_cast<std::ptrdiff_t>(l);
    }
  }

  [[nodiscard]] TensorTraffic tensor(std::string_view name) const {
    TensorTraffic traffic{.name = std::string{name}};
    if (launch_ < 0) return traffic;
    const Launch& launch = program_->launches[index()];
    for (auto i = static_cast<std::size_t>(launch.first_op); i < static_cast<std::size_t>(launch.last_op); ++i) {
      const TileOp& op = program_->ops[i];
      if (!moves_a_tile(op.kind) || program_->tensors[static_cast<std::size_t>(op.tensor)].name != name) continue;
      add(traffic, op.kind, counts_->op[i]);
    }
    return traffic;
  }
  [[nodiscard]] std::int64_t work(OpKind kind) const {
    return launch_ < 0 ? 0 : whole(counts_->launch[index()].work_of(kind));
  }
  /// CTAs that are started on so many SMs: one per tile, or one per SM that stays.
  [[nodiscard]] std::int64_t ctas(std::int64_t sms) const {
    if (launch_ < 0) return 0;
    const std::int64_t tiles = counts_->launch[index()].ctas;
    return program_->launches[index()].schedule == Schedule::one_per_cta ? tiles : std::min(tiles, sms);
  }

 private:
  [[nodiscard]] std::size_t index() const { return static_cast<std::size_t>(launch_); }
  static void add(TensorTraffic& traffic, OpKind kind, const OpCount& count) {
    switch (kind) {
      case OpKind::load:
        traffic.loaded_bytes += count.bytes;
        traffic.loaded_sectors += count.sectors;
        break;
      case OpKind::store:
        traffic.stored_bytes += count.bytes;
        traffic.stored_sectors += count.sectors;
        break;
      default: traffic.atomic_bytes += count.bytes; traffic.atomic_sectors += count.sectors;
    }
  }

  const Program* program_;
  const ProgramCounts* counts_;
  std::ptrdiff_t launch_ = -1;
};

class Comparison {
 public:
  explicit Comparison(std::int64_t sms) : sms_{sms} {}

  void launch(const LaunchExecution& executed, const ProgramSide& program, const std::vector<std::string>& tensors) {
    launch_ = executed.name;
    add("CTAs", "", executed.ctas, program.ctas(sms_));
    for (const std::string& name : tensors) {
      const TensorTraffic* found = executed.tensor(name);
      tensor(found == nullptr ? TensorTraffic{.name = name} : *found, program.tensor(name));
    }
    add("shared memory read", "B", executed.smem_read_bytes, program.work(OpKind::lds));
    add("shared memory written", "B", executed.smem_written_bytes, program.work(OpKind::sts));
    add("mma", "FLOP", executed.mma * kernels::flop_per_mma, program.work(OpKind::mma));
    add("exp2", "", executed.exp2, program.work(OpKind::exp2));
    add("convert", "", executed.converted, program.work(OpKind::convert));
    add("lanes exchanged", "", executed.shuffled, program.work(OpKind::reduce));
    add("barriers", "", executed.synchronisations(), program.work(OpKind::barrier));
  }

  [[nodiscard]] std::vector<CountPair> take() && { return std::move(pairs_); }

 private:
  void add(const std::string& what, const char* unit, std::int64_t executed, std::int64_t program) {
    if (executed != 0 || program != 0) pairs_.push_back({launch_, what, unit, executed, program});
  }
  void tensor(const TensorTraffic& executed, const TensorTraffic& program) {
    const auto both = [&](const char* how, std::int64_t TensorTraffic::*bytes, std::int64_t TensorTraffic::*sectors) {
      add(executed.name + ' ' + how, "B", executed.*bytes, program.*bytes);
      add(executed.name + ' ' + how, "sectors", executed.*sectors, program.*sectors);
    };
    both("loaded", &TensorTraffic::loaded_bytes, &TensorTraffic::loaded_sectors);
    both("stored", &TensorTraffic::stored_bytes, &TensorTraffic::stored_sectors);
    both("added to", &TensorTraffic::atomic_bytes, &TensorTraffic::atomic_sectors);
  }

  std::int64_t sms_;
  std::vector<CountPair> pairs_;
  std::string launch_;
};

template <class Names>
void add_missing(std::vector<std::string>& names, const Names& more) {
  for (const auto& one : more) {
    if (std::find(names.begin(), names.end(), one.name) == names.end()) names.emplace_back(one.name);
  }
}

}  // namespace

std::vector<CountPair> compare_counts(const kernels::Execution& execution, const Program& program,
                                      const ProgramCounts& counts, std::int64_t sms) {
  std::vector<std::string> tensors;
  add_missing(tensors, program.tensors);
  for (const LaunchExecution& launch : execution.launches) add_missing(tensors, launch.tensors);

  Comparison comparison{sms};
  std::vector<std::string> executed;
  for (const LaunchExecution& launch : execution.launches) {
    comparison.launch(launch, {program, counts, launch.name}, tensors);
    executed.push_back(launch.name);
  }
  for (const Launch& launch : program.launches) {
    if (std::find(executed.begin(), executed.end(), launch.name) != executed.end()) continue;
    LaunchExecution nothing;
    nothing.name = launch.name;
    comparison.launch(nothing, {program, counts, launch.name}, tensors);
  }
  return std::move(comparison).take();
}

}  // namespace rooftile::experiments
