// An implementation that a measured number can belong to: an algorithm plus everything that decides its traffic and
// time. Specs are YAML files in kernels/specs/ (read by rooftile::model_yaml); names are an interface.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/calibration.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/known_error.hpp"
#include "rooftile/model/workload.hpp"
#include "tl/expected.hpp"

namespace rooftile {

/// The algorithms that a program builder exists for (algorithm.hpp has the table).
enum class Algorithm : std::uint8_t { standard, flash1, flash2, flash3, split_kv };

/// When the query heads of a GQA group are folded into the rows of one tile: FlashAttention-2 for a single query,
/// FlashAttention-3 where rows are used better by more than 1 / 0.9 (hopper/heuristics.h, should_pack_gqa).
enum class GroupPacking : std::uint8_t { never, always, one_query, efficient };

/// Who says into how many parts the keys are split (split_rule.hpp).
enum class SplitRule : std::uint8_t { fixed, fa2, fa2_varlen, fa3, fa3_varlen };

/// Which heads' tiles are handed out together, longest first, under a causal mask (algorithms/section_rule.hpp).
enum class SectionRule : std::uint8_t { none, fa3, fa3_varlen };

/// How the tiles of a launch reach the SMs: a CTA each, or CTAs that stay and take tiles in turn or as they get free.
/// In turn means in grid order, in strides of as many CTAs as there are; where the longest tiles come first, from the
/// longest of all columns to the shortest, there and back.
enum class Schedule : std::uint8_t { one_per_cta, persistent_static, persistent_dynamic };

/// When a spec's other kernel takes a call: always (on its architectures), for a single query per sequence, or where
/// the split rule asks for more than one part.
enum class TakesOver : std::uint8_t { always, one_query, split };

/// How often softmax goes through a row. Loads + stores of the row per element:
///   naive 2 + 1 (sum of exp, then divide; overflows for large scores), safe 3 + 1 (maximum, sum, divide),
///   online 2 + 1 (Milakov & Gimelshein 2018: maximum and sum in one pass), fused 1 + 1 (row held on chip).
enum class SoftmaxPasses : std::uint8_t { naive, safe, online, fused };

/// How dS = P ∘ (dP − rowsum(P ∘ dP)) goes through P and dP. Loads + stores of a row per element:
///   fused 2 + 1 (rows held on chip), two_sweeps 4 + 1 (row sums, then dS),
///   product_fused 4 + 2 (T = P ∘ dP is a kernel of its own: 2 + 1; then T and P once, rows held on chip: 2 + 1),
///   product_two_sweeps 5 + 2 (T first; then T for the row sums, T and P for dS; rows of up to 1024: product_fused).
enum class SoftmaxBackward : std::uint8_t { fused, two_sweeps, product_fused, product_two_sweeps };

/// Whose kernels go along the rows of the N² matrices: ours (softmax_launch.cpp), or PyTorch's, which keep rows of up
/// to 1024 columns in the registers of a warp and give longer ones a CTA, as many threads as half of its 16-byte pieces
/// (row_kernels.hpp); how often they go through a long row is SoftmaxPasses, SoftmaxBackward.
enum class RowKernels : std::uint8_t { ours, pytorch };

/// Where a tensor is kept between its uses: in device memory; there, with as much as may be set aside pinned in L2 (the
/// access policy window, CUDA C++ Programming Guide, "L2 set-aside cache for persisting accesses"); or in host memory,
/// from where a piece per sequence and K/V head is fetched over the link while the piece before is worked on.
enum class Placement : std::uint8_t { dram, l2, host };

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
  std::string name;       ///< "mask_add": also the launch's name
  Pass pass = Pass::fwd;  ///< fwd: over the scores; bwd: over their gradient, places keep their names
  Place place = Place::before_softmax;
  PassCondition when = PassCondition::always;
  bool shared = false;        ///< over one [seq_q, seq_kv] matrix for all heads (a mask being built)
  bool by_offsets = false;    ///< its operands lie differently (one is broadcast): index arithmetic per element
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
  Pass pass = Pass::fwd;         ///< the pass it is the tile of; fwd+bwd: of both
  std::int64_t br = 0;           ///< query rows per CTA (GEMM: rows of C)
  std::int64_t bc = 0;           ///< keys per trip (GEMM: columns of C)
  std::int64_t bk = 0;           ///< depth per trip, GEMM launches only
  std::vector<DType> dtypes;     ///< GEMM launches only; empty: any
  bool whole_tiles = false;      ///< GEMM launches only: a narrow C is computed in tiles as wide as the others
  int warps = 4;
  int stages = 1;               ///< K/V (backward: Q, GEMM: A/B) buffers in flight
  int grad_stages = 1;          ///< backward of flash only: dO buffers in flight
  bool v_in_registers = false;  ///< backward of flash only: V is read from shared memory once
  bool dropout_only = false;    ///< serves calls with dropout alone
  bool never_drops = false;     ///< serves calls without dropout alone
  int cluster = 1;              ///< flash3 only: CTAs along the query tiles that share K and V by multicast
  Schedule schedule = Schedule::one_per_cta;  ///< flash3 only
  bool p_in_smem = false;                     ///< flash3 only: PV reads P from shared memory, not from registers
  bool serial = false;  ///< flash3 only: neither ping_pong nor overlap, whatever the spec says of its other tiles
  int registers = 255;  ///< per thread
  int consumer_registers = 0;  ///< flash3 only: of a consumer that needs more than setmaxnreg grants; 0: that
  int registers_narrow = 0;    ///< of the GEMM that makes 64 columns of C per CTA; 0: as `registers`
  int registers_merge = 0;     ///< of our split_kv's second launch; 0: FlashAttention-2's combine kernel
  std::int64_t smem = 0;       ///< bytes per CTA; 0: what the algorithm's formula says
};

