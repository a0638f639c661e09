// Definition of host::launch(): a kernel of a text, compiled for the host back end. Included by the generated instance
// files alone.
#pragma once

#include "host/launch.hpp"
#include "isa/host.hpp"

namespace rooftile::kernels::host {

template <class Kernel>
void launch(Machine& machine, const char* name, Grid grid, std::int64_t smem, const typename Kernel::Params& params) {
  machine.run(name, grid, Kernel::warps, smem, [&params](Warp& warp) { Kernel::run(warp, params); });
}

}  // namespace rooftile::kernels::host
