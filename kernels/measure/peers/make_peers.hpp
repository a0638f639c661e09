// The peers one by one. Each becomes a MissingPeer where its library does not load.
#pragma once

#include <memory>

#include "measure/peers/peer.hpp"

namespace rooftile::kernels::measure {

[[nodiscard]] std::unique_ptr<Peer> make_cublas_standard(const LibrarySearch& search);
[[nodiscard]] std::unique_ptr<Peer> make_cudnn_sdpa(const LibrarySearch& search);

}  // namespace rooftile::kernels::measure
