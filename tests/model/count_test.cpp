// Counts to the byte: against the papers' formulas, and against brute-force expansion of the same Program.
#include "rooftile/model/count.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "expansion.hpp"
#include "rooftile/model/expand.hpp"
#include "rooftile/model/program_writer.hpp"
#include "rooftile/model/waves.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;
using test::expect_equal_to_expansion;

AttentionShape random_shape(std::mt19937& random) {
  const auto pick = [&](Int low, Int high) { return std::uniform_int_distribution<Int>{low, high}(random); };
  const Int group = std::array<Int, 8>{1, 1, 2, 3, 4, 5, 7, 8}[static_cast<std::size_t>(pick(0, 7))];
  AttentionShape s;
  s.batch = pick(1, 3);
  s.kv_heads = pick(1, 3);
  s.heads = s.kv_heads * group;
  s.seq_q = pick(0, 4) == 0 ? pick(1, 8) : pick(1, 700);
  s.seq_kv = pick(0, 2) == 0 ? s.seq_q : pick(1, 900);
  s.head_dim = std::array<Int, 6>{32, 40, 64, 80, 96, 128}[static_cast<std::size_t>(pick(0, 5))];
  s.mask = pick(0, 3) > 0 ? Mask::causal : Mask::none;
  return s;
}

TEST(Count, EqualsExpansionOnRandomShapes) {
  std::mt19937 random{1};
  Program program;
  for (int n = 0; n < 1000; ++n) {
    const AttentionShape shape = random_shape(random);
    const SpecOverrides tile = std::array<SpecOverrides, 5>{
        {{0, 0}, {64, 128}, {128, 176}, {64, 256}, {48, 80}}}[static_cast<std::size_t>(n % 5)];
    test::build_or_throw(program, shape, test::flash2_spec(), tile);
    expect_equal_to_expansion(program, "flash2 " + describe(shape));
    if (n % 4 != 0) continue;
    const auto passes = static_cast<SoftmaxPasses>(n / 4 % 4);
    test::build_or_throw(program, shape, n % 32 < 16 ? test::standard_spec(passes) : test::textbook_spec(passes));
    expect_equal_to_expansion(program, "standard " + describe(shape));
  }
}

/// Rows longer than 1024 columns have a softmax of their own; pads of every width, GEMM tiles of every shape.
TEST(Count, EqualsExpansionOnLongPaddedRows) {
  std::mt19937 random{6};
  Program program;
  for (int n = 0; n < 60; ++n) {
    AttentionShape shape = random_shape(random);
    shape.batch = 1;
    shape.seq_kv += 700;
    KernelSpec spec = test::standard_spec(static_cast<SoftmaxPasses>(n % 4));
    spec.score_padding = 1 << n % 6;
    const SpecOverrides tile =
        std::array<SpecOverrides, 3>{{{0, 0}, {64, 256}, {48, 100}}}[static_cast<std::size_t>(n % 3)];
    test::build_or_throw(program, shape, spec, tile);
    expect_equal_to_expansion(program, "standard " + describe(shape));
  }
}

TEST(Count, GuardsEqualExpansion) {
  std::mt19937 random{2};
  Program program;
  for (int n = 0; n < 300; ++n) {
    const AttentionShape shape = random_shape(random);
    test::build_or_throw(program, shape, test::flash2_spec());
    for (TileOp& op : program.ops) {
      if (op.loop < 0 || random() % 2 == 0) continue;
      op.guard = static_cast<Guard>(1 + random() % 3);
      op.guard_loop = op.loop;
    }
    expect_equal_to_expansion(program, describe(shape));
  }
}

