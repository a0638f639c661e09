// Shared memory of a CTA, and its shadow: what is known of every 4-byte word.
//
//   written[word]      segment (segments.hpp) of the last write, never_written, or in_flight
//   writer_lane[word]  lane of that write
//   read[warp][word]   segment of the last read by each warp
//   read_lane[...]     lane of that read, or `several`
//
// An access is checked before it is done. The usual case, everything below the warp's floor, is decided for whole lines
// (line_bounds.hpp); only where that fails does each word get its own look, which finds who did what.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "host/faults.hpp"
#include "host/lanes.hpp"
#include "host/line_bounds.hpp"
#include "host/segments.hpp"

namespace rooftile::kernels::host {

/// The instruction that an access belongs to.
struct Site {
  const char* instruction;  ///< "ldmatrix"
  int warp;
  Where where;
  bool set_up = false;  ///< part of starting the CTA
};

class SharedMemory {
 public:
  /// Memory for a CTA, every byte 0xff (NaN) and never written.
  void start(std::int64_t bytes, int warps, Faults& faults);

  [[nodiscard]] bool holds(std::uint32_t address, std::uint32_t bytes) const {
    return std::uint64_t{address} + bytes <= size_;
  }
  [[nodiscard]] unsigned char* at(std::uint32_t address) { return bytes_.data() + address; }
  [[nodiscard]] Segments& segments() { return segments_; }
  /// Everything done so far counts as ordered from now on; stamps start anew.
  void forget_order();

  /// ldmatrix: 32 rows of 16 bytes, read by the warp as a whole. False: a row is outside (a fault); nothing was read.
  [[nodiscard]] bool read_rows(const LanesU32& rows, const Site& site);
  /// The same by way of the asynchronous proxy (wgmma, TMA), which sees ordinary writes behind a proxy fence only. The
  /// read is looked at when it is issued, and has happened when somebody has waited for it: `done`.
  [[nodiscard]] bool read_rows_async(const LanesU32& rows, bool done, const Site& site);
  /// fence.proxy.async of a warp: its writes so far are visible to the asynchronous proxy.
  void fence_proxy(int warp) { unfenced_[static_cast<std::size_t>(warp)] = never_written; }

  /// Accesses of `bytes` (4 or 16) per active lane. Returns the lanes that may go ahead; the others are faults.
  [[nodiscard]] std::uint32_t read(const LanesU32& from, std::uint32_t active, int bytes, const Site& site);
  [[nodiscard]] std::uint32_t write(const LanesU32& to, std::uint32_t active, int bytes, const Site& site);
  /// cp.async, 16 bytes per lane: a write whose words are in flight until land().
  [[nodiscard]] std::uint32_t begin_copy(const LanesU32& to, const Site& site) {
    return begin_copy(to, site, site.warp);
  }
  void land(const LanesU32& to, std::uint32_t active, int warp);
  /// TMA: whole kilobytes, in flight until the agent lands them. False: they are outside (a fault).
  [[nodiscard]] bool begin_box(std::uint32_t to, std::uint32_t bytes, int agent, const Site& site);
  void land_box(std::uint32_t to, std::uint32_t bytes, Stamp stamp);

