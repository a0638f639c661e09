#include "rooftile/model/host_link.hpp"

#include <algorithm>

namespace rooftile {

BytesPerSecond host_rate(const Device& device) {
  const HostMemory& host = device.memory.host;
  return is_known(host.bandwidth) ? std::min(host.link, host.bandwidth) : host.link;
}

void fetch_from_host(LaunchPrediction& part, const Program& program, std::span<const TensorUse> uses) {
  for (const TensorUse& use : uses) {
    const Tensor& tensor = program.tensors[static_cast<std::size_t>(use.tensor)];
    if (tensor.placement != Placement::host) continue;
    part.host_bytes += Bytes{static_cast<double>(use.touched)};
    part.host_pieces = tensor.pieces();
  }
  part.dram_bytes.write += part.host_bytes;
}

void overlap_fetch(LaunchPrediction& part, const Device& device) {
  if (part.host_pieces == 0) return;
  part.host = part.host_bytes / host_rate(device);
  if (part.host > part.time) part.bound = Limit::dram;
  part.time = std::max(part.host, part.time) + std::min(part.host, part.time) / static_cast<double>(part.host_pieces);
}

}  // namespace rooftile
