// Calls of every family at random, small enough to run event by event.
#pragma once

#include <rapidcheck.h>

#include <string>

#include "any_device.hpp"
#include "backward_support.hpp"

namespace rooftile::test {

/// A call, its kernel and its device.
struct Cell {
  Device device;
  AttentionShape shape;
  KernelSpec spec;

  [[nodiscard]] std::string name() const { return spec.name + " " + describe(shape); }
};

enum class Family : std::uint8_t { standard, flash1, flash2, flash3, split_kv, backward };

inline KernelSpec any_backward_spec() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0: return flash1_training_spec();
    case 1: return flash3_training_spec();
    case 2: return standard_training_spec(*rc::gen::element(SoftmaxBackward::fused, SoftmaxBackward::two_sweeps));
    default: {
      KernelSpec s = flash2_training_spec();
      s.deterministic = *rc::gen::arbitrary<bool>();
      s.sums_group = *rc::gen::arbitrary<bool>();
      return s;
    }
  }
}

/// A kernel of a family, with schedules, clusters and stages that nobody ships.
inline KernelSpec any_spec_of(Family family) {
  if (family == Family::backward) return any_backward_spec();
  if (family == Family::standard) {
    return standard_spec(*rc::gen::element(SoftmaxPasses::safe, SoftmaxPasses::online, SoftmaxPasses::naive));
  }
  if (family == Family::split_kv) {
    const int splits = *rc::gen::element(0, 1, 2, 3, 8);
    return *rc::gen::arbitrary<bool>() ? split_kv_spec(splits) : own_split_kv_spec(splits);
  }
  KernelSpec s = family == Family::flash1 ? flash1_spec() : family == Family::flash2 ? flash2_spec() : flash3_spec();
  const bool clusters = family == Family::flash3;
  for (TileRow& row : s.tiles) {
    row.schedule = *rc::gen::element(Schedule::one_per_cta, Schedule::persistent_static, Schedule::persistent_dynamic);
    row.cluster = clusters ? *rc::gen::element(1, 2, 4) : 1;
    if (clusters) row.stages = *rc::gen::inRange(1, 4);
  }
  if (family == Family::flash1) s.as_printed = *rc::gen::arbitrary<bool>();
  s.packs_group = *rc::gen::element(GroupPacking::never, GroupPacking::always);
  s.longest_first = *rc::gen::arbitrary<bool>();
  return s;
}

inline Family any_family() {
  return *rc::gen::element(Family::standard, Family::flash1, Family::flash2, Family::flash3, Family::split_kv,
                           Family::backward);
}

/// Causal or not, groups of query heads, odd lengths below `longest`.
inline AttentionShape any_shape_of(Family family, std::int64_t longest) {
  AttentionShape s;
  s.batch = *rc::gen::inRange<std::int64_t>(1, 4);
  s.kv_heads = *rc::gen::inRange<std::int64_t>(1, 4);
  s.heads = s.kv_heads * *rc::gen::element<std::int64_t>(1, 1, 2, 3, 4);
  const bool decodes = family == Family::split_kv;
  s.seq_q = decodes ? *rc::gen::inRange<std::int64_t>(1, 9) : *rc::gen::inRange<std::int64_t>(1, longest);
  const bool square = !decodes && *rc::gen::arbitrary<bool>();
  s.seq_kv = square ? s.seq_q : *rc::gen::inRange<std::int64_t>(1, longest);
  s.head_dim = *rc::gen::element<std::int64_t>(64, 128);
  s.mask = *rc::gen::element(Mask::none, Mask::causal);
  if (family == Family::backward) s.pass = *rc::gen::element(Pass::bwd, Pass::bwd, Pass::fwd_bwd);
  return s;
}

/// On a device whose L2 can be far too small.
inline Cell any_cell(std::int64_t longest) {
  Cell cell;
  const Family family = any_family();
  cell.shape = any_shape_of(family, longest);
  cell.spec = any_spec_of(family);
  cell.device = any_device();
  cell.device.memory.l2.capacity = Bytes{*rc::gen::element(64.0, 256.0, 1024.0, 8192.0, 40960.0) * 1024};
  return cell;
}

}  // namespace rooftile::test
