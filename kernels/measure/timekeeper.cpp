#include <algorithm>
#include <array>

#include "measure/cuda_check.hpp"
#include "measure/timekeeper_state.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr std::int64_t sweep_per_l2 = 3;         // the L2 of some GPUs keeps two copies of a line
constexpr std::int64_t least_sweep = 64 << 20;   // where the size of the L2 is not known
constexpr std::uint64_t least_span_ns = 50'000;  // globaltimer ticks in steps of up to 1 us: 2 % of this
constexpr double least_clock_hz = 50e6;          // readings outside of these are no clocks
constexpr double most_clock_hz = 5e9;

}  // namespace

Timekeeper::State::State(const DeviceInfo& info)
    : device(info), nvml(info.uuid), sweep(std::max(sweep_per_l2 * info.l2_bytes, least_sweep) / 16 * 16) {
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  check(cudaEventCreate(&begin), "cudaEventCreate");
  check(cudaEventCreate(&end), "cudaEventCreate");
  check(cudaMemset(sweep.data(), 0, static_cast<std::size_t>(sweep.bytes())), "cudaMemset of the sweep buffer");
  check(cudaDeviceSynchronize(), "clearing the sweep buffer");
}

Timekeeper::State::~State() {
  static_cast<void>(cudaEventDestroy(end));
  static_cast<void>(cudaEventDestroy(begin));
  static_cast<void>(cudaStreamDestroy(stream));
}

ActivityTrace& Timekeeper::State::activity_trace() {
  if (!trace) trace = std::make_unique<ActivityTrace>(library_search());
  return *trace;
}

void Timekeeper::State::first_stamp(double hold_seconds) {
  check(cudaMemsetAsync(stamps.data(), 0, 2 * sizeof(Stamp), stream), "cudaMemset of the clock stamps");
  queue_stamp(stamps.data(), nullptr, static_cast<std::uint64_t>(hold_seconds * 1e9), device.sm_count, stream);
  check(cudaGetLastError(), "taking a clock stamp");
}

void Timekeeper::State::last_stamp() {
  queue_stamp(stamps.data() + 1, stamps.data(), least_span_ns, device.sm_count, stream);
}

void Timekeeper::State::unpin_l2() {
  std::size_t set_aside = 0;
  check(cudaDeviceGetLimit(&set_aside, cudaLimitPersistingL2CacheSize), "reading which part of L2 is set aside");
  if (set_aside > 0) check(cudaCtxResetPersistingL2Cache(), "unpinning what L2 holds");
}

double Timekeeper::State::clock_hz() const {
  std::array<Stamp, 2> taken{};
  check(cudaMemcpy(taken.data(), stamps.data(), sizeof(taken), cudaMemcpyDeviceToHost), "reading the clock stamps");
  if (taken[0].taken == 0 || taken[1].taken == 0) return nan;
  const double cycles = static_cast<double>(taken[1].cycles) - static_cast<double>(taken[0].cycles);
  const double seconds = 1e-9 * static_cast<double>(taken[1].nanoseconds - taken[0].nanoseconds);
  const double hz = cycles / seconds;
  return hz > least_clock_hz && hz < most_clock_hz ? hz : nan;
}

Timekeeper::Timekeeper(const DeviceInfo& device) : state_(std::make_unique<State>(device)) {}
Timekeeper::~Timekeeper() = default;
cudaStream_t Timekeeper::stream() const { return state_->stream; }
std::int64_t Timekeeper::sweep_bytes() const { return state_->sweep.bytes(); }
DeviceState Timekeeper::device_state() const { return state_->nvml.read(); }
void Timekeeper::sweep_l2() {
  State::unpin_l2();
  queue_sweep(state_->sweep.data(), state_->sweep.bytes(), state_->sink.data(), state_->device.sm_count,
              state_->stream);
  check(cudaGetLastError(), "sweeping the L2");
}

}  // namespace rooftile::kernels::measure
