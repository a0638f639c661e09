// Memory instructions of a warp that are too rare to be worth inlining.
#include <bit>
#include <cstring>
#include <string>

#include "isa/host.hpp"

namespace rooftile::kernels::host {

namespace {

constexpr bool is_active(std::uint32_t active, int lane) { return (active >> lane & 1u) != 0; }

}  // namespace

// --- asynchronous copies

void Warp::copy(const u32& to, const void* from, const i32& offset, std::int64_t element_bytes, std::uint32_t valid,
                const Where& where) {
  before_access();
  const std::uint32_t written = shared_.begin_copy(to, {"cp_async16", index_, where});
  const GlobalAccess source = access(Direction::load, from, offset, element_bytes, valid, 16, "cp_async16", where);
  AsyncCopy issued{to, {}, written, cta_.launch().fibers->draw(2), where};
  for (int lane = 0; lane < warp_size; ++lane) {
    issued.from[lane] = is_active(source.active, lane) ? source.at[lane] : sixteen_zeros;
  }
  counts_.smem_written_bytes += std::int64_t{16} * std::popcount(written);
  counts_.bank_conflicts += bank_conflicts(to, written, 16);
  if (issued.moved) issued.move(shared_.at(0));
  copies_.issue(issued);
}

void Warp::wait_for_copies(int pending) {
  if (copies_.lands(pending)) wait_for_answer();
  copies_.wait(pending, [this](const AsyncCopy& landing) {
    if (!landing.moved) landing.move(shared_.at(0));
    shared_.land(landing.to, landing.active, index_);
  });
}

void Warp::end() {
  const auto report = [this](std::size_t left, const char* what, const Where& where) {
    cta_.launch().faults->add(
        FaultKind::pending_copy,
        "warp " + std::to_string(index_) + " ends with " + std::to_string(left) + " " + what + " that no wait covers",
        where);
  };
  if (const AsyncCopy* const left = copies_.oldest()) report(copies_.pending(), "asynchronous copies", left->where);
  if (!stores_.empty()) report(stores_.size(), "TMA stores", stores_.front().where);
  if (!products_.none()) report(products_.count(), "wgmmas", products_.oldest().where);
}

// --- shared memory

void Warp::store_shared(const u32& to, const void* values, std::uint32_t active, const Where& where) {
  before_access();
  const std::uint32_t good = shared_.write(to, active, 4, {"st_shared", index_, where});
  counts_.smem_written_bytes += std::int64_t{4} * std::popcount(good);
  counts_.bank_conflicts += bank_conflicts(to, good, 4);
  const auto* const from = static_cast<const unsigned char*>(values);
  for (int lane = 0; lane < warp_size; ++lane) {
    const int byte = 4 * lane;
    if (is_active(good, lane)) std::memcpy(shared_.at(to[lane]), from + byte, 4);
  }
}

Warp::f32 Warp::ld_shared(const u32& from, Where where) {
  before_access();
  const std::uint32_t good = shared_.read(from, ~0u, 4, {"ld_shared", index_, where});
  counts_.smem_read_bytes += std::int64_t{4} * std::popcount(good);
  counts_.bank_conflicts += bank_conflicts(from, good, 4);
  f32 value = std::bit_cast<float>(~0u);
  for (int lane = 0; lane < warp_size; ++lane) {
    if (is_active(good, lane)) std::memcpy(value.data() + lane, shared_.at(from[lane]), 4);
  }
  return value;
}

void Warp::ld_shared16(u32 (&value)[4], const u32& from, Where where) {
  before_access();
  const std::uint32_t good = shared_.read(from, ~0u, 16, {"ld_shared16", index_, where});
  counts_.smem_read_bytes += std::int64_t{16} * std::popcount(good);
  counts_.bank_conflicts += bank_conflicts(from, good, 16);
  for (u32& part : value) part = ~0u;
  for (int lane = 0; lane < warp_size; ++lane) {
    if (!is_active(good, lane)) continue;
    for (std::uint32_t i = 0; i < 4; ++i) std::memcpy(value[i].data() + lane, shared_.at(from[lane] + 4 * i), 4);
  }
}

void Warp::st_shared16(const u32& to, const u32 (&value)[4], const pred& active, Where where) {
  before_access();
  const std::uint32_t good = shared_.write(to, active.bits(), 16, {"st_shared16", index_, where});
  counts_.smem_written_bytes += std::int64_t{16} * std::popcount(good);
  counts_.bank_conflicts += bank_conflicts(to, good, 16);
  for (int lane = 0; lane < warp_size; ++lane) {
    if (!is_active(good, lane)) continue;
    for (std::uint32_t i = 0; i < 4; ++i) std::memcpy(shared_.at(to[lane] + 4 * i), value[i].data() + lane, 4);
  }
}

// --- global memory

GlobalAccess Warp::access(Direction direction, const void* base, const i32& offset, std::int64_t element_bytes,
                          std::uint32_t active, int bytes, const char* instruction, const Where& where) {
  const LaunchContext& launch = cta_.launch();
  return launch.global->access(direction, base, offset, element_bytes, active, bytes, {instruction, index_, where},
                               *launch.faults);
}

void Warp::load_global16(u32 (&value)[4], const void* from, const i32& offset, std::int64_t element_bytes,
                         std::uint32_t active, const Where& where) {
  before_access();
  const GlobalAccess source = access(Direction::load, from, offset, element_bytes, active, 16, "ld_global16", where);
  for (u32& part : value) part = 0u;
  for (int lane = 0; lane < warp_size; ++lane) {
    if (!is_active(source.active, lane)) continue;
    for (std::size_t i = 0; i < 4; ++i) std::memcpy(value[i].data() + lane, source.at[lane] + 4 * i, 4);
  }
  wait_for_answer();
}

void Warp::store_global16(void* to, const i32& offset, std::int64_t element_bytes, const u32 (&value)[4],
                          std::uint32_t active, const Where& where) {
  before_access();
  const GlobalAccess target = access(Direction::store, to, offset, element_bytes, active, 16, "st_global16", where);
  for (int lane = 0; lane < warp_size; ++lane) {
    if (!is_active(target.active, lane)) continue;
    for (std::size_t i = 0; i < 4; ++i) std::memcpy(target.at[lane] + 4 * i, value[i].data() + lane, 4);
  }
}

Warp::f32 Warp::ld_global(const float* from, const i32& offset, const pred& active, Where where) {
  before_access();
  const GlobalAccess source =
      access(Direction::load, from, offset, sizeof(float), active.bits(), 4, "ld_global", where);
  f32 value = 0.f;
  for (int lane = 0; lane < warp_size; ++lane) {
    if (is_active(source.active, lane)) std::memcpy(value.data() + lane, source.at[lane], 4);
  }
  wait_for_answer();
  return value;
}

Warp::u32 Warp::ld_global1(const std::uint8_t* from, const i32& offset, const pred& active, Where where) {
  before_access();
  const GlobalAccess source = access(Direction::load, from, offset, 1, active.bits(), 1, "ld_global1", where);
  u32 value = 0u;
  for (int lane = 0; lane < warp_size; ++lane) {
    if (is_active(source.active, lane)) value.set(lane, *source.at[lane]);
  }
  wait_for_answer();
  return value;
}

void Warp::st_global8(float* to, const i32& offset, const f32& first, const f32& second, const pred& active,
                      Where where) {
  before_access();
  const GlobalAccess target =
      access(Direction::store, to, offset, sizeof(float), active.bits(), 8, "st_global8", where);
  for (int lane = 0; lane < warp_size; ++lane) {
    if (!is_active(target.active, lane)) continue;
    std::memcpy(target.at[lane], first.data() + lane, 4);
    std::memcpy(target.at[lane] + 4, second.data() + lane, 4);
  }
}

void Warp::st_global(float* to, const i32& offset, const f32& value, const pred& active, Where where) {
  before_access();
  const GlobalAccess target = access(Direction::store, to, offset, sizeof(float), active.bits(), 4, "st_global", where);
  for (int lane = 0; lane < warp_size; ++lane) {
    if (is_active(target.active, lane)) std::memcpy(target.at[lane], value.data() + lane, 4);
  }
}

void Warp::atomic_add(float* to, const i32& offset, const f32& value, const pred& active, Where where) {
  before_access();
  const GlobalAccess target =
      access(Direction::atomic, to, offset, sizeof(float), active.bits(), 4, "atomic_add", where);
  for (int lane = 0; lane < warp_size; ++lane) {
    if (!is_active(target.active, lane)) continue;
    float sum = 0;
    std::memcpy(&sum, target.at[lane], sizeof sum);
    sum += value[lane];
    std::memcpy(target.at[lane], &sum, sizeof sum);
  }
}

}  // namespace rooftile::kernels::host
