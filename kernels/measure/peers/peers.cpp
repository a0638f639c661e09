#include "measure/peers/make_peers.hpp"

namespace rooftile::kernels::measure {

std::vector<std::unique_ptr<Peer>> peers(const LibrarySearch& search) {
  std::vector<std::unique_ptr<Peer>> all;
  all.push_back(make_cublas_standard(search));
  all.push_back(make_cudnn_sdpa(search));
  return all;
}

}  // namespace rooftile::kernels::measure
