// Independent pieces of work on all cores: blocks of consecutive indices, handed out in order.
//
//   const auto work = [&](std::size_t worker, std::size_t first, std::size_t last) { ... };
//   parallel_blocks(questions.size(), 256, worker_count(questions.size(), 256), work);
#pragma once

#include <cstddef>
#include <functional>

namespace rooftile::runner {

/// Called with the number of the worker (0 .. workers-1) and the indices [first, last) of one block.
using BlockWork = std::function<void(std::size_t worker, std::size_t first, std::size_t last)>;

/// As many workers as the machine has cores, and no more than there are blocks; at least 1.
[[nodiscard]] std::size_t worker_count(std::size_t items, std::size_t block);

/// Runs `work` over [0, items) and returns when all is done. If blocks throw, the exception of the first of them (by
/// index, whatever the timing) is thrown again and later blocks are not begun: errors do not depend on luck.
void parallel_blocks(std::size_t items, std::size_t block, std::size_t workers, const BlockWork& work);

}  // namespace rooftile::runner
