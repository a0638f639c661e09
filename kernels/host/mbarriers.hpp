// Mbarriers of a CTA: 8 bytes of shared memory that count arrivals and the bytes that TMA still brings (PTX ISA 9.0,
// "mbarrier"). When both are at zero a phase ends; phases alternate in parity, and a wait names the parity that
// it waits for. What those who arrived had done and seen is seen by those who waited.
//
//   init(at, 1); expect(at, 1024); issue(at, box); ... wait(at, 0)
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "host/boxes.hpp"
#include "host/faults.hpp"
#include "host/segments.hpp"
#include "host/shared_memory.hpp"

namespace rooftile::kernels::host {

/// One mbarrier.
struct Mbarrier {
  int count = 0;            ///< arrivals that a phase takes
  int left = 0;             ///< of them
  std::int64_t bytes = 0;   ///< expected and not there; negative while they come before they are expected
  std::uint32_t phase = 0;  ///< phases that have ended
  int agent = 0;            ///< who writes what TMA brings (segments.hpp)
  int initialiser = 0;      ///< warp
  Stamp initialised = 0;
  Clock joined{};  ///< of the phase that runs
  Clock ended{};   ///< of those that have ended
  std::vector<Box> in_flight;
  std::vector<int> waiting;  ///< warps

  [[nodiscard]] bool has_ended(std::uint32_t parity) const { return phase % 2 != parity % 2; }
};

class Mbarriers {
 public:
  void start(SharedMemory& shared, Faults& faults);

  void init(std::uint32_t at, int arrivals, const Site& site);
  /// The mbarrier at this byte, for an instruction of a warp; a fault that ends the run if there is none.
  [[nodiscard]] Mbarrier& at(std::uint32_t at, const Site& site);
  /// An arrival. True: the phase has ended.
  [[nodiscard]] bool arrive(Mbarrier& barrier, const Site& site);
  /// What has been in flight lands. True: the phase has ended.
  [[nodiscard]] bool land(Mbarrier& barrier);
  /// All warps have ended: a fault if something is in flight still.
  void end();
  /// Segments were numbered anew.
  void forget_order();

 private:
  [[nodiscard]] static bool end_phase(Mbarrier& barrier);

  SharedMemory* shared_ = nullptr;
  Faults* faults_ = nullptr;
  std::map<std::uint32_t, Mbarrier> barriers_;
};

}  // namespace rooftile::kernels::host
