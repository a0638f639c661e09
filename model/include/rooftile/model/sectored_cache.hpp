// An L2 that counts: what it fetches from DRAM and what it writes back. Lines of 128 bytes hold four sectors of 32
// bytes, each valid or dirty on its own; the least recently used line of a set makes room. A read that misses fetches
// its sector alone; a write takes a line without fetching it.
//
//   SectoredCache l2{40 << 20};
//   l2.read(address);  l2.write(address);          byte address of a 32-byte sector
//   l2.flush();
//   32 * l2.fetched_sectors()                      bytes read from DRAM
//
// Line and sector size: Jia et al., Dissecting the NVIDIA Volta GPU Architecture via Microbenchmarking, 2018
// (arXiv:1804.06826), section 3.4. Ways, replacement and hash of the real L2 are not published; LRU over 16 ways with a
// set index that power-of-two strides spread over is an assumption.
//
// A set is an array of lines, most recently used first, so that finding, ageing and evicting are one short loop.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace rooftile {

class SectoredCache {
 public:
  static constexpr std::int64_t line_bytes = 128;
  static constexpr std::int64_t sector_bytes = 32;
  static constexpr int usual_ways = 16;

  /// `capacity_bytes` is rounded down to whole sets, at least one. Throws std::invalid_argument for ways < 1.
  explicit SectoredCache(std::int64_t capacity_bytes, int ways = usual_ways);

  /// One sector is read; `address` is any byte address below 2^63 in it.
  void read(std::uint64_t address) {
    const std::uint64_t sector = sector_bit(address);
    std::uint64_t& line = touch(address / line_bytes);
    if ((line & sector) == 0) ++fetched_;
    line |= sector;
  }
  /// One whole sector is written.
  void write(std::uint64_t address) {
    const std::uint64_t sector = sector_bit(address);
    touch(address / line_bytes) |= sector | sector << dirty_shift;
  }
  /// Writes back what is dirty. Lines stay, clean.
  void flush();

  [[nodiscard]] std::int64_t fetched_sectors() const { return fetched_; }
  [[nodiscard]] std::int64_t written_back_sectors() const { return written_back_; }
  [[nodiscard]] std::int64_t sets() const { return static_cast<std::int64_t>(sets_); }
  /// The set that this address falls into. Each run of sets() lines fills every set once; runs are turned against each
  /// other by a hash of their number.
  [[nodiscard]] std::int64_t set_of(std::uint64_t address) const {
    return static_cast<std::int64_t>(set_of_line(address / line_bytes, sets_));
  }
  /// The same of a cache of `sets`.
  [[nodiscard]] static std::int64_t set_of(std::uint64_t address, std::int64_t sets) {
    return static_cast<std::int64_t>(set_of_line(address / line_bytes, static_cast<std::uint64_t>(sets)));
  }

 private:
  // A line: number << 8 | dirty sectors << 4 | valid sectors. A line that was never used holds number 0, no sector.
  static constexpr int number_shift = 8;
  static constexpr int dirty_shift = 4;
  static constexpr std::uint64_t dirty_mask = 0xf0;

  [[nodiscard]] static std::uint64_t sector_bit(std::uint64_t address) {
    return std::uint64_t{1} << (address / sector_bytes % (line_bytes / sector_bytes));
  }
  [[nodiscard]] static std::uint64_t set_of_line(std::uint64_t number, std::uint64_t sets) {
    const std::uint64_t turn = (number / sets * 0x9e3779b97f4a7c15u) >> 32;  // Fibonacci hashing: 2^64 / golden ratio
    return (number + turn) % sets;
  }
  /// The line with this number, now the most recently used of its set.
  std::uint64_t& touch(std::uint64_t number) {
    if (lines_[latest_] >> number_shift == number) return lines_[latest_];
    latest_ = set_of_line(number, sets_) * ways_;
    std::uint64_t* const set = &lines_[latest_];
    std::uint64_t moved = set[0];
    for (std::uint64_t way = 1; way < ways_ && moved >> number_shift != number; ++way) {
      std::swap(set[way], moved);
    }
    if (moved >> number_shift != number) {
      evict(moved);
      moved = number << number_shift;
    }
    return *set = moved;
  }
  void evict(std::uint64_t line) { written_back_ += __builtin_popcountll(line & dirty_mask); }

  std::uint64_t ways_;
  std::uint64_t sets_;
  std::vector<std::uint64_t> lines_;  ///< sets x ways
  std::uint64_t latest_ = 0;          ///< the line touched last: four sectors of a line often come in a row
  std::int64_t fetched_ = 0;
  std::int64_t written_back_ = 0;
};

}  // namespace rooftile
