// What L2 holds, on accesses whose hits, misses and write-backs are known by hand.
#include "l2.hpp"

#include <gtest/gtest.h>

#include "rooftile/model/program_writer.hpp"
#include "support.hpp"

namespace rooftile::sim {
namespace {

using test::device;

constexpr std::int64_t row_bytes = 128, tile_rows = 64, tile_bytes = tile_rows * row_bytes;  // 8 KiB

/// X and Y of 64 tiles each, one loop that loads X, stores Y, adds to Y, loads two rows of X.
struct Bench {
  Program program;
  ProgramCounts counts;
  Device on = device();
  Dram dram{1000, 500};
  int x = 0, y = 0, load_x = 0, store_y = 0, add_y = 0, load_two_rows = 0;

  explicit Bench(std::int64_t capacity, double partitions = 1, std::int64_t ctas = 1,
                 Placement placement = Placement::dram) {
    ProgramWriter w{program};
    x = w.input("X", 2, {64 * tile_rows, 64});
    y = w.output("Y", 2, {64 * tile_rows, 64});
    w.launch("bench", {}, {{"cta", ctas}});
    w.role("all", 4);
    const int loop = w.loop(constant(0), constant(64));
    w.in(loop);
    const auto rows = tile(loop_index(loop), tile_rows);
    load_x = w.load(x, {rows, whole(64)});
    store_y = w.store(y, {rows, whole(64)});
    add_y = w.atomic(y, {rows, whole(64)});
    TileDim two = rows;
    two.extent = 2;
    load_two_rows = w.load(x, {two, whole(64)});
    program.tensors[static_cast<std::size_t>(x)].placement = placement;
    count(program, counts);
    on.memory.l2.capacity = Bytes{static_cast<double>(capacity)};
    on.memory.l2.partitions = Count{partitions};
    on.memory.l2.persisting_fraction = Count{0.5};
  }
  [[nodiscard]] L2 l2() { return {on, program, counts, dram}; }
  [[nodiscard]] const TileOp& op(int index) const { return program.ops[static_cast<std::size_t>(index)]; }
  [[nodiscard]] static Indices at(std::int64_t block) {
    Indices indices{};
    indices[first_loop_index] = block;
    return indices;
  }
  /// Bytes that DRAM brings and takes for an access.
  struct Moved {
    std::int64_t fetched, written_back;
    friend bool operator==(const Moved&, const Moved&) = default;
    friend void PrintTo(const Moved& m, std::ostream* out) { *out << m.fetched << " and " << m.written_back; }
  };
  template <class Access>
  Moved of(L2& l2, Access access) {
    l2.reset_traffic();
    access();
    return {l2.traffic().fetched, l2.traffic().written_back};
  }
  Moved loads(L2& l2, std::int64_t block) {
    return of(l2, [&] { EXPECT_EQ(l2.load(now += 1e6, op(load_x), at(block)).bytes, tile_bytes); });
  }
  Moved stores(L2& l2, std::int64_t block) {
    return of(l2, [&] { EXPECT_EQ(l2.store(now += 1e6, op(store_y), at(block)).bytes, tile_bytes); });
  }
  Moved adds(L2& l2, std::int64_t block) {
    return of(l2, [&] { EXPECT_EQ(l2.add(now += 1e6, op(add_y), at(block)).bytes, tile_bytes); });
  }
  double now = 0;
};
constexpr Bench::Moved nothing{0, 0}, fetch{tile_bytes, 0};

TEST(L2, TheLeastRecentlyUsedMakesRoom) {
  Bench bench{4 * tile_bytes};
  L2 l2 = bench.l2();
  for (const int block : {0, 1, 2, 3}) EXPECT_EQ(bench.loads(l2, block), fetch);
  for (const int block : {3, 2, 1, 0}) EXPECT_EQ(bench.loads(l2, block), nothing);
  EXPECT_EQ(bench.loads(l2, 4), fetch);  // 3 was used longest ago
  for (const int block : {2, 1, 0}) EXPECT_EQ(bench.loads(l2, block), nothing);
  EXPECT_EQ(bench.loads(l2, 3), fetch);  // takes the place of 4
  EXPECT_EQ(bench.loads(l2, 4), fetch);
}
/// Four tiles fill each of 16 sets with 16 lines. Two rows too many push others out of their own sets alone, where
/// whatever is read in turn goes before it is read again.
TEST(L2, SetsMakeRoomOnTheirOwn) {
  Bench bench{4 * tile_bytes};
  L2 l2 = bench.l2();
  for (const int block : {0, 1, 2, 3}) EXPECT_EQ(bench.loads(l2, block), fetch);
  EXPECT_EQ(bench.of(l2, [&] { l2.load(1e9, bench.op(bench.load_two_rows), Bench::at(4)); }), (Bench::Moved{256, 0}));
  for (const int block : {0, 1, 2, 3}) EXPECT_EQ(bench.loads(l2, block), (Bench::Moved{4 * 256, 0}));
}
TEST(L2, WhatWasWrittenIsSentBackWhenItLeaves) {
  Bench bench{2 * tile_bytes};
  L2 l2 = bench.l2();
  EXPECT_EQ(bench.stores(l2, 0), nothing);  // takes room without fetching
  EXPECT_EQ(bench.stores(l2, 0), nothing);
  EXPECT_EQ(l2.unwritten(), tile_bytes);
  EXPECT_EQ(bench.loads(l2, 0), fetch);
  EXPECT_EQ(bench.loads(l2, 1), (Bench::Moved{tile_bytes, tile_bytes}));
  EXPECT_EQ(l2.unwritten(), 0);
  EXPECT_EQ(bench.loads(l2, 2), fetch);  // X 0 leaves, which nobody wrote
}
TEST(L2, AddsReadWhatTheyWrite) {
  Bench bench{2 * tile_bytes};
  L2 l2 = bench.l2();
  EXPECT_EQ(bench.adds(l2, 0), fetch);
  EXPECT_EQ(bench.adds(l2, 0), nothing);
  EXPECT_EQ(bench.stores(l2, 1), nothing);
  EXPECT_EQ(bench.adds(l2, 1), nothing);  // what was stored is there
  EXPECT_EQ(l2.unwritten(), 2 * tile_bytes);
  EXPECT_EQ(bench.loads(l2, 0), (Bench::Moved{tile_bytes, tile_bytes}));
  EXPECT_EQ(l2.unwritten(), tile_bytes);
}
TEST(L2, EachPartitionHasACopyOfWhatSeveralCtasRead) {
  Bench shared{4 * tile_bytes, 2, 2};
  L2 l2 = shared.l2();
  for (const int block : {0, 1, 2}) EXPECT_EQ(shared.loads(l2, block), fetch);
  EXPECT_EQ(shared.loads(l2, 1), nothing);
  EXPECT_EQ(shared.loads(l2, 0), fetch);  // room for two
}
TEST(L2, WhatOneCtaReadsStandsInOneAndAHalfPartitionsOfTwo) {
  Bench lone{4 * tile_bytes, 2};
  L2 l2 = lone.l2();
  for (const int block : {0, 1}) EXPECT_EQ(lone.loads(l2, block), fetch);
  EXPECT_EQ(lone.loads(l2, 0), nothing);
  EXPECT_EQ(lone.loads(l2, 2), fetch);
  EXPECT_EQ(lone.loads(l2, 1), fetch);
}
TEST(L2, WhatIsPinnedStays) {
  // half of 128 KiB is set aside: eight of X's tiles fit there, eight of all others in the rest
  Bench bench{16 * tile_bytes, 1, 1, Placement::l2};
  L2 l2 = bench.l2();
  for (int block = 0; block < 8; ++block) EXPECT_EQ(bench.loads(l2, block), fetch);
  for (int block = 0; block < 30; ++block) bench.stores(l2, block);
  for (int block = 0; block < 8; ++block) EXPECT_EQ(bench.loads(l2, block), nothing);
  EXPECT_EQ(bench.loads(l2, 8), (Bench::Moved{tile_bytes, tile_bytes}));  // stands among the others
  for (int block = 0; block < 8; ++block) bench.stores(l2, block);
  EXPECT_EQ(bench.loads(l2, 8).fetched, tile_bytes);
}
TEST(L2, BytesOnTheirWayAreWaitedForNotAskedForAgain) {
  Bench bench{4 * tile_bytes};
  L2 l2 = bench.l2();
  const Dram::Request request = l2.load(1000, bench.op(bench.load_x), Bench::at(0)).request;
  const double ready = bench.dram.answer(1000, request).at;
  EXPECT_GT(ready, 1500);
  EXPECT_EQ(l2.load(1200, bench.op(bench.load_x), Bench::at(0)).request, request);
  EXPECT_EQ(l2.traffic().fetched, tile_bytes);
  EXPECT_EQ(l2.load(ready, bench.op(bench.load_x), Bench::at(0)).request, 0);
  EXPECT_EQ(bench.dram.moved(), tile_bytes);
}
TEST(L2, WritingBackTakesDramsTime) {
  Bench bench{2 * tile_bytes};
  L2 l2 = bench.l2();
  EXPECT_EQ(l2.store(0, bench.op(bench.store_y), Bench::at(0)).request, 0);
  EXPECT_EQ(l2.store(0, bench.op(bench.store_y), Bench::at(1)).request, 0);
  const Dram::Request request = l2.store(0, bench.op(bench.store_y), Bench::at(2)).request;
  EXPECT_GT(bench.dram.answer(0, request).at, 500);
  EXPECT_EQ(bench.dram.moved(), tile_bytes);
}

/// S of 128 x 128 numbers: squares of 64, then rows of 16, as a product writes it and a softmax reads it.
struct Score {
  Program program;
  ProgramCounts counts;
  Device on = device();
  Dram dram{1000, 500};
  int square = 0, rows = 0, write = 0;

