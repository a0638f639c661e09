#include "rooftile/model/algorithm.hpp"

#include <algorithm>

#include "algorithms.hpp"
#include "serving_kernel.hpp"

namespace rooftile {
namespace {

/// The table of algorithms: what each pass of an attention call, and each part of it, is written by. nullptr: the
/// algorithm has no such pass or part. A forward starts the program anew, a backward goes on behind what it holds.
using AttentionWriter = void (*)(Program&, const AttentionShape&, const algorithms::Call&);
struct Row {
  Algorithm algorithm;
  AttentionWriter forward;
  AttentionWriter backward;
  void (*gemm)(Program&, const GemmShape&, const algorithms::Call&);
  void (*softmax)(Program&, const SoftmaxShape&, const algorithms::Call&);
};
constexpr Row table[] = {
    {Algorithm::standard, algorithms::standard, algorithms::standard_backward, algorithms::gemm, algorithms::softmax},
    {Algorithm::flash1, algorithms::flash1, algorithms::flash1_backward, nullptr, nullptr},
    {Algorithm::flash2, algorithms::flash2, algorithms::flash2_backward, nullptr, nullptr},
    {Algorithm::flash3, algorithms::flash3, algorithms::flash3_backward, nullptr, nullptr},
    {Algorithm::split_kv, algorithms::split_kv, nullptr, nullptr, nullptr},
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

/// The instruction that `native` stands for: one that reads shared memory by itself (wgmma, on data-centre Blackwell
/// tcgen05) where there is one; compute capability 12.x has none.
MathPath resolve(MathPath math, ComputeCapability cc) {
  if (math != MathPath::native) return math;
  return cc.major >= 9 && cc.major < 12 ? MathPath::wgmma : MathPath::mma_sync;
}

bool on_target(const KernelSpec& spec, const Device& device) {
  return spec.from <= device.compute_capability && device.compute_capability <= spec.to;
}

/// What decides whether a spec covers a call, whatever the tile.
tl::expected<void, Refusal> covers(const KernelSpec& spec, const Device& device, Op op, DType dtype) {
  if (!on_target(spec, device) && !spec.what_if_anywhere) {
    return unsupported(spec.name + " is built for compute capability " + to_string(spec.from) + " to " +
                       to_string(spec.to) + ", " + device.name + " has " + to_string(device.compute_capability));
  }
  if (!listed(spec.ops, op)) return unsupported(outside(spec, op, spec.ops));
  if (!listed(spec.dtypes, dtype)) return unsupported(outside(spec, dtype, spec.dtypes));
  return {};
}

tl::expected<void, Refusal> covers(const KernelSpec& spec, const AttentionShape& shape) {
  if (!listed(spec.passes, shape.pass)) return unsupported(outside(spec, shape.pass, spec.passes));
  if (!listed(spec.masks, shape.mask)) return unsupported(outside(spec, shape.mask, spec.masks));
  if (shape.dropout > 0 && !spec.dropout) return unsupported(spec.name + " has no dropout");
  if (spec.max_seq_kv > 0 && shape.seq_kv > spec.max_seq_kv) {
    return unsupported("seq_kv " + std::to_string(shape.seq_kv) + " is outside " + spec.name + " (up to " +
                       std::to_string(spec.max_seq_kv) + ")");
  }
  return {};
}

/// The kernel that wrote a program, or why there is none.
using Written = tl::expected<const KernelSpec*, Refusal>;

/// Writes one pass behind what the program holds (a forward starts anew); head dim and mask pick the tile row.
Written write_pass(Program& program, const Device& device, const AttentionShape& whole, const KernelSpec& spec,
                   SpecOverrides overrides, Pass pass) {
  AttentionShape shape = whole;
  shape.pass = pass;
  const KernelSpec& kernel = algorithms::serving_kernel(spec, device, shape, overrides);
  if (auto refused = covers(kernel, &kernel == &spec ? whole : shape); !refused) {
    return tl::unexpected{refused.error()};
  }
  const Row& row = row_of(kernel.algorithm);
  const AttentionWriter write = pass == Pass::fwd ? row.forward : row.backward;
  if (write == nullptr) return unsupported(spec.name + " has no pass " + std::string{name_of(pass)});
  const auto tile =
      select_tile(kernel, device, shape.head_dim, shape.mask, overrides, shape.dropout > 0, pass, shape.dtype);
  if (!tile) return tl::unexpected{tile.error()};
  if (overrides.any() && whole.pass == Pass::fwd_bwd && tile->pass != Pass::fwd_bwd) {
    return unsupported("a tile is that of one pass: ask for fwd and bwd of " + spec.name + " apart");
  }
  const std::size_t first = pass == Pass::fwd ? 0 : program.launches.size();
  write(program, shape, {device, kernel, *tile});
  for (std::size_t l = first; l < program.launches.size(); ++l) program.launches[l].of_backward = pass != Pass::fwd;
  return &kernel;
}

Written write(Program& program, const Device& device, const AttentionShape& shape, const KernelSpec& spec,
              SpecOverrides overrides) {
  if (shape.pass != Pass::fwd_bwd) {
    program.clear();
    return write_pass(program, device, shape, spec, overrides, shape.pass);
  }
  auto forward = write_pass(program, device, shape, spec, overrides, Pass::fwd);
  if (!forward) return forward;
  if (auto backward = write_pass(program, device, shape, spec, overrides, Pass::bwd); !backward) return backward;
  return forward;
}

/// The parts of standard attention alone.
tl::unexpected<Refusal> has_none(const KernelSpec& spec, Op op) {
  return unsupported(spec.name + " has no " + std::string{name_of(op)} + " of its own");
}

Written write(Program& program, const Device& device, const GemmShape& shape, const KernelSpec& spec,
              SpecOverrides overrides) {
  const auto part = row_of(spec.algorithm).gemm;
  if (part == nullptr) return has_none(spec, Op::gemm);
  const auto tile = select_tile(spec, device, 1, Mask::none, overrides, false, Pass::fwd, shape.dtype);
  if (!tile) return tl::unexpected{tile.error()};
  part(program, shape, {device, spec, *tile});
  return &spec;
}

/// A softmax has no tile to choose.
Written write(Program& program, const Device& device, const SoftmaxShape& shape, const KernelSpec& spec,
              SpecOverrides /*overrides*/) {
  const auto part = row_of(spec.algorithm).softmax;
  if (part == nullptr) return has_none(spec, Op::softmax);
  part(program, shape, {device, spec, TileRow{}});
  return &spec;
}

/// Says of K and V where they are kept.
void place_keys_and_values(Program& program, Placement placement) {
  if (placement == Placement::dram) return;
  for (Tensor& tensor : program.tensors) {
    const std::string_view name = tensor.name;
    if (tensor.role == TensorRole::input && (name == "K" || name == "V")) tensor.placement = placement;
  }
}

void add_serving_launches(Program& program, const AttentionShape& shape, const KernelSpec& spec) {
  if (shape.pass != Pass::fwd) return;
  if (spec.copies_group) algorithms::group_copies(program, shape);
  if (spec.writes_cache) algorithms::cache_write(program, shape);
  if (spec.sorts_sequences) algorithms::sequence_sort(program, shape);
}

/// What was fitted to the implementation, for each pass of the call.
void take_constants(Program& program, const Workload& workload, const SpecCalibration& fitted) {
  const auto* shape = std::get_if<AttentionShape>(&workload);
  const Pass pass = shape == nullptr ? Pass::fwd : shape->pass;
  const auto& forward = fitted.of(pass == Pass::fwd ? fitted_regime(workload) : Regime::prefill);
  if (pass != Pass::bwd && forward) program.forward = forward->constants;
  if (pass != Pass::fwd && fitted.backward) program.backward = fitted.backward->constants;
}

}  // namespace

tl::expected<void, Refusal> build(Program& program, const Device& device, const Workload& workload,
                                  const KernelSpec& spec, SpecOverrides overrides) {
  if (auto refused = covers(spec, device, op_of(workload), dtype_of(workload)); !refused) return refused;
  const Written written =
      std::visit([&](const auto& shape) { return write(program, device, shape, spec, overrides); }, workload);
  if (!written) return tl::unexpected{written.error()};
  const KernelSpec& kernel = **written;
  program.dtype = dtype_of(workload);
  program.math = resolve(kernel.math, device.compute_capability);
  program.launch_style = kernel.launch;
  program.l2 = kernel.l2;
  program.paper_flops = paper_flops(workload);
  place_keys_and_values(program, kernel.kv_placement);
  program.forward = program.backward = {};
  if (const auto* shape = std::get_if<AttentionShape>(&workload)) {
    add_serving_launches(program, *shape, spec);
  }
  take_constants(program, workload, spec.calibration);
  program.clock_sustained = op_of(workload) == Op::gemm && program.dtype != DType::fp32;
  program.off_target = !on_target(spec, device);
  return {};
}

}  // namespace rooftile
