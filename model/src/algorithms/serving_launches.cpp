// What a serving engine's call does beside the attention kernel itself.
//
// Calls follow each other, so that it does not matter at which end of the cycle these launches stand: behind.
//
//   cache_write     a CTA per new token copies its K and V of all heads into the cache (vLLM
//                   csrc/cache_kernels.cu, reshape_and_cache_flash_kernel: min(kv_heads·d, 512) threads)
//   group_copies    of a single query: FlashAttention-2 makes the query heads of a group into rows, which is a view
//                   for one sequence or one K/V head and a copy of Q otherwise; the kernel writes to rows of its own,
//                   which are always copied into the O that it was given (vllm-project/flash-attention
//                   csrc/flash_attn/flash_api.cpp @04325b6, mha_varlen_fwd): PyTorch's copies, which find each element
//                   by its indices (elementwise_launch.cpp) unless both sides lie alike
//   sequence_sort   with lengths per sequence, FlashAttention-3 asks how many parts each sequence has and sorts them by
//                   length: a CTA for each 992, 31 in a warp and a power of two of warps, which merge them
//                   (hopper/flash_prepare_scheduler.cu, cub::BlockMergeSort: log2 rounds over all keys)
#include <algorithm>
#include <bit>
#include <utility>

#include "algorithms.hpp"

namespace rooftile::algorithms {
namespace {

constexpr IndexId token = 0, sequence = 1;
constexpr std::int64_t warp = 32;

}  // namespace

void cache_write(Program& program, const AttentionShape& s) {
  ProgramWriter w = ProgramWriter::behind(program);
  const std::int64_t element = size_of(s.dtype);
  const std::int64_t tokens = std::min(s.seq_q, s.seq_kv);
  const std::int64_t threads = std::min(ceil_div(s.kv_heads * s.head_dim, warp) * warp, std::int64_t{512});
  w.launch("cache_write", {.threads = static_cast<std::int32_t>(threads), .registers = 32, .smem = 0},
           {{"token", tokens}, {"batch", s.batch}}, LaunchPart::cache_write);
  w.role("all", static_cast<int>(threads / warp));
  for (const auto& [cache_name, new_name] : {std::pair{"K", "K_new"}, std::pair{"V", "V_new"}}) {
    const int cache = w.held(cache_name, TensorRole::input, element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim});
    const int fresh = w.input(new_name, element, {s.batch, s.kv_heads, tokens, s.head_dim});
    w.load(fresh, {at(sequence), whole(s.kv_heads), at(token), whole(s.head_dim)});
    w.store(cache, {at(sequence), whole(s.kv_heads), at(token), whole(s.head_dim)});
  }
}

void group_copies(Program& program, const AttentionShape& s) {
  if (s.seq_q != 1 || s.group() == 1) return;
  constexpr IndexId kv_head = 0;
  const bool lies_alike = s.batch == 1 || s.kv_heads == 1;
  ProgramWriter w = ProgramWriter::behind(program);
  const std::int64_t element = size_of(s.dtype);
  for (const auto& [name, copy_name] : {std::pair{"Q", "Q_rows"}, std::pair{"O", "O_given"}}) {
    if (lies_alike && *name == 'Q') continue;
    const int rows = w.held(name, TensorRole::input, element, {s.batch, s.kv_heads, s.group(), s.head_dim});
    const int copy = w.workspace(copy_name, element, {s.batch, s.kv_heads, s.group(), s.head_dim});
    Launch& launch = w.launch("group_copy", {.threads = 256, .registers = 32, .smem = 0},
                              {{"kv_head", s.kv_heads}, {"batch", s.batch}}, LaunchPart::elementwise);
    if (!lies_alike) launch.own_elements = s.group() * s.head_dim;
    w.role("all", 8);
    w.load(rows, {at(sequence), at(kv_head), whole(s.group()), whole(s.head_dim)});
    w.store(copy, {at(sequence), at(kv_head), whole(s.group()), whole(s.head_dim)});
  }
}

void sequence_sort(Program& program, const AttentionShape& s) {
  constexpr IndexId block = 0;
  constexpr std::int64_t of_a_warp = 31, most_warps = 32, word = 4;
  const std::int64_t of_a_cta = std::min(s.batch, of_a_warp * most_warps);
  const auto warps = std::bit_ceil(static_cast<std::uint64_t>(ceil_div(of_a_cta, of_a_warp)));
  const auto keys = static_cast<std::int64_t>(warps) * warp;
  ProgramWriter w = ProgramWriter::behind(program);
  const int lengths = w.input("lengths", word, {s.batch});
  const int order = w.workspace("order", word, {s.batch});
  Launch& launch =
      w.launch("sequence_sort", {.threads = static_cast<std::int32_t>(keys), .registers = 32, .smem = 2 * word * keys},
               {{"block", ceil_div(s.batch, of_a_cta)}}, LaunchPart::sort);
  launch.own_elements = keys * std::countr_zero(static_cast<std::uint64_t>(keys));
  w.role("all", static_cast<int>(warps));
  w.load(lengths, {tile(block, of_a_cta)});
  w.store(order, {tile(block, of_a_cta)});
}

}  // namespace rooftile::algorithms
