#include "measurements/counter_lines.hpp"

namespace rooftile::analysis {
namespace {

/// What a counter counts, by its name: NVIDIA's metrics say it in words.
std::string unit_of(const std::string& metric) {
  if (metric.find("bytes") != std::string::npos) return "B";
  if (metric.find("sectors") != std::string::npos) return "sector";
  return {};
}

Bytes bytes_of(JsonLine& line, const std::string& key) {
  const auto amount = line.amount_if_stated(key);
  return amount ? Bytes{*amount} : Bytes::unknown();
}

}  // namespace

CounterLine counter_line_of(JsonLine& line) {
  CounterLine found{.level = line.name<CounterLevel>("level"), .outcome = outcome_of(line)};
  const std::string level{name_of(found.level)};
  JsonLine metrics{line.object("metrics"), "metrics.", line.where()};
  for (const auto& [name, value] : line.object("metrics").items()) {
    if (const auto number = metrics.number_if_stated(name)) found.counters.push_back({name, *number, unit_of(name)});
  }
  (void)line.integer_if_stated("passes");
  found.read = bytes_of(line, level + "_read_bytes");
  found.write = bytes_of(line, level + "_write_bytes");
  const bool ok = found.outcome.status == Outcome::ok && !found.outcome.skipped;
  if (ok && (!is_known(found.read) || !is_known(found.write))) {
    line.fail("a counter line of level " + level + " needs " + level + "_read_bytes and " + level + "_write_bytes");
  }
  return found;
}

void CounterLines::add(std::size_t run, const ResultKey& key, const CounterLine& line, const Location& where) {
  const auto [at, fresh] = index_.emplace(line_text(run, key), cells_.size());
  if (fresh) {
    Cell cell;
    cell.result.run = run;
    cell.result.row.key = key;
    cell.result.row.flops = paper_flops(key.workload);
    cell.result.where = where;
    cells_.push_back(std::move(cell));
  }
  Cell& cell = cells_[at->second];
  if (line.outcome.status != Outcome::ok) {
    if (cell.remarks.empty()) cell.first_refusal = line.outcome;
    cell.remarks +=
        (cell.remarks.empty() ? "" : "; ") + std::string{name_of(line.level)} + " counters " + line.outcome.reason;
    return;
  }
  cell.any_ok = true;
  ResultRow& row = cell.result.row;
  (line.level == CounterLevel::dram ? row.dram_read : row.l2_read) = line.read;
  (line.level == CounterLevel::dram ? row.dram_write : row.l2_write) = line.write;
  cell.result.counters.insert(cell.result.counters.end(), line.counters.begin(), line.counters.end());
}

std::vector<MeasuredResult> CounterLines::finish() {
  std::vector<MeasuredResult> results;
  for (Cell& cell : cells_) {
    ResultRow& row = cell.result.row;
    if (cell.any_ok) {
      row.notes = cell.remarks;
    } else {
      row.status = cell.first_refusal.status;
      row.reason = cell.remarks;
    }
    results.push_back(std::move(cell.result));
  }
  return results;
}

}  // namespace rooftile::analysis
