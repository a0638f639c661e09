// DRAM is many channels, and now and then each is closed: it refreshes.
//
// The address hash spreads neighbouring pieces over the channels: 40, as many as five stacks of HBM2 have, eight of
// 128 bit each (JEDEC JESD235). A channel refreshes every 3.9 us at the mean (tREFI) and answers nobody for tRFC,
// which is 350 ns where it has 8 Gbit and 450 ns where it has 16 (CMU-SAFARI/ramulator2 src/dram/impl/HBM2.cpp,
// HBM3.cpp @1fb94b80): 9 and 12 % of the bandwidth, most of what a memory does not sustain of it. An A100 of 80 GB,
// 16 Gbit a channel, sustains 87 %, one of 40 GB and an H100, 8 Gbit, 90 %. So a channel works at the bandwidth of the
// datasheet, and is closed for all that is not sustained: 1 - sustained_fraction of every 3.9 us.
//
// Refreshes average out of bandwidth, not out of latency. A tile of 32 KiB lies in 32 channels, and at most times one
// of them is closed: the last of its bytes come two thirds of tRFC later than a lone line.
#pragma once

#include <algorithm>
#include <cmath>

#include "rooftile/model/device.hpp"

namespace rooftile {

inline constexpr int dram_channels = 40;

/// Bytes of which neighbours lie in different channels. NVIDIA does not publish the hash: chosen, as the simulator's
/// pieces on an A100 (sim/src/dram.hpp).
inline constexpr double dram_piece = 1024;

/// Bandwidth that large streams reach.
[[nodiscard]] inline BytesPerSecond sustained_bandwidth(const Device& device) {
  return device.memory.dram.bandwidth * device.memory.dram.sustained_fraction.value();
}

/// A channel's refreshes, in cycles of some clock.
struct DramRefresh {
  double every = 1;
  double takes = 0;

  /// Part of the time that a channel is closed for.
  [[nodiscard]] double share() const { return takes / every; }
};

/// Those of a device's memory.
[[nodiscard]] inline DramRefresh dram_refresh(const Device& device, Hertz clock) {
  constexpr Seconds interval{3.9e-6};
  const double every = interval.value() * clock.value();
  return {every, every * std::max(0.0, 1 - device.memory.dram.sustained_fraction.value())};
}

/// Cycles that the last of n pieces, in n channels which refresh at different times, comes later at the mean than a
/// lone one, while nobody else asks. With T and r what a refresh takes and its share, the longest of n waits is T·(1 -
/// (1 - (1-r)^(n+1)) / (r·(n+1))); a lone piece waits r·T/2, which its measured latency has in it.
[[nodiscard]] inline double wait_for_last_piece(const DramRefresh& refresh, double pieces) {
  const double closed = refresh.share();
  if (closed <= 0) return 0;
  const int n = std::clamp(static_cast<int>(std::ceil(pieces)), 1, dram_channels) + 1;
  double none_closed = 1, power = 1 - closed;  // (1-r)^n by squares
  for (int rest = n; rest > 0; rest /= 2, power *= power) none_closed *= rest % 2 == 1 ? power : 1;
  return refresh.takes * (1 - (1 - none_closed) / (closed * n) - closed / 2);
}

}  // namespace rooftile
