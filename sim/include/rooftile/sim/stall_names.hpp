// What reports call the stalls of a simulation: those that wait for a resource as its Limit.
#pragma once

#include <string_view>

#include "rooftile/model/names.hpp"
#include "rooftile/sim/simulation.hpp"

template <>
struct rooftile::EnumNames<rooftile::sim::Stall> {
  using enum sim::Stall;
  static constexpr std::string_view kind = "stall";
  static constexpr Named<sim::Stall> table[] = {
      {dram, "dram"}, {l2, "l2"},           {smem, "smem"},   {tensor, "tensor"},   {exp2, "exp2"},
      {fma, "fma"},   {convert, "convert"}, {issue, "issue"}, {latency, "latency"}, {idle, "idle"}};
};
