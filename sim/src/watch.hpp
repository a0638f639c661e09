// Between the simulator, which counts cycles that go on from call to call, and a listener, which hears of seconds since
// its call began. Whoever has something to tell holds a pointer to a watch, null where nobody listens.
#pragma once

#include "rooftile/model/quantity.hpp"
#include "rooftile/sim/listener.hpp"

namespace rooftile::sim {

class Watch {
 public:
  /// `first`: the cycle in which the call begins.
  Watch(Listener& listener, Hertz clock, double first) : listener_{&listener}, clock_{clock}, first_{first} {}

  [[nodiscard]] Listener& listener() const { return *listener_; }
  [[nodiscard]] Seconds at(double cycle) const { return Cycles{cycle - first_} / clock_; }
  [[nodiscard]] Seconds lasting(double cycles) const { return Cycles{cycles} / clock_; }

 private:
  Listener* listener_;
  Hertz clock_;
  double first_;
};

}  // namespace rooftile::sim
