// What a kernel looks like to the memory hierarchy. An algorithm is written once, as the function that builds its
// Program: the model counts it, the simulator runs it, the host execution of the real kernel must agree with it byte
// for byte.
//
//   Program flash2, A100, 1 head, N = 4096, d = 128                            (rooftile explain prints this form)
//     tensors   Q K V input, O LSE output
//     launch    flash2: 128 threads, 255 registers, 64 KiB; axes q_tile 32, member 1, kv_head 1, batch 1
//       role    all: 4 warps
//                          load  Q [batch, head, q_tile x 128, 128]
//         loop j = full .. last, descending                                   masked key blocks
//           load K, load V, lds, mma QKᵀ, fma, alu, exp2, convert, mma PV
//         loop j = 0 .. full, descending                                      unmasked key blocks
//           load K, load V, lds, mma QKᵀ, fma, exp2, convert, mma PV
//                          store O, store LSE
//
// Everything is a flat pool inside the object: no heap, no strings, no recursion, trivially copyable.
// Indices: axes are 0..4 (fastest first), loop n of a launch is 5 + n (bound.hpp). Loop indices are absolute block
// numbers. Extents and amounts are 64-bit integers; FLOP totals are computed in double (a backward over 1M tokens
// overflows int64).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "rooftile/model/bound.hpp"
#include "rooftile/model/calibration.hpp"
#include "rooftile/model/inline_vector.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/workload.hpp"

namespace rooftile {

inline constexpr std::size_t max_dims = 5;  ///< of a tensor

enum class TensorRole : std::uint8_t { input, output, workspace };

/// A tensor in global memory; row-major, rows aligned to a 32-byte sector.
struct Tensor {
  const char* name = "";
  TensorRole role = TensorRole::input;
  std::uint8_t element_bytes = 2;
  Placement placement = Placement::dram;
  InlineVector<std::int64_t, max_dims> extents;  ///< slowest first

