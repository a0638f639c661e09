#include "l2_reuse.hpp"

#include <algorithm>
#include <limits>

namespace rooftile {

double miss_share(double between, Bytes capacity) {
  const double fill = between / capacity.value();
  return std::clamp((fill - cliff_begin) / (cliff_end - cliff_begin), 0.0, 1.0);
}

L2Reuse::L2Reuse(const Device& device, const Program& program, bool warm)
    : program_{program},
      capacity_{device.memory.l2.capacity},
      copies_of_shared_{std::max(1.0, device.memory.l2.partitions.value())} {
  double call = 0;  // a warm call comes back to a tensor after all tensors of the call
  for (const Tensor& tensor : program.tensors) call += static_cast<double>(tensor.bytes());
  const double never = std::numeric_limits<double>::infinity();
  for (std::size_t t = 0; t < program.tensors.size(); ++t) between_[t] = warm ? call : never;
}

double L2Reuse::standing(const TensorTraffic& tensor, double bytes) const {
  return bytes * (tensor.shared ? copies_of_shared_ : 1.0);
}

Traffic L2Reuse::next(const LaunchTraffic& launch) {
  double wave = 0;
  double wave_loaded = 0;
  double all = 0;
  for (std::size_t t = 0; t < program_.tensors.size(); ++t) {
    wave += standing(launch[t], launch[t].wave_touched);
    if (launch[t].loaded > 0) wave_loaded += standing(launch[t], launch[t].wave_touched);
    all += standing(launch[t], static_cast<double>(launch[t].touched));
  }
  const double sweep_missed = miss_share(wave_loaded, capacity_);
  const double wave_missed = miss_share(wave, capacity_);
  Traffic dram;
  for (std::size_t t = 0; t < program_.tensors.size(); ++t) {
    const TensorTraffic& tensor = launch[t];
    if (tensor.touched == 0) {
      between_[t] += all;
      continue;
    }
    const auto touched = static_cast<double>(tensor.touched);
    if (tensor.loaded > 0) {
      const auto swept = static_cast<double>(tensor.swept_loads);
      const double first = miss_share(between_[t], capacity_) * std::min(touched, swept);
      const double next_sweeps = std::max(0.0, swept - touched);
      const double next_waves = std::max(0.0, tensor.wave_loads - swept);
      dram.read += Bytes{first + sweep_missed * next_sweeps + wave_missed * next_waves};
    }
    if (tensor.stored > 0) {
      const double once = std::min(touched, static_cast<double>(tensor.swept_stores));
      dram.write += Bytes{once + wave_missed * (static_cast<double>(tensor.swept_stores) - once)};
    }
    between_[t] = all;
  }
  return dram;
}

}  // namespace rooftile
