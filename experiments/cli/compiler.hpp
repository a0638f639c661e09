// Which compiler built the program: what `version` prints and what the store keeps with every run.
#pragma once

namespace rooftile::cli {

#if defined(__clang__)
inline constexpr const char* compiler = "clang " __clang_version__;
#else
inline constexpr const char* compiler = "gcc " __VERSION__;
#endif

}  // namespace rooftile::cli