 private:
  /// Every lane's access is aligned and inside; if so, `span` is where they are.
  [[nodiscard]] bool all_within(const LanesU32& address, int bytes, Span& span) const;
  /// The active lanes whose access is; the others are faults.
  [[nodiscard]] std::uint32_t within(const LanesU32& address, std::uint32_t active, int bytes, const Site& site);
  /// Nobody else's unordered access is anywhere near: no word needs a look.
  [[nodiscard]] bool may_write(const Span& span, int warp) {
    return bounds_.no_writes_above(span, segments_.floor(warp), written_.data()) &&
           bounds_.reads_seen(span, warp, segments_);
  }
  [[nodiscard]] std::uint32_t begin_copy(const LanesU32& to, const Site& site, int copier);
  void look_at_reads(const LanesU32& words, std::uint32_t active, int width, bool by_lanes, const Site& site);
  [[nodiscard]] Stamp least_unfenced() const {
    return *std::min_element(unfenced_.begin(), unfenced_.begin() + segments_.warps());
  }
  /// An ordinary write of a warp that no proxy fence follows yet.
  void note_unfenced(int warp) {
    Stamp& first = unfenced_[static_cast<std::size_t>(warp)];
    first = std::min(first, segments_.segment(warp));
  }
  void look_at_fences(const LanesU32& words, const Site& site);
  void note_read(const LanesU32& words, const Span& span, int warp);
  void look_at_writes(const LanesU32& words, std::uint32_t active, int width, const Site& site);
  [[nodiscard]] bool explain_writer(std::uint32_t word, int lane, const char* verb, const Site& site);
  [[nodiscard]] bool explain_readers(std::uint32_t word, int lane, const Site& site);
  void check_same_instruction(const LanesU32& words, std::uint32_t active, const Site& site);
  void mark(const LanesU32& words, std::uint32_t active, int width, Stamp stamp);
  void mark_line(std::uint32_t line, Stamp stamp);
  [[nodiscard]] Stamp* read_by(int warp) { return read_.data() + static_cast<std::size_t>(warp) * words_; }
  [[nodiscard]] const Stamp* read_by(int warp) const { return read_.data() + static_cast<std::size_t>(warp) * words_; }

  Faults* faults_ = nullptr;
  std::uint32_t size_ = 0;  ///< bytes
  std::size_t words_ = 0;
  std::vector<unsigned char> bytes_;
  std::vector<Stamp> written_;
  std::vector<std::uint8_t> writer_lane_;
  std::vector<Stamp> read_;
  std::vector<std::uint8_t> read_lane_;
  std::vector<std::uint8_t> copier_;          ///< warp or agent of the copy in flight, per 16 bytes
  std::array<Stamp, most_warps> unfenced_{};  ///< per warp: segment of its first write since its proxy fence
  LineBounds bounds_;
  Segments segments_;
};

inline bool SharedMemory::all_within(const LanesU32& address, int bytes, Span& span) const {
  const auto most = [](const auto& a, const auto& b) { return a > b ? a : b; };
  const auto least = [](const auto& a, const auto& b) { return a < b ? a : b; };
  const auto both = [](const auto& a, const auto& b) { return a | b; };
  const std::uint32_t first = combine(address, least), last = combine(address, most), bits = combine(address, both);
  const auto size = static_cast<std::uint32_t>(bytes);
  span = {first / LineBounds::line_bytes, last / LineBounds::line_bytes};
  return bits % size == 0 && std::uint64_t{last} + size <= size_;
}

inline bool SharedMemory::read_rows(const LanesU32& rows, const Site& site) {
  Span span;
  if (!all_within(rows, 16, span)) [[unlikely]] {
    static_cast<void>(within(rows, ~0u, 16, site));
    return false;
  }
  const LanesU32 words = rows >> 2;
  if (!bounds_.written_below(span, segments_.floor(site.warp), written_.data())) [[unlikely]]
    look_at_reads(words, ~0u, 4, false, site);
  note_read(words, span, site.warp);
  return true;
}

inline void SharedMemory::note_read(const LanesU32& words, const Span& span, int warp) {
  const Stamp segment = segments_.segment(warp);
  bounds_.was_read(span, warp, segment);
  const std::uint64_t now = segment * std::uint64_t{0x0001000100010001};
  Stamp* const read = read_by(warp);
  for (int lane = 0; lane < warp_size; ++lane) std::memcpy(read + words.data()[lane], &now, sizeof now);
}

inline bool SharedMemory::read_rows_async(const LanesU32& rows, bool done, const Site& site) {
  Span span;
  if (!all_within(rows, 16, span)) [[unlikely]] {
    static_cast<void>(within(rows, ~0u, 16, site));
    return false;
  }
  const LanesU32 words = rows >> 2;
  const Stamp unfenced = least_unfenced();
  const Stamp floor = std::min(segments_.floor(site.warp), unfenced);
  if (!bounds_.written_below(span, floor, written_.data())) [[unlikely]] {
    look_at_reads(words, ~0u, 4, false, site);
    if (unfenced != never_written) look_at_fences(words, site);
  }
  if (done) note_read(words, span, site.warp);
  return true;
}

}  // namespace rooftile::kernels::host
