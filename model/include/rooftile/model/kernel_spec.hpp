// An implementation that a measured number can belong to: an algorithm plus everything that decides its traffic and
// time. Specs are YAML files in kernels/specs/ (read by rooftile::model_yaml); names are an interface.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/device.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/workload.hpp"
#include "tl/expected.hpp"

namespace rooftile {

/// The algorithms that a program builder exists for (algorithm.hpp has the table).
enum class Algorithm : std::uint8_t { standard, flash2 };

/// How often softmax goes through a row. Loads + stores of the row per element:
///   naive 2 + 1 (sum of exp, then divide; overflows for large scores), safe 3 + 1 (maximum, sum, divide),
///   online 2 + 1 (Milakov & Gimelshein 2018: maximum and sum in one pass), fused 1 + 1 (row held on chip).
enum class SoftmaxPasses : std::uint8_t { naive, safe, online, fused };

/// What separates one launch from the next (device.launch.*_period).
enum class LaunchStyle : std::uint8_t { stream, graph, framework };

/// The instruction that feeds the tensor cores. `native`: the fastest of the architecture, as vendor libraries choose
/// it (wgmma from compute capability 9.0 on, mma.sync below).
enum class MathPath : std::uint8_t { mma_sync, wgmma, native };

/// When an extra pass of a standard-attention recipe is made.
enum class PassCondition : std::uint8_t { always, causal, masked, dropout };

/// An elementwise kernel that a framework runs over the score matrix beside the three of the algorithm.
struct ExtraPass {
  enum class Place : std::uint8_t { before_softmax, after_softmax };
  std::string name;  ///< "mask_add": also the launch's name
  Place place = Place::before_softmax;
  PassCondition when = PassCondition::always;
  bool shared = false;        ///< over one [seq_q, seq_kv] matrix for all heads (a mask being built)
  bool reads_shared = false;  ///< reads that shared matrix once per head, beside the scores
  int score_reads = 1;        ///< N² tensors of the score dtype read, 0 or 1
  int score_writes = 1;       ///< N² tensors of the score dtype written, 0 or 1
  int byte_mask_reads = 0;    ///< N² tensors of one byte read (a stored dropout or boolean mask), 0 or 1
  int byte_mask_writes = 0;   ///< N² tensors of one byte written, 0 or 1
};

/// One tile shape and the launches it is right for. The first matching row of a spec wins.
struct TileRow {
  ComputeCapability from{0, 0};  ///< inclusive
  ComputeCapability to{99, 9};   ///< inclusive
  std::int64_t head_dim = 0;     ///< the kernel is compiled for this head dim; serves shapes up to it
  std::vector<Mask> masks;       ///< empty: any
  std::int64_t br = 0;           ///< query rows per CTA (GEMM: rows of C)
  std::int64_t bc = 0;           ///< keys per trip (GEMM: columns of C)
  std::int64_t bk = 0;           ///< depth per trip, GEMM launches only
  int warps = 4;
  int stages = 1;            ///< K/V (GEMM: A/B) buffers in flight
  int registers = 255;       ///< per thread
  int registers_narrow = 0;  ///< of the GEMM that makes 64 columns of C per CTA; 0: as `registers`
  std::int64_t smem = 0;     ///< bytes per CTA; 0: what the algorithm's formula says
};

/// The rows of one of our kernels (tile_table.hpp) as a spec holds them: narrowest head dim first, one row per
/// architecture that the kernel is compiled for. A kernel `a_b` without rows of its own has those of `a`; empty for an
/// unknown name. The narrow GEMM has no row: its width follows from the product (gemm_bc()).
[[nodiscard]] std::vector<TileRow> own_tile_rows(std::string_view kernel);

/// Widths of a GEMM's tile of C are multiples of this: a narrow C gets a narrow tile, `bc` is the widest.
inline constexpr std::int64_t gemm_column_step = 64;

/// Everything the model knows of one implementation.
struct KernelSpec {
  std::string name;  ///< "fa2"
  std::string description;
  std::string source;  ///< where its shapes come from
  Algorithm algorithm = Algorithm::flash2;
  std::vector<DType> dtypes;
  std::vector<Pass> passes{Pass::fwd};
  std::vector<Mask> masks;       ///< masks it can apply
  bool dropout = false;          ///< can drop out
  ComputeCapability from{0, 0};  ///< architectures it is built for, inclusive
  ComputeCapability to{99, 9};
  bool what_if_anywhere = false;  ///< a bare algorithm name: predicts on any architecture, with a note
  MathPath math = MathPath::mma_sync;
  LaunchStyle launch = LaunchStyle::stream;
  L2State l2 = L2State::cold;                   ///< what its measurements start from
  bool packs_group = false;                     ///< folds a GQA group's query heads into the rows of one tile
  bool longest_first = false;                   ///< hands out the CTAs with most trips first
  SoftmaxPasses softmax = SoftmaxPasses::safe;  ///< standard only
  bool copies_q_and_k = false;                  ///< standard only: q and k are made contiguous first
  bool expands_kv = false;         ///< standard only: K and V are repeated for every query head of the group
  bool logsumexp = false;          ///< standard only: softmax also writes LSE [batch, heads, seq_q], fp32
  std::int64_t score_padding = 1;  ///< standard only: rows of S and P are this many elements times a whole number; the
                                   ///< pad is computed, stored and loaded like the rest
  std::vector<ExtraPass> extra_passes;  ///< standard only
  std::vector<TileRow> tiles;           ///< attention tile (flash2) or GEMM tile (standard)
  Location where;
};

/// What a user may change of a spec for one question.
struct SpecOverrides {
  std::int64_t br = 0;  ///< 0: the spec's
  std::int64_t bc = 0;
};

/// The row of the spec that serves this head dim, mask and architecture (with overrides applied); or why there is none.
/// A spec that predicts anywhere takes a row of the device's own architecture where it has one.
[[nodiscard]] tl::expected<TileRow, Refusal> select_tile(const KernelSpec& spec, const Device& device,
                                                         std::int64_t head_dim, Mask mask,
                                                         SpecOverrides overrides = {});

template <>
struct EnumNames<Algorithm> {
  static constexpr std::string_view kind = "algorithm";
  static constexpr Named<Algorithm> table[] = {{Algorithm::standard, "standard"}, {Algorithm::flash2, "flash2"}};
};
template <>
struct EnumNames<SoftmaxPasses> {
  static constexpr std::string_view kind = "softmax";
  static constexpr Named<SoftmaxPasses> table[] = {{SoftmaxPasses::naive, "naive"},
                                                   {SoftmaxPasses::safe, "safe"},
                                                   {SoftmaxPasses::online, "online"},
                                                   {SoftmaxPasses::fused, "fused"}};
};
template <>
struct EnumNames<LaunchStyle> {
  static constexpr std::string_view kind = "launch";
  static constexpr Named<LaunchStyle> table[] = {
      {LaunchStyle::stream, "stream"}, {LaunchStyle::graph, "graph"}, {LaunchStyle::framework, "framework"}};
};
template <>
struct EnumNames<MathPath> {
  static constexpr std::string_view kind = "math";
  static constexpr Named<MathPath> table[] = {
      {MathPath::mma_sync, "mma_sync"}, {MathPath::wgmma, "wgmma"}, {MathPath::native, "native"}};
};
template <>
struct EnumNames<PassCondition> {
  static constexpr std::string_view kind = "when";
  static constexpr Named<PassCondition> table[] = {{PassCondition::always, "always"},
                                                   {PassCondition::causal, "causal"},
                                                   {PassCondition::masked, "masked"},
                                                   {PassCondition::dropout, "dropout"}};
};
template <>
struct EnumNames<ExtraPass::Place> {
  static constexpr std::string_view kind = "place";
  static constexpr Named<ExtraPass::Place> table[] = {{ExtraPass::Place::before_softmax, "before_softmax"},
                                                      {ExtraPass::Place::after_softmax, "after_softmax"}};
};

}  // namespace rooftile
