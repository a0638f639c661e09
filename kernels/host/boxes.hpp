// A box of a tensor on its way between global and shared memory: 64 columns of 16 bits, so 128 bytes a row, in the
// 128-byte swizzle. The hardware turns on address bits: bits 4-6 are XORed with bits 7-9 (CUDA driver API,
// CU_TENSOR_MAP_SWIZZLE_128B; PTX ISA 9.0, "Swizzling Modes" of tensors).
//
//   swizzled(1024 + 3 * 128 + 0) = 1024 + 3 * 128 + 48
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "host/lanes.hpp"
#include "host/where.hpp"

namespace rooftile::kernels::host {

template <class Address>
[[nodiscard]] ROOFTILE_INLINE Address swizzled(const Address& address) {
  return address ^ ((address >> 7 & 7u) << 4);
}

struct Box {
  static constexpr std::uint32_t row_bytes = 128;
  static constexpr std::uint32_t chunk_bytes = 16;

  std::uint32_t shared = 0;           ///< where it begins
  std::vector<unsigned char*> row{};  ///< in global memory; nullptr: outside the tensor
  bool moved = false;                 ///< the bytes are there already; no one may rely on it before the wait
  Where where = Where::current();

  [[nodiscard]] std::uint32_t bytes() const { return static_cast<std::uint32_t>(row.size()) * row_bytes; }

  /// Global to shared memory, zeros for rows outside.
  void load(unsigned char* memory) const {
    each_chunk([memory](unsigned char* global, std::uint32_t chunk) {
      if (global != nullptr) {
        std::memcpy(memory + chunk, global, chunk_bytes);
      } else {
        std::memset(memory + chunk, 0, chunk_bytes);
      }
    });
  }
  /// Shared to global memory, rows outside left out.
  void store(const unsigned char* memory) const {
    each_chunk([memory](unsigned char* global, std::uint32_t chunk) {
      if (global != nullptr) std::memcpy(global, memory + chunk, chunk_bytes);
    });
  }

 private:
  template <class Each>
  void each_chunk(const Each& each) const {
    for (std::size_t r = 0; r < row.size(); ++r) {
      const std::uint32_t line = shared + static_cast<std::uint32_t>(r) * row_bytes;
      for (std::uint32_t byte = 0; byte < row_bytes; byte += chunk_bytes) {
        each(row[r] == nullptr ? nullptr : row[r] + byte, swizzled(line + byte));
      }
    }
  }
};

}  // namespace rooftile::kernels::host
