// Several results files into one. Rows are the same row if their keys in the schema are (merge_tables.hpp); ids are
// given anew. All shards are one transaction of the file that is merged into.
#include <map>
#include <unordered_map>

#include "rooftile/model/error.hpp"
#include "store/merge_target.hpp"
#include "store/row_reader.hpp"
#include "store/store_impl.hpp"

namespace rooftile::analysis {
namespace {

using Values = std::vector<SqlValue>;
using Ids = std::unordered_map<std::int64_t, std::int64_t>;

/// One shard on its way into the file.
class Shard {
 public:
  Shard(const Store& from, Store::Impl& to) : from_{from}, to_{to} {}

  PutReport merge() {
    for (const MergeTable& table : merge_tables()) merge(table);
    return report_;
  }

 private:
  void merge(const MergeTable& table) {
    MergeTarget target{to_.db, table};
    const std::string id = table.has_id ? "id, " : "0, ";
    const std::string order = table.has_id ? " ORDER BY id" : "";
    from_.for_each("SELECT " + id + join(target.columns()) + " FROM " + std::string{table.name} + order,
                   [&](const RowCursor& row) {
                     if (auto values = translated(target.columns(), row)) put(target, row.integer(0), *values);
                   });
  }

  /// The row with the ids of the file; nothing if it belongs to a row that was stored already.
  [[nodiscard]] std::optional<Values> translated(const std::vector<std::string_view>& columns,
                                                 const RowCursor& row) const {
    Values values;
    values.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      SqlValue value = row.value(static_cast<int>(i) + 1);
      const std::string_view table = table_behind(columns[i]);
      if (!table.empty() && std::holds_alternative<std::int64_t>(value)) {
        const Ids& ids = ids_.at(table);
        const auto found = ids.find(std::get<std::int64_t>(value));
        if (found == ids.end()) return std::nullopt;
        value = found->second;
      }
      values.push_back(std::move(value));
    }
    return values;
  }

  void put(MergeTarget& target, std::int64_t id, Values& values) {
    const MergeTable& table = target.table();
    if (!table.has_id) {
      target.insert(values);
      return;
    }
    Ids& ids = ids_[table.name];
    const auto found = target.find(values);
    if (found && table.again == Again::keep) {
      ids.emplace(id, found->id);
      return target.fill(found->id, values);
    }
    if (found && !gives_way(target, *found, id, values)) {
      ++report_.unchanged;
      return;
    }
    if (table.again == Again::newer) yield_to_newer(target, values);
    ids.emplace(id, target.insert(values));
    if (table.again != Again::keep && !found) ++report_.added;
  }

  /// True if the stored row has been removed for the one that comes in. InputError if neither may give way.
  bool gives_way(const MergeTarget& target, const StoredTwin& found, std::int64_t id, const Values& values) {
    if (found.same) return false;
    const bool computed =
        target.table().again == Again::newer && std::get<std::int64_t>(values[target.place("observed")]) == 0;
    if (!computed) refuse(target.table(), id);
    const auto run = std::get<std::int64_t>(values[target.place("run_id")]);
    const bool newer = to_.find_id(
                              "SELECT 1 FROM run mine, run stored JOIN result r ON r.run_id = stored.id "
                              "WHERE mine.id = ? AND r.id = ? AND mine.started_at > stored.started_at",
                              run, found.id)
                           .has_value();
    if (!newer) return false;
    to_.execute("DELETE FROM result WHERE id = ?", found.id);
    ++report_.replaced;
    return true;
  }

  /// The latest answer of a series is that of the newest run, whichever file is merged first.
  void yield_to_newer(const MergeTarget& target, Values& values) {
    const auto text = [&](std::string_view column) { return std::get<std::string>(values[target.place(column)]); };
    const auto whole = [&](std::string_view column) { return std::get<std::int64_t>(values[target.place(column)]); };
    if (whole("latest") == 0) return;
    const bool older =
        to_.find_id(
               "SELECT 1 FROM result r JOIN run stored ON stored.id = r.run_id, run mine "
               "WHERE r.latest = 1 AND r.workload_id = ? AND r.kernel_id = ? AND r.profile_name = ? "
               "AND r.l2 = ? AND r.setting = ? AND r.method = ? AND r.predictor = ? AND r.timer = ? "
               "AND r.source = ? AND mine.id = ? AND stored.started_at > mine.started_at",
               whole("workload_id"), whole("kernel_id"), text("profile_name"), text("l2"), text("setting"),
               text("method"), text("predictor"), text("timer"), text("source"), whole("run_id"))
            .has_value();
    if (older) values[target.place("latest")] = std::int64_t{0};
  }

  [[noreturn]] void refuse(const MergeTable& table, std::int64_t id) const {
    const std::string number = std::to_string(id);
    std::string what = std::string{table.name} + ' ' + number;
    std::string whence;
    if (table.name == "result") {
      from_.for_each(
          "SELECT profile, kernel, source, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, "
          "mask, dropout, m, n, k, rows, cols FROM v_result WHERE id = " +
              number,
          [&](const RowCursor& row) {
            RowReader in{row};
            what = in.text();
            what += ", " + in.text();
            whence = " from '" + in.text() + "'";
            what += ", " + describe(read_workload(in));
          });
    }
    throw InputError({from_.path().string()},
                     what + ": stored already" + whence + " with other numbers; an observation is never overwritten");
  }

  const Store& from_;
  Store::Impl& to_;
  std::map<std::string_view, Ids> ids_;  ///< by table, of the shard's rows in the file
  PutReport report_;
};

}  // namespace

std::vector<PutReport> Store::merge(std::span<const std::filesystem::path> shards) {
  std::vector<Store> sources;
  for (const std::filesystem::path& shard : shards) {
    std::error_code ignored;
    if (std::filesystem::equivalent(shard, impl_->path, ignored)) {
      throw InputError({shard.string()}, "cannot be merged into itself");
    }
    sources.push_back(open(shard, Access::read_only));
  }
  return impl_->guarded([&] {
    std::vector<PutReport> reports;
    SQLite::Transaction transaction{impl_->db, SQLite::TransactionBehavior::IMMEDIATE};
    for (const Store& source : sources) {
      // Another process may be writing to the shard: what is read is its state at one moment.
      const SQLite::Transaction snapshot{source.impl_->db};
      reports.push_back(Shard{source, *impl_}.merge());
    }
    transaction.commit();
    return reports;
  });
}

}  // namespace rooftile::analysis
