#include <algorithm>
#include <array>

#include "measure/steps.hpp"

namespace rooftile::kernels::measure {
namespace {

struct Heads {
  int query;
  int kv;
};
constexpr std::array<Heads, 3> head_counts{{{2, 2}, {4, 2}, {3, 1}}};

/// Seven, which shares no factor with the other counts: each combination meets other lengths. Among them: one query,
/// more queries than keys (rows that see no key), one row past a tile, rows too long for one warp of softmax; at last
/// more tiles than an H100 has SMs, for CTAs that go from tile to tile.
struct Lengths {
  int batch;
  int q;
  int kv;
};
constexpr std::array<Lengths, 7> lengths{
    {{1, 129, 129}, {2, 64, 200}, {1, 200, 77}, {1, 1, 300}, {1, 257, 257}, {1, 40, 1100}, {48, 130, 140}}};

}  // namespace

std::vector<Cell> verification_cells(std::span<const std::unique_ptr<Peer>> subjects,
                                     std::span<const std::string> only) {
  std::vector<AttentionCall> calls;
  for (const Element element : {Element::fp16, Element::bf16}) {
    for (const int head_dim : {64, 128, 256}) {
      for (const bool causal : {false, true}) {
        for (const Heads heads : head_counts) {
          const Lengths& length = lengths.at(calls.size() % lengths.size());
          calls.push_back({element, length.batch, heads.query, heads.kv, length.q, length.kv, head_dim, causal});
        }
      }
    }
  }
  std::vector<Cell> cells;
  for (const std::unique_ptr<Peer>& subject : subjects) {
    const bool wanted = only.empty() || std::find(only.begin(), only.end(), subject->name()) != only.end();
    if (!wanted) continue;
    for (const Pass pass : {Pass::fwd, Pass::bwd}) {
      if (!subject->makes(pass)) continue;
      for (AttentionCall& call : calls) {
        call.pass = pass;
        cells.push_back(cell_of(subject->name(), call));
      }
    }
  }
  return cells;
}

}  // namespace rooftile::kernels::measure
