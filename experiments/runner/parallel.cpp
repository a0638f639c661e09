#include "runner/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace rooftile::runner {
namespace {

/// The failure with the smallest index so far.
class FirstFailure {
 public:
  void note(std::size_t index) {
    const std::lock_guard lock{mutex_};
    if (error_ == nullptr || index < index_) {
      error_ = std::current_exception();
      index_ = index;
    }
    seen_ = true;
  }
  [[nodiscard]] bool seen() const { return seen_; }
  void rethrow() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
  std::size_t index_ = 0;
  std::atomic<bool> seen_ = false;
};

}  // namespace

std::size_t worker_count(std::size_t items, std::size_t block) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return std::clamp<std::size_t>((items + block - 1) / block, 1, cores);
}

void parallel_blocks(std::size_t items, std::size_t block, std::size_t workers, const BlockWork& work) {
  std::atomic<std::size_t> next = 0;
  FirstFailure failure;
  // Blocks are claimed in order, so every block before a failed one has been claimed and is finished.
  const auto run = [&](std::size_t worker) {
    while (!failure.seen()) {
      const std::size_t first = next.fetch_add(block);
      if (first >= items) return;
      try {
        work(worker, first, std::min(first + block, items));
      } catch (...) {
        failure.note(first);
      }
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t worker = 1; worker < workers; ++worker) threads.emplace_back(run, worker);
  run(0);
  threads.clear();  // joins
  failure.rethrow();
}

}  // namespace rooftile::runner
