// How an algorithm is written down: a thin pen over the pools of a Program.
//
//   ProgramWriter w{program};
//   const int q = w.input("Q", 2, {batch, heads, seq_q, d});
//   w.launch("flash2", {.threads = 128, .registers = 255, .smem = 65536}, {{"q_tile", tiles}, {"head", heads},
//   {"batch", batch}}); w.role("all", 4); w.load(q, {at(2), at(1), tile(0, br), whole(d)});               // once per
//   CTA; axes 0 = q_tile, 1 = head, 2 = batch const int j = w.loop(constant(0), constant(blocks)); w.in(j); const int
//   k_tile = w.load(k, {at(2), at(1), tile(loop_index(j), bc), whole(d)}); const int qk = w.work(OpKind::mma, 2 * br *
//   bc * d); w.after(qk, {{k_tile, 0}});                                     // QKᵀ waits for K of this trip
#pragma once

#include <algorithm>
#include <initializer_list>

#include "rooftile/model/program.hpp"

namespace rooftile {

/// The index of loop n, for tile positions and limits.
[[nodiscard]] constexpr IndexId loop_index(int loop) { return static_cast<IndexId>(first_loop_index + loop); }

/// Extents are below 2^31 (check() in workload.hpp), so tile positions keep 32 bits.
[[nodiscard]] constexpr std::int32_t narrow(std::int64_t extent) { return static_cast<std::int32_t>(extent); }

/// Tile positions along one dimension.
[[nodiscard]] constexpr TileDim at(IndexId index) { return {.step = 1, .extent = 1, .index = index}; }
[[nodiscard]] constexpr TileDim tile(IndexId index, std::int64_t extent) {
  return {.step = narrow(extent), .extent = narrow(extent), .index = index};
}
/// Element index·step + index2: a query head from its K/V head and its place in the group.
[[nodiscard]] constexpr TileDim at(IndexId index, std::int64_t step, IndexId index2) {
  return {.step = narrow(step), .extent = 1, .step2 = 1, .index = index, .index2 = index2};
}
[[nodiscard]] constexpr TileDim whole(std::int64_t extent) { return {.step = 0, .extent = narrow(extent)}; }

/// "not before op `op`, `lag` trips ago"; indices as load(), store() and work() return them.
struct Dependence {
  int op;
  int lag = 0;
};

/// Per-CTA resources of a launch.
struct LaunchResources {
  std::int32_t threads = 128;
  std::int32_t registers = 255;
  std::int64_t smem = 0;
};

class ProgramWriter {
 public:
  /// Starts over: clears `program`.
  explicit ProgramWriter(Program& program) : program_{program}, earlier_tensors_{0} { program.clear(); }
  ProgramWriter(const ProgramWriter&) = delete;
  ProgramWriter& operator=(const ProgramWriter&) = delete;
  /// Goes on behind what `program` holds: the backward pass behind the forward.
  [[nodiscard]] static ProgramWriter behind(Program& program) { return {program, Behind{}}; }

  // Lists of a known length: the compiler writes their items where they belong.
  using Extent = std::int64_t;

  template <std::size_t N>
  int input(const char* name, std::int64_t element_bytes, const Extent (&extents)[N]) {
    return tensor(name, TensorRole::input, element_bytes, extents, N);
  }
  template <std::size_t N>
  int output(const char* name, std::int64_t element_bytes, const Extent (&extents)[N]) {
    return tensor(name, TensorRole::output, element_bytes, extents, N);
  }
  template <std::size_t N>
  int workspace(const char* name, std::int64_t element_bytes, const Extent (&extents)[N]) {
    return tensor(name, TensorRole::workspace, element_bytes, extents, N);
  }
  /// The tensor of this name and these extents, which an earlier pass of the same call wrote or read; added with this
  /// role where there is none. A workspace tensor that nothing wrote before it is read is one that the forward pass
  /// left behind.
  template <std::size_t N>
  int held(const char* name, TensorRole role, std::int64_t element_bytes, const Extent (&extents)[N]) {
    const int known = find(name, extents, N, program_.tensors.size());
    return known >= 0 ? known : tensor(name, role, element_bytes, extents, N);
  }
  /// The same of a tensor that this pass names for the first time: one that an earlier pass left, or a new one.
  template <std::size_t N>
  int handed_on(const char* name, TensorRole role, std::int64_t element_bytes, const Extent (&extents)[N]) {
    const int known = find(name, extents, N, earlier_tensors_);
    return known >= 0 ? known : tensor(name, role, element_bytes, extents, N);
  }

  /// Begins the next launch; ops that follow stand outside any loop until in() is called.
  Launch& launch(const char* name, LaunchResources resources, std::initializer_list<Axis> axes,
                 LaunchPart part = LaunchPart::other);
  /// Begins a role of the current launch; `registers` per thread where they differ from the launch's. The ops of a role
  /// with several copies say what one copy does, but for tile movements, which are those of all copies together.
  void role(const char* name, int warps, int copies = 1, int registers = 0);
  /// States that the warps of the current role share tiles and nothing else: more than four take turns (Role::turns).
  void warps_take_turns();

