#include "rooftile/model/algorithm.hpp"

#include <algorithm>

#include "algorithms.hpp"

namespace rooftile {
namespace {

/// The table of algorithms: what an attention call, and each part of it, is written by. nullptr: the algorithm has no
/// such part.
struct Row {
  Algorithm algorithm;
  void (*attention)(Program&, const AttentionShape&, const algorithms::Call&);
  void (*gemm)(Program&, const GemmShape&, const algorithms::Call&);
  void (*softmax)(Program&, const SoftmaxShape&, const algorithms::Call&);
};
constexpr Row table[] = {
    {Algorithm::standard, algorithms::standard, algorithms::gemm, algorithms::softmax},
    {Algorithm::flash2, algorithms::flash2, nullptr, nullptr},
};

const Row& row_of(Algorithm algorithm) {
  return *std::find_if(std::begin(table), std::end(table), [&](const Row& row) { return row.algorithm == algorithm; });
}

tl::unexpected<Refusal> unsupported(std::string reason) {
  return tl::unexpected<Refusal>{{Status::unsupported, std::move(reason)}};
}

template <class E>
bool listed(const std::vector<E>& allowed, E value) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

template <class E>
std::string outside(const KernelSpec& spec, E found, const std::vector<E>& allowed) {
  std::vector<std::string_view> names;
  for (const E value : allowed) names.push_back(name_of(value));
  return std::string{EnumNames<E>::kind} + " " + std::string{name_of(found)} + " is outside " + spec.name + " (" +
         join(names) + ")";
}

std::string text(ComputeCapability cc) { return std::to_string(cc.major) + "." + std::to_string(cc.minor); }

/// The instruction that `native` stands for.
MathPath resolve(MathPath math, ComputeCapability cc) {
  if (math != MathPath::native) return math;
  return cc.major >= 9 ? MathPath::wgmma : MathPath::mma_sync;
}

bool on_target(const KernelSpec& spec, const Device& device) {
  return spec.from <= device.compute_capability && device.compute_capability <= spec.to;
}

/// What decides whether a spec covers a call, whatever the tile.
tl::expected<void, Refusal> covers(const KernelSpec& spec, const Device& device, DType dtype) {
  if (!on_target(spec, device) && !spec.what_if_anywhere) {
    return unsupported(spec.name + " is built for compute capability " + text(spec.from) + " to " + text(spec.to) +
                       ", " + device.name + " has " + text(device.compute_capability));
  }
  if (!listed(spec.dtypes, dtype)) return unsupported(outside(spec, dtype, spec.dtypes));
  return {};
}

tl::expected<void, Refusal> covers(const KernelSpec& spec, const AttentionShape& shape) {
  if (!listed(spec.passes, shape.pass)) return unsupported(outside(spec, shape.pass, spec.passes));
  if (!listed(spec.masks, shape.mask)) return unsupported(outside(spec, shape.mask, spec.masks));
  if (shape.dropout > 0 && !spec.dropout) return unsupported(spec.name + " has no dropout");
  return {};
}

/// Writes one shape; the head dim picks the tile row (the parts of standard attention have none: any row serves).
tl::expected<void, Refusal> write(Program& program, const Device& device, const AttentionShape& shape,
                                  const KernelSpec& spec, SpecOverrides overrides) {
  if (auto refused = covers(spec, shape); !refused) return refused;
  const auto tile = select_tile(spec, device, shape.head_dim, shape.mask, overrides);
  if (!tile) return tl::unexpected{tile.error()};
  row_of(spec.algorithm).attention(program, shape, {device, spec, *tile});
  return {};
}

template <class Shape>
tl::expected<void, Refusal> write_part(Program& program, const Device& device, const Shape& shape,
                                       const KernelSpec& spec, SpecOverrides overrides,
                                       void (*part)(Program&, const Shape&, const algorithms::Call&)) {
  if (part == nullptr) {
    return unsupported(spec.name + " has no " + std::string{name_of(op_of(Workload{shape}))} + " of its own");
  }
  const auto tile = select_tile(spec, device, 1, Mask::none, overrides);
  if (!tile) return tl::unexpected{tile.error()};
  part(program, shape, {device, spec, *tile});
  return {};
}

tl::expected<void, Refusal> write(Program& program, const Device& device, const GemmShape& shape,
                                  const KernelSpec& spec, SpecOverrides overrides) {
  return write_part(program, device, shape, spec, overrides, row_of(spec.algorithm).gemm);
}
tl::expected<void, Refusal> write(Program& program, const Device& device, const SoftmaxShape& shape,
                                  const KernelSpec& spec, SpecOverrides overrides) {
  return write_part(program, device, shape, spec, overrides, row_of(spec.algorithm).softmax);
}

}  // namespace

tl::expected<void, Refusal> build(Program& program, const Device& device, const Workload& workload,
                                  const KernelSpec& spec, SpecOverrides overrides) {
  if (auto refused = covers(spec, device, dtype_of(workload)); !refused) return refused;
  auto written =
      std::visit([&](const auto& shape) { return write(program, device, shape, spec, overrides); }, workload);
  if (!written) return written;
  program.dtype = dtype_of(workload);
  program.math = resolve(spec.math, device.compute_capability);
  program.launch_style = spec.launch;
  program.l2 = spec.l2;
  program.paper_flops = paper_flops(workload);
  program.off_target = !on_target(spec, device);
  return {};
}

}  // namespace rooftile
