// An attention shape, read alike from a row of a table and from a line of a measurement file.
#pragma once

#include "rooftile/model/workload.hpp"

namespace rooftile::analysis {

/// `Source` has name<Enum>(key) and positive_integer(key), which say where the input is wrong. Without dropout.
template <class Source>
[[nodiscard]] AttentionShape attention_shape_of(Source& source) {
  AttentionShape shape;
  shape.pass = source.template name<Pass>("pass");
  shape.dtype = source.template name<DType>("dtype");
  shape.batch = source.positive_integer("batch");
  shape.heads = source.positive_integer("heads");
  shape.kv_heads = source.positive_integer("kv_heads");
  shape.seq_q = source.positive_integer("seq_q");
  shape.seq_kv = source.positive_integer("seq_kv");
  shape.head_dim = source.positive_integer("head_dim");
  shape.mask = source.template name<Mask>("mask");
  return shape;
}

}  // namespace rooftile::analysis
