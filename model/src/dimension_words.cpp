#include "dimension_words.hpp"

namespace rooftile {
namespace {

constexpr Dimension joules{0, 0, 0, 0, 1};

constexpr DimensionWords table[] = {
    {Count::dimension, "a plain number", "a plain number is expected", "108", "", 1, Prefixes::none, ""},
    {Bytes::dimension, "an amount of bytes", "an amount of bytes is expected", "40 MiB", "B", 1, Prefixes::large, "B"},
    {Flops::dimension, "an amount of FLOP", "an amount of FLOP is expected", "2 TFLOP", "FLOP", 1, Prefixes::large,
     "FLOP"},
    {Seconds::dimension, "a time", "a time is expected", "2.62 us", "s", 1, Prefixes::small, "s"},
    {Cycles::dimension, "a number of cycles", "a number of cycles is expected", "29 cycle", "cycle", 1, Prefixes::none,
     "cycle"},
    {Hertz::dimension, "a frequency", "a frequency is expected", "1410 MHz", "Hz", 1, Prefixes::large, "Hz"},
    {PerCycle::dimension, "a rate per cycle", "a rate per cycle is expected", "16 /cycle", "/cycle", 1, Prefixes::none,
     "/cycle"},
    {BytesPerSecond::dimension, "bytes per second", "bytes per second are expected", "1555 GB/s", "B/s", 1,
     Prefixes::large, "B/s"},
    {BytesPerCycle::dimension, "bytes per cycle", "bytes per cycle are expected", "128 B/cycle", "B/cycle", 1,
     Prefixes::none, "B/cycle"},
    {FlopsPerSecond::dimension, "FLOP per second", "FLOP per second are expected", "312 TFLOP/s", "FLOP/s", 1,
     Prefixes::large, "FLOP/s"},
    {FlopsPerCycle::dimension, "FLOP per cycle", "FLOP per cycle are expected", "2048 FLOP/cycle", "FLOP/cycle", 1,
     Prefixes::none, "FLOP/cycle"},
    {FlopsPerByte::dimension, "FLOP per byte", "FLOP per byte are expected", "200.6 FLOP/B", "FLOP/B", 1,
     Prefixes::none, "FLOP/B"},
    {Watts::dimension, "a power", "a power is expected", "400 W", "W", 1, Prefixes::both, "W"},
    {joules, "an energy", "an energy is expected", "5 mJ", "J", 1, Prefixes::both, "J"},
    {JoulesPerByte::dimension, "energy per byte", "energy per byte is expected", "13.11 pJ/bit", "J/bit", 8,
     Prefixes::both, "J/B"},
    {JoulesPerFlop::dimension, "energy per FLOP", "energy per FLOP is expected", "0.7 pJ/FLOP", "J/FLOP", 1,
     Prefixes::both, "J/FLOP"},
};

}  // namespace

const DimensionWords* words_for(Dimension dimension) {
  for (const DimensionWords& words : table) {
    if (words.dimension == dimension) return &words;
  }
  return nullptr;
}

}  // namespace rooftile
