#include "rooftile/model/program_writer.hpp"

#include <algorithm>
#include <cstring>

namespace rooftile {

int ProgramWriter::tensor(const char* name, TensorRole role, std::int64_t element_bytes, const Extent* extents,
                          std::size_t dims) {
  Tensor& tensor = program_.tensors.emplace_back();
  tensor.name = name;
  tensor.role = role;
  tensor.element_bytes = static_cast<std::uint8_t>(element_bytes);
  tensor.placement = Placement::dram;
  tensor.extents.assign(extents, dims);
  return static_cast<int>(program_.tensors.size()) - 1;
}

int ProgramWriter::find(const char* name, const Extent* extents, std::size_t dims, std::size_t count) const {
  for (std::size_t t = 0; t < count; ++t) {
    const Tensor& known = program_.tensors[t];
    if (known.name[0] != name[0] || known.name[1] != name[1] || std::strcmp(known.name, name) != 0) continue;
    if (std::equal(known.extents.begin(), known.extents.end(), extents, extents + dims)) return static_cast<int>(t);
  }
  return -1;
}

Launch& ProgramWriter::launch(const char* name, LaunchResources resources, std::initializer_list<Axis> axes,
                              LaunchPart part) {
  Launch& launch = program_.launches.emplace_back();
  launch.name = name;
  launch.part = part;
  launch.of_backward = false;
  launch.own_elements = 0;
  launch.search_steps = 0;
  launch.search_reads = false;
  launch.threads = resources.threads;
  launch.registers = resources.registers;
  launch.smem = resources.smem;
  launch.cluster = 1;
  launch.schedule = Schedule::one_per_cta;
  launch.axes.assign(axes.begin(), axes.size());
  launch.sections = {};
  launch.roles.clear();
  launch.loops.clear();
  launch.first_op = launch.last_op = static_cast<std::int16_t>(program_.ops.size());
  launch_ = &launch;
  role_ = &no_role_;
  loop_ = -1;
  return launch;
}

void ProgramWriter::role(const char* name, int warps, int copies, int registers) {
  Role& role = launch_->roles.emplace_back();
  role_ = &role;
  role.name = name;
  role.warps = static_cast<std::int16_t>(warps);
  role.registers = static_cast<std::int16_t>(registers != 0 ? registers : launch_->registers);
  role.copies = static_cast<std::int16_t>(copies);
  role.turns = 1;
  role.first_op = role.last_op = launch_->last_op;
}

void ProgramWriter::warps_take_turns() {
  constexpr int sub_partitions = 4;
  role_->turns = static_cast<std::int16_t>(std::max(1, role_->warps / sub_partitions));
}

int ProgramWriter::loop(Bound first, Bound last, int parent) {
  const auto number = static_cast<std::int8_t>(launch_->loops.size());
  Loop& loop = launch_->loops.emplace_back();
  loop.first = first;
  loop.last = last;
  loop.has_cap = false;
  loop.descending = false;
  loop.parent = static_cast<std::int8_t>(parent);
  loop.group = number;
  loop.body_of = -1;
  return number;
}

int ProgramWriter::descending_loop(Bound first, Bound last, int parent) {
  const int number = loop(first, last, parent);
  launch_->loops.back().descending = true;
  return number;
}

void ProgramWriter::guard(Guard guard, int loop) {
  TileOp& op = program_.ops.back();
  op.guard = guard;
  op.guard_loop = static_cast<std::int8_t>(loop);
}

}  // namespace rooftile
