// Tensors cut into blocks and cells, against a map of every element.
#include "cells.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <map>
#include <numeric>
#include <vector>

#include "any_cell.hpp"
#include "rooftile/model/program_writer.hpp"

namespace rooftile::sim {
namespace {

std::vector<Covered> covered_by(const Cells& cells, const TileOp& op, const Indices& at) {
  std::vector<Covered> all;
  cells.for_each(op, at, [&](const Covered& covered) { all.push_back(covered); });
  return all;
}

TEST(Cells, BlocksOfKAreThoseOfItsTiles) {
  static Program program;
  static ProgramCounts counts;
  ProgramWriter w{program};
  const int k = w.input("K", 2, {1, 8, 4096, 128});
  w.launch("bench", {}, {{"head", 8}});
  w.role("all", 4);
  const int j = w.loop(constant(0), constant(32)), i = w.loop(constant(0), constant(64));
  w.in(j);
  const int wide = w.load(k, {whole(1), at(0), tile(loop_index(j), 128), whole(128)});
  w.in(i);
  const int narrow = w.load(k, {whole(1), at(0), tile(loop_index(i), 64), whole(128)});
  count(program, counts);
  const Cells cells{program, counts, 0, 1000};
  EXPECT_EQ(cells.count(), 8 * 64);  // 64 keys, 16 KiB: as large as a cell may be
  Indices at{};
  at[0] = 3;
  at[first_loop_index] = at[first_loop_index + 1] = 5;
  const auto two = covered_by(cells, program.ops[static_cast<std::size_t>(wide)], at);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].cell, 1000 + 3 * 64 + 10);
  EXPECT_EQ(two[1].cell, 1000 + 3 * 64 + 11);
  const auto one = covered_by(cells, program.ops[static_cast<std::size_t>(narrow)], at);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].cell, 1000 + 3 * 64 + 5);
  EXPECT_EQ(one[0].bytes, 64 * 128 * 2);
}

TEST(Cells, ValuesOfOneColumnShareSectors) {
  static Program program;
  static ProgramCounts counts;
  ProgramWriter w{program};
  const int lse = w.output("LSE", 4, {2, 100, 1});
  w.launch("softmax", {}, {{"rows", 25}, {"head", 2}});
  w.role("all", 4);
  const int four = w.store(lse, {at(1), tile(0, 4), whole(1)});
  count(program, counts);
  const Cells cells{program, counts, 0, 0};
  ASSERT_TRUE(cells.share_sectors());
  const TileOp& op = program.ops[static_cast<std::size_t>(four)];
  Indices left{}, right{};
  right[0] = 1;
  const auto one = covered_by(cells, op, left), other = covered_by(cells, op, right);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].bytes, 32);                // a sector
  EXPECT_EQ(one[0].blocks, other[0].blocks);  // the same one
  EXPECT_EQ(cells.asked(op, left), 4 * 32);   // row by row, as a Program counts them
}

TEST(Cells, OfSTheyServeSquaresAndRows) {
  static Program program;
  static ProgramCounts counts;
  ProgramWriter w{program};
  const int s = w.workspace("S", 2, {8, 4096, 4096});
  w.launch("qk", {}, {{"column", 32}, {"row", 32}, {"head", 8}});
  w.role("all", 4);
  const int square = w.store(s, {at(2), tile(1, 128), tile(0, 128)});
  w.launch("softmax", {}, {{"row", 4096}, {"head", 8}});
  w.role("all", 4);
  const int row = w.load(s, {at(1), tile(0, 1), whole(4096)});
  count(program, counts);
  const Cells cells{program, counts, 0, 0};
  Indices at{};
  const auto in_square = covered_by(cells, program.ops[static_cast<std::size_t>(square)], at);
  const auto in_row = covered_by(cells, program.ops[static_cast<std::size_t>(row)], at);
  const auto bytes_of = [](const std::vector<Covered>& all) {
    return std::accumulate(all.begin(), all.end(), std::int64_t{0},
                           [](std::int64_t n, const Covered& c) { return n + c.bytes; });
  };
  EXPECT_EQ(bytes_of(in_square), 128 * 128 * 2);
  EXPECT_EQ(bytes_of(in_row), 4096 * 2);
  const auto blocks = static_cast<std::int64_t>(std::popcount(in_square[0].blocks));
  EXPECT_EQ(in_square[0].bytes, blocks * 256);   // blocks of 1 x 128
  EXPECT_EQ(cells.count() * 64, 8 * 4096 * 32);  // 64 to a cell
  // nothing is visited more often than with cells of one row or one column of blocks
  EXPECT_LT(in_square.size() * 32 * 32 + in_row.size() * 4096, std::size_t{128 * 32 * 32 + 4096});
}

