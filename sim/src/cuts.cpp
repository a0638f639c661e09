#include "cuts.hpp"

#include <bit>

namespace rooftile::sim {
namespace {

/// Goes through the ops of a trip.
class Cutter {
 public:
  Cutter(const Program& program, std::span<const std::int16_t> loads, bool barriers)
      : program_{program}, loads_{loads}, barriers_{barriers} {}

  void pass(std::int16_t op, double cycles) {
    for (std::size_t n = 0; n < loads_.size(); ++n) {
      if ((waited_ >> n & 1U) == 0 && stands_behind(op, loads_[n], true)) wait_for(n);
    }
    open_.part += cycles;
    for (std::size_t n = 0; n < loads_.size(); ++n) {
      if (stands_behind(loads_[n], op, false)) free(n);
    }
  }
  [[nodiscard]] Cuts finish() {
    if (open_.waits >= 0 || cuts_.empty()) {
      cuts_.push_back(open_);
    } else {
      cuts_.back().part += open_.part;
    }
    double all = 0;
    for (const Cut& cut : cuts_) all += cut.part;
    for (Cut& cut : cuts_) cut.part = all > 0 ? cut.part / all : 0;
    return cuts_;
  }

 private:
  [[nodiscard]] bool stands_behind(std::int16_t op, std::int16_t other, bool same_trip) const {
    const TileOp& waiting = program_.ops[static_cast<std::size_t>(op)];
    for (std::size_t a = 0; a < waiting.after_count; ++a) {
      if (waiting.after[a].op == other && (waiting.after[a].lag == 0) == same_trip) return true;
    }
    return false;
  }
  void wait_for(std::size_t load) {
    waited_ |= 1U << load;
    if (open_.waits >= 0 || !cuts_.empty()) close();  // what comes before the first tile waits with it
    open_.waits = static_cast<std::int8_t>(load);
  }
  void free(std::size_t load) {
    open_.frees = static_cast<std::int8_t>(load);
    close();
    if (!barriers_) return;
    const auto next = static_cast<std::size_t>(std::countr_one(waited_));
    if (next < loads_.size())
      wait_for(next);  // the barrier that says the buffer is free says that the next tile landed
  }
  void close() {
    if (open_.part > 0 || open_.waits >= 0 || open_.frees >= 0) cuts_.push_back(open_);
    open_ = {};
  }

  const Program& program_;
  std::span<const std::int16_t> loads_;
  bool barriers_;
  Cuts cuts_;
  Cut open_;
  std::uint32_t waited_ = 0;  ///< a bit per load
};

}  // namespace

Cuts cut_trip(const Program& program, const Launch& launch, std::size_t loop, std::span<const std::int16_t> loads,
              const ProgramCounts& counts, const CostTable& costs) {
  bool barriers = false;
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const TileOp& op = program.ops[static_cast<std::size_t>(i)];
    barriers |= op.loop == static_cast<std::int8_t>(loop) && op.kind == OpKind::barrier;
  }
  Cutter cutter{program, loads, barriers};
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const auto op = static_cast<std::size_t>(i);
    if (program.ops[op].loop != static_cast<std::int8_t>(loop) || program.ops[op].kind == OpKind::load) continue;
    cutter.pass(i, counts.amount[op] * costs[program.ops[op].kind].cycles_per_amount);
  }
  return cutter.finish();
}

}  // namespace rooftile::sim
