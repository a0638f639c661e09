// Loading libraries that may not be there, with the C library as one that always is.
#include "measure/shared_library.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "library_support.hpp"

namespace rooftile::kernels::measure {
namespace {

std::string message_of(std::string_view name, const LibrarySearch& search) {
  try {
    const SharedLibrary library{name, "6", search};
    return "loaded " + library.file();
  } catch (const Unavailable& missing) {
    return missing.what();
  }
}

TEST(SharedLibrary, GivesFunctionsTypedByTheirDeclaration) {
  const SharedLibrary math{"m", "6", {.loader = true, .folders = {}}};
  EXPECT_EQ(math.file(), "libm.so.6");
  EXPECT_DOUBLE_EQ(math.symbol<double(double)>("cbrt")(27.0), 3.0);
}

TEST(SharedLibrary, SaysWhatItSearched) {
  const std::string folder = nowhere().folders[0];
  EXPECT_EQ(message_of("rooftile_none", nowhere()), "librooftile_none.so.6 not found (searched " + folder + ")");
  EXPECT_EQ(message_of("rooftile_none", {.loader = true, .folders = {folder}}),
            "librooftile_none.so.6 not found (searched the loader's path, " + folder + ")");
}

TEST(SharedLibrary, AFileThatDoesNotLoadIsNotCalledMissing) {
  const std::filesystem::path folder = std::filesystem::path{testing::TempDir()} / "rooftile_broken_libraries";
  std::filesystem::create_directories(folder);
  std::ofstream{folder / "librooftile_broken.so.6"} << "not a library";
  const std::string message = message_of("rooftile_broken", {.loader = false, .folders = {folder.string()}});
  EXPECT_NE(message.find("librooftile_broken.so.6 does not load: "), std::string::npos) << message;
}

TEST(SharedLibrary, AFunctionThatIsNotThereIsNamed) {
  const SharedLibrary math{"m", "6", {.loader = true, .folders = {}}};
  try {
    static_cast<void>(math.symbol<double(double)>("rooftile_root"));
    FAIL() << "found a function that does not exist";
  } catch (const Unavailable& missing) {
    EXPECT_STREQ(missing.what(), "libm.so.6 has no rooftile_root");
  }
}

TEST(SharedLibrary, TheLoaderComesFirstAndTheToolkitLast) {
  const LibrarySearch search = library_search();
  EXPECT_TRUE(search.loader);
  ASSERT_GE(search.folders.size(), 2U);
  EXPECT_EQ(search.folders.back(), "/usr/local/cuda/extras/CUPTI/lib64");
}

}  // namespace
}  // namespace rooftile::kernels::measure
