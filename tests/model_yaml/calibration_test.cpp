// Calibration files: what they say, and every slip with its place.
#include "rooftile/model_yaml/calibration_reader.hpp"

#include <gtest/gtest.h>

#include "rooftile/model_yaml/spec_reader.hpp"
#include "scratch_folder.hpp"

namespace rooftile::yaml {
namespace {

const std::string sound_calibration = R"(schema: rooftile.calibration/1
spec: mine
predictor: hierarchical 7
date: 2026-11-22
regimes:
  prefill:
    fitted_on: "a table"
    profiles: [a100_sxm4_80gb]
    rows: 40
    fitted: 38
    error: {mape: 2.3 %, median: 1.6 %, p95: 7.1 %, bias: -0.2 %}
    constants:
      trip_factor: {value: 1.05, spread: 0.01}
      call_overhead: {value: 2.5 us, spread: 0.1 us}
      cta_cycles: {value: 446 cycle, spread: 20 cycle}
      exp2_weight: {value: 0.66, from: "elsewhere"}
)";
const std::string flash2_spec_text = R"(schema: rooftile.spec/1
name: mine
description: a kernel
source: here
algorithm: flash2
dtypes: [fp16]
passes: [fwd]
masks: [none]
tiles:
  - {head_dim: 64, br: 64, bc: 64}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(CalibrationFile, SaysTheConstantsAndTheirError) {
  const ScratchFolder folder;
  const SpecCalibration read = load_calibration(folder.write("mine.yaml", sound_calibration));
  ASSERT_TRUE(read.prefill);
  EXPECT_FALSE(read.decode || read.backward);
  EXPECT_DOUBLE_EQ(read.prefill->constants.trip_factor, 1.05);
  EXPECT_DOUBLE_EQ(read.prefill->constants.call_overhead, 2.5e-6);
  EXPECT_DOUBLE_EQ(read.prefill->constants.cta_cycles, 446);
  EXPECT_DOUBLE_EQ(read.prefill->constants.exp2_weight, 0.66);
  EXPECT_DOUBLE_EQ(read.prefill->constants.smem_weight, 0);  // as nobody fitted it
  EXPECT_DOUBLE_EQ(read.prefill->expected_error, 0.023);
  EXPECT_EQ(read.prefill->profiles, std::vector<std::string>{"a100_sxm4_80gb"});
}

const std::string errors_by_bound = R"(    errors:
      - {gpu: a100_sxm4_80gb, bound: compute, rows: 30, mape: 1.9 %}
      - {gpu: a100_sxm4_80gb, bound: launch, rows: 10, mape: 5.6 %}
    constants:
)";
const std::string with_errors = replaced(sound_calibration, "    constants:\n", errors_by_bound);

TEST(CalibrationFile, MaySayTheErrorByWhatDecides) {
  const ScratchFolder folder;
  const SpecCalibration read = load_calibration(folder.write("mine.yaml", with_errors));
  ASSERT_EQ(read.prefill->errors.size(), 2U);
  EXPECT_EQ(read.prefill->errors[1].profile, "a100_sxm4_80gb");
  EXPECT_EQ(read.prefill->errors[1].bound, BoundRegime::launch);
  EXPECT_EQ(read.prefill->errors[1].rows, 10);
  EXPECT_DOUBLE_EQ(read.prefill->errors[1].mape, 0.056);
  EXPECT_TRUE(load_calibration(folder.write("old.yaml", sound_calibration)).prefill->errors.empty());
}

TEST(CalibrationFile, SlipsAmongErrorsAreToldWithTheirPlace) {
  const ScratchFolder folder;
  const struct {
    std::string from, to, message;
  } slips[] = {
      {"bound: launch", "bound: lunch",
       "mine.yaml:14:38: unknown bound regime 'lunch'; allowed: launch, underfilled, memory, compute; did you mean "
       "'launch'?"},
      {"mape: 5.6 %}", "mape: 5.6}", "mine.yaml:14:62: '5.6': a share is expected, as in 2.3 %"},
      {"rows: 10,", "row: 10,", "mine.yaml:14:9: missing key 'rows'"},
      {"rows: 10,", "rows: 0,", "mine.yaml:14:52: 0 is outside 1 .. 1073741824"},
  };
  for (const auto& slip : slips) {
    const auto file = folder.write("mine.yaml", replaced(with_errors, slip.from, slip.to));
    EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_calibration(file); })), slip.message);
  }
}

