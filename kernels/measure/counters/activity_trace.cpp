#include "measure/counters/activity_trace.hpp"

#include <algorithm>
#include <vector>

#include "measure/counters/counter_error.hpp"

#if __has_include(<cupti_activity.h>)
#include "measure/counters/cupti_base.hpp"
// after cuda.h
#include <cupti_activity.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <string_view>
#endif

namespace rooftile::kernels::measure {

std::optional<double> seconds_between_stamps(std::span<const Activity> activities) {
  std::vector<Activity> in_order(activities.begin(), activities.end());
  std::sort(in_order.begin(), in_order.end(),
            [](const Activity& a, const Activity& b) { return a.start_ns < b.start_ns; });
  if (!in_order.empty() && in_order.front().start_ns == 0) return std::nullopt;
  const auto is_stamp = [](const Activity& activity) { return activity.stamp; };
  const auto last = std::find_if(in_order.rbegin(), in_order.rend(), is_stamp);
  if (last == in_order.rend()) return std::nullopt;
  const auto first = std::find_if(std::next(last), in_order.rend(), is_stamp);
  if (first == in_order.rend() || std::next(last) == first) return std::nullopt;
  // Backwards: from behind the last stamp to the one before it.
  const auto by_end = [](const Activity& a, const Activity& b) { return a.end_ns < b.end_ns; };
  const std::uint64_t end = std::max_element(std::next(last), first, by_end)->end_ns;
  const std::uint64_t start = std::prev(first)->start_ns;
  if (end <= start) return std::nullopt;
  return 1e-9 * static_cast<double>(end - start);
}

#if __has_include(<cupti_activity.h>)

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::array recorded{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY,
                              CUPTI_ACTIVITY_KIND_MEMSET};

/// Versions of a record only add fields at its end, so those of CUDA 12 read what CUDA 13 writes.
template <class Record>
Activity activity_of(const CUpti_Activity& record) {
  const auto& whole = reinterpret_cast<const Record&>(record);
  return {whole.start, whole.end, false};
}

std::optional<Activity> read_record(const CUpti_Activity& record) {
  switch (record.kind) {
    case CUPTI_ACTIVITY_KIND_MEMCPY: return activity_of<CUpti_ActivityMemcpy5>(record);
    case CUPTI_ACTIVITY_KIND_MEMSET: return activity_of<CUpti_ActivityMemset4>(record);
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL: {
      Activity activity = activity_of<CUpti_ActivityKernel9>(record);
      const char* const name = reinterpret_cast<const CUpti_ActivityKernel9&>(record).name;
      activity.stamp = name != nullptr && std::string_view{name}.find("stamp_kernel") != std::string_view::npos;
      return activity;
    }
    default: return std::nullopt;
  }
}

}  // namespace

struct ActivityTrace::State : CuptiBase {
  explicit State(const LibrarySearch& search) : CuptiBase(search) {}

  decltype(&::cuptiActivityRegisterCallbacks) register_callbacks =
      ROOFTILE_SYMBOL(library(), cuptiActivityRegisterCallbacks);
  decltype(&::cuptiActivityEnable) enable = ROOFTILE_SYMBOL(library(), cuptiActivityEnable);
  decltype(&::cuptiActivityDisable) disable = ROOFTILE_SYMBOL(library(), cuptiActivityDisable);
  decltype(&::cuptiActivityFlushAll) flush = ROOFTILE_SYMBOL(library(), cuptiActivityFlushAll);
  decltype(&::cuptiActivityGetNextRecord) next_record = ROOFTILE_SYMBOL(library(), cuptiActivityGetNextRecord);

  std::mutex mutex;  ///< CUPTI delivers from a thread of its own
  std::vector<Activity> activities;

  void take(std::uint8_t* buffer, std::size_t valid) {
    const std::lock_guard lock{mutex};
    CUpti_Activity* record = nullptr;
    while (next_record(buffer, valid, &record) == CUPTI_SUCCESS) {
      if (const std::optional<Activity> activity = read_record(*record)) activities.push_back(*activity);
    }
  }

  void forget() {
    const std::lock_guard lock{mutex};
    activities.clear();
  }
  std::optional<double> flushed_seconds(std::uint32_t flag) {
    check(flush(flag), "cuptiActivityFlushAll");
    const std::lock_guard lock{mutex};
    return seconds_between_stamps(activities);
  }

  // CUPTI's callbacks know nothing of who registered them.
  static inline State* receiver = nullptr;
  static void CUPTIAPI on_request(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) {
    *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(alignof(std::max_align_t), buffer_bytes));
    *size = *buffer == nullptr ? 0 : buffer_bytes;
    *most_records = 0;  // as many as fit
  }
  static void CUPTIAPI on_complete(CUcontext /*context*/, std::uint32_t /*stream*/, std::uint8_t* buffer,
                                   std::size_t /*size*/, std::size_t valid) {
    if (receiver != nullptr && valid > 0) receiver->take(buffer, valid);
    std::free(buffer);
  }
};

ActivityTrace::ActivityTrace(const LibrarySearch& search) : state_(std::make_unique<State>(search)) {
  State::receiver = state_.get();
  state_->check(state_->register_callbacks(&State::on_request, &State::on_complete), "cuptiActivityRegisterCallbacks");
}

ActivityTrace::~ActivityTrace() {
  stop();
  static_cast<void>(state_->flush(0));
  State::receiver = nullptr;
}

void ActivityTrace::start() {
  state_->forget();
  for (const CUpti_ActivityKind kind : recorded) state_->check(state_->enable(kind), "cuptiActivityEnable");
}

void ActivityTrace::stop() noexcept {
  for (const CUpti_ActivityKind kind : recorded) static_cast<void>(state_->disable(kind));
}

double ActivityTrace::seconds() {
  std::optional<double> seconds = state_->flushed_seconds(0);
  if (!seconds) seconds = state_->flushed_seconds(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  state_->forget();
  if (!seconds) throw CounterError(CounterStatus::failed, "CUPTI recorded no times of the call");
  return *seconds;
}

#else

struct ActivityTrace::State {};

ActivityTrace::ActivityTrace(const LibrarySearch& /*search*/) {
  throw Unavailable("built without CUPTI's activity records (cupti_activity.h)");
}
ActivityTrace::~ActivityTrace() = default;
void ActivityTrace::start() {}
void ActivityTrace::stop() noexcept {}
double ActivityTrace::seconds() { throw CounterError(CounterStatus::unsupported, "built without CUPTI"); }

#endif

}  // namespace rooftile::kernels::measure
