#include "rooftile/model/kernel_spec.hpp"

#include <algorithm>

#include "rooftile/model/bound.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/registers.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile {
namespace {

constexpr std::int64_t warps_of_group = 4;

bool serves(const TileRow& row, std::int64_t head_dim, Mask mask, bool dropout, Pass pass, DType dtype) {
  if (row.pass != pass && row.pass != Pass::fwd_bwd) return false;
  if (row.dropout_only ? !dropout : dropout && row.never_drops) return false;
  const bool masks = row.masks.empty() || std::find(row.masks.begin(), row.masks.end(), mask) != row.masks.end();
  const bool dtypes = row.dtypes.empty() || std::find(row.dtypes.begin(), row.dtypes.end(), dtype) != row.dtypes.end();
  return masks && dtypes && head_dim <= row.head_dim;
}

/// The first row that serves the call on this architecture; for what-ifs on others, the first that serves it at all.
const TileRow* find_row(const KernelSpec& spec, ComputeCapability at, std::int64_t head_dim, Mask mask, bool dropout,
                        Pass pass, DType dtype) {
  const TileRow* elsewhere = nullptr;
  for (const TileRow& row : spec.tiles) {
    if (!serves(row, head_dim, mask, dropout, pass, dtype)) continue;
    if (row.from <= at && at <= row.to) return &row;
    if (elsewhere == nullptr && spec.what_if_anywhere) elsewhere = &row;
  }
  return elsewhere;
}

Bytes on_chip_memory(const Device& device) {
  return is_known(device.sm.smem_per_cta) ? device.sm.smem_per_cta : device.sm.smem_capacity;
}

/// The tile of Algorithm 1 of the FlashAttention paper: Bc = ceil(M / 4d), Br = min(Bc, d), M elements on chip.
TileRow paper_tile(const Device& device, std::int64_t head_dim) {
  const auto elements = static_cast<std::int64_t>(on_chip_memory(device).value()) / 2;
  TileRow row;
  row.head_dim = head_dim;
  row.bc = ceil_div(elements, 4 * head_dim);
  row.br = std::min(row.bc, head_dim);
  return row;
}

TileRow changed(TileRow row, SpecOverrides overrides) {
  if (overrides.br != 0) row.br = overrides.br;
  if (overrides.bc != 0) row.bc = overrides.bc;
  if (overrides.warps != 0) row.warps = static_cast<int>(overrides.warps);
  if (overrides.stages != 0) row.stages = static_cast<int>(overrides.stages);
  return row;
}

bool same_shape(const TileRow& a, const TileRow& b) {
  return a.br == b.br && a.bc == b.bc && a.warps == b.warps && a.stages == b.stages;
}

/// P stays in registers where it has room there. A consumer without room for S and O either says how much it needs.
TileRow with_flash3_registers(const KernelSpec& spec, TileRow row) {
  constexpr std::int64_t largest = 9999;  // far from fitting, and any number of bits holds it
  const std::int64_t consumers = std::max<std::int64_t>(1, row.warps / warps_of_group - 1);
  const auto need = [&](PlaceOfP place) {
    return flash3_registers(row.br, row.bc, row.head_dim, consumers, place).total();
  };
  const std::int64_t granted = flash3_role_registers(consumers).consumer;
  row.registers = flash3_entry_registers(consumers + 1);
  row.p_in_smem = need(spec.overlap ? PlaceOfP::beside_s : PlaceOfP::over_s) > granted;
  if (row.p_in_smem && need(PlaceOfP::smem) > granted) {
    row.consumer_registers = static_cast<int>(std::min(largest, need(PlaceOfP::smem)));
  }
  return row;
}

/// The row in another shape: shared memory by the algorithm's formula, registers by the estimate where there is one.
/// A shape that is the row's own keeps what the row says.
TileRow with(SpecOverrides overrides, const KernelSpec& spec, const TileRow& own) {
  TileRow row = changed(own, overrides);
  if (same_shape(row, own)) return row;
  row.smem = 0;
  if (row.pass == Pass::bwd) return row;
  switch (spec.algorithm) {
    case Algorithm::flash2:
    case Algorithm::split_kv:
      row.registers = static_cast<int>(flash2_registers(row.br, row.bc, row.head_dim, row.warps).total());
      return row;
    case Algorithm::flash3: return with_flash3_registers(spec, row);
    case Algorithm::standard:
      row.registers = static_cast<int>(gemm_registers(row.br, row.bc, row.warps).total());
      row.registers_narrow = static_cast<int>(gemm_registers(row.br, gemm_column_step, row.warps).total());
      return row;
    case Algorithm::flash1: break;
  }
  return row;
}

/// Nothing, or why no kernel has such a tile.
tl::expected<void, Refusal> sensible(SpecOverrides overrides) {
  struct Limit {
    const char* what;
    std::int64_t value, most;
  };
  for (const Limit& limit : {Limit{"br", overrides.br, 4096}, Limit{"bc", overrides.bc, 4096},
                             Limit{"warps", overrides.warps, 32}, Limit{"stages", overrides.stages, 64}}) {
    if (limit.value >= 0 && limit.value <= limit.most) continue;
    return tl::unexpected<Refusal>{{Status::unsupported, std::string{limit.what} + " " + std::to_string(limit.value) +
                                                             " is outside 1 to " + std::to_string(limit.most)}};
  }
  return {};
}

}  // namespace

