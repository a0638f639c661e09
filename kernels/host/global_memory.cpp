#include "host/global_memory.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "rooftile/model/rounding.hpp"

namespace rooftile::kernels::host {

namespace {

constexpr std::int64_t sector_bytes = SectoredCache::sector_bytes;
constexpr std::uint64_t first_address = std::uint64_t{1} << 32;
constexpr std::int64_t alignment = 256;

/// Lanes one after the other without gaps: what the edge of no tile cuts.
bool consecutive(const LanesI32& offset, std::int64_t element_bytes, int bytes) {
  const auto step = static_cast<std::int32_t>(bytes / element_bytes);
  return (offset == lane_numbers() * step + offset[0]).bits() == ~0u;
}

std::string blame(const Site& site, int lane) {
  return std::string{site.instruction} + " of warp " + std::to_string(site.warp) + ", lane " + std::to_string(lane);
}

}  // namespace

struct GlobalMemory::Tensor {
  struct Free {
    void operator()(unsigned char* memory) const { std::free(memory); }
  };

  std::string name;
  std::unique_ptr<unsigned char, Free> memory;
  std::uint64_t address = 0;  ///< on the device
  std::int64_t bytes = 0;
  std::int64_t row_bytes = 0;
  std::int64_t pitch_bytes = 0;

  /// Every access is aligned and inside; false also for tensors with padded rows, which need a closer look.
  [[nodiscard]] bool holds_all(const Positions& position, int size) const {
    std::int64_t bits = 0;
    std::int64_t room = 0;  // negative as soon as one ends beyond the tensor
    for (const std::int64_t here : position) {
      bits |= here;
      room |= bytes - size - here;
    }
    return pitch_bytes == row_bytes && bits >= 0 && room >= 0 && bits % size == 0;
  }
  /// The same of lanes one after the other from `position` on.
  [[nodiscard]] bool holds_run(std::int64_t position, int size) const {
    return pitch_bytes == row_bytes && position >= 0 && position % size == 0 &&
           position + std::int64_t{warp_size} * size <= bytes;
  }
  /// What is wrong with an access, nullptr if nothing.
  [[nodiscard]] const char* refuses(std::int64_t position, int size) const {
    if (position < 0 || position + size > bytes) return "is outside";
    if (position % pitch_bytes + size > row_bytes) return "is in the pad of a row of";
    return nullptr;
  }
};

GlobalMemory::GlobalMemory(std::int64_t l2_capacity) : next_address_(first_address) {
  if (l2_capacity > 0) l2_.emplace(l2_capacity);
}
GlobalMemory::~GlobalMemory() = default;

void* GlobalMemory::allocate(const TensorLayout& layout) {
  Tensor& tensor = tensors_.emplace_back();
  tensor.name = layout.name;
  tensor.bytes = layout.bytes();
  tensor.row_bytes = std::int64_t{layout.cols} * layout.element_bytes;
  tensor.pitch_bytes = std::int64_t{layout.pitch} * layout.element_bytes;
  tensor.address = next_address_;
  const std::int64_t size = round_up(std::max<std::int64_t>(1, tensor.bytes), alignment);
  next_address_ += static_cast<std::uint64_t>(size);
  void* const memory = std::aligned_alloc(alignment, static_cast<std::size_t>(size));
  if (memory == nullptr) throw std::bad_alloc{};
  tensor.memory.reset(static_cast<unsigned char*>(memory));
  std::memset(memory, 0xff, static_cast<std::size_t>(size));
  return memory;
}

void GlobalMemory::begin_launch(LaunchExecution& launch) {
  launch_ = &launch;
  for (const Tensor& tensor : tensors_) launch.tensors.push_back({.name = tensor.name});
  if (!l2_) return;
  fetched_before_ = l2_->fetched_sectors();
  written_before_ = l2_->written_back_sectors();
}

void GlobalMemory::end_launch() {
  if (!l2_) return;
  launch_->dram_read_bytes += (l2_->fetched_sectors() - fetched_before_) * sector_bytes;
  launch_->dram_write_bytes += (l2_->written_back_sectors() - written_before_) * sector_bytes;
}

void GlobalMemory::flush(LaunchExecution& launch) {
  if (!l2_) return;
  const std::int64_t before = l2_->written_back_sectors();
  l2_->flush();
  launch.dram_write_bytes += (l2_->written_back_sectors() - before) * sector_bytes;
}

const GlobalMemory::Tensor* GlobalMemory::tensor_at(std::uintptr_t address) const {
  for (const Tensor& tensor : tensors_) {
    const auto begin = reinterpret_cast<std::uintptr_t>(tensor.memory.get());
    if (address >= begin && address - begin < static_cast<std::uintptr_t>(tensor.bytes)) return &tensor;
  }
  return nullptr;
}

GlobalAccess GlobalMemory::access(Direction direction, const void* base, const LanesI32& offset,
                                  std::int64_t element_bytes, std::uint32_t active, int bytes, const Site& site,
                                  Faults& faults) {
  GlobalAccess result;
  if (active == 0) return result;
  const auto start = static_cast<std::intptr_t>(reinterpret_cast<std::uintptr_t>(base));
  const int leader = std::countr_zero(active);
  const Tensor* const tensor = tensor_at(static_cast<std::uintptr_t>(start + offset[leader] * element_bytes));
  if (tensor == nullptr) {
    faults.add(FaultKind::out_of_bounds, blame(site, leader) + ", is outside every tensor", site.where);
    return result;
  }
  const auto memory = reinterpret_cast<std::uintptr_t>(tensor->memory.get());
  const std::int64_t origin = start - static_cast<std::intptr_t>(memory);
  if (active == ~0u && consecutive(offset, element_bytes, bytes)) {
    const std::int64_t first = origin + offset[0] * element_bytes;
    if (tensor->holds_run(first, bytes)) [[likely]] {
      unsigned char* const begin = tensor->memory.get() + first;
      for (int lane = 0; lane < warp_size; ++lane) result.at[lane] = begin + std::ptrdiff_t{lane} * bytes;
      result.active = active;
      count_run(direction, *tensor, first, std::int64_t{warp_size} * bytes);
      return result;
    }
  }
  Positions position;
  for (int lane = 0; lane < warp_size; ++lane) position[lane] = origin + offset.data()[lane] * element_bytes;
  result.active = active == ~0u && tensor->holds_all(position, bytes)
                      ? active
                      : allowed(*tensor, position, active, bytes, site, faults);
  for (int lane = 0; lane < warp_size; ++lane) result.at[lane] = tensor->memory.get() + position[lane];
  count(direction, *tensor, position, result.active, bytes);
  return result;
}

unsigned char* GlobalMemory::access_run(Direction direction, const void* at, std::int64_t bytes, const Site& site,
                                        Faults& faults) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  const std::string who = std::string{site.instruction} + " of warp " + std::to_string(site.warp);
  const Tensor* const tensor = tensor_at(address);
  if (tensor == nullptr) {
    faults.add(FaultKind::out_of_bounds, who + ", is outside every tensor", site.where);
    return nullptr;
  }
  const auto position = static_cast<std::int64_t>(address - reinterpret_cast<std::uintptr_t>(tensor->memory.get()));
  if (const char* const why = tensor->refuses(position, static_cast<int>(bytes))) {
    faults.add(FaultKind::out_of_bounds, who + ", byte " + std::to_string(position) + " " + why + " " + tensor->name,
               site.where);
    return nullptr;
  }
  count_run(direction, *tensor, position, bytes);
  return tensor->memory.get() + position;
}

