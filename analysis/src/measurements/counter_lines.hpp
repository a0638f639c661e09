// The counter lines of one cell, one per memory level, as one result: bytes of every level and all counters.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "measurements/line_words.hpp"

namespace rooftile::analysis {

enum class CounterLevel : std::uint8_t { dram, l2 };

/// What one line says beyond its cell.
struct CounterLine {
  CounterLevel level = CounterLevel::dram;
  LineOutcome outcome{};
  std::vector<MeasuredCounter> counters{};
  Bytes read = Bytes::unknown();
  Bytes write = Bytes::unknown();
};
[[nodiscard]] CounterLine counter_line_of(JsonLine& line);

class CounterLines {
 public:
  void add(std::size_t run, const ResultKey& key, const CounterLine& line, const Location& where);
  /// One result per run and cell, in the order of their first lines: ok if any level is, with a note on the others.
  [[nodiscard]] std::vector<MeasuredResult> finish();

 private:
  struct Cell {
    MeasuredResult result;
    bool any_ok = false;
    LineOutcome first_refusal{};
    std::string remarks{};  // "l2 refused: ..."
  };
  std::vector<Cell> cells_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace rooftile::analysis

template <>
struct rooftile::EnumNames<rooftile::analysis::CounterLevel> {
  using enum analysis::CounterLevel;
  static constexpr std::string_view kind = "level";
  static constexpr Named<analysis::CounterLevel> table[] = {{dram, "dram"}, {l2, "l2"}};
};
