#include "measure/peers/malformed.hpp"

#include <algorithm>

namespace rooftile::kernels::measure {

std::string malformed(const AttentionCall& call) {
  if (std::min({call.batch, call.heads, call.kv_heads, call.seq_q, call.seq_kv, call.head_dim}) < 1)
    return "every size must be at least 1";
  if (call.heads % call.kv_heads != 0) return "heads must be a multiple of kv_heads";
  if (call.head_dim % 8 != 0) return "head_dim must be a multiple of 8 (16-byte rows)";
  return {};
}

}  // namespace rooftile::kernels::measure
