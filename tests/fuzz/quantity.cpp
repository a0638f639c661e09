// parse_quantity, parse_number and the lists of a command line. The first byte chooses the dimension.
//
//   "1555 GB/s" -> 1.555e12 -> "1555000000000 B/s" -> 1.555e12       exactly the same
//   1.555e12 -> "1.56 TB/s" -> 1.56e12                                to the digits written
#include <cmath>
#include <iterator>

#include "invariants.hpp"
#include "question/value_list.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/parse_quantity.hpp"

namespace rooftile::fuzz {
namespace {

constexpr Dimension dimensions[] = {
    Count::dimension,         Bytes::dimension,          Flops::dimension,         Seconds::dimension,
    Cycles::dimension,        Hertz::dimension,          PerCycle::dimension,      BytesPerSecond::dimension,
    BytesPerCycle::dimension, FlopsPerSecond::dimension, FlopsPerCycle::dimension, FlopsPerByte::dimension,
    Watts::dimension,         JoulesPerByte::dimension,  JoulesPerFlop::dimension,
};

void check_value(double value, Dimension dimension) {
  require(std::isfinite(value), "a quantity is finite", format_exact(value, dimension));
  const std::string exact = format_exact(value, dimension);
  const auto again = parse_quantity(exact, dimension);
  require(again.has_value() && *again == value, "the exact text is the same value", exact);
  const std::string shown = format_quantity(value, dimension);
  const auto rounded = parse_quantity(shown, dimension);
  require(rounded.has_value(), "what people are shown can be read", shown);
  require(std::fabs(*rounded - value) <= 0.0051 * std::fabs(value), "what people are shown is near", shown);
}

void check_lists(const std::string& text) {
  try {
    for (const std::int64_t value : experiments::integer_list("--seq", text)) {
      require(value >= 1 && value <= 2147483647, "a list holds what is allowed", text);
    }
  } catch (const InputError& error) {
    require(std::string_view{error.what()}.starts_with("--seq: "), "a refusal names its option", error.what());
  }
  try {
    const auto values = experiments::quantity_list("--set x", text);
    require(!values.empty() && values.size() <= experiments::longest_list, "a list is not empty, nor endless", text);
  } catch (const InputError& error) {
    require(std::string_view{error.what()}.starts_with("--set x: "), "a refusal names its option", error.what());
  }
}

}  // namespace
}  // namespace rooftile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rooftile;
  if (size == 0) return 0;
  const Dimension dimension = fuzz::dimensions[data[0] % std::size(fuzz::dimensions)];
  const std::string text = fuzz::text_of(data + 1, size - 1);
  if (const auto value = parse_quantity(text, dimension)) {
    fuzz::check_value(*value, dimension);
  } else {
    fuzz::require(value.error().starts_with('\''), "a refusal quotes what was found", value.error());
  }
  if (const auto number = parse_number(text)) {
    fuzz::require(parse_quantity(text, Count::dimension) == number, "a number is a quantity without unit", text);
  }
  fuzz::check_lists(text);
  return 0;
}
