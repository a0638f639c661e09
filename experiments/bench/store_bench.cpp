// The results database at the size of a long project: 100,000 results, half of them observed, each observation beside
// one prediction. Names: store/<what>
//
//   import        10,000 results into an empty file, in one transaction
//   v_accuracy    the view, read wholly               (aim: 100 ms)
//   v_compare     every column of the view's 50,000 rows, read wholly   (aim: 400 ms)
//   compare       the same rows as structs, grouped: what `rooftile compare` does
//   report        the charts of all of them, and the page   (aim: 3 s, 10 MB)
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "question/data_directories.hpp"
#include "report/make_report.hpp"
#include "rooftile/analysis/compare.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis {
namespace {

/// Results of 10 GPUs, 10 kernels and as many sequence lengths as it takes; half of them observed.
std::vector<ResultRow> made_up(std::size_t count) {
  std::vector<ResultRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t cell = i / 2;
    const bool observed = i % 2 == 0;
    ResultRow row;
    row.key.profile = {"profile_number_" + std::to_string(cell % 10), observed ? "" : "hash", observed ? "" : "yaml"};
    row.key.kernel = "kernel_" + std::to_string(cell / 10 % 10);
    const auto seq = static_cast<std::int64_t>(128 + cell / 100);
    row.key.workload = AttentionShape{.heads = 16, .kv_heads = 16, .seq_q = seq, .seq_kv = seq, .head_dim = 64};
    row.key.method = observed ? Method::published : Method::predicted;
    row.key.source = observed ? "a paper, table 1 of its appendix" : "";
    row.key.predictor = observed ? "" : "hierarchical";
    row.key.predictor_version = observed ? 0 : 2;
    row.time = Seconds{1e-6 * static_cast<double>(100 + cell * 7919 % 1000)};
    row.flops = paper_flops(row.key.workload);
    row.dram_read = row.dram_write = row.l2_read = row.l2_write = Bytes{1e6};
    if (!observed) row.bound = Limit::tensor;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// A file of its own, gone at the end.
class File {
 public:
  File() : path_{std::filesystem::temp_directory_path() / ("rooftile-bench-" + std::to_string(::getpid()) + ".db")} {
    remove();
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { remove(); }
  void remove() const {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_.string() + suffix, ignored);
  }
  [[nodiscard]] Store open() const { return Store::open(path_, Access::read_write_create); }

 private:
  std::filesystem::path path_;
};

const Store& large_store() {
  static const File file;
  static const Store store = [] {
    Store filled = file.open();
    filled.put_all(filled.begin_run({.command = "bench"}), made_up(100'000));
    return filled;
  }();
  return store;
}

void import(benchmark::State& state) {
  const std::vector<ResultRow> rows = made_up(10'000);
  for (auto _ : state) {
    state.PauseTiming();
    const File file;
    state.ResumeTiming();
    Store store = file.open();
    store.put_all(store.begin_run({.command = "bench"}), rows);
  }
}

void read_view(benchmark::State& state, const char* sql, int columns) {
  const Store& store = large_store();
  for (auto _ : state) {
    std::int64_t rows = 0;
    store.for_each(sql, [&](const RowCursor& row) {
      ++rows;
      for (int c = 0; c < columns; ++c) benchmark::DoNotOptimize(row.value(c));
    });
    state.counters["rows"] = static_cast<double>(rows);
  }
}

void compare_all(benchmark::State& state) {
  const Store& store = large_store();
  constexpr GroupBy by[] = {GroupBy::gpu, GroupBy::kernel, GroupBy::predictor};
  for (auto _ : state) {
    const std::vector<Comparison> rows = load_comparisons(store);
    benchmark::DoNotOptimize(accuracy(rows, by));
    state.counters["rows"] = static_cast<double>(rows.size());
  }
}

void report_all(benchmark::State& state) {
  const Store& store = large_store();
  experiments::Catalogues catalogues{experiments::find_data({})};
  for (auto _ : state) {
    std::ostringstream page;
    write_page(page, experiments::make_report(store, catalogues));
    state.counters["bytes"] = static_cast<double>(page.str().size());
  }
}

BENCHMARK(import)->Name("store/import")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_view, accuracy, "SELECT * FROM v_accuracy", 13)
    ->Name("store/v_accuracy")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_view, compare, "SELECT * FROM v_compare", 45)
    ->Name("store/v_compare")
    ->Unit(benchmark::kMillisecond);
BENCHMARK(compare_all)->Name("store/compare")->Unit(benchmark::kMillisecond);
BENCHMARK(report_all)->Name("store/report")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rooftile::analysis
