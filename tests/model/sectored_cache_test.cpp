// The counting L2 against what a cache must do, and against a model of it in plain containers.
#include "rooftile/model/sectored_cache.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <list>
#include <map>
#include <set>
#include <stdexcept>

namespace rooftile {
namespace {

constexpr std::uint64_t line = SectoredCache::line_bytes;
constexpr std::uint64_t sector = SectoredCache::sector_bytes;

TEST(SectoredCache, AReadFetchesItsSectorAlone) {
  SectoredCache l2{1 << 20};
  l2.read(0);
  l2.read(sector - 1);
  EXPECT_EQ(l2.fetched_sectors(), 1);
  l2.read(sector);  // the same line, another sector
  EXPECT_EQ(l2.fetched_sectors(), 2);
  l2.read(0);
  EXPECT_EQ(l2.fetched_sectors(), 2);
}

TEST(SectoredCache, TheLeastRecentlyUsedLineMakesRoom) {
  SectoredCache l2{4 * line, 4};
  ASSERT_EQ(l2.sets(), 1);
  for (const std::uint64_t i : {0, 1, 2, 3, 0, 2}) l2.read(i * line);
  EXPECT_EQ(l2.fetched_sectors(), 4);
  l2.read(4 * line);  // 1 goes
  for (const std::uint64_t i : {0, 2, 3, 4}) l2.read(i * line);
  EXPECT_EQ(l2.fetched_sectors(), 5);
  l2.read(1 * line);
  EXPECT_EQ(l2.fetched_sectors(), 6);
}

TEST(SectoredCache, AWriteTakesALineWithoutFetching) {
  SectoredCache l2{4 * line, 4};
  l2.write(0);
  l2.read(0);
  EXPECT_EQ(l2.fetched_sectors(), 0);
  l2.read(sector);  // its neighbour was never there
  EXPECT_EQ(l2.fetched_sectors(), 1);
}

TEST(SectoredCache, DirtySectorsLeaveWithTheirLine) {
  SectoredCache l2{2 * line, 2};
  l2.write(0);
  l2.write(2 * sector);
  l2.read(3 * sector);
  l2.read(1 * line);
  EXPECT_EQ(l2.written_back_sectors(), 0);
  l2.read(2 * line);  // line 0 goes: two dirty sectors of three valid ones
  EXPECT_EQ(l2.written_back_sectors(), 2);
  l2.read(0);
  EXPECT_EQ(l2.fetched_sectors(), 4);
}

TEST(SectoredCache, AFlushWritesBackOnceAndKeepsTheLines) {
  SectoredCache l2{1 << 20};
  for (std::uint64_t i = 0; i < 10; ++i) l2.write(i * sector);
  l2.flush();
  EXPECT_EQ(l2.written_back_sectors(), 10);
  l2.flush();
  EXPECT_EQ(l2.written_back_sectors(), 10);
  for (std::uint64_t i = 0; i < 10; ++i) l2.read(i * sector);
  EXPECT_EQ(l2.fetched_sectors(), 0);
}

TEST(SectoredCache, SmallCapacitiesAreOneSet) {
  EXPECT_EQ(SectoredCache{1}.sets(), 1);
  EXPECT_EQ((SectoredCache{40 << 20, 16}.sets()), 20480);
  EXPECT_THROW((SectoredCache{1 << 20, 0}), std::invalid_argument);
}

TEST(SectoredCache, ARegionOfItsSizeFitsExactly) {
  for (const std::int64_t capacity : {256 << 10, 1 << 20, 40 << 20}) {
    SectoredCache l2{capacity};
    const auto end = static_cast<std::uint64_t>(capacity);
    for (int round = 0; round < 2; ++round) {
      for (std::uint64_t a = 0; a < end; a += sector) l2.read(a);
    }
    EXPECT_EQ(l2.fetched_sectors() * SectoredCache::sector_bytes, capacity);
  }
}

/// A quarter of the cache, in lines a power of two apart: with the low bits as the set's index all of them would fall
/// into a few sets and each round would fetch everything anew.
TEST(SectoredCache, PowerOfTwoStridesKeepTheirPlace) {
  constexpr std::int64_t capacity = 1 << 20;
  constexpr std::uint64_t lines = capacity / line / 4;
  for (int shift = 7; shift < 24; ++shift) {
    SectoredCache l2{capacity};
    for (int round = 0; round < 10; ++round) {
      for (std::uint64_t i = 0; i < lines; ++i) l2.read(i << shift);
    }
    EXPECT_LE(l2.fetched_sectors(), static_cast<std::int64_t>(lines + lines / 10)) << "stride 2^" << shift;
  }
}

/// The same cache in plain containers: a list of lines per set, the most recent first.
class PlainCache {
 public:
  PlainCache(const SectoredCache& like, std::size_t ways) : like_{like}, ways_{ways} {}

  void access(std::uint64_t address, bool write) {
    std::list<Line>& set = sets_[like_.set_of(address)];
    auto found = set.begin();
    while (found != set.end() && found->number != address / line) ++found;
    if (found == set.end()) found = set.insert(set.begin(), Line{address / line, {}, {}});
    set.splice(set.begin(), set, found);
    if (set.size() > ways_) {
      written_back += static_cast<std::int64_t>(set.back().dirty.size());
      set.pop_back();
    }
    const std::uint64_t piece = address % line / sector;
    if (write) {
      set.front().dirty.insert(piece);
    } else if (!set.front().valid.contains(piece)) {
      ++fetched;
    }
    set.front().valid.insert(piece);
  }
  void flush() {
    for (auto& [index, set] : sets_) {
      for (Line& l : set) {
        written_back += static_cast<std::int64_t>(l.dirty.size());
        l.dirty.clear();
      }
    }
  }
  std::int64_t fetched = 0;
  std::int64_t written_back = 0;

 private:
  struct Line {
    std::uint64_t number;
    std::set<std::uint64_t> valid, dirty;
  };
  const SectoredCache& like_;
  std::size_t ways_;
  std::map<std::int64_t, std::list<Line>> sets_;
};

RC_GTEST_PROP(SectoredCacheProperty, EqualsAPlainModel, ()) {
  const int ways = *rc::gen::inRange(1, 9);
  const int sets = *rc::gen::inRange(1, 8);
  SectoredCache l2{SectoredCache::line_bytes * ways * sets, ways};
  PlainCache plain{l2, static_cast<std::size_t>(ways)};
  const auto lines = static_cast<std::uint64_t>(*rc::gen::inRange(1, 4 * ways * sets));
  const auto accesses = *rc::gen::container<std::vector<std::uint32_t>>(400, rc::gen::arbitrary<std::uint32_t>());
  for (const std::uint32_t drawn : accesses) {
    const std::uint64_t address = drawn / 16 % (lines * 4) * sector + drawn % 16;
    const bool write = (drawn & 1) != 0;
    if (write) {
      l2.write(address);
    } else {
      l2.read(address);
    }
    plain.access(address, write);
    if (drawn % 97 == 0) {
      l2.flush();
      plain.flush();
    }
    RC_ASSERT(l2.fetched_sectors() == plain.fetched);
    RC_ASSERT(l2.written_back_sectors() == plain.written_back);
  }
  RC_CLASSIFY(plain.written_back > 0, "wrote back");
}

}  // namespace
}  // namespace rooftile