TEST(Cells, RaggedTilesCountWholeSectorsOfEachRow) {
  static Program program;
  static ProgramCounts counts;
  ProgramWriter w{program};
  const int x = w.input("X", 2, {100, 72});
  w.launch("bench", {}, {{"cta", 1}});
  w.role("all", 4);
  const int i = w.loop(constant(0), constant(2)), j = w.loop(constant(0), constant(2), i);
  w.in(j);
  const int load = w.load(x, {tile(loop_index(i), 64), tile(loop_index(j), 64)});
  count(program, counts);
  const Cells cells{program, counts, 0, 0};
  const auto bytes_at = [&](std::int64_t row, std::int64_t column) {
    Indices at{};
    at[first_loop_index] = row;
    at[first_loop_index + 1] = column;
    std::int64_t bytes = 0;
    cells.for_each(program.ops[static_cast<std::size_t>(load)], at, [&](const Covered& c) { bytes += c.bytes; });
    return bytes;
  };
  EXPECT_EQ(bytes_at(0, 0), 64 * 128);
  EXPECT_EQ(bytes_at(1, 0), 36 * 128);
  EXPECT_EQ(bytes_at(0, 1), 64 * 32);  // 16 bytes of a sector
  EXPECT_EQ(bytes_at(1, 1), 36 * 32);
}

TEST(Cells, TilesThatLeaveGapsAreCutWhereTheyEnd) {
  static Program program;
  static ProgramCounts counts;
  ProgramWriter w{program};
  const int x = w.input("X", 2, {960, 64});
  w.launch("bench", {}, {{"cta", 1}});
  w.role("all", 4);
  const int i = w.loop(constant(0), constant(10));
  w.in(i);
  TileDim rows = tile(loop_index(i), 96);
  rows.extent = 64;
  const int load = w.load(x, {rows, whole(64)});
  count(program, counts);
  const Cells cells{program, counts, 0, 0};
  for (std::int64_t n = 0; n < 10; ++n) {
    Indices at{};
    at[first_loop_index] = n;
    for (const Covered& covered : covered_by(cells, program.ops[static_cast<std::size_t>(load)], at)) {
      EXPECT_EQ(covered.bytes, std::popcount(covered.blocks) * 32 * 128) << n;  // blocks of 32 rows
    }
  }
}

TEST(Cells, NeighboursInASectorAreOneBlock) {
  static Program program;
  static ProgramCounts counts;
  ProgramWriter w{program};
  const int x = w.workspace("LSE", 4, {3, 21});
  w.launch("bench", {}, {{"row", 21}});
  w.role("all", 4);
  const int all = w.store(x, {whole(3), whole(21)});
  const int one = w.load(x, {whole(3), at(0)});
  count(program, counts);
  const Cells cells{program, counts, 0, 0};
  std::int64_t bytes = 0;
  for (const Covered& c : covered_by(cells, program.ops[static_cast<std::size_t>(all)], {})) bytes += c.bytes;
  EXPECT_EQ(bytes, 3 * 96);
  for (std::int64_t row = 0; row < 21; ++row) {
    const auto here = covered_by(cells, program.ops[static_cast<std::size_t>(one)], {row});
    const auto first = covered_by(cells, program.ops[static_cast<std::size_t>(one)], {row / 8 * 8});
    ASSERT_EQ(here.size(), 1U);
    EXPECT_EQ(here[0].bytes, 3 * 32);
    EXPECT_EQ(here[0].cell, first[0].cell);
    EXPECT_EQ(here[0].blocks, first[0].blocks);
  }
}