/// A nest that no shipped algorithm has yet: triangular loops, a moving cap, a guard on the outer loop.
TEST(Count, TriangularAndCappedNestsEqualExpansion) {
  std::mt19937 random{3};
  const auto pick = [&](Int low, Int high) { return std::uniform_int_distribution<Int>{low, high}(random); };
  Program program;
  for (int n = 0; n < 500; ++n) {
    const Int rows = pick(1, 400), cols = pick(1, 400), br = pick(16, 64), bc = pick(16, 96);
    const Int row_tiles = ceil_div(rows, br), col_tiles = ceil_div(cols, bc);
    ProgramWriter w{program};
    const int x = w.input("X", 2, {3, rows, 40});
    const int y = w.output("Y", 4, {3, cols});
    w.launch("nest", {}, {{"split", 4}, {"head", 3}});
    w.role("all", 4);
    const int outer = w.loop(constant(0), constant(col_tiles));
    const int inner =
        w.loop(affine(loop_index(outer), pick(-60, 60), bc, br, 0, row_tiles), constant(row_tiles), outer);
    w.in(inner);
    w.load(x, {at(1), tile(loop_index(inner), br), whole(40)});
    w.guard(static_cast<Guard>(n % 4), outer);
    w.in(outer);
    w.store(y, {at(1), tile(loop_index(outer), bc)});
    const Int per = ceil_div(col_tiles, 4);
    const int split = w.loop(affine(0, 0, per, 1, 0, col_tiles), affine(0, per, per, 1, 0, col_tiles));
    program.launches.back().loops[static_cast<std::size_t>(split)].has_cap = n % 2 == 0;
    program.launches.back().loops[static_cast<std::size_t>(split)].cap =
        affine(1, pick(0, 80), pick(1, 60), bc, 0, col_tiles);
    w.in(split);
    w.load(y, {at(1), tile(loop_index(split), bc)});
    expect_equal_to_expansion(program, "nest " + std::to_string(n));
  }
}

/// The causal limits element by element: a block is seen if one of its keys is, unmasked if all are by all rows.
TEST(Count, CausalTripsEqualTheMaskItself) {
  std::mt19937 random{4};
  Program program;
  for (int n = 0; n < 200; ++n) {
    AttentionShape s = random_shape(random);
    s.mask = Mask::causal;
    s.batch = s.heads = s.kv_heads = 1;
    test::build_or_throw(program, s, test::flash2_spec());
    const TileRow row = *select_tile(test::flash2_spec(), test::device(), s.head_dim, s.mask);
    Int seen = 0;
    Int whole_blocks = 0;
    for (Int q = 0; q < s.seq_q; q += row.br) {
      const Int last_row = std::min(q + row.br, s.seq_q) - 1;
      for (Int k = 0; k < s.seq_kv; k += row.bc) {
        const bool any = k <= last_row + s.causal_offset();
        const bool all = k + row.bc <= s.seq_kv && k + row.bc - 1 <= q + s.causal_offset();
        seen += static_cast<Int>(any);
        whole_blocks += static_cast<Int>(any && all);
      }
    }
    ProgramCounts counts;
    count(program, counts);
    EXPECT_EQ(counts.launch[0].trips[0] + counts.launch[0].trips[1], seen) << describe(s);
    EXPECT_EQ(counts.launch[0].trips[1], whole_blocks) << describe(s);
  }
}

// ---- formulas ----------------------------------------------------------------------------------------------------

constexpr Int element = 2;

struct StandardCount {
  Int swept = 0;      ///< each launch's distinct inputs and outputs once per sweep
  Int requested = 0;  ///< by SMs
};
StandardCount standard_bytes(const AttentionShape& s, SoftmaxPasses passes) {
  Program program;
  ProgramCounts counts;
  StandardCount total;
  test::build_or_throw(program, s, test::textbook_spec(passes));
  count(program, counts);
  for (const TensorUse& use : counts.uses) {
    total.swept += use.swept_loads + use.swept_stores;
    total.requested += use.loaded + use.stored;
  }
  return total;
}

TEST(Formulas, StandardAttentionMovesFourToSixTimesTheScores) {
  for (const Int n : {128, 1000, 4096, 4095}) {
    for (const Int d : {64, 128}) {
      for (const Mask mask : {Mask::none, Mask::causal}) {
        const AttentionShape s{
            .batch = 2, .heads = 3, .kv_heads = 3, .seq_q = n, .seq_kv = n, .head_dim = d, .mask = mask};
        const Int heads = s.batch * s.heads;
        EXPECT_EQ(standard_bytes(s, SoftmaxPasses::fused).swept, heads * (4 * n * n + 4 * n * d) * element);
        EXPECT_EQ(standard_bytes(s, SoftmaxPasses::online).swept, heads * (5 * n * n + 4 * n * d) * element);
        EXPECT_EQ(standard_bytes(s, SoftmaxPasses::naive).swept, heads * (5 * n * n + 4 * n * d) * element);
        EXPECT_EQ(standard_bytes(s, SoftmaxPasses::safe).swept, heads * (6 * n * n + 4 * n * d) * element);
      }
    }
  }
}

