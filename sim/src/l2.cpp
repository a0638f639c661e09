#include "l2.hpp"

#include <algorithm>
#include <bit>

#include "rooftile/model/l2_copies.hpp"
#include "rooftile/model/rounding.hpp"
#include "rooftile/model/sectored_cache.hpp"

namespace rooftile::sim {
namespace {

/// What leaves at once is at most a 512th of L2.
std::int64_t largest_cell(double capacity) {
  constexpr double cells = 512;
  std::int64_t largest = Cells::largest_cell;
  while (static_cast<double>(largest) * cells > capacity && largest > SectoredCache::line_bytes) largest /= 2;
  return largest;
}

}  // namespace

L2::L2(const Device& device, const Program& program, const ProgramCounts& counts, Dram& dram)
    : program_{program}, dram_{dram}, capacity_{device.memory.l2.capacity.value()} {
  const double partitions = std::max(1.0, device.memory.l2.partitions.value());
  copies_of_.assign(program.tensors.size(), 1);
  double pinned = 0;
  for (const TensorUse& use : counts.uses) {
    double& copies = copies_of_[static_cast<std::size_t>(use.tensor)];
    copies = std::max(copies, copies_of(use, partitions));
  }
  std::int64_t cells = 0;
  const std::int64_t largest = largest_cell(capacity_);
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    cells_of_.emplace_back(program, counts, t, cells, largest);
    cells += cells_of_.back().count();
    if (program.tensors[t].placement == Placement::l2) {
      pinned += copies_of_[t] * static_cast<double>(program.tensors[t].bytes());
    }
  }
  cell_.resize(static_cast<std::size_t>(cells));
  if (pinned > 0) set_aside_ = std::min(pinned, capacity_ * device.memory.l2.persisting_fraction.value());
  capacity_ -= set_aside_;
  spread(largest, static_cast<std::int64_t>(partitions));
}

void L2::spread(std::int64_t largest, std::int64_t partitions) {
  double all = 0;
  for (std::size_t t = 0; t < copies_of_.size(); ++t) {
    all += copies_of_[t] * static_cast<double>(program_.tensors[t].bytes());
  }
  part_.resize(1);
  room_ = capacity_;
  if (all <= capacity_ / 2) return;  // nothing ever leaves
  // a set has its ways in each partition
  const std::int64_t bytes_of_a_set = SectoredCache::line_bytes * SectoredCache::usual_ways * partitions;
  const auto sets = std::max(std::int64_t{1}, static_cast<std::int64_t>(capacity_ + set_aside_) / bytes_of_a_set);
  const std::int64_t parts = std::max(std::int64_t{1}, sets * SectoredCache::line_bytes / largest);
  part_.resize(static_cast<std::size_t>(parts));
  room_ = capacity_ / static_cast<double>(parts);
  std::int64_t address = 0, cell = 0;
  for (const Cells& cells : cells_of_) {
    for (std::int64_t n = 0; n < cells.count(); ++n, ++cell) {
      const std::int64_t set = SectoredCache::set_of(static_cast<std::uint64_t>(address), sets);
      cell_[static_cast<std::size_t>(cell)].part = static_cast<std::int32_t>(set * parts / sets);
      address += cells.bytes_of(n);
    }
    address = round_up(address, std::int64_t{256});
  }
}

Answer L2::load(double now, const TileOp& op, const Indices& at, Asker asker) {
  return touch(now, op, at, asker, Access::load);
}
Answer L2::store(double now, const TileOp& op, const Indices& at, Asker asker) {
  return touch(now, op, at, asker, Access::store);
}
Answer L2::add(double now, const TileOp& op, const Indices& at, Asker asker) {
  return touch(now, op, at, asker, Access::add);
}

