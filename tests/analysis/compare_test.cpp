#include <cmath>
#include <limits>
#include <stdexcept>

#include "rooftile/analysis/compare.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;
constexpr double infinity = std::numeric_limits<double>::infinity();

Comparison pair(double predicted_s, double observed_s, std::int64_t head_dim = 128) {
  Comparison c;
  c.profile = "a100_sxm4_80gb";
  c.kernel = "fa2";
  AttentionShape s = shape();
  s.head_dim = head_dim;
  c.workload = s;
  c.predictor = "hierarchical";
  c.bound = Limit::tensor;
  c.predicted = Seconds{predicted_s};
  c.observed = Seconds{observed_s};
  return c;
}

TEST(compare, error_is_relative_to_the_observation) {
  EXPECT_DOUBLE_EQ(relative_error(Seconds{1.1}, Seconds{1.0}), 1.1 - 1.0);
  EXPECT_DOUBLE_EQ(relative_error(Seconds{0.5}, Seconds{1.0}), -0.5);
  EXPECT_EQ(relative_error(Seconds{1.0}, Seconds{1.0}), 0);
}

// A remainder or a ratio of the smaller to the larger would call these good.
TEST(compare, multiples_are_not_a_match) {
  EXPECT_DOUBLE_EQ(relative_error(Seconds{2}, Seconds{1}), 1.0);
  EXPECT_DOUBLE_EQ(relative_error(Seconds{3}, Seconds{1}), 2.0);
  EXPECT_DOUBLE_EQ(relative_error(Seconds{1e-9}, Seconds{1}), 1e-9 - 1);
}

TEST(compare, refuses_zero_negative_infinite_and_nan) {
  for (const double bad : {0.0, -1.0, nan, infinity, -infinity}) {
    EXPECT_THROW((void)relative_error(Seconds{bad}, Seconds{1}), std::domain_error) << bad;
    EXPECT_THROW((void)relative_error(Seconds{1}, Seconds{bad}), std::domain_error) << bad;
    EXPECT_THROW((void)accuracy(std::vector{pair(bad, 1)}, {}), std::domain_error) << bad;
  }
}

TEST(compare, a_threshold_rejects_twice_nothing_and_nan) {
  const auto mape_of = [](double mape) { return std::vector{Accuracy{.n = 1, .mape = mape}}; };
  EXPECT_FALSE(exceeds(mape_of(0.1), 0.1));
  EXPECT_TRUE(exceeds(mape_of(0.1000001), 0.1));
  EXPECT_TRUE(exceeds(mape_of(nan), 0.1));
  EXPECT_TRUE(exceeds(accuracy(std::vector{pair(2, 1)}, {}), 0.5));
  EXPECT_TRUE(exceeds(accuracy(std::vector{pair(1e-12, 1)}, {}), 0.5));
  EXPECT_THROW((void)exceeds(mape_of(0.1), nan), std::domain_error);
  EXPECT_THROW((void)exceeds(mape_of(0.1), -1), std::domain_error);
}

TEST(compare, statistics) {
  // Signed errors: +0.10, -0.20, +0.30, -0.40, +0.50.
  const std::vector rows{pair(1.1, 1), pair(0.8, 1), pair(1.3, 1), pair(0.6, 1), pair(1.5, 1)};
  const std::vector<Accuracy> all = accuracy(rows, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].n, 5);
  EXPECT_NEAR(all[0].mape, 0.30, 1e-12);
  EXPECT_NEAR(all[0].median, 0.30, 1e-12);
  EXPECT_NEAR(all[0].p95, 0.48, 1e-12);
  EXPECT_NEAR(all[0].worst, 0.50, 1e-12);
  EXPECT_NEAR(all[0].bias, 0.06, 1e-12);
}

