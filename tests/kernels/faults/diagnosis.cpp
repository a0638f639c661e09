// Runs a changed kernel in ten orders and says how it was caught.
//
//   fault_flash2_no_wait_for_k rt_flash2 unlanded 130 200 4 2 64 1
//   unlanded: ldmatrix of warp 0 reads shared byte 16384 ... at text/flash2.hpp:141
//
// Exit status 0 if `unlanded` is among what was seen; `nothing` expects a healthy kernel. Or on one row of known
// scores:
//
//   fault_flash2_sums_of_each_block_alone rt_flash2 l=5.4799 two_tiles
//   l=5.4799: the row sum of two_tiles
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "../score_tiles.hpp"
#include "../support.hpp"
#include "fault.hpp"
#include "host/call_memory.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/tile_table.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

namespace rooftile::kernels::test {
namespace {

using Signs = std::map<std::string, std::string>;  ///< how it was caught: the first evidence

const char* name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::race: return "race";
    case FaultKind::unlanded: return "unlanded";
    case FaultKind::uninitialised: return "uninitialised";
    case FaultKind::out_of_bounds: return "out_of_bounds";
    case FaultKind::misaligned: return "misaligned";
    case FaultKind::deadlock: return "deadlock";
    case FaultKind::pending_copy: return "pending_copy";
    case FaultKind::barrier_misuse: return "barrier_misuse";
  }
  return "unknown";
}

/// Bytes loaded, stored and added per tensor and launch, as the model's Program has them.
std::map<std::string, std::int64_t> expected_bytes(const std::string& kernel, const AttentionCall& call) {
  const std::filesystem::path source{ROOFTILE_SOURCE_DIR};
  const AttentionShape shape{.batch = call.batch,
                             .heads = call.heads,
                             .kv_heads = call.kv_heads,
                             .seq_q = call.seq_q,
                             .seq_kv = call.seq_kv,
                             .head_dim = call.head_dim,
                             .mask = call.causal        ? Mask::causal
                                     : call.key_padding ? Mask::key_padding
                                                        : Mask::none,
                             .pass = call.pass == Pass::bwd ? rooftile::Pass::bwd : rooftile::Pass::fwd,
                             .dropout = call.dropout.probability};
  static Program program;
  static ProgramCounts counts;
  const KernelSpec spec = yaml::load_spec(source / "kernels/specs" / (kernel + ".yaml"));
  const bool hopper = spec.from >= ComputeCapability{9, 0};
  const Profile profile =
      yaml::load_profile(source / "hw_profiles" / (hopper ? "h100_sxm5_80gb.yaml" : "a100_sxm4_80gb.yaml"));
  if (const auto built = build(program, profile.device, shape, spec); !built)
    throw std::runtime_error{built.error().reason};
  count(program, counts);
  std::map<std::string, std::int64_t> bytes;
  for (const Launch& launch : program.launches) {
    for (auto op = static_cast<std::size_t>(launch.first_op); op < static_cast<std::size_t>(launch.last_op); ++op) {
      const TileOp& tile = program.ops[op];
      if (!moves_a_tile(tile.kind)) continue;
      const std::string tensor = program.tensors[static_cast<std::size_t>(tile.tensor)].name;
      const char* const verb = tile.kind == OpKind::load    ? " loads "
                               : tile.kind == OpKind::store ? " stores "
                                                            : " adds to ";
      bytes[launch.name + (verb + tensor)] += counts.op[op].bytes;
    }
  }
  return bytes;
}

std::map<std::string, std::int64_t> bytes_of(const Execution& run) {
  std::map<std::string, std::int64_t> bytes;
  for (const LaunchExecution& launch : run.launches) {
    for (const TensorTraffic& tensor : launch.tensors) {
      if (tensor.loaded_bytes > 0) bytes[launch.name + " loads " + tensor.name] = tensor.loaded_bytes;
      if (tensor.stored_bytes > 0) bytes[launch.name + " stores " + tensor.name] = tensor.stored_bytes;
      if (tensor.atomic_bytes > 0) bytes[launch.name + " adds to " + tensor.name] = tensor.atomic_bytes;
    }
  }
  return bytes;
}

void judge_gradients(const host::CallMemory& memory, Signs& signs) {
  const GradientAccuracy error = gradient_accuracy(memory.gradients(), memory.matrix(tensor_grad_q),
                                                   memory.matrix(tensor_grad_k), memory.matrix(tensor_grad_v));
  const double allowed = gradient_tolerance(memory.call().element);
  if (!(error.q <= allowed && error.k <= allowed && error.v <= allowed)) {
    signs.emplace("accuracy", "dQ " + std::to_string(error.q) + ", dK " + std::to_string(error.k) + ", dV " +
                                  std::to_string(error.v));
  }
}

