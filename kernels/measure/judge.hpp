// A result on the device against float64: the whole of small calls, some rows of large ones (row_choice.hpp,
// gradient_choice.hpp).
#pragma once

#include <cstdint>
#include <string>

#include "measure/device_call.hpp"
#include "rooftile/kernels/accuracy.hpp"

namespace rooftile::kernels::measure {

/// Accuracy of what the last run() wrote; NaN where anything was left unwritten in the rows looked at. `seed` chooses
/// the rows of a large call.
[[nodiscard]] Accuracy judge(const DeviceCall& call, std::uint64_t seed);

/// What is allowed of it: accuracy.hpp's tolerance of O and LSE, gradients.hpp's of dQ, dK and dV.
[[nodiscard]] Tolerance allowed_of(const DeviceCall& call);

/// Why `error` is too large; empty if it is not.
[[nodiscard]] std::string complaint(const Accuracy& error, const Tolerance& tolerance);

}  // namespace rooftile::kernels::measure
