#include "measure/bad_input.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace rooftile::kernels::measure {
namespace {

/// Least number of characters inserted, removed or changed to turn one word into the other (Levenshtein).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string not_among(std::string_view found, std::span<const std::string> allowed) {
  std::string text = "'" + std::string(found) + "'; allowed: ";
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(2, found.size() / 2);
  for (const std::string& name : allowed) {
    if (&name != allowed.data()) text += ", ";
    text += name;
    const std::size_t distance = edit_distance(found, name);
    if (distance >= least) continue;
    least = distance;
    nearest = &name;
  }
  return nearest != nullptr ? text + " (did you mean " + *nearest + "?)" : text;
}

}  // namespace rooftile::kernels::measure
