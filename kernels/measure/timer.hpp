// The clocks that a call can be timed by (timing.hpp says what each of them answers).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rooftile::kernels::measure {

enum class Timer : std::uint8_t { cuda_event, graph_replay, host_clock, cupti };
inline constexpr std::array<std::string_view, 4> timer_names{"cuda_event", "graph_replay", "host_clock", "cupti"};

/// As in the output: "cuda_event".
[[nodiscard]] constexpr std::string_view name_of(Timer timer) {
  return timer_names.at(static_cast<std::size_t>(timer));
}

}  // namespace rooftile::kernels::measure
