// Asynchronous copies of one warp: issued, closed into groups, landed by the wait that covers their group.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "host/lanes.hpp"
#include "host/where.hpp"

namespace rooftile::kernels::host {

/// What a lane copies that reads nothing.
alignas(16) inline constexpr unsigned char sixteen_zeros[16] = {};

/// One cp.async of a warp: 16 bytes per lane.
struct AsyncCopy {
  LanesU32 to;
  const unsigned char* from[warp_size];
  std::uint32_t active;
  bool moved;  ///< the bytes are there already; no one may rely on it before the wait
  Where where;

  void move(unsigned char* shared) const {
    for (int lane = 0; lane < warp_size; ++lane) {
      if ((active >> lane & 1u) != 0) std::memcpy(shared + to.data()[lane], from[lane], sizeof sixteen_zeros);
    }
  }
};

class AsyncCopies {
 public:
  void issue(const AsyncCopy& copy) { copies_.push_back(copy); }
  void commit() { group_ends_.push_back(copies_.size()); }
  /// True if wait(pending) lands copies.
  [[nodiscard]] bool lands(int pending) const {
    const std::size_t groups = group_ends_.size() - first_group_, left = static_cast<std::size_t>(pending);
    return groups > left && landed_ < group_ends_[group_ends_.size() - left - 1];
  }
  /// Calls land(copy) for all copies but those of the latest `pending` groups and those in no group yet.
  template <class Land>
  void wait(int pending, Land&& land) {
    while (group_ends_.size() - first_group_ > static_cast<std::size_t>(pending)) {
      for (; landed_ < group_ends_[first_group_]; ++landed_) land(copies_[landed_]);
      ++first_group_;
    }
    if (landed_ == copies_.size()) forget_landed();
  }
  /// Copies that no wait has covered, oldest first.
  [[nodiscard]] const AsyncCopy* oldest() const { return landed_ < copies_.size() ? &copies_[landed_] : nullptr; }
  [[nodiscard]] std::size_t pending() const { return copies_.size() - landed_; }

 private:
  void forget_landed() {
    const std::size_t empty_groups = group_ends_.size() - first_group_;
    copies_.clear();
    group_ends_.assign(empty_groups, 0);
    landed_ = first_group_ = 0;
  }

  std::vector<AsyncCopy> copies_;
  std::vector<std::size_t> group_ends_;
  std::size_t landed_ = 0;
  std::size_t first_group_ = 0;
};

}  // namespace rooftile::kernels::host