TEST(compare, regimes) {
  const auto attention = [](std::int64_t seq_q, std::int64_t seq_kv, Pass pass = Pass::fwd) {
    AttentionShape s = shape();
    s.seq_q = seq_q;
    s.seq_kv = seq_kv;
    s.pass = pass;
    return regime_of(s);
  };
  EXPECT_EQ(attention(1024, 1024), "prefill");
  EXPECT_EQ(attention(1, 1), "prefill");
  EXPECT_EQ(attention(1, 1024), "decode");
  EXPECT_EQ(attention(128, 1024), "append");
  EXPECT_EQ(attention(1024, 128), "cross");
  EXPECT_EQ(attention(1024, 1024, Pass::bwd), "backward");
  EXPECT_EQ(attention(1, 1024, Pass::fwd_bwd), "backward");
  EXPECT_EQ(regime_of(GemmShape{1, 2, 3, 4, DType::fp16}), "gemm");
  EXPECT_EQ(regime_of(SoftmaxShape{2, 3, DType::fp16}), "softmax");
  Comparison decode = pair(1.1, 1);
  std::get<AttentionShape>(decode.workload).seq_q = 1;
  const auto groups = accuracy(std::vector{pair(2, 1), decode}, std::array{GroupBy::regime});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].group, std::vector<std::string>{"decode"});
  EXPECT_NEAR(groups[0].mape, 0.1, 1e-12);
  EXPECT_EQ(groups[1].group, std::vector<std::string>{"prefill"});
  EXPECT_EQ(from_name<GroupBy>("profile"), GroupBy::gpu);
}

TEST(compare, no_rows_no_groups) { EXPECT_TRUE(accuracy({}, std::array{GroupBy::gpu}).empty()); }

TEST(compare, groups_in_natural_order) {
  const std::vector rows{pair(1.1, 1, 128), pair(1.2, 1, 64), pair(1.3, 1, 256), pair(1.1, 1, 64)};
  const std::vector<Accuracy> groups = accuracy(rows, std::array{GroupBy::kernel, GroupBy::head_dim});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].group, (std::vector<std::string>{"fa2", "64"}));
  EXPECT_EQ(groups[1].group, (std::vector<std::string>{"fa2", "128"}));
  EXPECT_EQ(groups[2].group, (std::vector<std::string>{"fa2", "256"}));
  EXPECT_EQ(groups[0].n, 2);
  EXPECT_NEAR(groups[0].mape, 0.15, 1e-12);
}

TEST(compare, every_grouping_has_a_text) {
  Comparison row = pair(1, 1);
  std::get<AttentionShape>(row.workload).dropout = 0.5;
  row.setting = "x=1";
  row.source = "paper";
  for (const Named<GroupBy>& by : EnumNames<GroupBy>::table) {
    const std::vector<Accuracy> groups = accuracy(std::span{&row, 1}, std::array{by.value});
    EXPECT_NE(groups.at(0).group.at(0), "") << by.name;
  }
  EXPECT_EQ(accuracy(std::span{&row, 1}, std::array{GroupBy::bound_class})[0].group[0], "compute");
}

TEST(compare, quantiles_interpolate) {
  const std::vector<double> values{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(std::vector{7.0}, 0.95), 7);
  EXPECT_THROW((void)quantile({}, 0.5), std::domain_error);
  EXPECT_THROW((void)quantile(values, nan), std::domain_error);
}

TEST(compare, loads_from_the_store_and_agrees_with_its_view) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  store.put(run, row(published_key(1024), 2e-3));
  store.put(run, row(published_key(2048), 4e-3));
  store.put(run, row(predicted_key(1024), 2.5e-3));
  store.put(run, row(predicted_key(2048), 3e-3));
  ResultKey gemm = published_key();
  gemm.workload = GemmShape{2, 3, 4, 5, DType::bf16};
  gemm.kernel = "it's";
  store.put(run, row(gemm, 1e-3));
  gemm.method = Method::predicted;
  gemm.source = "";
  store.put(run, row(gemm, 1e-3));

  const std::vector<Comparison> rows = load_comparisons(store, {.kernel = "fa2"});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].workload, (Workload{shape(1024)}));
  EXPECT_EQ(rows[0].source, "a paper, table 1");
  EXPECT_EQ(rows[0].flops, paper_flops(rows[0].workload));
  const std::vector<Accuracy> groups = accuracy(rows, std::array{GroupBy::gpu});
  EXPECT_EQ(answer(store, "SELECT n, round(mape_pct, 6) FROM v_accuracy WHERE kernel = 'fa2'"), "2|25\n");
  EXPECT_NEAR(groups.at(0).mape, 0.25, 1e-12);

  const std::vector<Comparison> gemms = load_comparisons(store, {.kernel = "it's", .method = Method::predicted});
  ASSERT_EQ(gemms.size(), 1U);
  EXPECT_EQ(gemms[0].workload, (Workload{GemmShape{2, 3, 4, 5, DType::bf16}}));
  EXPECT_TRUE(load_comparisons(store, {.observed_method = Method::measured}).empty());
}

}  // namespace
}  // namespace rooftile::analysis