Answer L2::touch(double now, const TileOp& op, const Indices& at, Asker asker, Access access) {
  const auto t = static_cast<std::size_t>(op.tensor);
  Answer answer;
  std::int64_t fetch = 0;
  std::int64_t write_back = 0, dirtied = 0;
  double latest = 0;
  asked_.clear();
  cells_of_[t].for_each(op, at, [&](const Covered& covered) {
    const auto c = static_cast<std::int32_t>(covered.cell);
    Cell& cell = cell_[static_cast<std::size_t>(c)];
    const std::int64_t so_far = dirty_;
    use(c);
    const std::int64_t missing = change(cell, t, covered, access);
    dirtied += dirty_ - so_far;
    write_back += make_room(part_[static_cast<std::size_t>(cell.part)]);
    answer.bytes += covered.bytes;
    fetch += missing;
    if (missing > 0) {
      asked_.push_back(&cell);
    } else if (cell.request > 0 && cell.request != answer.request) {
      const double due = dram_.answer(now, cell.request).at;
      if (due > std::max(now, latest)) {
        latest = due;
        answer.request = cell.request;
      }
    }
  });
  if (cells_of_[t].share_sectors()) answer.bytes = cells_of_[t].asked(op, at);
  if (watch_ != nullptr) {
    const auto bytes = [](std::int64_t count) { return Bytes{static_cast<double>(count)}; };
    watch_->listener().l2({t, op.kind, bytes(answer.bytes), bytes(fetch), bytes(dirtied)});
  }
  if (fetch + write_back == 0) return answer;
  traffic_.fetched += fetch;
  traffic_.written_back += write_back;
  if (fetch > 0) answer.request = dram_.request(now, static_cast<double>(fetch), asker);
  if (write_back > 0) {
    const Dram::Request sent = dram_.send(now, static_cast<double>(write_back));
    if (fetch == 0) answer.request = sent;
  }
  for (Cell* cell : asked_) cell->request = answer.request;
  return answer;
}

std::int64_t L2::change(Cell& cell, std::size_t tensor, const Covered& covered, Access access) {
  const auto part = [&covered](std::uint64_t blocks) {  // of the covered bytes
    return blocks == covered.blocks ? covered.bytes
                                    : covered.bytes * std::popcount(blocks) / std::popcount(covered.blocks);
  };
  const std::uint64_t fresh = covered.blocks & ~cell.valid;
  std::int64_t missing = 0;
  if (fresh != 0) {
    missing = part(fresh);
    const auto room = static_cast<std::int32_t>(static_cast<double>(missing) * copies_of_[tensor]);
    if (cell.held == 0) {
      cell.request = 0;
      cell.pinned = program_.tensors[tensor].placement == Placement::l2 && pinned_ + room <= set_aside_;
      if (!cell.pinned) link_newest(static_cast<std::int32_t>(&cell - cell_.data()));
    }
    cell.held += room;
    (cell.pinned ? pinned_ : part_[static_cast<std::size_t>(cell.part)].held) += room;
    cell.valid |= fresh;
  }
  if (access == Access::load) return missing;
  const std::uint64_t written = covered.blocks & ~cell.dirty;
  const auto bytes = static_cast<std::int32_t>(part(written));
  cell.dirty |= written;
  cell.dirty_bytes += bytes;
  dirty_ += bytes;
  return access == Access::store ? 0 : missing;
}

void L2::use(std::int32_t c) {
  const Cell& cell = cell_[static_cast<std::size_t>(c)];
  if (cell.held == 0 || cell.pinned || part_[static_cast<std::size_t>(cell.part)].newest == c) return;
  unlink(c);
  link_newest(c);
}

std::int64_t L2::make_room(Part& part) {
  std::int64_t write_back = 0;
  while (part.held > room_ && part.oldest != part.newest) {
    const std::int32_t c = part.oldest;
    Cell& cell = cell_[static_cast<std::size_t>(c)];
    unlink(c);
    part.held -= cell.held;
    write_back += cell.dirty_bytes;
    dirty_ -= cell.dirty_bytes;
    cell.valid = cell.dirty = 0;
    cell.held = cell.dirty_bytes = 0;
  }
  return write_back;
}

void L2::link_newest(std::int32_t c) {
  Cell& cell = cell_[static_cast<std::size_t>(c)];
  Part& part = part_[static_cast<std::size_t>(cell.part)];
  cell.older = part.newest;
  cell.newer = none;
  if (part.newest != none) cell_[static_cast<std::size_t>(part.newest)].newer = c;
  part.newest = c;
  if (part.oldest == none) part.oldest = c;
}

void L2::unlink(std::int32_t c) {
  const Cell& cell = cell_[static_cast<std::size_t>(c)];
  Part& part = part_[static_cast<std::size_t>(cell.part)];
  (cell.older == none ? part.oldest : cell_[static_cast<std::size_t>(cell.older)].newer) = cell.newer;
  (cell.newer == none ? part.newest : cell_[static_cast<std::size_t>(cell.newer)].older) = cell.older;
}

}  // namespace rooftile::sim
