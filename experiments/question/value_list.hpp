// Lists of values on a command line and in an experiment file.
//
//   512,1024        512 1024             512:16384:x2    512 1024 2048 4096 8192 16384
//   32:128:32       32 64 96 128         a100_sxm4_80gb,l40s
//   1,2,4 TB/s      1 TB/s 2 TB/s 4 TB/s               1:4:x2 TB/s     the same: the unit stands once, at the end
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rooftile::experiments {

/// Whole numbers within [least, 2^31 - 1]; `option` opens the messages. Throws InputError.
[[nodiscard]] std::vector<std::int64_t> integer_list(std::string_view option, std::string_view text,
                                                     std::int64_t least = 1);
/// Numbers with a unit, each as a text that parse_quantity can read: "1:2:0.5 TB/s" is "1 TB/s", "1.5 TB/s", "2 TB/s".
/// A part without a unit has that of the next part. A text without ',' and ':' is returned as it is. Throws InputError.
[[nodiscard]] std::vector<std::string> quantity_list(std::string_view option, std::string_view text);
/// Names between commas; none may be empty. Throws InputError.
[[nodiscard]] std::vector<std::string> name_list(std::string_view option, std::string_view text);

/// The most values a list may have: a typo in a step should not ask for a million predictions.
inline constexpr std::size_t longest_list = 10'000;

}  // namespace rooftile::experiments
