// A warp's share of wgmma.mma_async: 16 of the 64 rows, as m16n8k16 products of fragments that are read from shared
// memory by decoding the 64-bit matrix descriptors (PTX ISA 9.0, "Matrix Descriptor Format" of wgmma).
//
//   k along the rows     chunk c (8 k) of row n at      start + n / 8 · stride + n % 8 · 128 + c · 16
//   k down the rows      chunk c (8 n) of row k at      start + c / 8 · leading + k / 8 · stride + k % 8 · 128 + c % 8
//   · 16
//
// each swizzled as TMA does it. Early: executed when issued. Late: executed at the wait that covers its group; until
// then the accumulators are NaN. Both look at operands in shared memory when issued and at the wait, where the read
// counts as done; and at registers that must not change between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "host/fragments.hpp"
#include "host/where.hpp"

namespace rooftile::kernels::host {

class Warp;  // isa/host.hpp

/// A matrix in shared memory as wgmma is told of it.
struct MatrixPlace {
  std::uint32_t start, leading, stride;
  bool swizzled_128;

  explicit MatrixPlace(std::uint64_t descriptor)
      : start{field(descriptor)},
        leading{field(descriptor >> 16)},
        stride{field(descriptor >> 32)},
        swizzled_128{descriptor >> 62 == 1} {}

  [[nodiscard]] std::uint32_t along_rows(std::uint32_t row, std::uint32_t chunk) const {
    return start + row / 8 * stride + row % 8 * 128 + chunk * 16;
  }
  [[nodiscard]] std::uint32_t down_rows(std::uint32_t row, std::uint32_t chunk) const {
    return start + chunk / 8 * leading + row / 8 * stride + row % 8 * 128 + chunk % 8 * 16;
  }

 private:
  [[nodiscard]] static std::uint32_t field(std::uint64_t bits) {
    return static_cast<std::uint32_t>(bits & 0x3fffu) * 16;
  }
};

/// Operands of one wgmma.
struct WgmmaOperands {
  int tiles;              ///< of 8 columns
  const void* registers;  ///< A as a fragment; nullptr: a
  std::uint64_t a;        ///< k along the rows
  std::uint64_t b;
  bool down_rows;  ///< b has k down its rows
  bool add;
};

/// One wgmma that no wait has covered.
struct PendingWgmma {
  WgmmaOperands operands;
  void (*multiply)(Warp&, const WgmmaOperands&, Acc*);
  Acc* d;
  bool executed;
  std::uint64_t checksum;  ///< of A in registers, when it was issued
  std::size_t fragment_bytes;
  Where where;
};

/// Accumulators that a late wgmma owns until it is executed.
struct PendingAccumulators {
  Acc* d;
  std::vector<Acc> value;
  int products;
};

/// wgmma groups of a warp, oldest first.
struct PendingProducts {
  std::vector<PendingWgmma> open;  ///< in no group yet
  std::deque<std::vector<PendingWgmma>> groups;
  std::vector<std::unique_ptr<PendingAccumulators>> late;
  bool fenced = false;  ///< wgmma_fence since registers were last free

  [[nodiscard]] PendingAccumulators* late_at(const Acc* d) const {
    for (const auto& one : late) {
      if (one->d == d) return one.get();
    }
    return nullptr;
  }
  [[nodiscard]] bool none() const { return count() == 0; }
  [[nodiscard]] std::size_t count() const {
    std::size_t sum = open.size();
    for (const auto& group : groups) sum += group.size();
    return sum;
  }
  [[nodiscard]] const PendingWgmma& oldest() const {
    for (const auto& group : groups) {
      if (!group.empty()) return group.front();
    }
    return open.front();
  }
  /// An uncovered wgmma adds to these accumulators.
  [[nodiscard]] bool owns(const Acc* d) const {
    const auto has = [d](const std::vector<PendingWgmma>& group) {
      for (const PendingWgmma& one : group) {
        if (one.d == d) return true;
      }
      return false;
    };
    for (const auto& group : groups) {
      if (has(group)) return true;
    }
    return has(open);
  }
};

}  // namespace rooftile::kernels::host
