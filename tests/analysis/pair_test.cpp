// Table pair, which triggers keep, against its definition: after random sequences of everything that can happen to
// results, by rooftile and by people with other tools.
#include <SQLiteCpp/SQLiteCpp.h>

#include <random>

#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

const std::string by_definition = "SELECT * FROM pair_by_definition ORDER BY observed_id, computed_id";
const std::string stored = "SELECT * FROM pair ORDER BY observed_id, computed_id";

ResultRow random_row(std::mt19937& random) {
  const auto pick = [&random](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const bool observed = pick(2) == 0;
  ResultKey key = observed ? published_key(128 * (1 + pick(3))) : predicted_key(128 * (1 + pick(3)));
  if (observed) {
    key.source = pick(2) == 0 ? "a paper" : "another";
  } else {
    key.predictor_version = 1 + pick(2);
    key.profile.hash = pick(2) == 0 ? "hash-1" : "hash-2";
    if (pick(4) == 0) key.method = Method::simulated;
  }
  if (pick(4) == 0) key.setting = "clock.boost=1 GHz";
  if (!observed && pick(5) == 0) return make_row(key, Refusal{Status::unsupported, "no"});
  // One time per observation: another would be refused.
  ResultRow result = row(key, observed ? 1e-3 : 1e-3 * (1 + pick(5)));
  if (pick(6) == 0 && !observed) result.time = Seconds::unknown();
  return result;
}

/// What somebody with the sqlite3 shell might do.
const char* const by_hand[] = {
    "DELETE FROM result WHERE id = (SELECT id FROM result ORDER BY random() LIMIT 1)",
    "DELETE FROM run WHERE id = (SELECT run_id FROM result ORDER BY random() LIMIT 1)",
    "UPDATE result SET time_s = 0.5 WHERE id = (SELECT id FROM result ORDER BY random() LIMIT 1)",
    "UPDATE result SET time_s = NULL WHERE id = (SELECT id FROM result ORDER BY random() LIMIT 1)",
    "UPDATE result SET status = 'failed', reason = 'x' WHERE id = (SELECT id FROM result ORDER BY random() LIMIT 1)",
    "UPDATE result SET setting = 'moved' WHERE id = (SELECT id FROM result ORDER BY random() LIMIT 1)",
    "UPDATE result SET latest = 0 WHERE id = (SELECT id FROM result ORDER BY random() LIMIT 1)",
};

TEST(pair, is_what_its_definition_says_whatever_happens) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const TempFolder folder;
    Store store = Store::open(folder / "r.db", Access::read_write_create);
    SQLite::Database shell{(folder / "r.db").string(), SQLite::OPEN_READWRITE, 5000};
    shell.exec("PRAGMA synchronous = OFF");
    if (seed % 2 == 0) shell.exec("PRAGMA foreign_keys = ON");
    std::mt19937 random{seed};
    std::size_t most = 0;
    for (int step = 0; step < 60; ++step) {
      const RunId run = store.begin_run(run_info());
      const ResultRow next = random_row(random);
      try {
        store.put(run, next);
      } catch (const InputError&) {  // changed by hand: another number for an observation
      }
      if (!is_observed(next.key.method) && random() % 4 == 0) store.reuse(next.key);
      const std::string hand = by_hand[random() % std::size(by_hand)];
      const bool orphans = hand.starts_with("DELETE FROM run") && seed % 2 != 0;
      if (random() % 5 == 0 && !orphans) {
        try {
          shell.exec(hand);
        } catch (const SQLite::Exception& error) {  // 'moved' may meet another row's key
          EXPECT_NE(std::string{error.what()}.find("UNIQUE"), std::string::npos) << error.what();
        }
      }
      const std::string pairs = answer(store, stored);
      ASSERT_EQ(pairs, answer(store, by_definition)) << "seed " << seed << ", step " << step << ", " << hand;
      most = std::max(most, pairs.size());
    }
    EXPECT_GT(most, 100U) << "seed " << seed << " compared next to nothing";
  }
}

TEST(pair, accuracy_is_one_walk_along_its_index) {
  const Store store = Store::in_memory();
  const std::string plan = answer(store, "EXPLAIN QUERY PLAN SELECT * FROM v_accuracy");
  EXPECT_NE(plan.find("SCAN pair USING COVERING INDEX pair_group"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("TEMP B-TREE"), std::string::npos) << plan;
}

TEST(pair, compare_finds_its_rows_by_id) {
  const Store store = Store::in_memory();
  const std::string plan = answer(store, "EXPLAIN QUERY PLAN SELECT * FROM v_compare");
  for (const char* table : {"o", "c", "w", "k"}) {
    EXPECT_NE(plan.find("SEARCH " + std::string{table} + " USING INTEGER PRIMARY KEY (rowid=?)"), std::string::npos)
        << plan;
  }
}

}  // namespace
}  // namespace rooftile::analysis
