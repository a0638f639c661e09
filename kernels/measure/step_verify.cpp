#include <algorithm>
#include <optional>

#include "measure/cuda_check.hpp"
#include "measure/host_compare.hpp"
#include "measure/judge.hpp"
#include "measure/steps.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr double most_host_work = 2e10;       // multiply-adds that the host executes in a few seconds
constexpr double most_backward_products = 7;  // five, and two again where dQ has a launch of its own

// A result does not depend on the L2; the column has to say something.
constexpr std::string_view l2_of_verify = "cold";

std::string key(const Cell& cell, std::string_view against) { return cell_key("verify", cell, l2_of_verify, against); }

/// `kernel` is one of the registry's, or empty.
bool host_can_follow(std::string_view kernel, const AttentionCall& call) {
  const double products = call.pass == Pass::bwd ? most_backward_products : 2;
  const double work = products * call.batch * call.heads * double(call.seq_q) * call.seq_kv * call.head_dim;
  return host_execution_linked() && !kernel.empty() && work <= most_host_work;
}

void write_line(Session& session, const Cell& cell, std::string_view against, const Outcome& outcome,
                const std::optional<Accuracy>& error, const std::optional<TileComparison>& tiles) {
  JsonObject line = session.begin_line("verify", cell, l2_of_verify, "against", against, outcome);
  if (error) {
    line.add("relative_error", error->relative).add("max_error", error->max_absolute).add("lse_error", error->lse);
  }
  if (tiles) {
    line.add("tiles", tiles->tiles).add("tiles_differing", tiles->differing).add("tile_difference", tiles->largest);
  }
  session.write(line);
  if (outcome.status == "failed") session.say("  FAILED against " + std::string(against) + ": " + outcome.reason);
}

DeviceResults results_of(const DeviceCall& device) {
  DeviceResults results{.o = device.matrices(tensor_o), .grad_q = {}, .grad_k = {}, .grad_v = {}, .lse = {}};
  if (device.call().pass == Pass::fwd) return results;
  results.lse = device.lse();
  results.grad_q = device.matrices(tensor_grad_q);
  results.grad_k = device.matrices(tensor_grad_k);
  results.grad_v = device.matrices(tensor_grad_v);
  return results;
}

void verify_against_host(Session& session, const Cell& cell, std::string_view kernel, DeviceCall& device) {
  std::optional<TileComparison> tiles;
  Outcome outcome = session.attempt(
      [&] { tiles = compare_with_host(kernel, device.call(), results_of(device), session.seed_of(cell)); });
  if (tiles && tiles->differing > 0) {
    outcome = {"failed", std::to_string(tiles->differing) + " of " + std::to_string(tiles->tiles) +
                             " tiles differ; the first is " + tiles->first};
  }
  write_line(session, cell, "host", outcome, std::nullopt, tiles);
}

void verify_cell(Session& session, const Cell& cell) {
  AttentionCall call;
  std::unique_ptr<DeviceCall> device;
  Outcome outcome = session.admit(cell, call);
  if (outcome.ok()) {
    outcome = session.attempt(
        [&] { device = std::make_unique<DeviceCall>(session.subject(cell.kernel), call, session.keeper().stream()); });
  }
  if (!outcome.ok()) {
    write_line(session, cell, "float64", outcome, std::nullopt, std::nullopt);
    return;
  }
  verify_against_float64(session, cell, *device);
  const std::string_view kernel = session.subject(cell.kernel).own_kernel();
  if (host_can_follow(kernel, call) && !session.device_lost()) verify_against_host(session, cell, kernel, *device);
}

}  // namespace

Outcome verify_against_float64(Session& session, const Cell& cell, DeviceCall& device) {
  const std::uint64_t seed = session.seed_of(cell);
  std::optional<Accuracy> error;
  Outcome outcome = session.attempt([&] {
    device.fill(seed);
    device.poison();
    device.run();
    error = judge(device, seed);
  });
  if (error) {
    const std::string wrong = complaint(*error, allowed_of(device));
    if (!wrong.empty()) outcome = {"failed", wrong};
  }
  if (!session.out().done(key(cell, "float64"))) write_line(session, cell, "float64", outcome, error, std::nullopt);
  return outcome;
}

void verify_step(Session& session, std::span<const Cell> cells) {
  std::vector<Item> items;
  for (const Cell& cell : cells) {
    const std::string name = key(cell, "float64");
    items.push_back({.label = describe(cell),
                     .tried = session.out().existing().tried.contains(name),
                     .done = [&session, name] { return session.out().done(name); },
                     .work = [&session, cell] { verify_cell(session, cell); }});
  }
  session.each("verify", std::move(items));
}

}  // namespace rooftile::kernels::measure
