// Our own kernels behind the interface of the peers, so that all are measured alike.
#pragma once

#include <memory>
#include <vector>

#include "measure/peers/peer.hpp"

namespace rooftile::kernels::measure {

/// Every name of the registry, in its order, with the passes it has; then rt_split_kv_pinned.
[[nodiscard]] std::vector<std::unique_ptr<Peer>> own_kernels();

}  // namespace rooftile::kernels::measure
