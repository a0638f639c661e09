// A CTA in flight: where it stands in the grid, its shared memory, barriers and warps.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "host/barriers.hpp"
#include "host/faults.hpp"
#include "host/fibers.hpp"
#include "host/global_memory.hpp"
#include "host/mbarriers.hpp"
#include "host/shared_memory.hpp"
#include "isa/isa.hpp"

namespace rooftile::kernels::host {

class Warp;
class Cta;

/// When asynchronous work is done: as it is issued, or as late as the waits allow. The seed chooses among all four.
struct AsyncModes {
  bool tma_early = false;
  bool wgmma_early = false;

  [[nodiscard]] static constexpr AsyncModes of_seed(std::uint64_t seed) { return {seed % 2 == 1, seed / 2 % 2 == 1}; }
};

/// What all CTAs of a launch have in common.
struct LaunchContext {
  Grid grid;
  int warps;
  std::int64_t smem;
  const std::function<void(Warp&)>* body;
  LaunchExecution* counts;
  GlobalMemory* global;
  Faults* faults;
  Fibers* fibers;
  AsyncModes async;
  bool loads_wait;
  std::vector<Cta*>* finished;  ///< CTAs whose warps have all ended
};

class Cta {
 public:
  Cta();
  ~Cta();
  Cta(const Cta&) = delete;
  Cta& operator=(const Cta&) = delete;

  /// The CTA with this number in grid order begins: its warps are ready.
  void start(const LaunchContext& launch, std::int64_t number);
  /// "CTA (0, 3, 1): warp 0 waits at barrier 0 for 4 warps, 3 have arrived (text/flash2.hpp:141); ..."
  [[nodiscard]] std::string waiting_text() const;
  /// Where the first warp that waits does so.
  [[nodiscard]] Where waiting_place() const;

  // For Warp
  [[nodiscard]] const LaunchContext& launch() const { return *launch_; }
  [[nodiscard]] SharedMemory& shared() { return shared_; }
  [[nodiscard]] Mbarriers& mbarriers() { return mbarriers_; }
  [[nodiscard]] int block_x() const { return x_; }
  [[nodiscard]] int block_y() const { return y_; }
  [[nodiscard]] int block_z() const { return z_; }
  /// A warp arrives at a barrier, and waits there if `waits`.
  void arrive(int id, int expected, bool waits, const Site& site);
  /// All warps meet at the barrier of the CTA's set-up, which is counted as no other.
  void meet(const Site& site);
  /// A warp arrives at an mbarrier.
  void arrive(Mbarrier& barrier, const Site& site);
  /// A box is on its way to an mbarrier's buffer.
  void issue(Mbarrier& barrier, Box box);
  /// A warp waits for the phase with this parity.
  void wait(std::uint32_t at, Mbarrier& barrier, std::uint32_t parity, const Site& site);
  void sync_lanes(int warp);

 private:
  struct RunningWarp;

  void run_warp(RunningWarp& warp);
  void wake_waiting(Mbarrier& barrier);
  void give_way();
  void renumber_segments();

  const LaunchContext* launch_ = nullptr;
  int x_ = 0;
  int y_ = 0;
  int z_ = 0;
  int left_ = 0;  ///< warps that have not ended
  SharedMemory shared_;
  Barriers barriers_;
  Mbarriers mbarriers_;
  std::vector<std::unique_ptr<RunningWarp>> warps_;
};

}  // namespace rooftile::kernels::host