  /// Adds a loop to the current launch; returns its number.
  int loop(Bound first, Bound last, int parent = -1);
  int descending_loop(Bound first, Bound last, int parent = -1);
  /// States that the ops of `loop` are those of `earlier`, one by one (tested for every shipped algorithm).
  void same_body(int loop, int earlier) {
    launch_->loops[static_cast<std::size_t>(loop)].body_of = static_cast<std::int8_t>(earlier);
  }
  /// Gives a loop a second upper limit.
  void cap(int loop, Bound limit) {
    Loop& at = launch_->loops[static_cast<std::size_t>(loop)];
    at.cap = limit;
    at.has_cap = true;
  }
  /// States that two loops of different roles make their trips in step; `leader` comes first.
  void in_step(int loop, int leader) {
    launch_->loops[static_cast<std::size_t>(loop)].group = static_cast<std::int8_t>(leader);
  }
  /// The ops that follow stand in this loop; -1: once per CTA.
  void in(int loop) { loop_ = static_cast<std::int8_t>(loop); }

  /// Tile movements and work; each returns the op's index in the program.
  template <std::size_t N>
  int load(int tensor, const TileDim (&dims)[N]) {
    return move(OpKind::load, tensor, dims);
  }
  template <std::size_t N>
  int store(int tensor, const TileDim (&dims)[N]) {
    return move(OpKind::store, tensor, dims);
  }
  template <std::size_t N>
  int atomic(int tensor, const TileDim (&dims)[N]) {
    return move(OpKind::atomic, tensor, dims);
  }
  int work(OpKind kind, std::int64_t amount);

  /// A load that one CTA of each cluster makes for all of them.
  template <std::size_t N>
  int multicast_load(int tensor, const TileDim (&dims)[N]) {
    const int op = load(tensor, dims);
    if (launch_->cluster > 1) program_.ops.back().hint = Hint::multicast;
    return op;
  }

  /// Dependences of an op: at most four.
  template <std::size_t N>
  void after(int op, const Dependence (&dependences)[N]);
  /// Restricts the last op to some trips of a loop.
  void guard(Guard guard, int loop);

 private:
  struct Behind {};
  ProgramWriter(Program& program, Behind /*unused*/) : program_{program}, earlier_tensors_{program.tensors.size()} {}

  int tensor(const char* name, TensorRole role, std::int64_t element_bytes, const Extent* extents, std::size_t dims);
  /// The tensor of this name and these extents among the first `count`; -1: there is none.
  [[nodiscard]] int find(const char* name, const Extent* extents, std::size_t dims, std::size_t count) const;
  template <std::size_t N>
  int move(OpKind kind, int tensor, const TileDim (&dims)[N]);
  TileOp& append(OpKind kind);

  Program& program_;
  std::size_t earlier_tensors_;  ///< those that were there when this pass began
  Launch* launch_ = nullptr;     ///< the current one; launches stay where they are in the program
  Role no_role_;
  Role* role_ = &no_role_;  ///< the current one, if the launch has begun any
  std::int8_t loop_ = -1;
};

// Inline: a program is built hundreds of thousands of times a second.

inline TileOp& ProgramWriter::append(OpKind kind) {
  TileOp& op = program_.ops.emplace_back();
  op.kind = kind;
  op.loop = loop_;
  op.hint = Hint::none;
  op.guard = Guard::always;
  op.guard_loop = -1;
  op.tensor = -1;
  op.after_count = 0;
  op.dims = 0;
  op.amount = 0;
  const auto end = static_cast<std::int16_t>(program_.ops.size());
  launch_->last_op = end;
  role_->last_op = end;
  return op;
}

template <std::size_t N>
int ProgramWriter::move(OpKind kind, int tensor, const TileDim (&dims)[N]) {
  static_assert(N <= max_dims);
  TileOp& op = append(kind);
  op.tensor = static_cast<std::int8_t>(tensor);
  op.dims = N;
  std::copy_n(dims, N, op.dim);
  return static_cast<int>(program_.ops.size()) - 1;
}

inline int ProgramWriter::work(OpKind kind, std::int64_t amount) {
  append(kind).amount = amount;
  return static_cast<int>(program_.ops.size()) - 1;
}

template <std::size_t N>
void ProgramWriter::after(int op, const Dependence (&dependences)[N]) {
  TileOp& later = program_.ops[static_cast<std::size_t>(op)];
  for (std::size_t d = 0; d < N; ++d) {
    later.after[later.after_count + d] = {static_cast<std::int16_t>(dependences[d].op),
                                          static_cast<std::int16_t>(dependences[d].lag)};
  }
  later.after_count = static_cast<std::uint8_t>(later.after_count + N);
}

}  // namespace rooftile
