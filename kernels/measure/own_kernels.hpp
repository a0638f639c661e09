// Our own kernels behind the interface of the peers, so that all are measured alike.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "measure/peers/peer.hpp"

namespace rooftile::kernels::measure {

/// Every name of the registry, in its order, with the passes it has.
[[nodiscard]] std::vector<std::unique_ptr<Peer>> own_kernels();

}  // namespace rooftile::kernels::measure
