// Every kernel of the registry, and the peers, under Google Benchmark: the quick look while a kernel is being changed.
//
//   rooftile_kernel_bench --benchmark_filter='rt_flash2.*d128'
//   rt_flash2/bf16/b4/h16/kv16/q4096/k4096/d128/causal/manual_time   1.02 ms ... TFLOP/s=135  bytes_per_second=65G
//
// Time is the GPU's, between two events around each call, L2 as the call before left it. FLOP are those of the visible
// pairs (4 · head_dim each, 10 in a backward pass); bytes are Q, K, V, O and LSE, and in a backward pass dO and the
// gradients, once each. What is stored comes from rooftile-measure, which verifies first, watches the clock and decides
// by itself how many samples it needs.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "measure/cuda_check.hpp"
#include "measure/device_call.hpp"
#include "measure/device_info.hpp"
#include "measure/own_kernels.hpp"
#include "measure/peers/peer.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr int no_device = 77;  // as ctest's SKIP_RETURN_CODE has it

/// One shape per head dim, masked and not; GQA; a short one with many heads; lengths that fill no tile.
constexpr std::array calls{AttentionCall{Element::bf16, 4, 16, 16, 4096, 4096, 128, false},
                           AttentionCall{Element::bf16, 4, 16, 16, 4096, 4096, 128, true},
                           AttentionCall{Element::fp16, 4, 16, 16, 4096, 4096, 64, false},
                           AttentionCall{Element::fp16, 4, 8, 8, 4096, 4096, 256, true},
                           AttentionCall{Element::fp16, 1, 32, 8, 8192, 8192, 128, true},
                           AttentionCall{Element::fp16, 32, 16, 16, 512, 512, 64, false},
                           AttentionCall{Element::fp16, 2, 16, 16, 2000, 2011, 128, true}};

std::string name_of(std::string_view kernel, const AttentionCall& call) {
  const auto part = [](const char* label, int value) { return "/" + std::string{label} + std::to_string(value); };
  return std::string{kernel} + (call.element == Element::fp16 ? "/fp16" : "/bf16") + part("b", call.batch) +
         part("h", call.heads) + part("kv", call.kv_heads) + part("q", call.seq_q) + part("k", call.seq_kv) +
         part("d", call.head_dim) + (call.causal ? "/causal" : "/none") + (call.pass == Pass::bwd ? "/bwd" : "");
}

double flop(const AttentionCall& call) {
  std::int64_t pairs = 0;
  for (int row = 0; row < call.seq_q; ++row) pairs += call.seen_keys(row);
  const double products = call.pass == Pass::bwd ? 5 : 2;
  return products * 2 * call.head_dim * static_cast<double>(pairs) * call.batch * call.heads;
}

/// Two events and the stream between them.
class EventClock {
 public:
  EventClock() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    check(cudaEventCreate(&begin_), "cudaEventCreate");
    check(cudaEventCreate(&end_), "cudaEventCreate");
  }
  EventClock(const EventClock&) = delete;
  EventClock& operator=(const EventClock&) = delete;
  ~EventClock() {
    static_cast<void>(cudaEventDestroy(end_));
    static_cast<void>(cudaEventDestroy(begin_));
    static_cast<void>(cudaStreamDestroy(stream_));
  }

  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  [[nodiscard]] double seconds(DeviceCall& call) const {
    check(cudaEventRecord(begin_, stream_), "cudaEventRecord");
    check(call.launch(), "launch");
    check(cudaEventRecord(end_, stream_), "cudaEventRecord");
    check(cudaEventSynchronize(end_), "the timed call");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

void time_call(benchmark::State& state, Peer& kernel, const AttentionCall& shape) {
  const EventClock clock;
  DeviceCall call(kernel, shape, clock.stream());
  call.fill(1);
  call.run();
  for ([[maybe_unused]] auto iteration : state) state.SetIterationTime(clock.seconds(call));
  state.counters["TFLOP/s"] = benchmark::Counter(1e-12 * flop(shape), benchmark::Counter::kIsIterationInvariantRate);
  state.SetBytesProcessed(state.iterations() * tensor_bytes(attention_tensors(shape)));
}

void add(Peer& kernel, Pass pass) {
  if (!kernel.makes(pass)) return;
  for (AttentionCall call : calls) {
    call.pass = pass;
    if (const std::string why = kernel.refusal(call); !why.empty()) {
      std::fprintf(stderr, "left out: %s: %s\n", name_of(kernel.name(), call).c_str(), why.c_str());
      continue;
    }
    benchmark::RegisterBenchmark(name_of(kernel.name(), call).c_str(), [&kernel, call](benchmark::State& state) {
      try {
        time_call(state, kernel, call);
      } catch (const std::exception& error) {
        state.SkipWithError(error.what());
      }
    })->UseManualTime();
  }
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  std::string why;
  if (!find_device(why)) {
    std::fprintf(stderr, "rooftile_kernel_bench: skipped: %s\n", why.c_str());
    return no_device;
  }
  std::vector<std::unique_ptr<Peer>> kernels = own_kernels();
  for (std::unique_ptr<Peer>& peer : peers()) kernels.push_back(std::move(peer));
  for (const std::unique_ptr<Peer>& kernel : kernels) {
    add(*kernel, Pass::fwd);
    add(*kernel, Pass::bwd);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace rooftile::kernels::measure

int main(int argc, char** argv) { return rooftile::kernels::measure::run(argc, argv); }
