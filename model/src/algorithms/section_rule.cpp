#include "section_rule.hpp"

#include <algorithm>
#include <bit>

namespace rooftile::algorithms {
namespace {

constexpr std::int64_t mib = std::int64_t{1024} * 1024;

/// A power of two, at most `most`.
std::int64_t rounded_down(std::int64_t heads, std::int64_t most) {
  return std::min(
      most, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(1, heads)))));
}

/// K/V heads of a section.
std::int64_t kv_heads_of(SectionRule rule, const TileRow& tile, const AttentionShape& shape) {
  const std::int64_t bytes_of_a_key = 2 * shape.head_dim * size_of(shape.dtype);
  if (rule == SectionRule::fa3) {
    return rounded_down(32 * mib / (shape.seq_kv * bytes_of_a_key), shape.kv_heads * shape.batch);
  }
  const std::int64_t blocks = 8 * mib / (tile.bc * bytes_of_a_key);
  return std::min(rounded_down(blocks / ceil_div(shape.seq_kv, tile.bc), 16), shape.kv_heads);
}

}  // namespace

Sections sections_of(const Call& call, const AttentionShape& shape, const QueryRows& queries, std::int64_t parts) {
  const SectionRule rule = call.spec.sections;
  if (rule == SectionRule::none || shape.mask != Mask::causal) return {};
  const std::int64_t of_a_kv_head = queries.members * parts;
  const std::int64_t all = shape.kv_heads * of_a_kv_head * (rule == SectionRule::fa3 ? shape.batch : 1);
  return {std::min(all, kv_heads_of(rule, call.tile, shape) * of_a_kv_head), all};
}

}  // namespace rooftile::algorithms
