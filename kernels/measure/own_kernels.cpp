#include "measure/own_kernels.hpp"

#include <algorithm>

#include "measure/own_kernel.hpp"
#include "measure/pinned_split_kv.hpp"

namespace rooftile::kernels::measure {

std::vector<std::unique_ptr<Peer>> own_kernels() {
  std::vector<std::unique_ptr<Peer>> kernels;
  for (const KernelEntry<cuda::Launcher>& entry : registry<cuda::Launcher>) {
    const bool known =
        std::any_of(kernels.begin(), kernels.end(), [&](const auto& kernel) { return kernel->name() == entry.name; });
    if (!known) kernels.push_back(std::make_unique<OwnKernel>(entry.name));
  }
  kernels.push_back(std::make_unique<PinnedSplitKv>());
  return kernels;
}

}  // namespace rooftile::kernels::measure
