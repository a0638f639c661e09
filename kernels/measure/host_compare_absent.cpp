// For builds without Boost.Context.
#include <stdexcept>

#include "measure/host_compare.hpp"

namespace rooftile::kernels::measure {

bool host_execution_linked() { return false; }

TileComparison compare_with_host(std::string_view /*kernel*/, const AttentionCall& /*call*/,
                                 const DeviceResults& /*device*/, std::uint64_t /*seed*/) {
  throw std::logic_error("built without Boost.Context: there is no host execution to compare with");
}

}  // namespace rooftile::kernels::measure
