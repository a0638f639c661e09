#include "measure/host_compare.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "rooftile/kernels/host_execution.hpp"

namespace rooftile::kernels::measure {
namespace {

/// Name of the launch that writes this tensor.
const std::string& writer_of(const Execution& execution, const char* tensor) {
  const auto writes = [&](const LaunchExecution& launch) {
    const TensorTraffic* const traffic = launch.tensor(tensor);
    return traffic != nullptr && traffic->stored_bytes > 0;
  };
  const auto found = std::find_if(execution.launches.begin(), execution.launches.end(), writes);
  if (found == execution.launches.end()) throw std::runtime_error(std::string("no launch writes ") + tensor);
  return found->name;
}

TileComparison compare_gradients(std::string_view kernel, const HostCall& host, const Execution& execution,
                                 const DeviceResults& device) {
  const AttentionCall& call = host.call();
  const Tensors tensors = tensors_of(kernel, call);
  TileComparison all;
  const auto compare = [&](TensorIndex gradient, const std::vector<std::uint16_t>& found) {
    const TensorLayout& layout = tensors[gradient];
    const int rows = gradient_tile_rows(kernel, writer_of(execution, layout.name), gradient, call.head_dim);
    all.add(compare_tiles(call.element, layout, found, host.gradient(gradient), rows));
  };
  compare(tensor_grad_q, device.grad_q);
  compare(tensor_grad_k, device.grad_k);
  compare(tensor_grad_v, device.grad_v);
  return all;
}

}  // namespace

bool host_execution_linked() { return true; }

TileComparison compare_with_host(std::string_view kernel, const AttentionCall& call, const DeviceResults& device,
                                 std::uint64_t seed) {
  HostCall host(kernel, call);
  host.fill(seed);
  if (call.pass == Pass::bwd) host.take_forward(device.o, device.lse);
  const Execution execution = host.execute();
  if (!execution.faults.empty()) {
    const Fault& fault = execution.faults.front();
    throw std::runtime_error("host execution: " + fault.text + " (" + fault.where + ")");
  }
  if (call.pass == Pass::bwd) return compare_gradients(kernel, host, execution, device);
  return compare_tiles(call.element, tensors_of(kernel, call)[tensor_o], device.o, host.o(),
                       tile_rows(kernel, call.head_dim));
}

}  // namespace rooftile::kernels::measure
