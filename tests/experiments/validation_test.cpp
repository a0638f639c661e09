// Today's errors under the bounds that are on record. A bound is lowered by
//
//   rooftile validate --bounds experiments/validation/bounds.yaml --record
//
// and raised by nothing.
#include <gtest/gtest.h>

#include <cstdlib>

#include "harness.hpp"

namespace rooftile::test {
namespace {

void expect_held(const std::string& file) {
  const Outcome outcome = run_line({"validate", "--bounds", file});
  EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
}

TEST(Validation, ErrorsOnPublishedTimesAreUnderTheirBounds) { expect_held("experiments/validation/bounds.yaml"); }

/// Tables of other projects, which are not part of the repository.
TEST(Validation, ErrorsOnServingEnginesAreUnderTheirBounds) {
  const char* reference = std::getenv("ROOFTILE_REFERENCE_DIR");
  if (reference == nullptr || *reference == '\0') GTEST_SKIP() << "ROOFTILE_REFERENCE_DIR is not set";
  expect_held("experiments/validation/bulk_bounds.yaml");
}

}  // namespace
}  // namespace rooftile::test
