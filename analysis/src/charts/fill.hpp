// Tables of charts from queries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rooftile/analysis/chart.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis::charts {

/// Columns as the SELECT has them; there are as many.
[[nodiscard]] Table table_from(const Store& store, std::string name, std::vector<Column> columns, std::string_view sql);

/// The value at `fraction` of sorted values, between two of them if need be; there is one at least.
[[nodiscard]] double quantile(const std::vector<double>& sorted, double fraction);

/// "batch 8, heads 16/4, d 128, fp16, causal, fwd": what a set of calls has in common.
struct CallWords {
  std::int64_t batch = 0, heads = 0, kv_heads = 0, head_dim = 0;
  std::string dtype{}, mask{}, pass{};
  [[nodiscard]] std::string text() const;
};

}  // namespace rooftile::analysis::charts
