// When the last CTA is done: CTAs of unequal length on SMs that hold several at once, in closed form.
//
//   N <= S               the longest CTA, alone on its SM
//   N <= R·S, R = 2      CTA j shares an SM with CTA j + S until the shorter is done
//   equal CTAs           whole waves, then a last wave with fewer residents
//   parts of the keys    waves of CTAs as long as the longest
//   persistent, static   CTA c of G has the tiles c, c + G ... and takes their sum; longest first, those of all columns
//                        there and back: c, 2G - 1 - c, 2G + c ...; the CTAs that can be last are followed for a few
//                        rounds
//   otherwise            all work spread over all SMs, plus a tail: half a longest CTA if they are handed out in grid
//                        order;
//                        0.3 of a mean CTA longest first (0.7 if one column of tiles, or a section of columns, does not
//                        fill the machine). The tail factors are those of exact list schedules (Graham 1969), not of
//                        measurements.
//
// Residents of the first wave do the same at the same time; those of later ones drift apart, so that one's waiting lies
// under another's work.
//
// Persistent CTAs, of which an SM holds its residents, take tiles in the same order: dynamically that is the list
// schedule. They wait for their first tile only, as the next one's loads fly meanwhile.
#pragma once

#include "loop_time.hpp"

namespace rooftile {

/// All that decides the makespan of a launch.
struct MakespanInput {
  const Launch& launch;
  const LaunchCount& totals;
  TripTime once;
  std::array<TripTime, max_loops> loop;  ///< of loops that lead a group; others zero
  std::int64_t sms = 1;
  std::int64_t resident = 1;  ///< CTAs per SM
};

/// The wave behind those that fill the machine, where CTAs are of equal length; zero if there is none.
struct LastWave {
  double cycles = 0;
  double share = 0;  ///< of all CTAs
};

struct Makespan {
  double cycles = 0;
  double longest_cta = 0;  ///< cycles of the longest CTA alone on an SM
  LastWave last;
  Limit bound = Limit::latency;  ///< unit that decides in the loop (or the once-per-CTA part) with most time
};

[[nodiscard]] Makespan makespan(const MakespanInput& input);

}  // namespace rooftile
