#include "measure/host_compare.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "rooftile/kernels/host_execution.hpp"

namespace rooftile::kernels::measure {

bool host_execution_linked() { return true; }

TileComparison compare_with_host(std::string_view kernel, const DeviceCall& device, std::uint64_t seed) {
  const AttentionCall& call = device.call();
  HostCall host(kernel, call);
  host.fill(seed);
  const Execution execution = host.execute();
  if (!execution.faults.empty()) {
    const Fault& fault = execution.faults.front();
    throw std::runtime_error("host execution: " + fault.text + " (" + fault.where + ")");
  }
  std::vector<std::uint16_t> on_device;
  for (int batch = 0; batch < call.batch; ++batch) {
    for (int head = 0; head < call.heads; ++head) {
      const std::vector<std::uint16_t> o = device.matrix(tensor_o, batch, head);
      on_device.insert(on_device.end(), o.begin(), o.end());
    }
  }
  return compare_tiles(call, on_device, host.o(), tile_rows(kernel, call.head_dim));
}

}  // namespace rooftile::kernels::measure
