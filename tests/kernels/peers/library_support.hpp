// Libraries for tests: a search that finds nothing, and libraries that tests skip without.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "measure/shared_library.hpp"

namespace rooftile::kernels::measure {

/// An empty folder and nothing else.
inline LibrarySearch nowhere() {
  const std::filesystem::path folder = std::filesystem::path{testing::TempDir()} / "rooftile_no_libraries";
  std::filesystem::create_directories(folder);
  return {.loader = false, .folders = {folder.string()}};
}

/// The library, or nullptr with the reason to skip.
template <class Library>
std::unique_ptr<Library> load(std::string& why) {
  try {
    return std::make_unique<Library>(library_search());
  } catch (const Unavailable& missing) {
    why = missing.what();
    return nullptr;
  }
}

}  // namespace rooftile::kernels::measure
