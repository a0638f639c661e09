// rooftile calibrate: constants that made the times are found again, published tables are fitted, slips are told.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "calibrate/calibration_writer.hpp"
#include "calibrate/family_fit.hpp"
#include "harness.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/model_yaml/calibration_reader.hpp"
#include "scratch.hpp"

namespace rooftile::calibrate {
namespace {

using experiments::Catalogues;

constexpr const char* gpu = "h100_sxm5_80gb";

/// Times of calls of a kernel with some constants.
std::vector<Observation> made_with(const Calibration& constants, Catalogues& catalogues) {
  std::vector<Observation> observations;
  KernelSpec spec = *catalogues.spec("fa3");
  spec.calibration.prefill = FittedRegime{.constants = constants, .expected_error = 0, .fitted_on = {}, .profiles = {}};
  const auto profile = catalogues.profile(gpu);
  Program program;
  for (const std::int64_t seq : {512, 1024, 2048, 4096, 8192}) {
    for (const std::int64_t head_dim : {64, 128, 256}) {
      for (const Mask mask : {Mask::none, Mask::causal}) {
        for (const std::int64_t batch : {1, 4, 16}) {
          const AttentionShape shape{.batch = batch,
                                     .heads = 16,
                                     .kv_heads = 16,
                                     .seq_q = seq,
                                     .seq_kv = seq,
                                     .head_dim = head_dim,
                                     .dtype = DType::fp16,
                                     .mask = mask};
          EXPECT_TRUE(build(program, profile->device, shape, spec));
          const auto predicted = find_predictor("hierarchical")->predict(profile->device, program);
          observations.push_back({gpu, "fa3", {}, shape, predicted.value().time});
        }
      }
    }
  }
  return observations;
}

Family family(std::vector<std::string_view> fit) {
  Family family;
  family.spec = "fa3";
  family.fitted_on = "times made here";
  for (const std::string_view name : fit) family.fit.push_back(find_calibration_constant(name));
  return family;
}

TEST(Calibrate, FindsTheConstantsThatMadeTheTimes) {
  Catalogues catalogues{experiments::find_data({})};
  const std::vector<Observation> observations =
      made_with({.trip_factor = 1.2, .cta_cycles = 3000, .call_overhead = 5e-6}, catalogues);
  const Family asked = family({"trip_factor", "cta_cycles", "call_overhead", "write_cycles"});
  const FamilyFit fit = fit_family({asked, observations, catalogues, {}, {}, {}});
  EXPECT_NEAR(fit.calibration.trip_factor, 1.2, 0.01);
  EXPECT_NEAR(fit.calibration.cta_cycles, 3000, 200);
  EXPECT_NEAR(fit.calibration.call_overhead, 5e-6, 0.5e-6);
  EXPECT_EQ(fit.left_out, std::vector<std::string>{"write_cycles"});  // fa3 writes no cache
  EXPECT_LT(fit.after.mape, 0.01);
  EXPECT_GT(fit.before.mape, 0.1);
  EXPECT_EQ(fit.rows, 90);
}

/// Of CTAs that all run at once, rows do not tell what each takes from what the call takes beside them.
TEST(Calibrate, OfExplanationsThatRowsCannotTellApartTakesTheOneOfUsualSize) {
  Catalogues catalogues{experiments::find_data({})};
  constexpr double cta_cycles = 4000, call_overhead = 4e-6;
  std::vector<Observation> one_wave;
  for (const Observation& row : made_with({.cta_cycles = cta_cycles, .call_overhead = call_overhead}, catalogues)) {
    const auto& shape = std::get<AttentionShape>(row.workload);
    if (shape.batch == 1 && shape.seq_q <= 1024) one_wave.push_back(row);
  }
  const FamilyFit fit = fit_family({family({"cta_cycles", "call_overhead"}), one_wave, catalogues, {}, {}, {}});
  const double clock = catalogues.profile(gpu)->device.clock.tensor_boost.value();
  const auto together = [&](double cycles, double seconds) { return cycles / clock + seconds; };
  const Calibration& found = fit.calibration;
  EXPECT_NEAR(together(found.cta_cycles, found.call_overhead), together(cta_cycles, call_overhead), 0.3e-6);
  EXPECT_NEAR(found.cta_cycles, cta_cycles, 0.5 * cta_cycles);
  EXPECT_NEAR(found.call_overhead, call_overhead, 0.5 * call_overhead);
}

TEST(Calibrate, WritesWhatTheReaderReads) {
  Catalogues catalogues{experiments::find_data({})};
  const std::vector<Observation> observations = made_with({.trip_factor = 1.2, .cta_cycles = 3000}, catalogues);
  const FamilyFit fit = fit_family({family({"trip_factor", "cta_cycles"}), observations, catalogues, {}, {}, {}});
  const test::Scratch scratch;
  const std::string file = scratch / "fa3.yaml";
  std::ofstream out{file};
  write_calibration(out, {fit}, "2026-11-22", "hierarchical 7");
  out.close();
  const SpecCalibration read = yaml::load_calibration(file);
  ASSERT_TRUE(read.prefill);
  EXPECT_NEAR(read.prefill->constants.trip_factor, fit.calibration.trip_factor, 1e-3);
  EXPECT_NEAR(read.prefill->constants.cta_cycles, fit.calibration.cta_cycles, 1);
  EXPECT_EQ(read.prefill->fitted_on, "times made here");
  // 90 rows, each under what decides it; to the 0.1 % that a file says
  ASSERT_EQ(read.prefill->errors.size(), fit.errors.size());
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < fit.errors.size(); ++i) {
    EXPECT_EQ(read.prefill->errors[i].profile, gpu);
    EXPECT_EQ(read.prefill->errors[i].bound, fit.errors[i].bound);
    EXPECT_NEAR(read.prefill->errors[i].mape, fit.errors[i].mape, 0.0005);
    rows += read.prefill->errors[i].rows;
  }
  EXPECT_EQ(rows, 90);
  EXPECT_GT(fit.errors.size(), 1U);
}

TEST(Calibrate, RefusesWhatTheRowsCannotDetermine) {
  Catalogues catalogues{experiments::find_data({})};
  std::vector<Observation> observations = made_with({}, catalogues);
  observations.resize(3);
  const Family asked = family({"trip_factor", "cta_cycles", "call_overhead"});
  EXPECT_THROW((void)fit_family({asked, observations, catalogues, {}, {}, {}}), InputError);
  observations.clear();
  EXPECT_THROW((void)fit_family({asked, observations, catalogues, {}, {}, {}}), InputError);
}

RowChoice where(std::vector<std::string> conditions) { return RowChoice{conditions}; }

/// Constants of one GPU, held against another: the model's own times, so that nothing is left between them.
TEST(Calibrate, ScoresTheOtherGpusOfConstantsThatOneGave) {
  Catalogues catalogues{experiments::find_data({})};
  std::vector<Observation> observations = made_with({.trip_factor = 1.2}, catalogues);
  std::vector<Observation> elsewhere = observations;
  for (Observation& one : elsewhere) {
    one.profile = "h100_pcie_80gb";
    one.time = one.time * 3;  // as nothing explains
  }
  observations.insert(observations.end(), elsewhere.begin(), elsewhere.end());
  const Family asked = family({"trip_factor"});
  const FamilyFit fit = fit_family({asked, observations, catalogues, {}, where({std::string{"profile="} + gpu}), {}});
  EXPECT_NEAR(fit.calibration.trip_factor, 1.2, 0.01);
  EXPECT_EQ(fit.after.n, 90);
  EXPECT_GT(fit.after.mape, 0.3);
}

TEST(Calibrate, ScoresRowsOfOneKindWithConstantsOfAnother) {
  Catalogues catalogues{experiments::find_data({})};
  const std::vector<Observation> observations = made_with({.trip_factor = 1.2}, catalogues);
  const Family asked = family({"trip_factor"});
  const FamilyFit fit = fit_family(
      {asked, observations, catalogues, {}, where({"seq_kv<=2048"}), where({"seq_kv>=4096", "head_dim=128"})});
  EXPECT_EQ(fit.fitted, 54);   // three of five lengths
  EXPECT_EQ(fit.after.n, 12);  // two lengths, one head dim
  EXPECT_LT(fit.after.mape, 0.01);
}

TEST(RowChoice, HoldsConditionsAgainstWhatARowSays) {
  const Observation row{gpu, "fa3", {}, AttentionShape{.batch = 4, .heads = 16, .kv_heads = 16, .head_dim = 128}, {}};
  EXPECT_TRUE(RowChoice{}.chooses(row));
  EXPECT_TRUE(where({"batch=4", "batch<=4", "batch>=4", std::string{"profile="} + gpu}).chooses(row));
  for (const char* wrong : {"batch=5", "batch<=3", "batch>=5", "profile=l4"}) {
    EXPECT_FALSE(where({"batch=4", wrong}).chooses(row)) << wrong;
  }
  const Observation softmax{gpu, "torch_softmax", {}, SoftmaxShape{8, 8, DType::fp32}, {}};
  EXPECT_FALSE(where({"batch<=4"}).chooses(softmax));
}

TEST(RowChoice, RefusesWhatIsNoCondition) {
  const auto message = [](const std::string& text) {
    try {
      (void)where({text});
    } catch (const InputError& error) {
      return std::string{error.what()};
    }
    return std::string{"no error"};
  };
  EXPECT_EQ(message("batch"), "condition 'batch': as head_dim=128, seq_kv<=2048 or batch>=32");
  EXPECT_EQ(message("batch<4"), "condition 'batch<4': relations are =, <= and >=");
  EXPECT_EQ(message("batch=4k"), "condition 'batch=4k': '4k' is no whole number");
  EXPECT_EQ(message("profile<=l4"), "condition 'profile<=l4': a profile is equal to one or not");
  EXPECT_EQ(message("head_dims=4"),
            "unknown field of a row 'head_dims'; allowed: profile, batch, heads, kv_heads, seq_q, seq_kv, head_dim; "
            "did you mean 'head_dim'?");
}

TEST(Plan, RefusesWhatIsTooMuchOrUnclear) {
  const test::Scratch scratch;
  const auto message = [&](const std::string& families) {
    scratch.write("plan.yaml", "schema: rooftile.calibration_plan/1\nfamilies:\n" + families);
    try {
      (void)load_plan(scratch / "plan.yaml");
    } catch (const InputError& error) {
      const std::string text = error.what();
      return text.substr(text.find("plan.yaml"));
    }
    return std::string{"no error"};
  };
  const auto family = [](const std::string& spec, const std::string& fit, const std::string& more = "") {
    return "  - {spec: " + spec + ", regime: prefill, tables: [published], fitted_on: x, fit: [" + fit + "]" + more +
           "}\n";
  };
  const std::string eight =
      "trip_factor, exp2_weight, smem_weight, trip_wait, cta_cycles, tile_factor, search_cycles, merge_cycles";
  std::string nine_families;
  for (int i = 0; i < 9; ++i) nine_families += family("spec" + std::to_string(i), i < 8 ? eight : "slowdown");
  EXPECT_EQ(message(nine_families), "plan.yaml:1:1: 65 constants in all: 64 at most");
  EXPECT_EQ(message(family("fa2", eight + ", slowdown")), "plan.yaml:3:74: 9 constants: 8 at most");
  EXPECT_EQ(message(family("fa2", "trip_factor, trip_factor")), "plan.yaml:3:74: trip_factor twice");
  EXPECT_EQ(message(family("fa2", "trip_factor", ", given: {trip_factor: {value: 1, from: y}}")),
            "plan.yaml:3:74: trip_factor is given, too");
  EXPECT_EQ(message(family("fa2", "") + family("fa2", "")), "plan.yaml:4:5: a second family fa2 prefill");
}

/// The shipped plan's constants are few.
TEST(Plan, ThatShipsIsWithinItsLimits) {
  const std::vector<Family> families =
      load_plan(experiments::find_data({}).experiments() / "calibration" / "plan.yaml");
  EXPECT_GE(families.size(), 20U);
}

/// Constants of vLLM's kernel on A100 predict the plain kernel on H100, and head dim 128 the others.
TEST(Calibrate, ConstantsTransferToRowsThatWereNotFitted) {
  const std::string plan = experiments::find_data({}).experiments() / "calibration" / "transfer.yaml";
  const auto errors_of = [](std::vector<std::string> line) {
    line.insert(line.end(), {"--format", "csv"});
    const test::Outcome done = test::run_line(line);
    EXPECT_EQ(done.code, 0) << done.err;
    std::vector<double> errors;
    std::istringstream rows{done.out};
    std::string row;
    std::getline(rows, row);
    while (std::getline(rows, row)) {
      std::size_t at = 0;
      for (int column = 0; column < 5; ++column) at = row.find(',', at) + 1;  // kernel,regime,rows,scored,before
      errors.push_back(std::stod(row.substr(at)));
    }
    return errors;
  };
  const std::vector<double> gpus = errors_of({"calibrate", "--plan", plan});
  const std::vector<double> head_dims =
      errors_of({"calibrate", "fa2", "fa3", "cudnn_sdpa", "--fit-where", "head_dim=128"});
  ASSERT_EQ(gpus.size(), 2U);
  ASSERT_EQ(head_dims.size(), 5U);
  for (const double percent : gpus) EXPECT_LT(percent, 7);
  for (const double percent : head_dims) EXPECT_LT(percent, 7);
}

TEST(Calibrate, WritesNoFilesOfAPartOfTheRows) {
  const test::Scratch scratch;
  const test::Outcome done =
      test::run_line({"calibrate", "fa3", "--fit-where", "head_dim=128", "--into", scratch / "."});
  EXPECT_EQ(done.code, 2);
  EXPECT_EQ(done.err,
            "rooftile: --into: calibration files are written from all rows; leave out --fit-where and --score-where\n");
}

/// Where nothing is fitted, a file still says how far off the model is.
TEST(Calibrate, ScoresASpecWithoutConstants) {
  Catalogues catalogues{experiments::find_data({})};
  std::vector<Observation> observations = made_with({}, catalogues);
  for (Observation& one : observations) one.time = one.time * 2;
  const Family asked = family({});
  const FamilyFit fit = fit_family({asked, observations, catalogues, {}, {}, {}});
  EXPECT_TRUE(fit.constants.empty());
  EXPECT_NEAR(fit.after.mape, 0.5, 1e-9);
  for (const KnownError& one : fit.errors) EXPECT_NEAR(one.mape, 0.5, 1e-9);
}

/// The shipped plan's published family, end to end.
TEST(Calibrate, FitsThePublishedTables) {
  const test::Scratch scratch;
  const test::Outcome done = test::run_line({"calibrate", "fa3", "--into", scratch / ".", "--format", "csv"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.out.find("fa3,prefill,37,37,"), std::string::npos) << done.out;
  const SpecCalibration read = yaml::load_calibration(scratch / "fa3.yaml");
  ASSERT_TRUE(read.prefill);
  EXPECT_LT(read.prefill->expected_error, 0.05);
}

/// A softmax alone is a regime of its own, and its instructions are found though a busier unit hides them at the
/// default.
TEST(Calibrate, FindsTheInstructionsOfASoftmaxAlone) {
  Catalogues catalogues{experiments::find_data({})};
  KernelSpec spec = *catalogues.spec("torch_softmax");
  spec.calibration.alone =
      FittedRegime{.constants = {.sweep_ops = 30}, .expected_error = 0, .fitted_on = {}, .profiles = {}};
  const auto profile = catalogues.profile("a100_pcie_40gb");
  std::vector<Observation> observations;
  Program program;
  for (const std::int64_t columns : {500, 1000, 2000, 4000, 8000}) {
    for (const std::int64_t rows : {20'000, 50'000, 100'000}) {
      const SoftmaxShape shape{rows, columns, DType::fp32};
      ASSERT_TRUE(build(program, profile->device, shape, spec));
      const auto predicted = find_predictor("hierarchical")->predict(profile->device, program);
      observations.push_back({"a100_pcie_40gb", "torch_softmax", {}, shape, predicted.value().time});
    }
  }
  Family asked = family({"sweep_ops"});
  asked.spec = "torch_softmax";
  asked.regime = Regime::alone;
  const FamilyFit fit = fit_family({asked, observations, catalogues, {}, {}, {}});
  EXPECT_NEAR(fit.calibration.sweep_ops, 30, 0.5);
  EXPECT_EQ(fit.rows, 15);
  asked.regime = Regime::prefill;
  EXPECT_THROW((void)fit_family({asked, observations, catalogues, {}, {}, {}}), InputError);
}

/// Eager attention's own two constants are fitted; the third GPU takes them as given.
TEST(Calibrate, HoldsTheConstantsOfOneRecipeAgainstAnother) {
  const test::Outcome done =
      test::run_line({"calibrate", "pytorch_eager", "hf_eager", "megatron_fused_softmax", "--format", "csv"});
  ASSERT_EQ(done.code, 0) << done.err;
  for (const char* row : {"pytorch_eager,prefill,16,16,", "pytorch_eager,backward,24,24,", "hf_eager,prefill,4,4,",
                          "hf_eager,backward,6,6,", "megatron_fused_softmax,prefill,2,2,"}) {
    const std::size_t at = done.out.find(row);
    ASSERT_NE(at, std::string::npos) << row << '\n' << done.out;
    std::istringstream cells{done.out.substr(at + std::string{row}.size())};
    double before = 0, mape = 0;
    char comma = 0;
    cells >> before >> comma >> mape;
    EXPECT_LT(mape, 8) << row;
  }
}

}  // namespace
}  // namespace rooftile::calibrate
