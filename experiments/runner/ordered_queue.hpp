// Results of parallel work, handed on in the order in which they were asked for.
//
// Workers push (index, item) in any order; one reader takes runs of consecutive items. At most `window` items wait, so
// that workers that are faster than the reader do not fill the memory.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace rooftile::runner {

template <class Item>
class OrderedQueue {
 public:
  explicit OrderedQueue(std::size_t window) : slots_(window) {}

  /// Waits while the item is too far ahead of the reader. False once the queue is closed: nobody will take the item.
  bool push(std::size_t index, Item item) {
    std::unique_lock lock{mutex_};
    space_.wait(lock, [&] { return closed_ || index < next_ + slots_.size(); });
    if (closed_) return false;
    slots_[index % slots_.size()] = std::move(item);
    if (index == next_) ready_.notify_one();
    return true;
  }

  /// No more items will be pushed.
  void finish() {
    const std::lock_guard lock{mutex_};
    finished_ = true;
    ready_.notify_one();
  }
  /// No more items will be taken.
  void close() {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    space_.notify_all();
  }

  /// The next items, 1 to `most` of them; waits for the first. Empty once the queue is finished and drained.
  [[nodiscard]] std::vector<Item> take(std::size_t most) {
    std::unique_lock lock{mutex_};
    ready_.wait(lock, [&] { return finished_ || slots_[next_ % slots_.size()].has_value(); });
    std::vector<Item> items;
    while (items.size() < most) {
      std::optional<Item>& slot = slots_[next_ % slots_.size()];
      if (!slot) break;
      items.push_back(std::move(*slot));
      slot.reset();
      ++next_;
    }
    space_.notify_all();
    return items;
  }

 private:
  std::mutex mutex_;
  std::condition_variable space_;
  std::condition_variable ready_;
  std::vector<std::optional<Item>> slots_;
  std::size_t next_ = 0;
  bool finished_ = false;
  bool closed_ = false;
};

}  // namespace rooftile::runner
