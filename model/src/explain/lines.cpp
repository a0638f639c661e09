#include "lines.hpp"

#include <cstdio>

#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/host_link.hpp"

namespace rooftile::explain {
namespace {

std::string bytes_text(std::int64_t value) { return format(Bytes{static_cast<double>(value)}, 4); }

std::string bound_text(const Bound& bound, const Launch& launch) {
  if (!bound.moves()) return std::to_string(value_at(bound, 0));
  const std::string index = bound.index < first_loop_index ? launch.axes[static_cast<std::size_t>(bound.index)].name
                                                           : "loop " + std::to_string(bound.index - first_loop_index);
  return "clamp(floor((" + std::to_string(bound.c) + " + " + std::to_string(bound.b) + "·" + index + ") / " +
         std::to_string(bound.div) + "), " + std::to_string(bound.lo) + ", " + std::to_string(bound.hi) + ")";
}

std::string limits_text(const Loop& loop, std::size_t number, const Launch& launch) {
  std::string text = bound_text(loop.first, launch) + " .. " + bound_text(loop.last, launch);
  if (loop.has_cap) text += ", at most " + bound_text(loop.cap, launch);
  if (loop.group != static_cast<std::int8_t>(number)) text += ", in step with loop " + std::to_string(loop.group);
  return text;
}

/// Warps with different jobs, CTAs that share loads, CTAs that stay: nothing of a plain kernel.
void add_roles(ExplanationSection& section, const Launch& launch) {
  if (launch.roles.size() > 1) {
    for (const Role& role : launch.roles) {
      std::string warps = std::to_string(role.warps) + " warps";
      if (role.copies > 1) warps.insert(0, std::to_string(role.copies) + " x ").append(" that take turns");
      section.lines.push_back(
          {std::string{"role "} + role.name, warps, std::to_string(role.registers) + " registers per thread", ""});
    }
  }
  if (launch.cluster > 1) {
    section.lines.push_back(
        {"clusters",
         "neighbouring CTAs along " + std::string{launch.axes[0].name} + " ask once for what they share (multicast)",
         std::to_string(launch.cluster) + " CTAs each", ""});
  }
  if (launch.sections.columns > 1) {
    section.lines.push_back({"sections",
                             "columns along " + std::string{launch.axes[0].name} +
                                 " whose CTAs are handed out together: the first of each, the second of each ...",
                             std::to_string(launch.sections.columns) + " columns each", ""});
  }
  if (launch.schedule != Schedule::one_per_cta) {
    section.lines.push_back(
        {"schedule",
         launch.schedule == Schedule::persistent_static
             ? "CTAs stay, as many as are resident; number c of G has the tiles c, c + G, c + 2G ..."
             : "CTAs stay, as many as are resident, and take the next tile when they are free",
         std::string{name_of(launch.schedule)}, ""});
  }
}

}  // namespace

std::string cite(const Profile& profile, std::initializer_list<std::string_view> paths) {
  std::string text;
  for (const std::string_view path : paths) {
    if (!text.empty()) text += "; ";
    text += path;
    const StatedLeaf* leaf = profile.find(path);
    if (leaf == nullptr) {
      text += " not stated";
      continue;
    }
    text += " " + leaf->text + " (" + std::string{name_of(leaf->kind)};
    if (!leaf->source.empty()) text += ": " + leaf->source;
    text += ")";
  }
  return text;
}

std::string digits(std::int64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, ",");
  return text;
}

std::string amount(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

void add_grid(ExplanationSection& section, const Launch& launch, const LaunchCount& totals) {
  std::string axes;
  for (const Axis& axis : launch.axes) {
    axes += (axes.empty() ? "" : " x ") + std::to_string(axis.extent) + " " + axis.name;
  }
  section.lines.push_back({"CTAs", axes, digits(totals.ctas), ""});
  section.lines.push_back(
      {"CTA",
       std::to_string(launch.threads) + " threads, " + std::to_string(launch.registers) + " registers per thread",
       format(Bytes{static_cast<double>(launch.smem)}) + " shared memory", ""});
  add_roles(section, launch);
  for (std::size_t l = 0; l < launch.loops.size(); ++l) {
    section.lines.push_back(
        {"trips of loop " + std::to_string(l), limits_text(launch.loops[l], l, launch), digits(totals.trips[l]), ""});
  }
}

void add_tensors(ExplanationSection& section, const Program& program, std::span<const TensorUse> uses) {
  for (const TensorUse& use : uses) {
    std::string how = "touched " + bytes_text(use.touched);
    if (use.loaded > 0) how += ", read once per sweep " + bytes_text(use.swept_loads);
    std::string value;
    if (use.loaded > 0) value = bytes_text(use.loaded) + " read";
    if (use.stored > 0) value += (value.empty() ? "" : ", ") + bytes_text(use.stored) + " written";
    const char* name = program.tensors[static_cast<std::size_t>(use.tensor)].name;
    section.lines.push_back({std::string{name} + " through L2", how, value, ""});
  }
}

void add_work(ExplanationSection& section, const LaunchCount& totals) {
  for (const auto& [kind, unit] : {std::pair{OpKind::mma, "FLOP"}, std::pair{OpKind::exp2, "results"},
                                   std::pair{OpKind::fma, "results"}, std::pair{OpKind::convert, "results"}}) {
    const double total = totals.work_of(kind);
    if (total > 0)
      section.lines.push_back({std::string{name_of(kind)} + " work", "over all CTAs", amount(total) + " " + unit, ""});
  }
}

void add_host_link(ExplanationSection& section, const Profile& profile, const LaunchPrediction& part) {
  if (part.host_pieces == 0) return;
  section.lines.push_back({"host link time",
                           format(part.host_bytes, 4) + " / " + format(host_rate(profile.device)) + ", in " +
                               digits(part.host_pieces) + " pieces while the one before is worked on",
                           format(part.host, 4), cite(profile, {"memory.host.link", "memory.host.bandwidth"})});
}

ExplanationSection total(const Program& program, const Prediction& p) {
  ExplanationSection section{"total", {}};
  const auto add = [&](std::string what, std::string how, std::string value) {
    section.lines.push_back({std::move(what), std::move(how), std::move(value), ""});
  };
  add("DRAM bytes", format(p.dram.read, 4) + " read + " + format(p.dram.write, 4) + " written",
      format(p.dram.total(), 4));
  add("L2 bytes", format(p.l2.read, 4) + " read + " + format(p.l2.write, 4) + " written", format(p.l2.total(), 4));
  add("compulsory bytes", "inputs and outputs once", format(p.compulsory, 4));
  add("extra memory", std::to_string(program.tensors.size()) + " tensors, workspace only", format(p.extra_memory, 4));
  add("FLOP", "as the papers count", amount(p.paper_flops.value()));
  add("executed FLOP", "matrix units, padding and masked blocks included", amount(p.executed_flops.value()));
  std::string launches;
  for (const LaunchPrediction& launch : p.launches) launches += (launches.empty() ? "" : " + ") + format(launch.time);
  add("time", launches, format(p.time, 4));
  add("bound", "the resource behind most of it", std::string{name_of(p.bound)});
  return section;
}

}  // namespace rooftile::explain