/// The rows of one of our kernels (tile_table.hpp) as a spec holds them: narrowest head dim first, one row per
/// architecture that the kernel is compiled for. A kernel `a_b` without rows of its own has those of `a`; empty for an
/// unknown name. The narrow GEMM has no row: its width follows from the product (gemm_bc()).
[[nodiscard]] std::vector<TileRow> own_tile_rows(std::string_view kernel);

/// What was fitted to an implementation's measurements in one regime, and how well (kernels/calibrations/).
struct FittedRegime {
  Calibration constants;
  double expected_error = 0;          ///< mean of |error| on rows that were not fitted
  std::string fitted_on;              ///< "VLLM 0.14.0 on a100_sxm4_80gb"
  std::vector<std::string> profiles;  ///< measured on
  std::vector<KnownError> errors{};   ///< as expected_error, by GPU and what decides, rows of any length
};

/// The regimes of an implementation that measurements exist for.
struct SpecCalibration {
  std::optional<FittedRegime> prefill, decode, backward, alone;
  std::string borrowed_from;  ///< the spec whose measurements these are; "": its own

  [[nodiscard]] const std::optional<FittedRegime>& of(Regime regime) const { return this->*member(regime); }
  [[nodiscard]] std::optional<FittedRegime>& of(Regime regime) { return this->*member(regime); }

 private:
  using Member = std::optional<FittedRegime> SpecCalibration::*;
  [[nodiscard]] static Member member(Regime regime) {
    switch (regime) {
      case Regime::prefill: break;
      case Regime::decode: return &SpecCalibration::decode;
      case Regime::backward: return &SpecCalibration::backward;
      case Regime::alone: return &SpecCalibration::alone;
    }
    return &SpecCalibration::prefill;
  }
};

/// All constants as text, the same for the same numbers: "calibration.prefill.trip_factor: 1.046\n..."; "" without any.
[[nodiscard]] std::string canonical_text(const SpecCalibration& calibration);

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
  L2State l2 = L2State::cold;                      ///< what its measurements start from
  Placement kv_placement = Placement::dram;        ///< where K and V are kept
  GroupPacking packs_group = GroupPacking::never;  ///< folds a GQA group's query heads into the rows of one tile
  bool longest_first = false;                      ///< hands out the CTAs with most trips first
  SectionRule sections = SectionRule::none;        ///< of heads; causal
  SoftmaxPasses softmax = SoftmaxPasses::safe;     ///< standard only
  RowKernels row_kernels = RowKernels::ours;       ///< standard only
  bool copies_q_and_k = false;                     ///< standard only: q and k are made contiguous first
  bool copies_v = false;                           ///< standard only: so is v
  bool scales_k = false;                           ///< standard only: k is multiplied by the scale, in a kernel
  bool expands_kv = false;         ///< standard only: K and V are repeated for every query head of the group
  bool logsumexp = false;          ///< standard only: softmax also writes LSE [batch, heads, seq_q], fp32
  std::int64_t score_padding = 1;  ///< standard only: rows of S and P are this many elements times a whole number; the
                                   ///< pad is computed, stored and loaded like the rest
  std::vector<ExtraPass> extra_passes;                             ///< standard only
  SoftmaxBackward softmax_backward = SoftmaxBackward::two_sweeps;  ///< standard only
  bool scales_gradients = false;   ///< standard only: dQ and dK are multiplied by the scale in a kernel each
  bool gathers_gradients = false;  ///< standard only: dQ, dK, dV are copied into one tensor
  bool deterministic = false;      ///< backward of flash2: a dQ sum per CTA of a head, added up in order
  bool sums_group = false;         ///< backward of flash2: a CTA makes dK and dV of a K/V head, whatever the group
  bool writes_cache = false;       ///< a call first writes its new keys and values into the cache
  bool copies_group = false;       ///< heads of a group become rows by a copy (algorithms/serving_launches.cpp)
  bool sorts_sequences = false;    ///< a call first sorts its sequences by length (the same)
  std::int64_t max_seq_kv = 0;     ///< longest row of keys it takes; 0: any
  std::vector<Op> ops{Op::attention, Op::gemm, Op::softmax};  ///< what can be asked of it
  int dropout_bits = 32;                                      ///< flash only: random bits per softmax weight
  bool paper_tile = false;       ///< flash1 only: the tile of Algorithm 1 instead of `tiles`
  bool as_printed = false;       ///< flash1 only: O, l, m are initialised in memory and read by the first block
  bool kv_in_registers = false;  ///< flash1 only: K and V are read from shared memory once per block of keys
  int row_statistics = 2;        ///< flash1 only: floats kept per row: l and m, or their logsumexp
  bool ping_pong = false;        ///< flash3 only: consumer warpgroups take turns at products and softmax
  bool overlap = false;          ///< flash3 only: QKᵀ of a block runs beside the softmax of the block before
  SplitRule split_rule = SplitRule::fixed;   ///< split_kv and flash3
  int splits = 1;                            ///< split_kv and flash3: parts if the rule is `fixed`
  std::vector<TileRow> tiles;                ///< attention tile (flash) or GEMM tile (standard)
  TakesOver takes_over = TakesOver::always;  ///< of a kernel in `instead`
  std::vector<KernelSpec> instead;  ///< kernels that take some calls from this one; the first that does runs alone
  SpecCalibration calibration;
  Location where;
};