  explicit Score() {
    ProgramWriter w{program};
    const int s = w.input("S", 2, {128, 128});
    w.launch("bench", {}, {{"cta", 1}});
    w.role("all", 4);
    const int i = w.loop(constant(0), constant(2)), j = w.loop(constant(0), constant(2), i);
    w.in(j);
    square = w.load(s, {tile(loop_index(i), 64), tile(loop_index(j), 64)});
    const int row = w.loop(constant(0), constant(8));
    w.in(row);
    rows = w.load(s, {tile(loop_index(row), 16), whole(128)});
    write = w.store(s, {tile(loop_index(row), 16), whole(128)});
    count(program, counts);
    on.memory.l2.capacity = Bytes{1e6};
  }
  [[nodiscard]] const TileOp& op(int index) const { return program.ops[static_cast<std::size_t>(index)]; }
};

TEST(L2, OfACellOnlyWhatIsAskedForIsFetched) {
  Score score;
  L2 l2{score.on, score.program, score.counts, score.dram};
  Indices at{};
  EXPECT_EQ(l2.load(0, score.op(score.square), at).bytes, 8192);  // rows 0 .. 63, left half
  EXPECT_EQ(l2.traffic().fetched, 8192);
  EXPECT_EQ(l2.load(1e6, score.op(score.rows), at).bytes, 4096);  // rows 0 .. 15: the right half is missing
  EXPECT_EQ(l2.traffic().fetched, 8192 + 2048);
  at[first_loop_index + 1] = 1;
  l2.load(2e6, score.op(score.square), at);  // right half: rows 0 .. 15 are there
  EXPECT_EQ(l2.traffic().fetched, 8192 + 8192);
  at[first_loop_index + 2] = 7;
  l2.store(3e6, score.op(score.write), at);  // rows 112 .. 127
  at[first_loop_index] = 1;
  l2.load(4e6, score.op(score.square), at);  // rows 64 .. 127, right half, of which 16 were written
  EXPECT_EQ(l2.traffic().fetched, 8192 + 8192 + 6144);
  EXPECT_EQ(l2.unwritten(), 4096);
}

}  // namespace
}  // namespace rooftile::sim
