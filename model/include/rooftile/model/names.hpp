// Names that users type and the values they stand for: one table per enum, and the nearest name for a typo.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rooftile {

/// One row of an enum's name table.
template <class E>
struct Named {
  E value;
  std::string_view name;
};

/// Specialised beside each enum: `static constexpr Named<E> table[]` and `static constexpr std::string_view kind`
/// ("dtype").
template <class E>
struct EnumNames;

/// "fp16" for DType::fp16. Every enumerator has a row (tested).
template <class E>
[[nodiscard]] constexpr std::string_view name_of(E value) {
  for (const Named<E>& row : EnumNames<E>::table) {
    if (row.value == value) return row.name;
  }
  return "?";
}

/// The value a name stands for, exactly as written; nothing for an unknown name.
template <class E>
[[nodiscard]] constexpr std::optional<E> from_name(std::string_view name) {
  for (const Named<E>& row : EnumNames<E>::table) {
    if (row.name == name) return row.value;
  }
  return std::nullopt;
}

/// All names of an enum, in the order of its table.
template <class E>
[[nodiscard]] std::vector<std::string_view> all_names() {
  std::vector<std::string_view> names;
  for (const Named<E>& row : EnumNames<E>::table) names.push_back(row.name);
  return names;
}

/// The candidate with the smallest edit distance (insert, delete, substitute, swap neighbours; then the longest common
/// beginning), if it is near enough to be a typo: at most a third of the longer name, at least 1. Nothing otherwise.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view found,
                                                           const std::vector<std::string_view>& candidates);

/// "unknown dtype 'fp61'; allowed: fp16, bf16, fp32, fp8_e4m3; did you mean 'fp16'?"
[[nodiscard]] std::string unknown_name_message(std::string_view kind, std::string_view found,
                                               const std::vector<std::string_view>& allowed);

/// "bf16, fp16, fp32" — for messages.
[[nodiscard]] std::string join(const std::vector<std::string_view>& names, std::string_view separator = ", ");

}  // namespace rooftile
