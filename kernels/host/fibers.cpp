#include "host/fibers.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <exception>
#include <utility>

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
  std::size_t place = 0;          ///< among all fibers
  bool ended = false;
  std::exception_ptr thrown;
};

namespace {

/// Boost's stack allocator over a pool.
struct PooledStack {
  std::vector<boost::context::stack_context>* free;

  [[nodiscard]] boost::context::stack_context allocate() const {
    if (free->empty()) return boost::context::protected_fixedsize_stack{stack_bytes}.allocate();
    const boost::context::stack_context stack = free->back();
    free->pop_back();
    return stack;
  }
  void deallocate(boost::context::stack_context& stack) const { free->push_back(stack); }
};

void run_body(Fiber& fiber, const std::function<void()>& body) {
  try {
    body();
  } catch (const boost::context::detail::forced_unwind&) {
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
  fiber.context = boost::context::fiber{std::allocator_arg, PooledStack{&stacks_->free},
                                        [&fiber, body = std::move(body)](boost::context::fiber&& machine) {
                                          fiber.machine = std::move(machine);
                                          run_body(fiber, body);
                                          return std::move(fiber.machine);
                                        }};
  ready_.push_back(&fiber);
  return fiber;
}

bool Fibers::step() {
  if (ready_.empty()) return false;
  if (draws()) std::swap(ready_.front(), ready_[random_() % ready_.size()]);
  Fiber& fiber = *ready_.front();
  ready_.pop_front();
  running_ = &fiber;
  fiber.context = std::move(fiber.context).resume();
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
  fibers_.clear();
}

void Fibers::wait() {
  Fiber& me = *running_;
  me.machine = std::move(me.machine).resume();
}

void Fibers::wake(Fiber& fiber) { ready_.push_back(&fiber); }

void Fibers::may_give_way() {
  constexpr unsigned one_in = 8;
  if (!draw(one_in)) return;
  wake(*running_);
  wait();
}

}  // namespace rooftile::kernels::host
