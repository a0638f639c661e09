// Tensors that stay in host memory (Placement::host): the third level of the FlashAttention paper's hierarchy (Dao et
// al. 2022, arXiv 2205.14135, figure 1), as engines that offload use it (Sheng et al. 2023, FlexGen, arXiv 2303.06865).
//
// Each launch fetches what it touches over the link, a piece per sequence and K/V head, into one of two buffers while
// the piece before is worked on. With n pieces, l seconds of link and w of work in all, the first piece is waited for
// and the last one worked on alone:
//
//   time = l/n + (n - 1)·max(l/n, w/n) + w/n = max(l, w) + min(l, w)/n
//
// The pieces land in DRAM (bytes written) and are read from there. That a piece alone may not fill the GPU is left out:
// an engine hands out several at once.
#pragma once

#include <span>

#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// How fast bytes come: the link or, where it is known, the host's memory, whichever is slower.
[[nodiscard]] BytesPerSecond host_rate(const Device& device);

/// Adds what a launch fetches from the host to its bytes.
void fetch_from_host(LaunchPrediction& part, const Program& program, std::span<const TensorUse> uses);

/// Adds the time of fetching it to that of the work, part.time.
void overlap_fetch(LaunchPrediction& part, const Device& device);

}  // namespace rooftile
