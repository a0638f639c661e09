#include "host/shared_memory.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>

namespace rooftile::kernels::host {

namespace {

constexpr std::uint8_t several_lanes = 0xff;

std::string who(const Site& site, int lane) {
  return std::string{site.instruction} + " of warp " + std::to_string(site.warp) +
         (lane >= 0 ? ", lane " + std::to_string(lane) + "," : std::string{});
}

std::string byte_of(std::uint32_t word) { return " shared byte " + std::to_string(word * 4u); }

}  // namespace

void SharedMemory::start(std::int64_t bytes, int warps, Faults& faults) {
  faults_ = &faults;
  size_ = static_cast<std::uint32_t>(bytes);
  const std::size_t words = (static_cast<std::size_t>(bytes) + 15) / 16 * 4;
  const bool same_shape = words == words_ && warps == segments_.warps();
  words_ = words;
  bytes_.assign(words * 4, 0xff);
  const std::size_t lines = (words + LineBounds::line_words - 1) / LineBounds::line_words;
  written_.assign(lines * LineBounds::line_words, 0);
  std::fill_n(written_.begin(), words, never_written);
  unfenced_.fill(never_written);
  writer_lane_.resize(words);
  copier_.resize(words / 4);
  // Stamps of reads may stay from the last CTA: it ended before this one's first segment.
  const bool keep_reads = same_shape && segments_.next() < in_flight / 2;
  bounds_.start(lines, warps, keep_reads);
  if (keep_reads) {
    segments_.start(warps, segments_.next());
    return;
  }
  read_.assign(words * static_cast<std::size_t>(warps), 0);
  read_lane_.resize(read_.size());
  segments_.start(warps);
}

void SharedMemory::forget_order() {
  for (Stamp& stamp : written_) {
    if (stamp < in_flight) stamp = 0;
  }
  std::fill(read_.begin(), read_.end(), Stamp{0});
  bounds_.forget_order();
  std::fill(unfenced_.begin(), unfenced_.end(), never_written);
  const int agents = segments_.agents();
  segments_.start(segments_.warps());
  for (int i = 0; i < agents; ++i) static_cast<void>(segments_.add_agent());
}

std::uint32_t SharedMemory::within(const LanesU32& address, std::uint32_t active, int bytes, const Site& site) {
  Span span;
  if (active == ~0u && all_within(address, bytes, span)) return active;
  std::uint32_t good = active;
  for (int lane = 0; lane < warp_size; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    const std::uint32_t byte = address[lane];
    const bool inside = std::uint64_t{byte} + static_cast<std::uint64_t>(bytes) <= size_;
    if (inside && byte % static_cast<std::uint32_t>(bytes) == 0) continue;
    good &= ~(1u << lane);
    const std::string what = who(site, lane) + " at shared byte " + std::to_string(byte);
    if (inside) {
      faults_->add(FaultKind::misaligned, what + " needs a multiple of " + std::to_string(bytes), site.where);
    } else {
      faults_->add(FaultKind::out_of_bounds, what + ": the CTA has " + std::to_string(size_) + " bytes", site.where);
    }
  }
  return good;
}

namespace {

/// First words of the lanes; inactive ones repeat an active one.
LanesU32 first_words(const LanesU32& address, std::uint32_t active) {
  LanesU32 words = address >> 2;
  if (active == ~0u) return words;
  const std::uint32_t substitute = words[std::countr_zero(active)];
  for (int lane = 0; lane < warp_size; ++lane) {
    if ((active >> lane & 1u) == 0) words.set(lane, substitute);
  }
  return words;
}

/// The lines of accesses that begin at these words; none goes beyond its line.
Span span_of(const LanesU32& words) {
  const std::uint32_t first = combine(words, [](const auto& a, const auto& b) { return a < b ? a : b; });
  const std::uint32_t last = combine(words, [](const auto& a, const auto& b) { return a > b ? a : b; });
  return {first / LineBounds::line_words, last / LineBounds::line_words};
}

/// The 16 bytes of each lane are the whole of the one line in `span`.
bool is_whole_line(const Span& span, const LanesU32& address) {
  const LanesU32 chunk = LanesU32(1u) << (address >> 4 & 31u);
  return span.first == span.last && combine(chunk, [](const auto& a, const auto& b) { return a | b; }) == ~0u;
}

}  // namespace

bool SharedMemory::explain_writer(std::uint32_t word, int lane, const char* verb, const Site& site) {
  const Stamp stamp = written_[word];
  if (stamp < segments_.floor(site.warp)) return true;
  const bool flying = stamp == in_flight;
  const int owner = flying ? copier_[word / 4] : segments_.owner(stamp);
  if (!flying && stamp < segments_.seen(site.warp, owner)) return true;
  if (!flying && owner == site.warp && writer_lane_[word] == lane) return true;

  const std::string what = who(site, lane) + " " + verb + byte_of(word);
  if (owner >= segments_.warps()) {
    faults_->add(FaultKind::unlanded,
                 what + (flying ? " while a TMA load to it is in flight"
                                : ", which TMA brought, without having waited for its mbarrier"),
                 site.where);
    return false;
  }
  const std::string writer =
      owner == site.warp ? "its lane " + std::to_string(writer_lane_[word]) : "warp " + std::to_string(owner);
  if (flying) {
    faults_->add(FaultKind::unlanded, what + " while a cp.async of " + writer + " to it is in flight", site.where);
  } else {
    const char* const since = owner == site.warp ? " since the last sync_warp" : " since the last barrier of both";
    faults_->add(FaultKind::race, what + ", written by " + writer + since, site.where);
  }
  return false;
}

bool SharedMemory::explain_readers(std::uint32_t word, int lane, const Site& site) {
  const auto race = [&](const std::string& reader) {
    faults_->add(FaultKind::race, who(site, lane) + " writes" + byte_of(word) + ", read by " + reader, site.where);
    return false;
  };
  for (int other = 0; other < segments_.warps(); ++other) {
    const Stamp stamp = read_by(other)[word];
    if (stamp < segments_.seen(site.warp, other)) continue;
    if (other != site.warp) return race("warp " + std::to_string(other) + " since the last barrier of both");
    const bool by_lanes = stamp % 2 != 0;  // ldmatrix has read before any lane goes on
    const std::uint8_t reader = read_lane_[static_cast<std::size_t>(other) * words_ + word];
    if (!by_lanes || reader == lane) continue;
    const std::string lanes = reader == several_lanes ? "several of its lanes" : "its lane " + std::to_string(reader);
    return race(lanes + " since the last sync_warp");
  }
  return true;
}

void SharedMemory::look_at_reads(const LanesU32& words, std::uint32_t active, int width, bool by_lanes,
                                 const Site& site) {
  std::uint64_t fine = never_written * std::uint64_t{0x0001000100010001};  // four stamps alike that are in order
  for (int lane = 0; lane < warp_size; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    if (width == 4 && !by_lanes) {
      std::uint64_t stamps = 0;
      std::memcpy(&stamps, written_.data() + words.data()[lane], sizeof stamps);
      if (stamps == fine && stamps % 0x10000 != never_written) continue;
      fine = stamps;
    }
    for (std::uint32_t word = words[lane]; word < words[lane] + static_cast<std::uint32_t>(width); ++word) {
      if (written_[word] == never_written) {
        faults_->add(FaultKind::uninitialised,
                     who(site, by_lanes ? lane : -1) + " reads" + byte_of(word) + ", which nothing has written",
                     site.where);
        return;
      }
      if (!explain_writer(word, by_lanes ? lane : -1, "reads", site)) return;
    }
  }
}

void SharedMemory::look_at_fences(const LanesU32& words, const Site& site) {
  for (int lane = 0; lane < warp_size; ++lane) {
    const std::uint32_t word = words[lane];
    const Stamp stamp = written_[word];
    if (stamp >= in_flight) continue;
    const int owner = segments_.owner(stamp);
    if (owner >= segments_.warps() || stamp < unfenced_[static_cast<std::size_t>(owner)]) continue;
    faults_->add(FaultKind::race,
                 who(site, -1) + " reads" + byte_of(word) + ", written by warp " + std::to_string(owner) +
                     " without a proxy fence since",
                 site.where);
    return;
  }
}

void SharedMemory::look_at_writes(const LanesU32& words, std::uint32_t active, int width, const Site& site) {
  const bool reads_seen = bounds_.reads_seen(span_of(words), site.warp, segments_);
  const Stamp floor = segments_.floor(site.warp);
  for (int lane = 0; lane < warp_size; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    for (std::uint32_t word = words[lane]; word < words[lane] + static_cast<std::uint32_t>(width); ++word) {
      const bool ordered = written_[word] < floor || written_[word] == never_written;
      if (!ordered && !explain_writer(word, lane, "writes", site)) return;
      if (!reads_seen && !explain_readers(word, lane, site)) return;
    }
  }
}

std::uint32_t SharedMemory::read(const LanesU32& from, std::uint32_t active, int bytes, const Site& site) {
  const std::uint32_t good = within(from, active, bytes, site);
  if (good == 0) return 0;
  const int width = bytes / 4;
  const LanesU32 words = first_words(from, good);
  const Span span = span_of(words);
  if (!bounds_.written_below(span, segments_.floor(site.warp), written_.data()))
    look_at_reads(words, good, width, true, site);
  const auto now = static_cast<Stamp>(segments_.segment(site.warp) + 1);
  bounds_.was_read(span, site.warp, now);
  Stamp* const read = read_by(site.warp);
  std::uint8_t* const lanes = read_lane_.data() + (read - read_.data());
  for (int lane = 0; lane < warp_size; ++lane) {
    if ((good >> lane & 1u) == 0) continue;
    for (std::uint32_t word = words[lane]; word < words[lane] + static_cast<std::uint32_t>(width); ++word) {
      const bool another = read[word] == now && lanes[word] != lane;
      lanes[word] = another ? several_lanes : static_cast<std::uint8_t>(lane);
      read[word] = now;
    }
  }
  return good;
}

void SharedMemory::mark(const LanesU32& words, std::uint32_t active, int width, Stamp stamp) {
  const Span span = span_of(words);
  for (std::uint32_t line = span.first; line <= span.last; ++line) bounds_.wrote(line, stamp);
  for (std::uint32_t lane = 0; lane < warp_size; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    const std::uint32_t word = words.data()[lane];
    if (width == 1) {
      written_[word] = stamp;
      writer_lane_[word] = static_cast<std::uint8_t>(lane);
    } else {
      const std::uint64_t stamps = stamp * std::uint64_t{0x0001000100010001};
      const std::uint32_t lanes = lane * 0x01010101u;
      std::memcpy(written_.data() + word, &stamps, sizeof stamps);
      std::memcpy(writer_lane_.data() + word, &lanes, sizeof lanes);
    }
  }
}

void SharedMemory::check_same_instruction(const LanesU32& words, std::uint32_t active, const Site& site) {
  std::uint32_t overwritten = 0;
  for (std::uint32_t lane = 0; lane < warp_size; ++lane) {
    overwritten |= static_cast<std::uint32_t>(writer_lane_[words.data()[lane]] != lane) << lane;
  }
  overwritten &= active;
  if (overwritten == 0) return;
  const int lane = std::countr_zero(overwritten);
  faults_->add(FaultKind::race,
               who(site, lane) + " writes" + byte_of(words[lane]) + ", and so does its lane " +
                   std::to_string(writer_lane_[words[lane]]),
               site.where);
}

void SharedMemory::mark_line(std::uint32_t line, Stamp stamp) {
  std::fill_n(written_.begin() + std::ptrdiff_t{line} * LineBounds::line_words, LineBounds::line_words, stamp);
  bounds_.wrote_whole(line, stamp);
}

std::uint32_t SharedMemory::write(const LanesU32& to, std::uint32_t active, int bytes, const Site& site) {
  const std::uint32_t good = within(to, active, bytes, site);
  if (good == 0) return 0;
  const int width = bytes / 4;
  const LanesU32 words = first_words(to, good);
  if (!may_write(span_of(words), site.warp)) look_at_writes(words, good, width, site);
  mark(words, good, width, segments_.segment(site.warp));
  note_unfenced(site.warp);
  check_same_instruction(words, good, site);
  return good;
}

std::uint32_t SharedMemory::begin_copy(const LanesU32& to, const Site& site, int copier) {
  Span span;
  if (all_within(to, 16, span) && is_whole_line(span, to)) [[likely]] {
    const LanesU32 words = to >> 2;
    if (!may_write(span, site.warp)) look_at_writes(words, ~0u, 4, site);
    mark_line(span.first, in_flight);
    for (std::uint32_t lane = 0; lane < warp_size; ++lane) {
      const std::uint32_t lanes = lane * 0x01010101u;
      std::memcpy(writer_lane_.data() + words.data()[lane], &lanes, sizeof lanes);
    }
    std::fill_n(copier_.begin() + std::ptrdiff_t{span.first} * warp_size, warp_size, static_cast<std::uint8_t>(copier));
    return ~0u;
  }
  const std::uint32_t good = within(to, ~0u, 16, site);
  if (good == 0) return 0;
  const LanesU32 words = first_words(to, good);
  if (!may_write(span_of(words), site.warp)) look_at_writes(words, good, 4, site);
  mark(words, good, 4, in_flight);
  for (int lane = 0; lane < warp_size; ++lane) copier_[words[lane] / 4] = static_cast<std::uint8_t>(copier);
  check_same_instruction(words, good, site);
  return good;
}

void SharedMemory::land(const LanesU32& to, std::uint32_t active, int warp) {
  if (active == 0) return;
  note_unfenced(warp);
  const LanesU32 words = first_words(to, active);
  const Span span = span_of(words);
  if (active == ~0u && is_whole_line(span, to)) {
    mark_line(span.first, segments_.segment(warp));
  } else {
    mark(words, active, 4, segments_.segment(warp));
  }
}

bool SharedMemory::begin_box(std::uint32_t to, std::uint32_t bytes, int agent, const Site& site) {
  constexpr std::uint32_t period = 1024;  // of the 128-byte swizzle
  if (to % period != 0 || std::uint64_t{to} + bytes > size_) {
    const std::string what = who(site, -1) + " at shared byte " + std::to_string(to);
    if (to % period != 0) {
      faults_->add(FaultKind::misaligned, what + " needs a multiple of 1024", site.where);
    } else {
      faults_->add(FaultKind::out_of_bounds, what + ": the CTA has " + std::to_string(size_) + " bytes", site.where);
    }
    return false;
  }
  const LanesU32 chunks = LanesU32(lane_numbers()) << 4;
  for (std::uint32_t line = 0; line < bytes; line += LineBounds::line_bytes) {
    static_cast<void>(begin_copy(chunks + (to + line), site, agent));
  }
  return true;
}

void SharedMemory::land_box(std::uint32_t to, std::uint32_t bytes, Stamp stamp) {
  for (std::uint32_t line = 0; line < bytes; line += LineBounds::line_bytes) {
    mark_line((to + line) / LineBounds::line_bytes, stamp);
  }
}

}  // namespace rooftile::kernels::host
