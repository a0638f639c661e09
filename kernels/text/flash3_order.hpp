// Which tiles of query rows a CTA of flash3.hpp has, and when. G CTAs stay; in each round every one takes a tile, by
// its place in an order of all tiles:
//
//   round      0         1               2            3
//   place      c         2G - 1 - c      2G + c       4G - 1 - c ...       of CTA c: dealt out there and back
//
//   no mask    head after head, so that CTAs side by side read the same K and V
//   causal     tiles by length, the longest of all heads side by side; there and back, as who has the longest of a
//              round then has the shortest of the next. Heads come in sections whose K and V fit the L2 together.
//              Sections take turns to go down from the longest tiles and up from the shortest, the last one down:
//              lengths never jump from place to place, so rounds may reach from section to section.
//
// A static schedule: it needs no memory, and no CTA waits to be told its tile. FlashAttention-3
// (hopper/tile_scheduler.hpp of Dao-AILab/flash-attention) has the same sections, of 32 MB, rounded to a power of two
// and all of them down; it strides over unmasked tiles, and under a mask CTAs draw the next tile from a counter in
// global memory, which also evens out SMs that run unequally fast.
#pragma once

#include <algorithm>
#include <cstdint>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/model/rounding.hpp"

namespace rooftile::kernels::flash3 {

/// The order of all tiles: section after section, in a section the same rows of all its heads side by side, from the
/// last rows to the first or the other way round.
struct TileOrder {
  static constexpr int most_tiles = 1 << 30;  ///< a place and a round more fit in an int

  int tiles_per_head;
  int all_heads;  ///< of Q, over the batch
  int section;    ///< heads

  ROOFTILE_BOTH constexpr int tiles() const { return tiles_per_head * all_heads; }
  ROOFTILE_KERNEL constexpr int head(int place) const { return first_head(place) + in_section(place) % width(place); }
  ROOFTILE_KERNEL constexpr int tile(int place) const {
    const int step = in_section(place) / width(place);
    return goes_up(place) ? step : tiles_per_head - 1 - step;
  }

 private:
  ROOFTILE_KERNEL constexpr int first_head(int place) const { return place / (section * tiles_per_head) * section; }
  ROOFTILE_KERNEL constexpr int in_section(int place) const { return place % (section * tiles_per_head); }
  /// Heads of the section: fewer in the last.
  ROOFTILE_KERNEL constexpr int width(int place) const {
    const int left = all_heads - first_head(place);
    return left < section ? left : section;
  }
  ROOFTILE_KERNEL constexpr bool goes_up(int place) const {
    return ((all_heads - 1 - first_head(place)) / section & 1) != 0;
  }
};

[[nodiscard]] inline TileOrder tile_order(const AttentionCall& call, int rows) {
  constexpr std::int64_t l2_of_keys = 32 << 20;  // of 50 MiB on an H100
  const int heads = call.heads * call.batch;
  const std::int64_t bytes = std::int64_t{call.seq_kv} * call.head_dim * 2 * 2;  // K and V of a head
  const std::int64_t together = std::max<std::int64_t>(1, l2_of_keys / bytes) * call.group();
  return {.tiles_per_head = div_up(call.seq_q, rows),
          .all_heads = heads,
          .section = call.causal ? static_cast<int>(std::min<std::int64_t>(together, heads)) : 1};
}

/// The place that this CTA has in a round; from the last tile on there is none.
template <class B>
ROOFTILE_KERNEL int place_in(B& b, int round) {
  const int ctas = b.grid_x(), cta = b.block_x();
  return round * ctas + (round % 2 == 0 ? cta : ctas - 1 - cta);
}

/// Mbarriers that are passed once per tile: the parity of a round's phase.
ROOFTILE_KERNEL constexpr std::uint32_t parity_of(int round) { return static_cast<std::uint32_t>(round) & 1u; }

}  // namespace rooftile::kernels::flash3
