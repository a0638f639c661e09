// wgmma of a warp: what is the same for all element types.
#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "isa/host.hpp"

namespace rooftile::kernels::host {

namespace {

std::uint64_t checksum_of(const void* bytes, std::size_t size) {
  constexpr std::uint64_t basis = 0xcbf29ce484222325, prime = 0x100000001b3;  // FNV-1a, by words
  std::uint64_t sum = basis;
  for (std::size_t i = 0; i < size; i += sizeof sum) {
    std::uint64_t word = 0;
    std::memcpy(&word, static_cast<const unsigned char*>(bytes) + i, sizeof word);
    sum = (sum ^ word) * prime;
  }
  return sum;
}

void poison(Acc* d, int tiles) {
  for (int tile = 0; tile < tiles; ++tile) {
    for (LanesF32& c : d[tile].c) c = std::numeric_limits<float>::quiet_NaN();
  }
}

bool is_poisoned(const Acc* d, int tiles) {
  for (int tile = 0; tile < tiles; ++tile) {
    for (const LanesF32& c : d[tile].c) {
      if ((c == c).bits() != 0) return false;  // NOLINT(misc-redundant-expression): false of NaN alone
    }
  }
  return true;
}

std::string of_warp(int warp) { return "wgmma of warp " + std::to_string(warp); }

}  // namespace

void Warp::issue_wgmma(PendingWgmma issued) {
  before_access();
  Faults& faults = *cta_.launch().faults;
  if (cta_.launch().warps % group_warps != 0) {
    faults.add(FaultKind::barrier_misuse, of_warp(index_) + ": the CTA is not made of whole warpgroups", issued.where);
    throw StopRun{};
  }
  if (!products_.fenced) {
    faults.add(FaultKind::race, of_warp(index_) + " uses registers that no wgmma_fence has handed over", issued.where);
  }
  counts_.mma += issued.operands.tiles;
  count_operands(issued.operands);
  look_at_operands(issued.operands, false, issued.where);
  if (issued.operands.registers != nullptr)
    issued.checksum = checksum_of(issued.operands.registers, issued.fragment_bytes);
  issued.executed = cta_.launch().async.wgmma_early;
  if (issued.executed) {
    issued.multiply(*this, issued.operands, issued.d);
  } else {
    PendingAccumulators* own = products_.late_at(issued.d);
    if (own == nullptr) {
      own = products_.late.emplace_back(std::make_unique<PendingAccumulators>()).get();
      own->d = issued.d;
      own->value.assign(issued.d, issued.d + issued.operands.tiles);
      own->products = 0;
      poison(issued.d, issued.operands.tiles);
    }
    ++own->products;
  }
  products_.open.push_back(issued);
}

void Warp::wgmma_commit() {
  products_.groups.push_back(std::move(products_.open));
  products_.open.clear();
}

void Warp::wait_for_products(int pending, const Where& where) {
  before_access();
  while (products_.groups.size() > static_cast<std::size_t>(pending)) {
    for (const PendingWgmma& one : products_.groups.front()) complete(one, where);
    products_.groups.pop_front();
  }
  products_.fenced = false;
}

void Warp::complete(const PendingWgmma& one, const Where& where) {
  Faults& faults = *cta_.launch().faults;
  const WgmmaOperands& operands = one.operands;
  look_at_operands(operands, true, one.where);
  if (operands.registers != nullptr && checksum_of(operands.registers, one.fragment_bytes) != one.checksum) {
    faults.add(FaultKind::race, of_warp(index_) + ": its A changed in registers before the wait", one.where);
  }
  if (one.executed) return;
  PendingAccumulators& own = *products_.late_at(one.d);
  one.multiply(*this, operands, own.value.data());
  if (--own.products > 0) return;
  if (!is_poisoned(one.d, operands.tiles)) {
    faults.add(FaultKind::race, of_warp(index_) + ": its accumulators were written before the wait", where);
  }
  std::copy(own.value.begin(), own.value.end(), one.d);
  std::erase_if(products_.late, [&own](const auto& late) { return late.get() == &own; });
}

void Warp::must_be_ready(const Acc* d, const Where& where) const {
  if (!products_.owns(d)) return;
  cta_.launch().faults->add(
      FaultKind::race,
      "wgmma_wait of warp " + std::to_string(index_) + " hands out accumulators of a group that it does not wait for",
      where);
}

/// Of this warp's quarter: its rows of A, and of B the share of four warps that read it together.
void Warp::count_operands(const WgmmaOperands& operands) {
  constexpr std::int64_t a_bytes = std::int64_t{16} * 16 * 2, b_bytes_per_tile = std::int64_t{16} * 8 * 2 / group_warps;
  counts_.smem_read_bytes += b_bytes_per_tile * operands.tiles + (operands.registers == nullptr ? a_bytes : 0);
}

Warp::u32 Warp::rows_of_a(const WgmmaOperands& operands) const {
  const MatrixPlace place{operands.a};
  const auto first = static_cast<std::uint32_t>(index_ % group_warps * 16);
  u32 rows;
  for (std::uint32_t lane = 0; lane < warp_size; ++lane) {
    rows.set(static_cast<int>(lane), place.along_rows(first + lane % 16, lane / 16));
  }
  return swizzled(rows);
}

Warp::u32 Warp::rows_of_b(const WgmmaOperands& operands, int tile) {
  const MatrixPlace place{operands.b};
  const auto first = static_cast<std::uint32_t>(tile);
  u32 rows;
  for (std::uint32_t lane = 0; lane < warp_size; ++lane) {
    const std::uint32_t column = first + lane / 16, in_tile = lane % 8, half = lane / 8 % 2;
    rows.set(static_cast<int>(lane), operands.down_rows ? place.down_rows(half * 8 + in_tile, column)
                                                        : place.along_rows(column * 8 + in_tile, half));
  }
  return swizzled(rows);
}

void Warp::look_at_operands(const WgmmaOperands& operands, bool done, const Where& where) {
  const Site site{"wgmma", index_, where};
  bool known = operands.registers != nullptr || MatrixPlace{operands.a}.swizzled_128;
  known = known && MatrixPlace{operands.b}.swizzled_128;
  if (!known) {
    cta_.launch().faults->add(FaultKind::misaligned, of_warp(index_) + ": only the 128-byte swizzle is known", where);
    throw StopRun{};
  }
  if (operands.registers == nullptr && !shared_.read_rows_async(rows_of_a(operands), done, site)) throw StopRun{};
  for (int tile = 0; tile < operands.tiles; tile += 2) {
    if (!shared_.read_rows_async(rows_of_b(operands, tile), done, site)) throw StopRun{};
  }
}

}  // namespace rooftile::kernels::host
