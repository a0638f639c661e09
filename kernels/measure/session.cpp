#include "measure/session.hpp"

#include <algorithm>
#include <stdexcept>

#include "measure/counters/counter_error.hpp"
#include "measure/cuda_check.hpp"
#include "measure/json_fields.hpp"

namespace rooftile::kernels::measure {

Peer& Session::subject(std::string_view name) const {
  const auto found = std::find_if(parts_.subjects.begin(), parts_.subjects.end(),
                                  [&](const auto& subject) { return subject->name() == name; });
  if (found == parts_.subjects.end()) throw std::logic_error("no kernel is called " + std::string(name));
  return **found;
}

bool Session::may_begin() const {
  const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const bool time_is_up = parts_.options.budget && spent >= *parts_.options.budget;
  return !time_is_up && !device_lost_ && !parts_.interrupted();
}

void Session::each(std::string_view what, std::vector<Item> items) {
  std::stable_partition(items.begin(), items.end(), [](const Item& item) { return !item.tried; });
  std::size_t number = 0;
  for (const Item& item : items) {
    ++number;
    if (item.done()) {
      ++tally_.already;
    } else if (!may_begin()) {
      ++tally_.left;
    } else {
      say(std::string(what) + " " + std::to_string(number) + "/" + std::to_string(items.size()) + "  " + item.label);
      item.work();
    }
  }
}

Outcome Session::attempt(const std::function<void()>& work) {
  try {
    work();
    return {};
  } catch (const CudaError& error) {
    if (error.out_of_memory()) return {"infeasible", error.what()};
    device_lost_ = error.fatal();
    return {"failed", error.what()};
  } catch (const Unavailable& error) {
    return {"unsupported", error.what()};
  } catch (const CounterError& error) {
    return {std::string(name_of(error.status())), error.what()};
  } catch (const std::exception& error) {
    return {"failed", error.what()};
  }
}

Outcome Session::admit(const Cell& cell, AttentionCall& call) {
  std::string why;
  const std::optional<AttentionCall> possible = call_of(cell, why);
  if (!possible) return {"unsupported", why};
  call = *possible;
  call.sms = parts_.device.sm_count;
  Outcome outcome = attempt([&] { why = subject(cell.kernel).refusal(call); });
  if (!outcome.ok() || why.empty()) return outcome;
  return {"unsupported", why};
}

JsonObject Session::begin_line(std::string_view kind, const Cell& cell, std::string_view l2,
                               std::string_view variant_key, std::string_view variant, const Outcome& outcome) const {
  JsonObject line;
  line.add("kind", kind).add("run", parts_.run);
  add_cell(line, cell, l2);
  line.add(variant_key, variant).add("status", outcome.status).add("reason", outcome.reason);
  return line;
}

void Session::write(const JsonObject& line) {
  parts_.out.append(line);
  const std::string status = json_fields(line.text()).value()["status"];
  ++(status == "ok" ? tally_.ok : status == "failed" ? tally_.failed : tally_.not_possible);
}

std::uint64_t Session::seed_of(const Cell& cell) const {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a, 64 bits
  for (const char character : parts_.run + describe(cell))
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
  return hash;
}

}  // namespace rooftile::kernels::measure
