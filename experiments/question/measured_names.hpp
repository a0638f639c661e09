// Which profile and which kernels the words of a measuring program mean.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "question/catalogues.hpp"

namespace rooftile::experiments {

/// The profile that lists `device_name` under device_names. InputError if none does, or more than one.
[[nodiscard]] std::string profile_of_device(std::string_view device_name, const Catalogues& catalogues);

/// The libraries that rooftile-measure times beside our kernels (kernels/measure/peers).
inline constexpr std::array<std::string_view, 2> peer_libraries{"cublas_standard", "cudnn_sdpa"};

/// All specs, and the libraries of which the model has none.
[[nodiscard]] std::vector<std::string> measurable_kernels(const Catalogues& catalogues);

}  // namespace rooftile::experiments
