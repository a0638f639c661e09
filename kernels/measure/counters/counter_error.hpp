// Why counters were not read, sorted the way a counter line stores it.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rooftile::kernels::measure {

enum class CounterStatus : std::uint8_t {
  refused,      ///< the driver does not let this user read them (ERR_NVGPUCTRPERM), or another profiler has them
  unsupported,  ///< no library, no such counter on this chip, a GPU that is shared or virtual
  failed        ///< anything else
};

[[nodiscard]] constexpr std::string_view name_of(CounterStatus status) {
  constexpr std::string_view names[] = {"refused", "unsupported", "failed"};
  return names[static_cast<std::size_t>(status)];
}

/// The text names the call and carries CUPTI's own message.
class CounterError : public std::runtime_error {
 public:
  CounterError(CounterStatus status, const std::string& text) : std::runtime_error(text), status_(status) {}
  [[nodiscard]] CounterStatus status() const { return status_; }

 private:
  CounterStatus status_;
};

}  // namespace rooftile::kernels::measure