/// Where each element of a tensor lies: asked for one by one.
class ElementMap {
 public:
  ElementMap(const Tensor& tensor, const Cells& cells) : tensor_{tensor} {
    TileOp one{};
    one.dims = static_cast<std::uint8_t>(tensor.extents.size());
    for (std::size_t d = 0; d < one.dims; ++d) one.dim[d] = at(static_cast<IndexId>(d));
    Indices at{};
    for (bool more = true; more;) {
      const auto lone = covered_by(cells, one, at);
      RC_ASSERT(lone.size() == 1U);
      RC_ASSERT(std::popcount(lone[0].blocks) == 1);
      const Place place{lone[0].cell, lone[0].blocks};
      of_.push_back(place);
      ++size_[place];
      more = false;
      for (std::size_t d = one.dims; d-- > 0;) {
        if (++at[d] < tensor.extents[d]) {
          more = true;
          break;
        }
        at[d] = 0;
      }
    }
  }
  /// A tile covers the blocks of its elements, each wholly or a sector of it, and counts its sectors row by row.
  void expect_exact(const Cells& cells, const TileOp& op, const Indices& at) const {
    std::map<std::int64_t, std::uint64_t> expected;
    std::int64_t elements = 0, in_blocks = 0;
    for_each_element(op, at, [&](std::size_t element) {
      const auto& [cell, block] = of_[element];
      ++elements;
      std::uint64_t& blocks = expected[cell];
      if ((blocks & block) == 0) in_blocks += size_.at(of_[element]);
      blocks |= block;
    });
    std::map<std::int64_t, std::uint64_t> found;
    std::int64_t bytes = 0;
    for (const Covered& covered : covered_by(cells, op, at)) {
      RC_ASSERT(found.emplace(covered.cell, covered.blocks).second);
      bytes += covered.bytes;
    }
    RC_ASSERT(found == expected);
    RC_ASSERT(in_blocks == elements || in_blocks * tensor_.element_bytes <= bytes);  // or whole sectors
    RC_ASSERT((cells.share_sectors() ? cells.asked(op, at) : bytes) == sector_bytes_of(op, at));
  }

 private:
  using Place = std::pair<std::int64_t, std::uint64_t>;

  template <class Visit>
  void for_each_element(const TileOp& op, const Indices& at, Visit visit) const {
    std::array<TileSpan, max_dims> span{};
    std::array<std::int64_t, max_dims> n{};
    for (std::size_t d = 0; d < op.dims; ++d) {
      span[d] = span_of(op.dim[d], tensor_.extents[d], at);
      if (span[d].extent == 0) return;
    }
    for (;;) {
      std::size_t element = 0;
      for (std::size_t d = 0; d < op.dims; ++d) {
        element =
            element * static_cast<std::size_t>(tensor_.extents[d]) + static_cast<std::size_t>(span[d].offset + n[d]);
      }
      visit(element);
      std::size_t d = op.dims - 1U;
      while (++n[d] == span[d].extent) {
        n[d] = 0;
        if (d-- == 0) return;
      }
    }
  }
  [[nodiscard]] std::int64_t sector_bytes_of(const TileOp& op, const Indices& at) const {
    std::int64_t rows = 32;
    for (std::size_t d = 0; d < op.dims; ++d) {
      const std::int64_t extent = span_of(op.dim[d], tensor_.extents[d], at).extent;
      rows *= d + 1 == op.dims ? ceil_div(extent * tensor_.element_bytes, 32) : extent;
    }
    return rows;
  }

  const Tensor& tensor_;
  std::vector<Place> of_;
  std::map<Place, std::int64_t> size_;
};

/// Every few executions of every op that moves a tile.
struct EachTile {
  const Program& program;
  const std::vector<Cells>& cells;
  const std::vector<ElementMap>& maps;
  int seen = 0;

  void cta(const Indices& /*at*/) {}
  void enter(int /*loop*/, const Indices& /*at*/) {}
  void trip(int /*loop*/, const Indices& /*at*/) {}
  void op(std::int16_t index, const Indices& at) {
    const TileOp& o = program.ops[static_cast<std::size_t>(index)];
    if (!moves_a_tile(o.kind) || seen++ % 17 != 0) return;
    maps[static_cast<std::size_t>(o.tensor)].expect_exact(cells[static_cast<std::size_t>(o.tensor)], o, at);
  }
};

RC_GTEST_PROP(CellsProperty, EveryTileCoversItsElementsAndNoOthers, ()) {
  static Program program;
  static ProgramCounts counts;
  test::Cell cell = test::any_cell(60);
  cell.shape.batch = 1;
  cell.shape.kv_heads = std::min<std::int64_t>(cell.shape.kv_heads, 2);
  cell.shape.heads = std::min<std::int64_t>(cell.shape.heads / cell.shape.kv_heads, 2) * cell.shape.kv_heads;
  test::build_or_throw(program, cell.shape, cell.spec, {}, cell.device);
  count(program, counts);
  RC_LOG() << cell.name();
  std::vector<Cells> cells;
  std::vector<ElementMap> maps;
  std::int64_t first = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    cells.emplace_back(program, counts, t, first);
    first += cells.back().count();
    maps.emplace_back(program.tensors[t], cells.back());
  }
  for (const Launch& launch : program.launches) {
    EachTile each{program, cells, maps};
    expand(program, launch, each);
  }
}

}  // namespace
}  // namespace rooftile::sim
