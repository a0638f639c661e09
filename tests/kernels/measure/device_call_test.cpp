// A call from its inputs to its verdict, without a GPU: memory is the host's (fake_runtime.cpp), and the kernels run in
// it as host execution.
#include "measure/device_call.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "measure/host_compare.hpp"
#include "measure/judge.hpp"
#include "measure/pinning_window.hpp"
#include "rooftile/kernels/element.hpp"
#include "rooftile/kernels/host_execution.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr std::uint64_t seed = 7;

/// One of our kernels, executed in the memory of a DeviceCall.
class HostPeer final : public Peer {
 public:
  explicit HostPeer(std::string_view name) : name_(name) {}

  int launches = 0, forward_launches = 0, releases = 0;
  bool forward_works = true, beside = false;

  /// Where the tensor lies in the prepared call.
  [[nodiscard]] const unsigned char* place(TensorIndex tensor) const {
    return static_cast<const unsigned char*>(buffers_[tensor]);
  }

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string version() const override { return "host"; }
  [[nodiscard]] bool makes(Pass /*pass*/) const override { return true; }
  [[nodiscard]] std::string refusal(const AttentionCall& call) override { return kernels::refusal(name_, call); }
  [[nodiscard]] Tensors tensors(const AttentionCall& call) const override { return tensors_of(name_, call); }
  [[nodiscard]] bool keys_beside_values() const override { return beside; }
  void release() noexcept override { ++releases; }
  [[nodiscard]] std::size_t workspace_bytes(const AttentionCall& /*call*/) override { return 0; }
  void prepare(const AttentionCall& call, const Buffers& buffers, void* /*workspace*/,
               cudaStream_t /*stream*/) override {
    call_ = call;
    buffers_ = buffers;
  }
  void launch() override {
    ++launches;
    execute(name_, call_);
  }
  void launch_forward() override {
    ++forward_launches;
    AttentionCall forward = call_;
    forward.pass = Pass::fwd;
    if (forward_works) execute("rt_flash2", forward);
  }

 private:
  void execute(std::string_view kernel, const AttentionCall& call) {
    const bool backward = call.pass == Pass::bwd;
    const Tensors tensors = tensors_of(kernel, call);
    HostCall run{kernel, call};
    for (const TensorIndex tensor : {tensor_q, tensor_k, tensor_v, tensor_grad_o}) {
      if (tensor != tensor_grad_o || backward) run.input(tensor) = read(tensors[tensor]);
    }
    if (backward) run.take_forward(read(tensors[tensor_o]), read_lse(tensors[tensor_lse]));
    const Execution execution = run.execute();
    ASSERT_TRUE(execution.faults.empty());
    if (!backward) {
      write(tensors[tensor_o], run.o());
      return write_lse(tensors[tensor_lse], run.lse());
    }
    for (const TensorIndex gradient : {tensor_grad_q, tensor_grad_k, tensor_grad_v})
      write(tensors[gradient], run.gradient(gradient));
  }

  /// Where a tensor of this name lies; those of both passes have the same places.
  template <class T>
  [[nodiscard]] T* memory(const TensorLayout& layout) const {
    const Tensors tensors = tensors_of(name_, call_);
    for (std::size_t i = 0; i < tensors.count; ++i) {
      if (std::string_view(tensors[i].name) == layout.name) return static_cast<T*>(buffers_[i]);
    }
    return nullptr;
  }
  [[nodiscard]] std::vector<std::uint16_t> read(const TensorLayout& layout) const {
    const auto* const first = memory<std::uint16_t>(layout);
    return {first, first + layout.elements()};
  }
  void write(const TensorLayout& layout, const std::vector<float>& values) const {
    std::transform(values.begin(), values.end(), memory<std::uint16_t>(layout),
                   [this](float value) { return bits_of(call_.element, value); });
  }
  [[nodiscard]] std::vector<float> read_lse(const TensorLayout& layout) const {
    std::vector<float> values;
    const auto* row = memory<float>(layout);
    for (int head = 0; head < layout.batch * layout.heads; ++head, row += layout.pitch)
      values.insert(values.end(), row, row + layout.cols);
    return values;
  }
  void write_lse(const TensorLayout& layout, const std::vector<float>& values) const {
    auto* row = memory<float>(layout);
    for (auto value = values.begin(); value != values.end(); value += layout.cols, row += layout.pitch)
      std::copy_n(value, layout.cols, row);
  }

  std::string_view name_;
  AttentionCall call_;
  Buffers buffers_{};
};

bool poisoned(const std::vector<std::uint16_t>& elements) {
  return std::all_of(elements.begin(), elements.end(), [](std::uint16_t bits) { return bits == 0xffff; });
}

DeviceResults results_of(const DeviceCall& device) {
  return {device.matrices(tensor_o), device.matrices(tensor_grad_q), device.matrices(tensor_grad_k),
          device.matrices(tensor_grad_v), device.lse()};
}

constexpr AttentionCall small{Element::fp16, 2, 4, 2, 70, 130, 64, true, Pass::bwd};

