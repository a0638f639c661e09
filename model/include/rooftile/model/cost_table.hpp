// The units of one SM and how fast each works, in results per cycle of the tensor clock.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rooftile/model/count.hpp"
#include "rooftile/model/dram_channels.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// What an SM can keep busy at the same time. The order is that of Limit from l2 to issue.
enum class Unit : std::uint8_t { memory, smem, tensor, exp2, fma, convert, issue };
inline constexpr std::size_t units = 7;

[[nodiscard]] constexpr Limit limit_of(Unit unit) {
  return static_cast<Limit>(static_cast<std::uint8_t>(unit) + static_cast<std::uint8_t>(Limit::l2));
}
static_assert(limit_of(Unit::memory) == Limit::l2 && limit_of(Unit::issue) == Limit::issue);

/// By Unit.
using UnitCycles = std::array<double, units>;

/// Cycles that one op of a kind costs its unit, and the latency until a dependent op can use the result.
struct OpCost {
  Unit unit = Unit::issue;
  double cycles_per_amount = 0;  ///< per byte, FLOP or result
  double latency = 0;            ///< cycles
};

/// Whether products run for long enough that the power limit sets the clock.
enum class Sustained : bool { no, yes };

/// What matrix products reach of the datasheet's rate on an instruction path: all of it with wgmma, a part with
/// mma.sync; for long, no more than clock.tensor_sustained leaves.
[[nodiscard]] double part_of_peak(const Device& device, DType dtype, MathPath math, Sustained sustained);

/// Costs of all op kinds on a device for a program's dtype and instruction path.
///
/// Matrix products run at the rate of the datasheet (clock.tensor_boost), or what mma.sync reaches of it. A GEMM alone
/// runs long enough for the power limit to set the clock: at clock.tensor_sustained, which is clock x efficiency of the
/// best large GEMM and therefore never combined with another efficiency; whichever is slower holds.
class CostTable {
 public:
  CostTable(const Device& device, const Program& program);

  [[nodiscard]] const OpCost& operator[](OpKind kind) const { return cost_[static_cast<std::size_t>(kind)]; }
  /// Cycles that some work keeps each unit busy.
  [[nodiscard]] UnitCycles on_units(const Work& work) const {
    const auto cycles = [&](OpKind kind) {
      const auto k = static_cast<std::size_t>(kind);
      return work[k] * cost_[k].cycles_per_amount;
    };
    const bool on_tensor_cores = (*this)[OpKind::mma].unit == Unit::tensor;
    const double products = cycles(OpKind::mma);
    return {cycles(OpKind::load) + cycles(OpKind::store) + cycles(OpKind::atomic),  // memory
            cycles(OpKind::lds) + cycles(OpKind::sts),
            on_tensor_cores ? products : 0,
            cycles(OpKind::exp2),
            (on_tensor_cores ? 0 : products) + cycles(OpKind::fma),
            cycles(OpKind::convert),
            cycles(OpKind::alu) + cycles(OpKind::rng) + cycles(OpKind::reduce)};  // issue
  }
  /// The same ops one after the other.
  [[nodiscard]] double in_turn(const Work& work) const {
    double cycles = 0;
    for (std::size_t k = 0; k < op_kinds; ++k) cycles += work[k] * cost_[k].cycles_per_amount;
    return cycles;
  }
  /// The clock that cycles are counted in.
  [[nodiscard]] Hertz clock() const { return clock_; }
  /// Mean latency of loads of so many bytes of which L2 does not hold the share `missed`: a line, or a tile, of which
  /// the last bytes come later. operator[] has that of a hit.
  [[nodiscard]] double load_latency(double missed, double bytes = 1) const {
    const double hit = (*this)[OpKind::load].latency;
    if (missed <= 0) return hit;
    return hit + missed * (dram_latency_ + wait_for_last_piece(dram_refresh_, bytes / dram_piece) - hit);
  }

  /// The leaves that the table reads for this program.
  [[nodiscard]] static std::vector<std::string_view> needs(const Program& program);

 private:
  void set(OpKind kind, Unit unit, double rate, double latency = 0);

  std::array<OpCost, op_kinds> cost_;
  Hertz clock_;
  double dram_latency_;
  DramRefresh dram_refresh_;
};

}  // namespace rooftile
