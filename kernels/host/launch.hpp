// How a kernel of a text starts on the host. Declared here for whoever launches; defined in host/launch_impl.hpp, which
// only the generated instance files include, so that each text is compiled once per element type.
#pragma once

#include <cstdint>

#include "host/machine.hpp"
#include "host/tensor_maps.hpp"

namespace rooftile::kernels::host {

template <class Kernel>
void launch(Machine& machine, const char* name, Grid grid, std::int64_t smem, const typename Kernel::Params& params);

/// What standard::launch(), flash2::launch() ... get to launch with on the host (text/README.md).
struct Launcher {
  Machine& machine;

  /// How a kernel's Params name a tensor that TMA moves.
  [[nodiscard]] static TensorMap tensor_map(const BoxedTensor& tensor) { return encode(tensor); }

  template <class Kernel>
  void launch(const char* name, Grid grid, std::int64_t smem, const typename Kernel::Params& params) {
    host::launch<Kernel>(machine, name, grid, smem, params);
  }
};

}  // namespace rooftile::kernels::host
