// The machine that plays the GPU: memory with named tensors, an L2, CTAs in flight, and the record of what happened.
//
//   Machine machine{options};
//   void* q = machine.allocate(layout);                        poisoned; fill it before the first launch
//   machine.run("flash2", grid, warps, smem, body);            body(Warp&) is one warp's kernel
//   Execution record = machine.finish();                       flushes the L2
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "isa/isa.hpp"
#include "rooftile/kernels/execution.hpp"

namespace rooftile::kernels::host {

class Warp;  // isa/host.hpp

class Machine {
 public:
  explicit Machine(const HostOptions& options);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Memory for a tensor, aligned to 256 bytes; every byte 0xff (NaN in fp16, bf16 and fp32). Its device address, which
  /// decides sectors and L2 sets, depends only on the order of allocation.
  void* allocate(const TensorLayout& layout);

  /// Runs `body` once per warp of every CTA. A kernel that faults is stopped; the faults are in the record.
  void run(const char* name, Grid grid, int warps, std::int64_t smem, const std::function<void(Warp&)>& body);

  /// Writes back the L2 and hands out the record.
  [[nodiscard]] Execution finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rooftile::kernels::host
