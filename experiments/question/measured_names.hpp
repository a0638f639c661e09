// Which profile and which kernels the words of a measuring program mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "question/catalogues.hpp"

namespace rooftile::experiments {

/// The profile that lists `device_name` under device_names. InputError if none does, or more than one.
[[nodiscard]] std::string profile_of_device(std::string_view device_name, const Catalogues& catalogues);

/// All specs, and the libraries that rooftile-measure times beside our kernels (kernels/measure/peers), which the model
/// has no spec of.
[[nodiscard]] std::vector<std::string> measurable_kernels(const Catalogues& catalogues);

}  // namespace rooftile::experiments
