// A line of a kernel's text, taken where an instruction is written: the default argument of every instruction that may
// fault. (std::source_location does the same, but clang 14 cannot read libstdc++'s.)
#pragma once

namespace rooftile::kernels::host {

struct Where {
  const char* file;
  unsigned line;

  [[nodiscard]] static constexpr Where current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace rooftile::kernels::host