tl::expected<TileRow, Refusal> select_tile(const KernelSpec& spec, const Device& device, std::int64_t head_dim,
                                           Mask mask, SpecOverrides overrides, bool dropout, Pass pass, DType dtype) {
  const TileRow* found =
      spec.paper_tile ? nullptr : find_row(spec, device.compute_capability, head_dim, mask, dropout, pass, dtype);
  if (found == nullptr && !spec.paper_tile) {
    std::int64_t widest = 0;
    for (const TileRow& row : spec.tiles) {
      const bool in_pass = row.pass == pass || row.pass == Pass::fwd_bwd;
      if (in_pass && !(dropout && row.never_drops)) widest = std::max(widest, row.head_dim);
    }
    if (widest == 0) {
      return tl::unexpected<Refusal>{
          {Status::unsupported, spec.name + " has no tile for pass " + std::string{name_of(pass)}}};
    }
    return tl::unexpected<Refusal>{{Status::unsupported, "head_dim " + std::to_string(head_dim) + " is outside " +
                                                             spec.name + " (up to " + std::to_string(widest) +
                                                             (dropout ? " with dropout)" : ")")}};
  }
  if (spec.paper_tile && !is_known(on_chip_memory(device))) {
    return tl::unexpected<Refusal>{{Status::unsupported, "the tile of " + spec.name +
                                                             " follows from shared memory, which " + device.name +
                                                             " does not state (sm.smem_per_cta or sm.smem_capacity)"}};
  }
  if (!overrides.any() && found != nullptr) return *found;
  if (auto refused = sensible(overrides); !refused) return tl::unexpected{refused.error()};
  return with(overrides, spec, spec.paper_tile ? paper_tile(device, head_dim) : *found);
}

std::string canonical_text(const SpecCalibration& calibration) {
  std::string text;
  for (const Named<Regime>& regime : EnumNames<Regime>::table) {
    const std::optional<FittedRegime>& fitted = calibration.of(regime.value);
    if (!fitted || fitted->constants == Calibration{}) continue;  // the numbers of one that nobody fitted
    for (const CalibrationConstant& constant : calibration_constants()) {
      text.append("calibration.").append(regime.name).append(".").append(constant.name).append(": ");
      text += format_exact(fitted->constants.*constant.member, constant.dimension) + '\n';
    }
  }
  return text;
}

}  // namespace rooftile
