// What a simulation answers: the same columns as a prediction, and what a formula cannot tell: where the time of every
// place for a CTA went.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "rooftile/model/names.hpp"
#include "rooftile/model/prediction.hpp"

namespace rooftile::sim {

/// What a place for a CTA was doing. The first are the resources of Limit, in its order: what decided while the CTA
/// advanced, or what it waited for.
enum class Stall : std::uint8_t {
  dram,  ///< waits for bytes from DRAM, or for room to store
  l2,    ///< requests and answers of L2 at its bandwidth
  smem,
  tensor,
  exp2,
  fma,
  convert,
  issue,
  latency,  ///< a chain of ops, each waiting for the one before
  idle      ///< no CTA left for it
};
inline constexpr std::size_t stalls = 10;

/// By Stall.
using StallCycles = std::array<double, stalls>;

struct Simulation {
  Prediction answer;                         ///< in the terms of a prediction; `alone`: what kept each resource busy
  std::array<double, stalls> share{};        ///< of the places' time, by Stall; they add up to 1
  std::array<double, limits> utilisation{};  ///< of each resource while launches ran, by Limit; 0 for latency, launch
  std::int64_t tile_events = 0;              ///< executions of tile ops
};

}  // namespace rooftile::sim

/// Those that wait for a resource are called as its Limit.
template <>
struct rooftile::EnumNames<rooftile::sim::Stall> {
  using enum sim::Stall;
  static constexpr std::string_view kind = "stall";
  static constexpr Named<sim::Stall> table[] = {
      {dram, "dram"}, {l2, "l2"},           {smem, "smem"},   {tensor, "tensor"},   {exp2, "exp2"},
      {fma, "fma"},   {convert, "convert"}, {issue, "issue"}, {latency, "latency"}, {idle, "idle"}};
};
