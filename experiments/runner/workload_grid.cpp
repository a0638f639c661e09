#include "runner/workload_grid.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "question/value_list.hpp"
#include "runner/items_of.hpp"

namespace rooftile::runner {
namespace {

using yaml::Map;
using yaml::Node;

/// The combinations so far; each axis multiplies them.
class Combinations {
 public:
  Combinations(const Node& entry, GridCell first, std::size_t most) : entry_{&entry}, most_{most}, cells_{first} {}

  /// Every cell so far with every value of the list.
  template <class Value, class Set>
  void cross(const std::vector<Value>& values, Set set) {
    if (cells_.size() > most_ / values.size()) {
      entry_->fail("more than " + std::to_string(most_) + " cells; a step or a list is too long");
    }
    std::vector<GridCell> crossed;
    crossed.reserve(cells_.size() * values.size());
    for (const GridCell& cell : cells_) {
      for (const Value& value : values) {
        crossed.push_back(cell);
        set(crossed.back(), value);
      }
    }
    cells_ = std::move(crossed);
  }

  [[nodiscard]] std::vector<GridCell> take() && {
    for (const GridCell& cell : cells_) {
      if (const auto good = check(cell.workload); !good) entry_->fail(good.error());
    }
    return std::move(cells_);
  }

 private:
  const Node* entry_;
  std::size_t most_;
  std::vector<GridCell> cells_;
};

std::vector<std::int64_t> integers(std::string_view key, const Node& node) {
  std::vector<std::int64_t> values;
  for (const Node* item : items_of(node)) {
    try {
      const std::vector<std::int64_t> part = experiments::integer_list(key, item->as_text());
      values.insert(values.end(), part.begin(), part.end());
    } catch (const InputError& error) {
      if (!error.where().file.empty()) throw;
      item->fail(error.what());
    }
  }
  return values;
}

template <class E>
std::vector<E> names(const Node& node) {
  std::vector<E> values;
  for (const Node* item : items_of(node)) values.push_back(item->as_enum<E>());
  return values;
}

std::vector<double> probabilities(const Node& node) {
  std::vector<double> values;
  for (const Node* item : items_of(node)) values.push_back(item->as_number());
  return values;
}

/// Reads the lists of an entry in the order in which they are asked for.
class GridReader {
 public:
  GridReader(const Node& entry, GridCell first, std::size_t most)
      : entry_{&entry}, map_{entry}, cells_{entry, first, most} {}

  using SetInteger = std::function<void(GridCell&, std::int64_t)>;
  bool integers_if_stated(std::string_view key, const SetInteger& set) {
    const Node* node = map_.optional(key);
    if (node == nullptr) return false;
    cells_.cross(integers(key, *node), set);
    return true;
  }
  void required_integers(std::string_view key, const SetInteger& set) {
    cells_.cross(integers(key, map_.required(key)), set);
  }
  /// `both` sets two extents at once; without it each has to be stated.
  void tied_integers(std::string_view both, const std::pair<std::string_view, SetInteger>& one,
                     const std::pair<std::string_view, SetInteger>& other) {
    const bool tied = integers_if_stated(both, [&](GridCell& cell, std::int64_t value) {
      one.second(cell, value);
      other.second(cell, value);
    });
    if (tied) return;  // the single extents are then unknown keys
    if (map_.optional(one.first) == nullptr && map_.optional(other.first) == nullptr) {
      entry_->fail("missing key '" + std::string{both} + "', or '" + std::string{one.first} + "' and '" +
                   std::string{other.first} + "'");
    }
    required_integers(one.first, one.second);
    required_integers(other.first, other.second);
  }
  /// True if any part of a tile is.
  bool tile_if_stated() {
    bool any = integers_if_stated("br", [](GridCell& cell, std::int64_t value) { cell.overrides.br = value; });
    any |= integers_if_stated("bc", [](GridCell& cell, std::int64_t value) { cell.overrides.bc = value; });
    any |= integers_if_stated("warps", [](GridCell& cell, std::int64_t value) { cell.overrides.warps = value; });
    any |= integers_if_stated("stages", [](GridCell& cell, std::int64_t value) { cell.overrides.stages = value; });
    return any;
  }
  void tile_or_set_if_stated() {
    const bool tile = tile_if_stated();
    const Node* set = map_.optional("tiles");
    if (set == nullptr) return;
    if (tile) set->fail("`tiles:` beside br, bc, warps or stages");
    cells_.cross(std::vector{set->as_enum<TileSet>()}, [](GridCell& cell, TileSet tiles) { cell.tiles = tiles; });
  }
  template <class E, class Set>
  void enums_if_stated(std::string_view key, Set set) {
    if (const Node* node = map_.optional(key)) cells_.cross(names<E>(*node), set);
  }
  template <class Set>
  void numbers_if_stated(std::string_view key, Set set) {
    if (const Node* node = map_.optional(key)) cells_.cross(probabilities(*node), set);
  }