  [[nodiscard]] std::int64_t bytes() const {
    std::int64_t total = element_bytes;
    for (const std::int64_t extent : extents) total *= extent;
    return total;
  }
  /// Pieces in which a tensor comes from the host: one per sequence and K/V head.
  [[nodiscard]] std::int64_t pieces() const { return extents[0] * extents[1]; }
  /// What of it is in device memory at once: all, or two pieces of what comes from the host, one in use and one
  /// arriving.
  [[nodiscard]] double device_bytes() const {
    const auto all = static_cast<double>(bytes());
    return placement != Placement::host || pieces() < 2 ? all : all * 2 / static_cast<double>(pieces());
  }
};

/// What a TileOp occupies. load, store, atomic move bytes of a tensor; the others do `amount` units of work on the SM.
enum class OpKind : std::uint8_t {
  load,     ///< global -> SM, bytes of a tile
  store,    ///< SM -> global
  atomic,   ///< read-modify-write in L2
  lds,      ///< bytes read from shared memory
  sts,      ///< bytes written to shared memory
  mma,      ///< FLOP on the tensor cores
  exp2,     ///< results
  fma,      ///< results (2 FLOP each)
  convert,  ///< results
  alu,      ///< integer and compare results
  rng,      ///< random numbers (Philox)
  reduce,   ///< lanes exchanged in row reductions
  barrier   ///< CTA-wide barriers
};
inline constexpr std::size_t op_kinds = 13;
[[nodiscard]] constexpr bool moves_a_tile(OpKind kind) { return kind <= OpKind::atomic; }

/// multicast: one CTA of each cluster asks for the tile, all of them get it.
enum class Hint : std::uint8_t { none, multicast };

/// In which trips of `guard_loop` an op takes part.
enum class Guard : std::uint8_t { always, first_trip, not_first_trip, last_trip };

/// Where a tile stands along one tensor dimension: offset = index·step + index2·step2, `extent` elements, clipped at
/// the edge.
struct TileDim {
  std::int32_t step = 0;
  std::int32_t extent = 1;
  std::int32_t step2 = 0;
  IndexId index = no_index;
  IndexId index2 = no_index;
  friend constexpr bool operator==(const TileDim&, const TileDim&) = default;
};

/// "not before that op, `lag` trips ago": dependence of an op on an op of any role of the launch.
struct After {
  std::int16_t op = -1;  ///< index into Program::ops
  std::int16_t lag = 0;  ///< 0: same trip
};

struct TileOp {
  OpKind kind = OpKind::load;
  std::int8_t loop = -1;  ///< loop the op stands in; -1: once per CTA
  Hint hint = Hint::none;
  Guard guard = Guard::always;
  std::int8_t guard_loop = -1;  ///< loop of the launch the guard speaks of
  std::int8_t tensor = -1;      ///< for load, store, atomic
  std::uint8_t after_count = 0;
  std::uint8_t dims = 0;
  After after[4];
  std::int64_t amount = 0;  ///< work per execution, for the others
  TileDim dim[max_dims];
};
static_assert(std::has_unique_object_representations_v<TileOp>, "ops are compared byte by byte");

/// `for index in [first, last)`, or backwards; `cap` is a second upper limit where two indices bound a loop.
struct Loop {
  Bound first;
  Bound last;
  Bound cap = constant(std::numeric_limits<std::int64_t>::max());
  bool has_cap = false;
  bool descending = false;
  std::int8_t parent = -1;  ///< enclosing loop; nesting at most 3
  std::int8_t group = -1;   ///< loops of one group (across roles) run in step
  std::int8_t body_of =
      -1;  ///< an earlier loop whose body this one repeats, op by op: masked and unmasked blocks; -1: its own
};

/// Identical warps doing one job: all of flash2; producer and consumers of flash3.
struct Role {
  const char* name = "";
  std::int16_t warps = 0;
  std::int16_t registers = 0;
  std::int16_t copies = 1;    ///< identical warp groups; work ops are those of one, tile movements those of all
  std::int16_t turns = 1;     ///< warps on each of the SM's four sub-partitions that need nothing of each other but
                              ///< tiles: they take turns at its units (cycle_latency.hpp)
  std::int16_t first_op = 0;  ///< ops [first_op, last_op) of the program
  std::int16_t last_op = 0;
};

struct Axis {
  const char* name = "";
  std::int64_t extent = 1;
  bool descending = false;  ///< handed out from the far end: longest causal tile first
};

inline constexpr std::size_t max_axes = 5;
static_assert(max_axes == first_loop_index);
inline constexpr std::size_t max_loops = 6;
// eager standard attention, forward and backward with a long recipe, needs most of these
inline constexpr std::size_t max_tensors = 32;
inline constexpr std::size_t max_launches = 32;
inline constexpr std::size_t max_ops = 256;

/// What a launch does in a call; constants are fitted for each: the attention itself (of a forward, of a backward), the
/// merge of parts of the keys, the write of new tokens into a cache, the sort of sequences; of standard attention its
/// products, its kernels along rows, its elementwise kernels. `other`: as its units and bytes say.
enum class LaunchPart : std::uint8_t {
  other,
  attention,
  gradient,
  merge,
  cache_write,
  sort,
  product,
  rows,
  elementwise
};

/// Columns, which lie along axis 0, that are handed out together: the first CTA of each, then the second of each ...
struct Sections {
  std::int64_t columns = 1;  ///< of a section; 1: column after column
  std::int64_t of = 1;       ///< neighbouring columns that are cut into sections by themselves: those of a sequence
};

struct Launch {
  const char* name = "";
  LaunchPart part = LaunchPart::other;
  bool of_backward = false;       ///< written by a backward pass: takes the constants fitted to that
  std::int64_t own_elements = 0;  ///< elements on which a framework's kernel spends instructions beside its ops: of a
                                  ///< trip (rows), of a CTA whose operands lie differently (elementwise); of a CTA in
                                  ///< all rounds of a sort
  double search_steps = 0;        ///< by which a CTA that stays looks for its next tile among sequences, on the average
  bool search_reads = false;      ///< a step waits for words in memory: how many parts the keys of a sequence have
  std::int32_t threads = 0;
  std::int32_t registers = 0;  ///< per thread, at entry
  std::int64_t smem = 0;       ///< bytes per CTA
  std::int32_t cluster = 1;    ///< neighbouring CTAs of axis 0, whose extent it divides
  Schedule schedule = Schedule::one_per_cta;
  InlineVector<Axis, max_axes> axes;  ///< fastest first
  Sections sections;
  InlineVector<Role, 3> roles;
  InlineVector<Loop, max_loops> loops;
  std::int16_t first_op = 0;
  std::int16_t last_op = 0;

