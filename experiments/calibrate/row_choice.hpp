// Which rows take part: conditions on what a row says, all of which hold.
//
//   profile=a100_sxm4_80gb    head_dim=128    seq_kv<=2048    batch>=32
//
// Constants that were fitted to one part of the rows are held against another: other GPUs, head dims, lengths, batches.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "calibrate/observations.hpp"

namespace rooftile::calibrate {

class RowChoice {
 public:
  RowChoice() = default;
  /// Reads conditions: a field, =, <= or >=, and a value. InputError for any other text, an unknown field, no number.
  explicit RowChoice(std::span<const std::string> conditions);

  /// No condition: every row is chosen.
  [[nodiscard]] bool empty() const { return conditions_.empty(); }
  /// A row without such a field (a softmax has no batch) is not chosen.
  [[nodiscard]] bool chooses(const Observation& row) const;

 private:
  enum class Relation : std::uint8_t { equal, at_most, at_least };
  struct IsProfile {
    std::string name;
  };
  struct Bounded {
    std::int64_t AttentionShape::*field = nullptr;
    Relation relation = Relation::equal;
    std::int64_t value = 0;
  };
  using Condition = std::variant<IsProfile, Bounded>;

  static Condition parse(const std::string& text);
  static bool holds(const Condition& condition, const Observation& row);

  std::vector<Condition> conditions_;
};

}  // namespace rooftile::calibrate