TEST(Formulas, GemmsRereadOncePerTileOfTheOtherDimension) {
  const Int n = 1000, d = 96;
  const AttentionShape s{.batch = 1, .heads = 2, .kv_heads = 2, .seq_q = n, .seq_kv = n, .head_dim = d};
  const Int tiles = ceil_div(n, 128);
  const Int qk = tiles * n * d + tiles * n * d + n * n;
  const Int softmax = 4 * n * n;
  const Int pv = 1 * n * n + tiles * n * d + n * d;  // one column tile of O; V once per row tile
  EXPECT_EQ(standard_bytes(s, SoftmaxPasses::safe).requested, 2 * (qk + softmax + pv) * element);
}

Int requested(const AttentionShape& s, const KernelSpec& spec, SpecOverrides tile = {}) {
  Program program;
  ProgramCounts counts;
  test::build_or_throw(program, s, spec, tile);
  count(program, counts);
  Int total = 0;
  for (std::size_t i = 0; i < program.ops.size(); ++i)
    total += moves_a_tile(program.ops[i].kind) ? counts.op[i].bytes : 0;
  return total;
}

TEST(Formulas, Flash2ReadsKAndVOncePerQueryTile) {
  for (const Int nq : {128, 1000, 4096}) {
    for (const Int nk : {128, 999, 4096}) {
      for (const Int group : {1, 4}) {
        const AttentionShape s{
            .batch = 2, .heads = 8, .kv_heads = 8 / group, .seq_q = nq, .seq_kv = nk, .head_dim = 128};
        const Int tiles = ceil_div(nq, 128);
        const Int lse = nq * 4;
        const Int per_head = (2 * nq * 128 + 2 * tiles * nk * 128) * element + lse;
        EXPECT_EQ(requested(s, test::flash2_spec()), 16 * per_head);
      }
    }
  }
}

TEST(Formulas, Flash2CausalReadsTheBlocksUnderTheDiagonal) {
  // N = 1024, 128 x 64 tiles: query tile i sees 2(i + 1) blocks of 64 keys; 2·(1 + ... + 8) = 72
  const AttentionShape s{
      .batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 1024, .seq_kv = 1024, .head_dim = 128, .mask = Mask::causal};
  EXPECT_EQ(requested(s, test::flash2_spec()), (2 * 1024 * 128 + 2 * 72 * 64 * 128) * element + 1024 * 4);
}

TEST(Formulas, CompulsoryBytesAreInputsAndOutputsOnce) {
  const AttentionShape s{.batch = 2, .heads = 8, .kv_heads = 2, .seq_q = 777, .seq_kv = 1001, .head_dim = 64};
  for (const KernelSpec& spec : {test::flash2_spec(), test::standard_spec()}) {
    Program program;
    ProgramCounts counts;
    test::build_or_throw(program, s, spec);
    count(program, counts);
    const Int lse = 2 * 8 * 777 * 4;
    EXPECT_EQ(counts.compulsory.value(), 2 * (2 * 8 * 777 * 64 + 2 * 2 * 1001 * 64) * element + lse);
  }
}

TEST(Formulas, CausalKeysThatNoRowSeesAreNotTouched) {
  // 64 queries at the end of 1000 keys see all; seq_q > seq_kv: the first rows see nothing, all keys are seen by the
  // last
  const AttentionShape s{
      .batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 640, .seq_kv = 100, .head_dim = 64, .mask = Mask::causal};
  Program program;
  ProgramCounts counts;
  test::build_or_throw(program, s, test::flash2_spec());
  count(program, counts);
  EXPECT_EQ(counts.compulsory.value(), 2 * (640 + 100) * 64 * element + 640 * 4);
}

/// (wave, set) pairs by walking the line of CTAs.
TEST(Formulas, WaveIncidencesEqualAWalk) {
  std::mt19937 random{5};
  const auto pick = [&](Int low, Int high) { return std::uniform_int_distribution<Int>{low, high}(random); };
  Program program;
  for (int n = 0; n < 500; ++n) {
    ProgramWriter w{program};
    const Int set = pick(1, 40), sets = pick(1, 40), wave = pick(1, 300);
    const Launch& launch = w.launch("line", {}, {{"member", set}, {"set", sets}});
    std::set<std::pair<Int, Int>> pairs;
    for (Int cta = 0; cta < set * sets; ++cta) pairs.insert({cta / wave, cta / set});
    EXPECT_DOUBLE_EQ(wave_incidences(launch, 0b10, wave), static_cast<double>(pairs.size()))
        << set << " " << sets << " " << wave;
  }
}

