#include "rooftile/model/names.hpp"

#include <algorithm>

namespace rooftile {
namespace {

/// Edit distance with insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> cell((a.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return cell[i * width + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return at(a.size(), b.size());
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view found, const std::vector<std::string_view>& candidates) {
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  // Among equally near names the one that begins alike: 'l40' is meant for 'l40s', not for 'a40'.
  const auto is_nearer = [&](std::string_view candidate, std::size_t distance) {
    if (!best || distance != best_distance) return !best || distance < best_distance;
    return common_prefix(found, candidate) > common_prefix(found, *best);
  };
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(found, candidate);
    const std::size_t allowed = std::max<std::size_t>(1, std::max(found.size(), candidate.size()) / 3);
    if (distance > allowed || !is_nearer(candidate, distance)) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::string join(const std::vector<std::string_view>& names, std::string_view separator) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

std::string unknown_name_message(std::string_view kind, std::string_view found,
                                 const std::vector<std::string_view>& allowed) {
  std::string text = "unknown " + std::string{kind} + " '" + std::string{found} + "'; allowed: " + join(allowed);
  if (const auto near = nearest_name(found, allowed)) text += "; did you mean '" + std::string{*near} + "'?";
  return text;
}

}  // namespace rooftile