TEST(DeviceCall, AForwardCallPasses) {
  HostPeer kernel("rt_flash2");
  AttentionCall call = small;
  call.pass = Pass::fwd;
  DeviceCall device(kernel, call, nullptr);
  device.fill(seed);
  device.poison();
  device.run();
  EXPECT_EQ(complaint(judge(device, seed), allowed_of(device)), "");
  EXPECT_EQ(kernel.forward_launches, 0);
  DeviceResults results{device.matrices(tensor_o), {}, {}, {}, {}};
  EXPECT_EQ(compare_with_host("rt_flash2", call, results, seed).largest, 0);
}

TEST(DeviceCall, ABackwardCallPassesWithTheForwardRunOnceBefore) {
  for (const char* name : {"rt_flash2", "rt_flash2_deterministic"}) {
    HostPeer kernel(name);
    DeviceCall device(kernel, small, nullptr);
    device.fill(seed);
    EXPECT_EQ(kernel.forward_launches, 1);
    EXPECT_EQ(kernel.launches, 0);
    device.poison();
    for (const TensorIndex gradient : {tensor_grad_q, tensor_grad_k, tensor_grad_v})
      EXPECT_TRUE(poisoned(device.matrices(gradient)));
    device.run();
    device.run();
    EXPECT_EQ(kernel.launches, 2);
    EXPECT_EQ(kernel.forward_launches, 1);
    const Accuracy error = judge(device, seed);
    EXPECT_EQ(complaint(error, allowed_of(device)), "");
    EXPECT_GT(error.relative, 0);
    EXPECT_EQ(allowed_of(device).relative, gradient_tolerance(small.element));
    EXPECT_EQ(compare_with_host(name, small, results_of(device), seed).largest, 0);
  }
}

TEST(DeviceCall, ALargeBackwardCallIsJudgedByRows) {
  const AttentionCall call{Element::bf16, 2, 6, 2, 700, 900, 64, false, Pass::bwd};
  HostPeer kernel("rt_flash2");
  DeviceCall device(kernel, call, nullptr);
  device.fill(seed);
  device.poison();
  EXPECT_EQ(complaint(judge(device, seed), allowed_of(device)),
            "relative error NaN (a value was not written?), allowed 0.015");
  device.run();
  EXPECT_EQ(complaint(judge(device, seed), allowed_of(device)), "");
}

TEST(DeviceCall, AForwardThatWritesNothingIsSeen) {
  HostPeer kernel("rt_flash2");
  kernel.forward_works = false;
  DeviceCall device(kernel, small, nullptr);
  device.fill(seed);
  EXPECT_TRUE(poisoned(device.matrices(tensor_o)));
  device.poison();
  device.run();
  EXPECT_TRUE(std::isnan(judge(device, seed).relative));
}

TEST(DeviceCall, KeysAndValuesLieInOneBlockForWhomTheyHaveTo) {
  HostPeer kernel("rt_split_kv");
  kernel.beside = true;
  const AttentionCall call{Element::fp16, 1, 2, 1, 1, 129, 64, false};
  {
    DeviceCall device(kernel, call, nullptr);
    const std::int64_t bytes = device.tensors()[tensor_k].bytes();
    ASSERT_NE(bytes % 256, 0);
    EXPECT_EQ(kernel.place(tensor_v) - kernel.place(tensor_k), bytes / 256 * 256 + 256);
    device.fill(seed);
    device.poison();
    device.run();
    EXPECT_EQ(complaint(judge(device, seed), allowed_of(device)), "");
    EXPECT_EQ(kernel.releases, 0);
  }
  EXPECT_EQ(kernel.releases, 1);
}

TEST(PinningWindow, AsMuchPersistsAsIsSetAside) {
  int block = 0;
  constexpr std::int64_t mib = 1 << 20;
  const cudaAccessPolicyWindow whole = pinning_window(&block, 20 * mib, 30 * mib, 128 * mib);
  EXPECT_EQ(whole.base_ptr, &block);
  EXPECT_EQ(whole.num_bytes, static_cast<std::size_t>(20 * mib));
  EXPECT_EQ(whole.hitRatio, 1);
  EXPECT_EQ(whole.hitProp, cudaAccessPropertyPersisting);
  EXPECT_EQ(whole.missProp, cudaAccessPropertyNormal);
  const cudaAccessPolicyWindow part = pinning_window(&block, 60 * mib, 30 * mib, 128 * mib);
  EXPECT_EQ(part.num_bytes, static_cast<std::size_t>(60 * mib));
  EXPECT_EQ(part.hitRatio, 0.5F);
  // The same bytes persist where the window is too short for all.
  const cudaAccessPolicyWindow cut = pinning_window(&block, 300 * mib, 30 * mib, 120 * mib);
  EXPECT_EQ(cut.num_bytes, static_cast<std::size_t>(120 * mib));
  EXPECT_EQ(cut.hitRatio, 0.25F);
}

}  // namespace
}  // namespace rooftile::kernels::measure
