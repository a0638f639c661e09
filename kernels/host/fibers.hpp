// Fibers that take turns: one per warp, on stacks that are used again. Seed 0: first ready, first served; any other
// seed: the next one is drawn.
//
//   Fiber& fiber = fibers.start([&] { ... fibers.wait(); ... });
//   fibers.wake(fiber);                                             from another fiber
//   while (fibers.step()) {}                                        until none is ready
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace rooftile::kernels::host {

struct Fiber;

class Fibers {
 public:
  explicit Fibers(std::uint64_t seed);
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  /// A new fiber, ready; it is gone when `body` returns. `body` must not swallow exceptions that it does not know.
  Fiber& start(std::function<void()> body);
  /// Runs one ready fiber until it waits, gives way or ends; false if none is ready. What its body throws comes out.
  bool step();
  /// Unwinds every fiber.
  void drop_all();

  /// Inside a fiber: suspends it until wake().
  void wait();
  void wake(Fiber& fiber);
  /// Inside a fiber: lets others run, if luck wants it so. Never with seed 0.
  void may_give_way();
  /// Inside a fiber: lets all that are ready run first.
  void give_way();

  [[nodiscard]] bool draws() const { return seed_ != 0; }
  /// True with a chance of one in `of`; false with seed 0.
  [[nodiscard]] bool draw(unsigned of) { return seed_ != 0 && random_() % of == 0; }

 private:
  struct Stacks;

  void drop(Fiber& fiber);

  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::unique_ptr<Stacks> stacks_;  // outlives the fibers
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::deque<Fiber*> ready_;
  Fiber* running_ = nullptr;
};

}  // namespace rooftile::kernels::host