/// What a user may change of a spec for one question.
struct SpecOverrides {
  std::int64_t br = 0;  ///< 0: the spec's
  std::int64_t bc = 0;
  std::int64_t warps = 0;   ///< flash3: the producer's four among them
  std::int64_t stages = 0;  ///< buffers in flight

  [[nodiscard]] constexpr bool any() const { return br != 0 || bc != 0 || warps != 0 || stages != 0; }
  friend bool operator==(const SpecOverrides&, const SpecOverrides&) = default;
};

/// The row of the spec that serves this head dim, mask and architecture (with overrides applied); or why there is none.
/// A spec that predicts anywhere takes a row of the device's own architecture where it has one.
[[nodiscard]] tl::expected<TileRow, Refusal> select_tile(const KernelSpec& spec, const Device& device,
                                                         std::int64_t head_dim, Mask mask, SpecOverrides overrides = {},
                                                         bool dropout = false, Pass pass = Pass::fwd,
                                                         DType dtype = DType::fp16);

template <>
struct EnumNames<Algorithm> {
  static constexpr std::string_view kind = "algorithm";
  static constexpr Named<Algorithm> table[] = {{Algorithm::standard, "standard"},
                                               {Algorithm::flash1, "flash1"},
                                               {Algorithm::flash2, "flash2"},
                                               {Algorithm::flash3, "flash3"},
                                               {Algorithm::split_kv, "split_kv"}};
};
template <>
struct EnumNames<GroupPacking> {
  static constexpr std::string_view kind = "packs_group";
  static constexpr Named<GroupPacking> table[] = {{GroupPacking::never, "false"},
                                                  {GroupPacking::always, "true"},
                                                  {GroupPacking::one_query, "one_query"},
                                                  {GroupPacking::efficient, "efficient"}};
};
template <>
struct EnumNames<SectionRule> {
  static constexpr std::string_view kind = "section rule";
  static constexpr Named<SectionRule> table[] = {
      {SectionRule::none, "none"}, {SectionRule::fa3, "fa3"}, {SectionRule::fa3_varlen, "fa3_varlen"}};
};
template <>
struct EnumNames<SplitRule> {
  static constexpr std::string_view kind = "splits";
  static constexpr Named<SplitRule> table[] = {{SplitRule::fixed, "fixed"},
                                               {SplitRule::fa2, "fa2"},
                                               {SplitRule::fa2_varlen, "fa2_varlen"},
                                               {SplitRule::fa3, "fa3"},
                                               {SplitRule::fa3_varlen, "fa3_varlen"}};
};
template <>
struct EnumNames<Schedule> {
  static constexpr std::string_view kind = "schedule";
  static constexpr Named<Schedule> table[] = {{Schedule::one_per_cta, "one_per_cta"},
                                              {Schedule::persistent_static, "persistent_static"},
                                              {Schedule::persistent_dynamic, "persistent_dynamic"}};
};
template <>
struct EnumNames<TakesOver> {
  static constexpr std::string_view kind = "when";
  static constexpr Named<TakesOver> table[] = {
      {TakesOver::always, "always"}, {TakesOver::one_query, "one_query"}, {TakesOver::split, "split"}};
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
struct EnumNames<SoftmaxBackward> {
  static constexpr std::string_view kind = "softmax_backward";
  static constexpr Named<SoftmaxBackward> table[] = {{SoftmaxBackward::fused, "fused"},
                                                     {SoftmaxBackward::two_sweeps, "two_sweeps"},
                                                     {SoftmaxBackward::product_fused, "product_fused"},
                                                     {SoftmaxBackward::product_two_sweeps, "product_two_sweeps"}};
};
template <>
struct EnumNames<RowKernels> {
  static constexpr std::string_view kind = "row_kernels";
  static constexpr Named<RowKernels> table[] = {{RowKernels::ours, "ours"}, {RowKernels::pytorch, "pytorch"}};
};
template <>
struct EnumNames<Placement> {
  static constexpr std::string_view kind = "kv_placement";
  static constexpr Named<Placement> table[] = {
      {Placement::dram, "dram"}, {Placement::l2, "l2"}, {Placement::host, "host"}};
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
