// The views as SQL: known rows in, expected answers out.
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

/// Observed 2 ms and 4 ms; predicted 1 ms (v1, superseded), 2.5 ms and 3 ms; simulated 2 ms for the first.
class Views : public ::testing::Test {
 protected:
  Views() : store_{Store::in_memory()}, run_{store_.begin_run(run_info())} {
    put(published_key(1024), 2e-3);
    put(published_key(2048), 4e-3);
    ResultKey old = predicted_key(1024);
    put(old, 1e-3);
    put(predicted(1024), 2.5e-3);
    put(predicted(2048), 3e-3);
    ResultKey simulated = predicted_key(1024);
    simulated.method = Method::simulated;
    simulated.predictor = "sim";
    put(simulated, 2e-3);
  }
  static ResultKey predicted(std::int64_t seq) {
    ResultKey key = predicted_key(seq);
    key.predictor_version = 2;
    return key;
  }
  void put(const ResultKey& key, double time_s) { store_.put(run_, row(key, time_s)); }
  std::string ask(std::string_view sql) { return answer(store_, sql); }

  Store store_;
  RunId run_;
};

TEST_F(Views, compare_puts_each_observation_beside_the_latest_answers) {
  EXPECT_EQ(ask("SELECT seq_q, observed, method, predictor, predictor_version, observed_ms, predicted_ms, ratio, "
                "round(error_pct, 9), bound, bound_class FROM v_compare ORDER BY seq_q, method"),
            "1024|published|predicted|hierarchical|2|2|2.5|1.25|25|tensor|compute\n"
            "1024|published|simulated|sim|1|2|2|1|0|tensor|compute\n"
            "2048|published|predicted|hierarchical|2|4|3|0.75|-25|tensor|compute\n");
}

TEST_F(Views, compare_has_rates_and_bytes) {
  // 4·B·H·N²·d / 2 (causal) = 4·2·8·1024²·128 / 2 = 4,294,967,296 FLOP.
  EXPECT_EQ(
      ask("SELECT observed_tflop_per_s, predicted_tflop_per_s, round(predicted_dram_gb, 9), source FROM v_compare "
          "WHERE seq_q = 1024 AND method = 'predicted'"),
      "2.147483648|1.7179869184|0.008|a paper, table 1\n");
}

TEST_F(Views, compare_joins_only_equal_questions) {
  for (auto change :
       {+[](ResultKey& k) { k.setting = "clock.boost=1 GHz"; }, +[](ResultKey& k) { k.l2 = L2State::cold; },
        +[](ResultKey& k) { k.kernel = "fa3"; }, +[](ResultKey& k) { k.profile.name = "l40s"; },
        +[](ResultKey& k) { k.tile.br = 64; }, +[](ResultKey& k) { k.workload = shape(4096); }}) {
    ResultKey key = published_key(1024);
    change(key);
    put(key, 1e-3);
  }
  EXPECT_EQ(ask("SELECT count(*) FROM v_compare"), "3\n");
}

TEST_F(Views, compare_leaves_out_refusals_and_rows_without_a_time) {
  store_.put(run_, make_row(predicted(2048), Refusal{Status::unsupported, "no"}));
  ResultRow bytes_only = row(published_key(1024), 1);
  bytes_only.key.source = "counters";
  bytes_only.time = Seconds::unknown();
  store_.put(run_, bytes_only);
  EXPECT_EQ(ask("SELECT seq_q, method FROM v_compare ORDER BY method"), "1024|predicted\n1024|simulated\n");
}

TEST_F(Views, accuracy) {
  EXPECT_EQ(ask("SELECT profile, kernel, method, predictor, predictor_version, n, round(mape_pct, 9), "
                "round(worst_pct, 9), round(bias_pct, 9) FROM v_accuracy ORDER BY method"),
            "a100_sxm4_80gb|fa2|predicted|hierarchical|2|2|25|25|0\n"
            "a100_sxm4_80gb|fa2|simulated|sim|1|1|0|0|0\n");
}

TEST_F(Views, roofline) {
  EXPECT_EQ(ask("SELECT method, intensity_flop_per_byte, tflop_per_s FROM v_roofline WHERE seq_q = 1024 "
                "AND method <> 'simulated' ORDER BY method"),
            "predicted|536.870912|1.7179869184\npublished|536.870912|2.147483648\n");
}

TEST_F(Views, latest_shows_one_row_per_series) {
  EXPECT_EQ(ask("SELECT seq_q, method, predictor_version, time_ms, dram_read_gb FROM v_latest ORDER BY seq_q, method"),
            "1024|predicted|2|2.5|0.006\n1024|published|0|2|0.006\n1024|simulated|1|2|0.006\n"
            "2048|predicted|2|3|0.006\n2048|published|0|4|0.006\n");
}

TEST_F(Views, tiles_are_ranked_within_their_question) {
  const auto tile = [](SpecOverrides shape, std::int64_t seq, double time) {
    ResultRow result = row(predicted_key(seq), time);
    result.key.tile = shape;
    result.cta = CtaUse{200, Bytes{49152}, 2};
    return result;
  };
  store_.put(run_, tile({128, 64, 4, 1}, 1024, 2e-3));
  store_.put(run_, tile({64, 64, 4, 1}, 1024, 1e-3));
  store_.put(run_, tile({64, 64, 4, 2}, 1024, 1e-3));
  store_.put(run_, tile({64, 64, 4, 2}, 2048, 4e-3));
  store_.put(run_, tile({64, 64}, 1024, 5e-4));  // says no warps: not one of them
  EXPECT_EQ(ask("SELECT seq_q, rank, br, stages, registers_per_thread, smem_per_cta_kib, ctas_per_sm, of_best "
                "FROM v_tiles ORDER BY seq_q, rank, stages"),
            "1024|1|64|1|200|48|2|1\n1024|1|64|2|200|48|2|1\n1024|3|128|1|200|48|2|2\n2048|1|64|2|200|48|2|1\n");
}

TEST_F(Views, every_bound_has_a_class) {
  for (const Named<Limit>& limit : EnumNames<Limit>::table) {
    EXPECT_EQ(ask("SELECT class FROM bound_class WHERE bound = '" + std::string{limit.name} + "'"),
              std::string{name_of(class_of(limit.value))} + "\n");
  }
}

}  // namespace
}  // namespace rooftile::analysis
