// Bank conflicts of shared memory: 32 banks of 4 bytes, one word of each per pass. 4-byte accesses of a warp are served
// together; 16-byte ones, ldmatrix rows included, in four groups of eight lanes. Lanes that ask for the same word share
// it. (CUDA C++ programming guide, section 20.7.3; groups of eight: nvprof's counts for 128-bit accesses.)
#pragma once

#include <cstdint>

#include "host/lanes.hpp"

namespace rooftile::kernels::host {

/// Passes beyond one that `count` lanes from `first` need, `bank_bytes` per lane and bank (16: banks of four words).
[[nodiscard]] inline int extra_passes(const std::uint32_t* addresses, std::uint32_t active, int first, int count,
                                      std::uint32_t bank_bytes) {
  const std::uint32_t banks = 128 / bank_bytes;
  std::uint32_t used = 0;
  bool twice = false;
  for (int lane = first; lane < first + count; ++lane) {
    const std::uint32_t wanted = active >> lane & 1u;
    const std::uint32_t bank = wanted << (addresses[lane] / bank_bytes % banks);
    twice |= (used & bank) != 0;
    used |= bank;
  }
  if (!twice) return 0;
  int most = 1;
  for (int lane = first; lane < first + count; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    int passes = 1;  // of this lane's bank, counted at the last lane that asks for each word
    for (int other = first; other < lane; ++other) {
      if ((active >> other & 1u) == 0) continue;
      const bool same_bank = (addresses[other] / bank_bytes - addresses[lane] / bank_bytes) % banks == 0;
      bool last = addresses[other] != addresses[lane];
      for (int later = other + 1; later < lane && last; ++later) {
        last = (active >> later & 1u) == 0 || addresses[later] != addresses[other];
      }
      passes += same_bank && last ? 1 : 0;
    }
    most = most < passes ? passes : most;
  }
  return most - 1;
}

/// Each group of eight lanes asks for eight different banks of 16 bytes.
[[nodiscard]] ROOFTILE_INLINE bool all_banks_differ(const LanesU32& addresses) {
  const LanesU32 bank = LanesU32(1u) << (addresses >> 4 & 7u);
  // A vector is a group; eight banks are a byte of each of its lanes, and the four groups' bytes lie side by side.
  LanesU32 used = bank;
  used.part[1] = bank.part[1] << 8;
  used.part[2] = bank.part[2] << 16;
  used.part[3] = bank.part[3] << 24;
  return combine(used, [](const auto& a, const auto& b) { return a | b; }) == ~0u;
}

/// Passes of a warp's access beyond the least possible.
[[nodiscard]] inline int bank_conflicts(const LanesU32& addresses, std::uint32_t active, int bytes) {
  if (bytes == 4) return extra_passes(addresses.data(), active, 0, 32, 4);
  if (active == ~0u && all_banks_differ(addresses)) return 0;
  int conflicts = 0;
  for (int first = 0; first < 32; first += 8) conflicts += extra_passes(addresses.data(), active, first, 8, 16);
  return conflicts;
}

}  // namespace rooftile::kernels::host
