// Global memory: named tensors, one after the other from a fixed address, each aligned to 256 bytes. Every access of a
// warp is resolved against one tensor: lanes outside it, in a row's pad or misaligned are faults and left out; what
// remains is counted in bytes and in 32-byte sectors, and goes through the L2.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/faults.hpp"
#include "host/lanes.hpp"
#include "host/shared_memory.hpp"
#include "rooftile/kernels/execution.hpp"
#include "rooftile/model/sectored_cache.hpp"

namespace rooftile::kernels::host {

enum class Direction : std::uint8_t { load, store, atomic };

/// A warp's access after the checks: where each active lane's bytes are.
struct GlobalAccess {
  std::uint32_t active = 0;
  unsigned char* at[warp_size];  ///< means something for active lanes only
};

class GlobalMemory {
 public:
  explicit GlobalMemory(std::int64_t l2_capacity);
  ~GlobalMemory();

  [[nodiscard]] void* allocate(const TensorLayout& layout);
  /// Traffic from now on goes into `launch`, which has a row per tensor.
  void begin_launch(LaunchExecution& launch);
  /// DRAM traffic since begin_launch() goes into its launch.
  void end_launch();
  /// Writes back what is dirty in the L2 into `launch`.
  void flush(LaunchExecution& launch);

  /// `bytes` (1, 4, 8 or 16) per active lane at `base` + offset · element_bytes.
  [[nodiscard]] GlobalAccess access(Direction direction, const void* base, const LanesI32& offset,
                                    std::int64_t element_bytes, std::uint32_t active, int bytes, const Site& site,
                                    Faults& faults);
  /// `bytes` in a row at `at`, by TMA: where they are; nullptr, and a fault, if not all of them are in one tensor.
  [[nodiscard]] unsigned char* access_run(Direction direction, const void* at, std::int64_t bytes, const Site& site,
                                          Faults& faults);

 private:
  struct Tensor;
  using Positions = std::int64_t[warp_size];  ///< bytes from the tensor's begin

  /// The active lanes that may go ahead; the others are faults.
  [[nodiscard]] static std::uint32_t allowed(const Tensor& tensor, const Positions& position, std::uint32_t active,
                                             int bytes, const Site& site, Faults& faults);
  [[nodiscard]] const Tensor* tensor_at(std::uintptr_t address) const;
  void count(Direction direction, const Tensor& tensor, const Positions& position, std::uint32_t active, int bytes);
  /// The same of `bytes` in a row from `position` on.
  void count_run(Direction direction, const Tensor& tensor, std::int64_t position, std::int64_t bytes);
  void add(Direction direction, const Tensor& tensor, std::int64_t bytes, std::int64_t sectors);
  void through_l2(Direction direction, std::uint64_t sector);

  std::vector<Tensor> tensors_;
  std::uint64_t next_address_;
  LaunchExecution* launch_ = nullptr;
  std::optional<SectoredCache> l2_;
  std::int64_t fetched_before_ = 0;
  std::int64_t written_before_ = 0;
};

}  // namespace rooftile::kernels::host
