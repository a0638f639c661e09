#include "host/fibers.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <exception>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace rooftile::kernels::host {

namespace {

// Register arrays of a kernel live on its stack: about 60 KiB for flash2 with head dimension 256, several times that
// where the compiler gives each temporary its own place. Pages that are not touched cost nothing.
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
constexpr std::size_t stack_bytes = std::size_t{4} << 20;
#else
constexpr std::size_t stack_bytes = std::size_t{1} << 19;
#endif

}  // namespace

namespace {

/// AddressSanitizer must be told of every change of stack; otherwise this is nothing. One object per change: leave()
/// before it, arrive() once control is back, on whichever way.
struct StackChange {
  void* kept = nullptr;

#if defined(__SANITIZE_ADDRESS__)
  void leave(const void* bottom, std::size_t size) { __sanitizer_start_switch_fiber(&kept, bottom, size); }
  static void leave_for_good(const void* bottom, std::size_t size) {
    __sanitizer_start_switch_fiber(nullptr, bottom, size);
  }
  void arrive(const void** from = nullptr, std::size_t* size = nullptr) const {
    __sanitizer_finish_switch_fiber(kept, from, size);
  }
  /// The last frames of a fiber never return: what they marked as out of bounds must not stay so for the next one.
  static void clean(const boost::context::stack_context& stack) {
    __asan_unpoison_memory_region(static_cast<const char*>(stack.sp) - stack.size, stack.size);
  }
#else
  void leave(const void* /*bottom*/, std::size_t /*size*/) {}
  static void leave_for_good(const void* /*bottom*/, std::size_t /*size*/) {}
  void arrive(const void** /*from*/ = nullptr, std::size_t* /*size*/ = nullptr) const {}
  static void clean(const boost::context::stack_context& /*stack*/) {}
#endif
};

}  // namespace

/// Stacks with a guard page, kept for the next fiber.
struct Fibers::Stacks {
  std::vector<boost::context::stack_context> free;

  ~Stacks() {
    boost::context::protected_fixedsize_stack system{stack_bytes};
    for (boost::context::stack_context& stack : free) system.deallocate(stack);
  }
};

struct Fiber {
  boost::context::fiber context;  ///< the fiber while it is suspended
  boost::context::fiber machine;  ///< who resumed it, while it runs
  bool dropped = false;           ///< it is not to begin any more
  bool begun = false;
  std::size_t place = 0;  ///< among all fibers
  bool ended = false;
  std::exception_ptr thrown;
  boost::context::stack_context stack;
  const void* machine_bottom = nullptr;  ///< the machine's own stack
  std::size_t machine_size = 0;

  void resume() {
    StackChange change;
    change.leave(static_cast<const char*>(stack.sp) - stack.size, stack.size);
    context = std::move(context).resume();
    change.arrive();
  }
  void unwind() {
    if (!begun) {  // nothing to unwind: it runs, and ends at once
      dropped = true;
      return resume();
    }
    StackChange change;
    change.leave(static_cast<const char*>(stack.sp) - stack.size, stack.size);
    context = {};
    change.arrive();
  }
};

namespace {

/// Boost's stack allocator over a pool.
struct PooledStack {
  std::vector<boost::context::stack_context>* free;
  boost::context::stack_context* taken;

  [[nodiscard]] boost::context::stack_context allocate() const {
    if (free->empty()) free->push_back(boost::context::protected_fixedsize_stack{stack_bytes}.allocate());
    *taken = free->back();
    free->pop_back();
    StackChange::clean(*taken);
    return *taken;
  }
  void deallocate(boost::context::stack_context& stack) const { free->push_back(stack); }
};

void run_body(Fiber& fiber, const std::function<void()>& body) {
  try {
    body();
  } catch (const boost::context::detail::forced_unwind&) {
    StackChange::leave_for_good(fiber.machine_bottom, fiber.machine_size);
    throw;  // the fiber is being dropped
  } catch (...) {
    fiber.thrown = std::current_exception();
  }
  fiber.ended = true;
}

}  // namespace

Fibers::Fibers(std::uint64_t seed) : seed_(seed), random_(seed), stacks_(std::make_unique<Stacks>()) {}
Fibers::~Fibers() { drop_all(); }

Fiber& Fibers::start(std::function<void()> body) {
  Fiber& fiber = *fibers_.emplace_back(std::make_unique<Fiber>());
  fiber.place = fibers_.size() - 1;
  const auto main = [&fiber, body = std::move(body)](boost::context::fiber&& machine) {
    StackChange{}.arrive(&fiber.machine_bottom, &fiber.machine_size);
    fiber.machine = std::move(machine);
    fiber.begun = true;
    if (!fiber.dropped) run_body(fiber, body);
    StackChange::leave_for_good(fiber.machine_bottom, fiber.machine_size);
    return std::move(fiber.machine);
  };
  fiber.context = boost::context::fiber{std::allocator_arg, PooledStack{&stacks_->free, &fiber.stack}, main};
  ready_.push_back(&fiber);
  return fiber;
}

bool Fibers::step() {
  if (ready_.empty()) return false;
  if (draws()) std::swap(ready_.front(), ready_[random_() % ready_.size()]);
  Fiber& fiber = *ready_.front();
  ready_.pop_front();
  running_ = &fiber;
  fiber.resume();
  running_ = nullptr;
  const std::exception_ptr thrown = fiber.thrown;
  if (fiber.ended) drop(fiber);
  if (thrown) std::rethrow_exception(thrown);
  return true;
}

void Fibers::drop(Fiber& fiber) {
  std::swap(fibers_[fiber.place], fibers_.back());
  fibers_[fiber.place]->place = fiber.place;
  fibers_.pop_back();
}

void Fibers::drop_all() {
  ready_.clear();
  for (const auto& fiber : fibers_) fiber->unwind();
  fibers_.clear();
}

void Fibers::wait() {
  Fiber& me = *running_;
  // Control comes back by return, or by the exception that unwinds the fiber.
  struct Change : StackChange {
    Fiber& fiber;
    explicit Change(Fiber& f) : fiber(f) { leave(f.machine_bottom, f.machine_size); }
    ~Change() { arrive(&fiber.machine_bottom, &fiber.machine_size); }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
  };
  const Change change{me};
  me.machine = std::move(me.machine).resume();
}

void Fibers::wake(Fiber& fiber) { ready_.push_back(&fiber); }

void Fibers::may_give_way() {
  constexpr unsigned one_in = 8;
  if (draw(one_in)) give_way();
}

void Fibers::give_way() {
  wake(*running_);
  wait();
}

}  // namespace rooftile::kernels::host
