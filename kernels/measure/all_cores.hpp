// Work that falls into independent pieces, on all cores of the CPU.
#pragma once

#include <cstddef>
#include <functional>

namespace rooftile::kernels::measure {

/// Runs `work(i)` for every i below `count`; what one of them throws is thrown here when all are done.
void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace rooftile::kernels::measure