  [[nodiscard]] std::vector<GridCell> finish() && {
    map_.allow("op");
    for (const std::string_view of_experiment : {"kernels", "methods", "phases", "peers"}) map_.allow(of_experiment);
    enums_if_stated<L2State>("l2", [](GridCell& cell, L2State l2) { cell.l2 = l2; });
    map_.finish();
    return std::move(cells_).take();
  }

 private:
  const Node* entry_;
  Map map_;
  Combinations cells_;
};

template <class Shape, class Member>
auto member(Member Shape::*extent) {
  return [extent](GridCell& cell, auto value) { std::get<Shape>(cell.workload).*extent = value; };
}

std::vector<GridCell> expand_attention(const Node& entry, std::size_t most) {
  using S = AttentionShape;
  GridReader grid{entry, {S{}, {}, {}}, most};
  grid.required_integers("batch", member(&S::batch));
  grid.required_integers("heads", [](GridCell& cell, std::int64_t value) {
    S& shape = std::get<S>(cell.workload);
    shape.heads = value;
    shape.kv_heads = value;
  });
  grid.integers_if_stated("kv_heads", member(&S::kv_heads));
  grid.tied_integers("seq", {"seq_q", member(&S::seq_q)}, {"seq_kv", member(&S::seq_kv)});
  grid.required_integers("head_dim", member(&S::head_dim));
  grid.enums_if_stated<DType>("dtype", member(&S::dtype));
  grid.enums_if_stated<Mask>("mask", member(&S::mask));
  grid.enums_if_stated<Pass>("pass", member(&S::pass));
  grid.numbers_if_stated("dropout", member(&S::dropout));
  grid.tile_or_set_if_stated();
  return std::move(grid).finish();
}

std::vector<GridCell> expand_gemm(const Node& entry, std::size_t most) {
  using S = GemmShape;
  GridReader grid{entry, {S{}, {}, {}}, most};
  grid.integers_if_stated("batch", member(&S::batch));
  grid.tied_integers("mn", {"m", member(&S::m)}, {"n", member(&S::n)});
  grid.required_integers("k", member(&S::k));
  grid.enums_if_stated<DType>("dtype", member(&S::dtype));
  (void)grid.tile_if_stated();
  return std::move(grid).finish();
}

std::vector<GridCell> expand_softmax(const Node& entry, std::size_t most) {
  using S = SoftmaxShape;
  GridReader grid{entry, {S{}, {}, {}}, most};
  grid.required_integers("rows", member(&S::rows));
  grid.required_integers("cols", member(&S::cols));
  grid.enums_if_stated<DType>("dtype", member(&S::dtype));
  return std::move(grid).finish();
}

}  // namespace

std::vector<GridCell> expand_grid(const Node& entry, std::size_t most) {
  Map map{entry};
  const Node* op = map.optional("op");
  switch (op == nullptr ? Op::attention : op->as_enum<Op>()) {
    case Op::attention: return expand_attention(entry, most);
    case Op::gemm: return expand_gemm(entry, most);
    case Op::softmax: return expand_softmax(entry, most);
  }
  return {};
}

}  // namespace rooftile::runner
