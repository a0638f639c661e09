// Launch period: seconds from one empty kernel to the next, when nothing waits for the host.
//
//   s per launch = time of 200 launches / 200, in a stream (queued before the first one starts) and as a CUDA graph
//
// Both include what the GPU does between two dependent kernels; neither includes the time that a call takes on the
// host. That the launches really happen is checked by letting them count.
// What spoils it: a host that other work keeps busy does not; a GPU shared with others does.
#include "measure/micro/bench.hpp"

namespace rooftile::kernels::measure {
namespace launch {

constexpr int launches = 200;  // fewer than a stream can hold waiting

/// Does nothing where `counter` is null; the timed launches get null.
__global__ void empty(int* counter) {
  if (counter != nullptr) ++*counter;
}

cudaError_t launch_all(int* counter, cudaStream_t stream) {
  for (int i = 0; i < launches; ++i) empty<<<1, 32, 0, stream>>>(counter);
  return cudaGetLastError();
}

void measure(MicroBench& bench, std::string_view name, Timer timer) {
  const Samples samples = bench.time([](cudaStream_t stream) { return launch_all(nullptr, stream); }, L2::warm, timer);
  DeviceArray<int> counter(1);
  counter.fill_bytes(0, bench.stream());
  for (int i = 0; i < launches; ++i) empty<<<1, 1, 0, bench.stream()>>>(counter.data());
  check(cudaGetLastError(), "launch");
  const int counted = counter.read(bench.stream())[0];
  std::vector<double> values;
  for (const double seconds : samples.seconds) values.push_back(seconds / launches);
  JsonObject parameters;
  parameters.add("launches", launches);
  bench.report(
      {name, parameters, "s", values, samples.clock_hz, counted == launches ? "" : "some launches did not happen"});
}

}  // namespace launch

void run_launch_stream(MicroBench& bench) { launch::measure(bench, "launch_stream", Timer::cuda_event); }
void run_launch_graph(MicroBench& bench) { launch::measure(bench, "launch_graph", Timer::graph_replay); }

}  // namespace rooftile::kernels::measure
