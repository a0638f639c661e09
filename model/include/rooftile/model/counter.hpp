// Counts programs one after the other, as a sweep over shapes asks for them. What follows from the ops of a program
// alone is worked out once and serves all that follow with the same ops: one kernel on one device, whatever the
// lengths.
//
//   Counter counter;
//   for (const Workload& workload : sweep) {
//     build(program, device, workload, spec);
//     predictor.predict(device, program, counter.count(program));
//   }
#pragma once

#include <memory>

#include "rooftile/model/count.hpp"

namespace rooftile {

class Counter {
 public:
  Counter();
  Counter(Counter&&) noexcept;
  Counter& operator=(Counter&&) noexcept;
  ~Counter();

  /// The counts of a program, those of count(program, counts); they stay until the next call.
  const ProgramCounts& count(const Program& program);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rooftile
