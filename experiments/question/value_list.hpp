// Lists of values on a command line and in an experiment file.
//
//   512,1024        512 1024             512:16384:x2    512 1024 2048 4096 8192 16384
//   32:128:32       32 64 96 128         a100_sxm4_80gb,l40s
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rooftile::experiments {

/// Whole numbers within [least, 2^31 - 1]; `option` opens the messages. Throws InputError.
[[nodiscard]] std::vector<std::int64_t> integer_list(std::string_view option, std::string_view text,
                                                     std::int64_t least = 1);
/// Names between commas; none may be empty. Throws InputError.
[[nodiscard]] std::vector<std::string> name_list(std::string_view option, std::string_view text);

/// The most values a list may have: a typo in a step should not ask for a million predictions.
inline constexpr std::size_t longest_list = 10'000;

}  // namespace rooftile::experiments
