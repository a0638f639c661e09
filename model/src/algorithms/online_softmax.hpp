// Softmax of one block of scores on chip, as all forward passes of the FlashAttention family have it in their trips:
// one chain from QKᵀ to the weights that PV reads.
//
//   scores -> mask -> row maximum, across lanes -> exponents -> exp2 -> dropped weights -> 16 bits
#pragma once

#include "attention.hpp"

namespace rooftile::algorithms {

/// How much of it there is.
struct SoftmaxWork {
  std::int64_t scores;
  std::int64_t exchanges;  ///< shuffles over the lanes of a row
  std::int64_t fmas;       ///< exponents, sums, and what else is done in the same place
  std::int64_t exps;       ///< the scores', and rescale factors
};

struct SoftmaxOps {
  int exp;      ///< rescale factors are there
  int weights;  ///< P in 16 bits
};

/// Writes the chain into the current loop; `mask` is what ScoreExtras::load_mask() gave, `qk` made the scores.
inline SoftmaxOps online_softmax(ProgramWriter& w, const ScoreExtras& extras, int mask, int qk,
                                 const SoftmaxWork& work) {
  const int masked = extras.apply_mask(mask, qk, work.scores);
  const int row_max = w.work(OpKind::alu, work.scores);
  const int exchange = w.work(OpKind::reduce, work.exchanges);
  const int scale = w.work(OpKind::fma, work.fmas);
  const int exp = w.work(OpKind::exp2, work.exps);
  const int kept = extras.drop(exp, work.scores);
  const int weights = w.work(OpKind::convert, work.scores);
  w.after(row_max, {{masked, 0}});
  w.after(exchange, {{row_max, 0}});
  w.after(scale, {{exchange, 0}});
  w.after(exp, {{scale, 0}});
  w.after(weights, {{kept, 0}});
  return {exp, weights};
}

}  // namespace rooftile::algorithms