  [[nodiscard]] std::int64_t ctas() const {
    std::int64_t total = 1;
    for (const Axis& axis : axes) total *= axis.extent;
    return total;
  }
  /// The CTA, axis 0 fastest, that is handed out at a place of the order.
  [[nodiscard]] std::int64_t cta_at(std::int64_t place) const {
    if (sections.columns == 1) return place;
    const std::int64_t tiles = axes[0].extent, of_group = tiles * sections.of, of_section = tiles * sections.columns;
    const std::int64_t first = place % of_group / of_section * sections.columns;
    const std::int64_t columns = std::min(sections.columns, sections.of - first);
    const std::int64_t within = place % of_group % of_section;
    return (place / of_group * sections.of + first + within % columns) * tiles + within / columns;
  }
  /// CTAs that one load serves.
  [[nodiscard]] std::int64_t served_by(const TileOp& op) const { return op.hint == Hint::multicast ? cluster : 1; }
};

/// A whole call: its tensors, its launches in order, and how it is run.
struct Program {
  InlineVector<Tensor, max_tensors> tensors;
  InlineVector<Launch, max_launches> launches;
  InlineVector<TileOp, max_ops> ops{all_zeros};  ///< what a writer leaves out of an op can be compared, too
  DType dtype = DType::fp16;
  MathPath math = MathPath::mma_sync;
  LaunchStyle launch_style = LaunchStyle::stream;
  L2State l2 = L2State::cold;
  Calibration forward;  ///< of the implementation, fitted; defaults where nobody measured
  Calibration backward;
  Flops paper_flops;             ///< of the workload, as the papers count
  bool clock_sustained = false;  ///< the matrix units run at clock.tensor_sustained: a GEMM alone, for long
  bool bulk_atomics = false;     ///< atomic adds leave shared memory by bulk copies (TMA), not threads lane by lane
  bool off_target = false;       ///< a bare algorithm name on an architecture its kernel does not target

  [[nodiscard]] bool keeps(Placement placement) const {
    for (const Tensor& tensor : tensors) {
      if (tensor.placement == placement) return true;
    }
    return false;
  }
  void clear() {
    tensors.clear();
    launches.clear();
    ops.clear();
    bulk_atomics = false;
  }
};

template <>
struct EnumNames<OpKind> {
  static constexpr std::string_view kind = "op kind";
  static constexpr Named<OpKind> table[] = {
      {OpKind::load, "load"},       {OpKind::store, "store"}, {OpKind::atomic, "atomic"}, {OpKind::lds, "lds"},
      {OpKind::sts, "sts"},         {OpKind::mma, "mma"},     {OpKind::exp2, "exp2"},     {OpKind::fma, "fma"},
      {OpKind::convert, "convert"}, {OpKind::alu, "alu"},     {OpKind::rng, "rng"},       {OpKind::reduce, "reduce"},
      {OpKind::barrier, "barrier"}};
};
template <>
struct EnumNames<TensorRole> {
  static constexpr std::string_view kind = "tensor role";
  static constexpr Named<TensorRole> table[] = {
      {TensorRole::input, "input"}, {TensorRole::output, "output"}, {TensorRole::workspace, "workspace"}};
};

}  // namespace rooftile
