#include "rooftile/analysis/validation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

ValidatedRow validated(double predicted_s, double observed_s, BoundRegime regime = BoundRegime::compute) {
  ValidatedRow row;
  row.comparison.profile = "a100_sxm4_80gb";
  row.comparison.kernel = "fa2";
  row.comparison.workload = shape();
  row.comparison.bound = Limit::tensor;
  row.comparison.predicted = Seconds{predicted_s};
  row.comparison.observed = Seconds{observed_s};
  row.bound_regime = regime;
  return row;
}

ValidatedRow with_floors(double memory_s, double compute_s, Limit bound) {
  ValidatedRow row = validated(1, 1);
  row.floors = {Seconds{memory_s}, Seconds{compute_s}};
  row.comparison.bound = bound;
  return row;
}

TEST(validation, groups_by_what_decides) {
  const std::vector rows{validated(1.1, 1), validated(2.4, 2), validated(3.9, 3),
                         validated(0.5, 1, BoundRegime::launch)};
  const auto groups = validate(rows, std::array{ValidateBy::kernel, ValidateBy::bound_regime});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].accuracy.group, (std::vector<std::string>{"fa2", "compute"}));
  EXPECT_NEAR(groups[0].accuracy.mape, 0.2, 1e-12);
  EXPECT_DOUBLE_EQ(*groups[0].rank_correlation, 1);
  EXPECT_EQ(groups[1].accuracy.group, (std::vector<std::string>{"fa2", "launch"}));
  EXPECT_NEAR(groups[1].accuracy.bias, -0.5, 1e-12);
  EXPECT_FALSE(groups[1].rank_correlation) << "one row has no order";
}

TEST(validation, a_model_that_turns_the_order_around_is_told) {
  const auto all = validate(std::vector{validated(3, 1), validated(2, 2), validated(1, 3)}, {});
  EXPECT_DOUBLE_EQ(*all.at(0).rank_correlation, -1);
}

TEST(validation, only_rows_that_show_their_bound_count_for_agreement) {
  const std::vector rows{with_floors(0.9, 0.3, Limit::dram),      // shows memory, agrees
                         with_floors(0.9, 0.3, Limit::l2),        // and so does this
                         with_floors(0.9, 0.3, Limit::tensor),    // shows memory, does not
                         with_floors(0.1, 0.85, Limit::exp2),     // shows compute, agrees
                         with_floors(0.1, 0.85, Limit::latency),  // waiting is of neither kind
                         with_floors(0.9, 0.7, Limit::tensor),    // floors too near to each other
                         with_floors(0.5, 0.3, Limit::tensor)};   // neither floor is near the time
  const auto all = validate(rows, {});
  EXPECT_EQ(all.at(0).bound_n, 5);
  EXPECT_EQ(all.at(0).bound_agreed, 3);
  EXPECT_DOUBLE_EQ(*all.at(0).bound_agreement(), 0.6);
  EXPECT_FALSE(validate(std::vector{rows.back()}, {}).at(0).bound_agreement());
}

TEST(validation, the_observed_time_decides_which_bound_shows) {
  std::vector rows{with_floors(0.9, 0.3, Limit::dram)};
  rows[0].comparison.observed = Seconds{2};  // both floors are far below it, whatever is predicted
  EXPECT_EQ(validate(rows, {}).at(0).bound_n, 0);
}

TEST(validation, every_grouping_has_a_text) {
  ValidatedRow row = validated(1, 1);
  row.comparison.setting = "x=1";
  row.comparison.source = "paper";
  for (const Named<ValidateBy>& by : EnumNames<ValidateBy>::table) {
    EXPECT_NE(validate(std::span{&row, 1}, std::array{by.value}).at(0).accuracy.group.at(0), "") << by.name;
  }
}

TEST(validation, no_rows_no_groups_and_no_time_no_error) {
  EXPECT_TRUE(validate({}, std::array{ValidateBy::gpu}).empty());
  EXPECT_THROW((void)validate(std::vector{validated(0, 1)}, {}), std::domain_error);
}

TEST(validation, observed_times_come_from_the_store) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  store.put(run, row(published_key(1024), 2e-3));
  store.put(run, row(predicted_key(1024), 2.5e-3));  // computed: no observation
  const std::vector<Comparison> observed = load_observed(store);
  ASSERT_EQ(observed.size(), 1U);
  EXPECT_EQ(observed[0].workload, (Workload{shape(1024)}));
  EXPECT_EQ(observed[0].observed, Seconds{2e-3});
  EXPECT_EQ(observed[0].observed_method, Method::published);
  EXPECT_EQ(observed[0].source, "a paper, table 1");
}

TEST(validation, every_regime_is_listed) {
  for (const Pass pass : {Pass::fwd, Pass::bwd}) {
    for (const std::int64_t seq_q : {1, 64, 128, 256}) {
      AttentionShape s = shape();
      s.pass = pass;
      s.seq_q = seq_q;
      s.seq_kv = 128;
      EXPECT_EQ(std::ranges::count(regimes(), regime_of(s)), 1) << regime_of(s);
    }
  }
  EXPECT_EQ(std::ranges::count(regimes(), regime_of(GemmShape{})), 1);
  EXPECT_EQ(std::ranges::count(regimes(), regime_of(SoftmaxShape{})), 1);
}

}  // namespace
}  // namespace rooftile::analysis