std::uint32_t GlobalMemory::allowed(const Tensor& tensor, const Positions& position, std::uint32_t active, int bytes,
                                    const Site& site, Faults& faults) {
  std::uint32_t good = 0;
  std::int64_t last = 0;    // position of the last lane looked at
  std::int64_t column = 0;  // and its place in its row
  for (int lane = 0; lane < warp_size; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    const std::int64_t here = position[lane];
    column += here - last;
    if (column < 0 || column >= tensor.pitch_bytes) column = here % tensor.pitch_bytes;
    last = here;
    const bool inside = here >= 0 && here + bytes <= tensor.bytes && column + bytes <= tensor.row_bytes;
    if (inside && here % bytes == 0) [[likely]] {
      good |= 1u << lane;
      continue;
    }
    const std::string what = blame(site, lane) + ", byte " + std::to_string(here);
    if (const char* const why = tensor.refuses(here, bytes)) {
      faults.add(FaultKind::out_of_bounds, what + " " + why + " " + tensor.name, site.where);
    } else {
      faults.add(FaultKind::misaligned, what + " of " + tensor.name + " is no multiple of " + std::to_string(bytes),
                 site.where);
    }
  }
  return good;
}

void GlobalMemory::count(Direction direction, const Tensor& tensor, const Positions& position, std::uint32_t active,
                         int bytes) {
  std::uint64_t sectors[warp_size];
  int found = 0;
  bool ascending = true;
  for (int lane = 0; lane < warp_size; ++lane) {
    if ((active >> lane & 1u) == 0) continue;
    const std::uint64_t sector =
        (tensor.address + static_cast<std::uint64_t>(position[lane])) / static_cast<std::uint64_t>(sector_bytes);
    if (found > 0 && sectors[found - 1] == sector) continue;
    ascending = ascending && (found == 0 || sectors[found - 1] < sector);
    sectors[found++] = sector;
  }
  if (!ascending) {
    std::sort(sectors, sectors + found);
    found = static_cast<int>(std::unique(sectors, sectors + found) - sectors);
  }
  add(direction, tensor, std::int64_t{std::popcount(active)} * bytes, found);
  if (!l2_) return;
  for (int i = 0; i < found; ++i) through_l2(direction, sectors[i]);
}

void GlobalMemory::count_run(Direction direction, const Tensor& tensor, std::int64_t position, std::int64_t bytes) {
  const std::uint64_t begin = tensor.address + static_cast<std::uint64_t>(position);
  const std::uint64_t first = begin / static_cast<std::uint64_t>(sector_bytes);
  const std::uint64_t last = (begin + static_cast<std::uint64_t>(bytes) - 1) / static_cast<std::uint64_t>(sector_bytes);
  add(direction, tensor, bytes, static_cast<std::int64_t>(last - first + 1));
  if (!l2_) return;
  for (std::uint64_t sector = first; sector <= last; ++sector) through_l2(direction, sector);
}

void GlobalMemory::add(Direction direction, const Tensor& tensor, std::int64_t bytes, std::int64_t sectors) {
  TensorTraffic& traffic = launch_->tensors[static_cast<std::size_t>(&tensor - tensors_.data())];
  switch (direction) {
    case Direction::load: traffic.loaded_bytes += bytes, traffic.loaded_sectors += sectors; break;
    case Direction::store: traffic.stored_bytes += bytes, traffic.stored_sectors += sectors; break;
    case Direction::atomic: traffic.atomic_bytes += bytes, traffic.atomic_sectors += sectors; break;
  }
}

void GlobalMemory::through_l2(Direction direction, std::uint64_t sector) {
  const std::uint64_t address = sector * static_cast<std::uint64_t>(sector_bytes);
  if (direction != Direction::store) l2_->read(address);
  if (direction != Direction::load) l2_->write(address);
}

}  // namespace rooftile::kernels::host