TEST(CalibrationFile, EverySlipIsToldWithItsPlace) {
  const ScratchFolder folder;
  const struct {
    std::string from, to, message;
  } slips[] = {
      {"trip_factor:", "trip_facto:",
       "mine.yaml:13:7: unknown constant 'trip_facto'; allowed: trip_factor, exp2_weight, smem_weight, trip_wait, "
       "cta_cycles, tile_factor, search_cycles, merge_cycles, write_cycles, copy_cycles, sort_ops, sweep_ops, "
       "offset_ops, "
       "call_overhead, "
       "slowdown; did you mean "
       "'trip_factor'?"},
      {"1.05", "9", "mine.yaml:13:28: trip_factor '9' is outside 0.25 .. 4"},
      {"mape: 2.3 %", "mape: 2.3", "mine.yaml:11:19: '2.3': a share is expected, as in 2.3 %"},
      {"prefill:", "prefil:",
       "mine.yaml:6:3: unknown regime 'prefil'; allowed: prefill, decode, backward, alone; did you mean 'prefill'?"},
      {"calibration/1", "calibration/2",
       "mine.yaml:1:9: schema 'rooftile.calibration/2' is not read here; expected 'rooftile.calibration/1'"},
  };
  for (const auto& slip : slips) {
    const auto file = folder.write("mine.yaml", replaced(sound_calibration, slip.from, slip.to));
    EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_calibration(file); })), slip.message);
  }
}

TEST(CalibrationFile, BelongsToTheSpecOfItsName) {
  const ScratchFolder folder;
  const auto spec = folder.write("specs/mine.yaml", flash2_spec_text);
  EXPECT_FALSE(load_spec(spec).calibration.prefill);
  folder.write("calibrations/mine.yaml", sound_calibration);
  const KernelSpec fitted = load_spec(spec);
  ASSERT_TRUE(fitted.calibration.prefill);
  EXPECT_EQ(fitted.calibration.borrowed_from, "");
}

TEST(CalibrationFile, CanBeThatOfAnotherSpec) {
  const ScratchFolder folder;
  folder.write("calibrations/mine.yaml", sound_calibration);
  const std::string borrows = replaced(flash2_spec_text, "name: mine\n", "name: like\nconstants_of: mine\n");
  const KernelSpec like = load_spec(folder.write("specs/like.yaml", borrows));
  ASSERT_TRUE(like.calibration.prefill);
  EXPECT_EQ(like.calibration.borrowed_from, "mine");
  const auto missing = folder.write("specs/other.yaml", replaced(borrows, "constants_of: mine", "constants_of: min"));
  EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_spec(missing); })),
            "specs/other.yaml:3:15: 'min' has no calibration (calibrations/min.yaml)");
}

/// A spec that was only scored computes as one that nobody has looked at.
TEST(CalibrationFile, WithoutConstantsLeavesTheIdentityAlone) {
  const ScratchFolder folder;
  Profile profile;
  profile.text = "sm.count: 108\n";
  profile.hash = "as it was";
  const std::string bare =
      sound_calibration.substr(0, sound_calibration.find("    constants:")) + "    constants: {}\n";
  const SpecCalibration scored = load_calibration(folder.write("mine.yaml", bare));
  EXPECT_DOUBLE_EQ(scored.prefill->expected_error, 0.023);
  EXPECT_EQ(identity_of(profile, scored).hash, "as it was");
}

/// Stored predictions are found again by the numbers that decided them.
TEST(CalibrationFile, ChangesTheIdentityOfAPrediction) {
  const ScratchFolder folder;
  Profile profile;
  profile.text = "sm.count: 108\n";
  profile.hash = "as it was";
  EXPECT_EQ(identity_of(profile, {}).hash, "as it was");
  const SpecCalibration fitted = load_calibration(folder.write("mine.yaml", sound_calibration));
  const SpecCalibration other =
      load_calibration(folder.write("mine.yaml", replaced(sound_calibration, "1.05", "1.06")));
  EXPECT_NE(identity_of(profile, fitted).hash, "as it was");
  EXPECT_NE(identity_of(profile, fitted).hash, identity_of(profile, other).hash);
  EXPECT_EQ(identity_of(profile, fitted).hash, identity_of(profile, SpecCalibration{fitted}).hash);
}

}  // namespace
}  // namespace rooftile::yaml
