// Our own kernels behind the interface of the peers, so that all are measured alike.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "measure/peers/peer.hpp"

namespace rooftile::kernels::measure {

/// Every forward kernel of the registry, in its order: backward passes are not measured yet.
[[nodiscard]] std::vector<std::unique_ptr<Peer>> own_kernels();

}  // namespace rooftile::kernels::measure