void judge_forward(const host::CallMemory& memory, Signs& signs) {
  const Accuracy error = accuracy(memory.call(), memory.reference(), memory.o(), memory.lse());
  const Tolerance allowed = tolerance_of(memory.tensors(), memory.call().element);
  if (!(error.relative <= allowed.relative && error.lse <= allowed.lse))
    signs.emplace("accuracy", "relative " + std::to_string(error.relative) + ", LSE " + std::to_string(error.lse));
}

/// What a run that went through to its end shows.
void examine(const Execution& run, const host::CallMemory& memory, const std::string& kernel, Signs& signs) {
  memory.call().pass == Pass::bwd ? judge_gradients(memory, signs) : judge_forward(memory, signs);
  if (const std::int64_t conflicts = bank_conflicts_of(run); conflicts > 0)
    signs.emplace("conflicts", std::to_string(conflicts) + " bank conflicts");
  if (bytes_of(run) != expected_bytes(kernel, memory.call())) {
    std::string list;
    for (const auto& [what, bytes] : bytes_of(run)) list += what + " " + std::to_string(bytes) + "  ";
    signs.emplace("bytes", list);
  }
}

Signs diagnose(const std::string& kernel, const AttentionCall& call) {
  Signs signs;
  host::CallMemory memory{call, tensors_of_patient(call)};
  memory.fill(1);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Execution run = memory.execute({.seed = seed}, [&](host::Machine& machine, const Buffers& buffers) {
      launch_patient(machine, call, buffers);
    });
    for (const Fault& fault : run.faults) signs.emplace(name_of(fault.kind), fault.text + " at " + fault.where);
    if (run.faults.empty()) examine(run, memory, kernel, signs);
  }
  return signs;
}

/// SEQ_Q SEQ_KV HEADS KV_HEADS HEAD_DIM CAUSAL and options, as main() names them; the pass is the subject's
AttentionCall call_of_words(char** word) {
  AttentionCall call{.heads = std::stoi(word[2]),
                     .kv_heads = std::stoi(word[3]),
                     .seq_q = std::stoi(word[0]),
                     .seq_kv = std::stoi(word[1]),
                     .head_dim = std::stoi(word[4]),
                     .causal = std::stoi(word[5]) != 0,
                     .pass = pass_of_patient()};
  for (char** option = word + 6; *option != nullptr; ++option) {
    const std::string_view text{*option};
    const std::string value{text.substr(text.find('=') + 1)};
    if (text.starts_with("sms=")) call.sms = std::stoi(value);
    if (text.starts_with("batch=")) call.batch = std::stoi(value);
    if (text.starts_with("padding=")) call.key_padding = std::stoi(value) != 0;
    if (text.starts_with("dropout=")) call.dropout = {std::stod(value), 0x500000003, 7};
  }
  return call;
}

/// The rows of known scores: the tiles, and where the text meets them one after the other.
struct KnownRow {
  const ScoreTiles& tiles;
  TilePlaces places;
};
const std::map<std::string, KnownRow> known_rows{
    {"two_tiles", {two_tiles, {own_tile("flash2", 64).bc, true}}},         // key blocks of flash2
    {"three_two_five_one", {three_two_five_one, {softmax_step, false}}}};  // steps of a lane of an online softmax

/// "l=4.9534": the sum that comes out of a known row.
Signs row_sum(const std::string& name) {
  const KnownRow& row = known_rows.at(name);
  const AttentionCall call = call_of(row.tiles, row.places);
  host::CallMemory memory{call, tensors_of_patient(call)};
  set_scores(memory, row.tiles, row.places);
  static_cast<void>(memory.execute(
      {}, [&](host::Machine& machine, const Buffers& buffers) { launch_patient(machine, call, buffers); }));
  std::ostringstream sum;
  sum << "l=" << std::fixed << std::setprecision(4) << sum_of(memory.lse()[0], row.tiles);
  return {{sum.str(), "the row sum of " + name}};
}

}  // namespace
}  // namespace rooftile::kernels::test

int main(int argc, char** argv) {
  using namespace rooftile::kernels;
  if ((argc < 9 || argc > 13) && argc != 4) {
    std::cerr << "usage: " << argv[0]
              << " KERNEL EXPECTED SEQ_Q SEQ_KV HEADS KV_HEADS HEAD_DIM CAUSAL [sms=SMS] [dropout=PROBABILITY]"
              << " [batch=SEQUENCES] [padding=1]\n"
              << "       " << argv[0] << " KERNEL l=SUM ROW\n";
    return 2;
  }
  const std::string expected = argv[2];
  const auto signs = argc == 4 ? test::row_sum(argv[3]) : test::diagnose(argv[1], test::call_of_words(argv + 3));
  for (const auto& [sign, evidence] : signs) std::cout << sign << ": " << evidence << '\n';
  if (signs.empty()) std::cout << "nothing\n";
  return expected == "nothing" ? (signs.empty() ? 0 : 1) : (signs.contains(expected) ? 0 : 1);
}
