// What each dimension is called in messages, and the unit it is printed in. One table for reading and for writing.
#pragma once

#include <string_view>

#include "rooftile/model/quantity.hpp"

namespace rooftile {

/// Which prefixes are used when a dimension is printed.
enum class Prefixes { none, small, large, both };

struct DimensionWords {
  Dimension dimension;
  std::string_view found;     ///< "an amount of bytes"
  std::string_view expected;  ///< "bytes per second are expected"
  std::string_view example;   ///< "1555 GB/s"
  std::string_view unit;      ///< printed behind the prefix: "B/s"
  double unit_size;           ///< base units in one `unit`
  Prefixes prefixes;
  std::string_view base_unit;  ///< of one base unit: "B/s"
};

/// The row of a dimension, or nullptr if no quantity of the model has it.
[[nodiscard]] const DimensionWords* words_for(Dimension dimension);

}  // namespace rooftile