/// (wave, column) pairs where columns are handed out in sections.
TEST(Formulas, WaveIncidencesOfSectionsEqualAWalk) {
  std::mt19937 random{6};
  const auto pick = [&](Int low, Int high) { return std::uniform_int_distribution<Int>{low, high}(random); };
  Program program;
  for (int n = 0; n < 500; ++n) {
    ProgramWriter w{program};
    const Int tiles = pick(1, 20), section = Int{1} << pick(1, 3), heads = section * pick(1, 4), batch = pick(1, 4);
    Launch& launch = w.launch("grid", {}, {{"q_tile", tiles}, {"kv_head", heads}, {"batch", batch}});
    launch.sections = {section, heads};
    const Int wave = section * pick(1, 20);  // whole rows of a section
    std::set<std::pair<Int, Int>> pairs;
    for (Int place = 0; place < launch.ctas(); ++place) pairs.insert({place / wave, launch.cta_at(place) / tiles});
    EXPECT_DOUBLE_EQ(wave_incidences(launch, 0b110, wave), static_cast<double>(pairs.size()))
        << tiles << " x " << heads << " x " << batch << " sections of " << section << " waves of " << wave;
  }
}

/// The swept count by definition: for k = 1, 2, ... the union over CTAs of what each reads at least k times.
TEST(Formulas, SweptBytesEqualTheirDefinition) {
  struct Reader {
    const Program& program;
    std::map<std::pair<Int, Int>, Int> times{};  // (tensor, element) -> reads by this CTA
    std::map<std::pair<Int, Int>, Int> most{};   // ... the most any CTA does
    void flush() {
      for (const auto& [key, n] : times) most[key] = std::max(most[key], n);
      times.clear();
    }
    void cta(const Indices&) { flush(); }
    void enter(int, const Indices&) {}
    void trip(int, const Indices&) {}
    void op(std::int16_t index, const Indices& at) {
      const TileOp& o = program.ops[static_cast<std::size_t>(index)];
      if (o.kind != OpKind::load) return;
      const Tensor& tensor = program.tensors[static_cast<std::size_t>(o.tensor)];
      visit(o, tensor, at, 0, 0);
    }
    void visit(const TileOp& o, const Tensor& tensor, const Indices& at, std::size_t d, Int offset) {
      if (d == o.dims) {
        ++times[{o.tensor, offset}];
        return;
      }
      const TileSpan span = span_of(o.dim[d], tensor.extents[d], at);
      for (Int i = 0; i < span.extent; ++i) visit(o, tensor, at, d + 1, offset * tensor.extents[d] + span.offset + i);
    }
  };
  const AttentionShape base{.batch = 1, .heads = 2, .kv_heads = 1, .seq_q = 150, .seq_kv = 200, .head_dim = 8};
  for (const Mask mask : {Mask::none, Mask::causal}) {
    for (const KernelSpec& spec :
         {test::flash2_spec(), test::standard_spec(), test::standard_spec(SoftmaxPasses::online)}) {
      AttentionShape shape = base;
      shape.mask = mask;
      Program program;
      ProgramCounts counts;
      test::build_or_throw(program, shape, spec);
      count(program, counts);
      for (std::size_t l = 0; l < program.launches.size(); ++l) {
        const Launch& launch = program.launches[l];
        Reader reader{program};
        expand(program, launch, reader);
        reader.flush();
        std::array<Int, max_tensors> expected{};
        for (const auto& [key, n] : reader.most) {
          const auto t = static_cast<std::size_t>(key.first);
          expected[t] += n * program.tensors[t].element_bytes;
        }
        std::array<Int, max_tensors> swept{};
        for (const TensorUse& use : counts.uses_of(l)) swept[static_cast<std::size_t>(use.tensor)] = use.swept_loads;
        EXPECT_EQ(swept, expected) << spec.name << " " << launch.name << " " << name_of(mask);
      }
    }
  }
}

}  // namespace
}  // namespace rooftile
