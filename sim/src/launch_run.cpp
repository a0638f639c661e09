#include "launch_run.hpp"

#include <algorithm>
#include <bit>

namespace rooftile::sim {
namespace {

Stall stall_of(Unit unit) { return static_cast<Stall>(static_cast<std::uint8_t>(unit) + 1); }
static_assert(static_cast<int>(Stall::issue) == static_cast<int>(Unit::issue) + 1);

}  // namespace

LaunchRun::LaunchRun(const Program& program, const Launch& launch, const LaunchTiming& timing, std::int64_t sms,
                     std::int64_t resident, double cycles_per_added_byte, Dram& dram, L2& l2)
    : program_{program},
      launch_{launch},
      timing_{timing},
      resident_{static_cast<std::size_t>(resident)},
      ahead_mask_{std::bit_ceil(static_cast<std::size_t>(timing.depth)) - 1},
      cycles_per_added_byte_{cycles_per_added_byte},
      dram_{dram},
      l2_{l2},
      hand_out_{launch, sms * resident},
      ctas_(static_cast<std::size_t>(sms * resident), Cta{CtaWalk{program, launch, timing}}),
      soonest_{static_cast<std::size_t>(sms)} {
  sms_.assign(static_cast<std::size_t>(sms), Sm{resident_, hand_out_.places()});
  together_ = static_cast<std::size_t>(hand_out_.together());
  team_.resize(static_cast<std::size_t>(hand_out_.places()) / together_);
}

LaunchDone LaunchRun::run(double begin) {
  done_ = {};
  done_.begin = done_.end = begin;
  dram_.remember_for(timing_.longest_rest);  // a tile that came before the units were done delays what stands behind it
  for (Sm& sm : sms_) sm.advance(begin);
  // CTAs are handed out SM by SM, as long as there are places
  const std::size_t places = static_cast<std::size_t>(hand_out_.places());
  for (std::size_t n = 0; n < places; ++n) start(place_at(n), begin);
  for (std::size_t s = 0; s < sms_.size(); ++s) soonest_.set(s, sms_[s].share());
  while (left_ > 0) {
    const std::size_t s = soonest_.player();
    const double now = soonest_.time();
    advance(s, now);
    for (std::size_t place = 0; place < resident_; ++place) {
      if (sms_[s].is_over(place, now)) units_done(s * resident_ + place, now);
    }
    soonest_.set(s, sms_[s].share());
    if (soonest_.time() > now) refill(now);
  }
  done_.end = std::max(done_.end, adds_done_);
  for (const Cta& cta : ctas_) {
    done_.stalls[static_cast<std::size_t>(Stall::idle)] += done_.end - std::max(cta.since, begin);
  }
  return done_;
}

void LaunchRun::advance(std::size_t sm, double now) {
  if (watch_ != nullptr) show_work(sm, now);
  sms_[sm].advance(now);
}

void LaunchRun::refill(double now) {
  std::sort(freed_.begin(), freed_.end(), [this](std::size_t a, std::size_t b) { return turn_of(a) < turn_of(b); });
  // a cluster begins when there is room for all of it
  const auto waits = [this](std::size_t place) { return team_of(place).free < static_cast<std::int64_t>(together_); };
  const auto begin = std::stable_partition(freed_.begin(), freed_.end(), waits);
  for (auto place = begin; place != freed_.end(); ++place) {
    done_.stalls[static_cast<std::size_t>(Stall::idle)] += now - ctas_[*place].since;
    advance(sm_of(*place), now);  // it may have been free for long
    start(*place, now);
  }
  for (auto place = begin; place != freed_.end(); ++place) {
    team_of(*place).free = 0;
    soonest_.set(sm_of(*place), sms_[sm_of(*place)].share());
  }
  freed_.erase(begin, freed_.end());
}

void LaunchRun::start(std::size_t place, double now) {
  const std::int64_t number = hand_out_.next(static_cast<std::int64_t>(turn_of(place)));
  Cta& cta = ctas_[place];
  if (number < 0) {
    cta.since = now;
    return;
  }
  ++left_;
  sms_[sm_of(place)].enter(place % resident_, ++age_);
  cta.number = number;
  cta.walk.begin(number);
  cta.stage = PhaseKind::begin;
  cta.walked = false;
  cta.trip = cta.known = 0;
  cta.sent = not_sent;
  cta.adds_due = 0;
  cta.segment = whole;
  done_.ops += timing_.begin.ops;
  begin_phase(place, age_ > hand_out_.places() ? timing_.begin : timing_.begin_first, now);
}

void LaunchRun::ask_first(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  for (std::size_t n = 0; n < timing_.loads.size(); ++n) {
    const TileOp& op = program_.ops[static_cast<std::size_t>(timing_.loads[n].op)];
    cta.request[n] = cta.walk.asks(op) ? l2_.load(now, op, cta.walk.at(), asker(place)).request : 0;
  }
  look_ahead(cta);
  ask_ahead(place, now);
}

void LaunchRun::begin_phase(std::size_t place, const PhaseCost& cost, double now) {
  Cta& cta = ctas_[place];
  cta.cost = &cost;
  cta.since = now;
  sms_[sm_of(place)].run(place % resident_, cost);
  for (std::size_t u = 0; u < units; ++u) done_.busy[u] += cost.demand[u];
}

void LaunchRun::look_ahead(Cta& cta) {
  while (!cta.walked && cta.known < cta.trip + timing_.depth) {
    Ahead& next = ahead(cta, cta.known);
    if (cta.walk.next(next.trip)) {
      next.asked = 0;
      for (std::size_t n = 0; n < loop_at(next).loads.size(); ++n) next.needed[n].request = 0;
      ++cta.known;
    } else {
      cta.walked = true;
    }
  }
}

void LaunchRun::ask(std::size_t place, std::int64_t trip, std::size_t load, double now) {
  Ahead& to = ahead(ctas_[place], trip);
  if (together_ > 1 && (to.trip.multicast >> load & 1U) != 0) return ask_for_all(place, trip, load, now);
  if (((to.trip.loads & ~to.asked) >> load & 1U) == 0) return;
  const LoadWait& wait = timing_.loop[static_cast<std::size_t>(to.trip.loop)].loads[load];
  const TileOp& op = program_.ops[static_cast<std::size_t>(wait.op)];
  to.asked |= 1U << load;
  to.needed[load].since = now;
  to.needed[load].request = l2_.load(now, op, to.trip.at, asker(place)).request;
}

void LaunchRun::ask_for_all(std::size_t place, std::int64_t trip, std::size_t load, double now) {
  Ahead& to = ahead(ctas_[place], trip);
  if ((to.asked >> load & 1U) != 0) return;
  to.asked |= 1U << load;
  to.needed[load].request = not_asked;
  std::int8_t& ready = team_of(place).ready[static_cast<std::size_t>(trip) & ahead_mask_][load];
  if (static_cast<std::size_t>(++ready) < together_) return;
  ready = 0;
  const TileOp& op = program_.ops[static_cast<std::size_t>(loop_at(to).loads[load].op)];
  const Dram::Request request = l2_.load(now, op, to.trip.at, asker(place)).request;
  const std::size_t first = turn_of(place) / together_ * together_;
  for (std::size_t turn = first; turn < first + together_; ++turn) {
    const std::size_t member = place_at(turn);
    Ahead& its = ahead(ctas_[member], trip);
    its.needed[load].since = now;
    its.needed[load].request = request;
    if (!sms_[sm_of(member)].waits(member % resident_)) continue;
    sms_[sm_of(member)].hold(member % resident_, now);
    soonest_.set(sm_of(member), sms_[sm_of(member)].share());
  }
}

double LaunchRun::allowed(const Cta& cta, double now) {
  if (cta.stage == PhaseKind::trip) return trip_allowed(cta, now);
  if (cta.stage == PhaseKind::end || cta.stays) return now;
  double until = std::max(now, cta.units_done + timing_.own_wait);
  for (std::size_t n = 0; n < timing_.loads.size(); ++n) {
    if (cta.request[n] == 0) continue;
    const Dram::Answer answer = dram_.answer(now, cta.request[n]);
    until = std::max(until, answer.known ? answer.at + timing_.loads[n].rest : answer.at);
  }
  return until;
}

double LaunchRun::trip_allowed(const Cta& cta, double now) {
  const Ahead& at_hand = ahead(cta, cta.trip);
  const LoopTiming& loop = loop_of(cta);
  double until = now;
  for (std::size_t n = 0; n < loop.loads.size(); ++n) {
    const LoadWait& load = loop.loads[n];
    if (load.lag == 0) continue;
    if (at_hand.needed[n].request == not_asked) return never;
    if (together_ > 1 && (at_hand.trip.multicast >> n & 1U) != 0) {  // the others may have had room for it later
      const double buffers = std::min<double>(load.lag, static_cast<double>(cta.trip + 1));
      until = std::max(until, at_hand.needed[n].since + load.whole * buffers / load.lag);
    }
    if (at_hand.needed[n].request == 0) continue;
    const auto [ready, known] = dram_.answer(now, at_hand.needed[n].request);
    until = std::max(until, ready);
    if (!known) continue;
    // the first tiles are asked for at once, but are needed one after the other
    const double part = static_cast<double>(cta.trip + 1) / load.lag;
    const double since = at_hand.needed[n].since;
    until = std::max(until, part > 1 ? ready + load.rest : since + (ready - since + load.rest) * part);
  }
  return until;
}

bool LaunchRun::misses(const Cta& cta, double now) {
  const Ahead& at_hand = ahead(cta, cta.trip);
  for (std::size_t n = 0; n < loop_of(cta).loads.size(); ++n) {
    if (at_hand.needed[n].request > 0 && dram_.answer(now, at_hand.needed[n].request).at > now) return true;
  }
  return false;
}

void LaunchRun::begin_segment(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  const Segment& segment = loop_of(cta).segments[static_cast<std::size_t>(cta.segment)];
  if (segment.waits >= 0) {
    const Ahead& at_hand = ahead(cta, cta.trip);
    const Dram::Request request = at_hand.needed[static_cast<std::size_t>(segment.waits)].request;
    if (request == not_asked) return hold(place, never, Stall::dram);
    const double due = dram_.answer(now, request).at;
    if (due > now) return hold(place, due, Stall::dram);
  }
  if (now > cta.since) {
    cta.cost = &segment.cost;
    cta.units_done = cta.since;
    account(place, now);
  }
  begin_phase(place, segment.cost, now);
}

void LaunchRun::segment_over(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  const LoopTiming& loop = loop_of(cta);
  const Segment& segment = loop.segments[static_cast<std::size_t>(cta.segment)];
  if (segment.frees >= 0 && cta.trip + 1 < cta.known) {
    const LoopTiming& next = timing_.loop[static_cast<std::size_t>(ahead(cta, cta.trip + 1).trip.loop)];
    if (next.segments.size() == loop.segments.size()) {  // masked and unmasked blocks are loops of one body
      ask(place, cta.trip + 1, static_cast<std::size_t>(segment.frees), now);
    }
  }
  if (static_cast<std::size_t>(++cta.segment) == loop.segments.size()) {
    cta.segment = whole;
    return phase_over(place, now);
  }
  account(place, now);
  cta.since = now;
  begin_segment(place, now);
}

void LaunchRun::units_done(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  const bool ran = sms_[sm_of(place)].runs(place % resident_);
  if (ran) cta.units_done = now;
  if (cta.segment != whole) return ran ? segment_over(place, now) : begin_segment(place, now);
  if (ran && cta.stage == PhaseKind::begin) ask_first(place, now);
  const double until = allowed(cta, now);
  if (until > now) return hold(place, until, Stall::dram);
  phase_over(place, now);
}

/// The time of a phase that is over, by what it went to: a unit, its own or as other CTAs had it; a chain of ops; what
/// it waited for.
void LaunchRun::account(std::size_t place, double now) {
  const Cta& cta = ctas_[place];
  const double ran = cta.units_done - cta.since;
  const double chain = std::min(cta.cost->alone, ran) - std::min(cta.cost->busy, ran);
  const auto add = [&](Stall stall, double cycles) { done_.stalls[static_cast<std::size_t>(stall)] += cycles; };
  add(Stall::latency, chain);
  add(stall_of(cta.cost->busiest), ran - chain);
  add(cta.waits_for, now - cta.units_done);
  if (watch_ != nullptr) show_phase(place, now);
}

void LaunchRun::show_phase(std::size_t place, double now) const {
  const Cta& cta = ctas_[place];
  const Trip* trip = cta.stage == PhaseKind::trip ? &ahead(cta, cta.trip).trip : nullptr;
  const std::int8_t loop = trip != nullptr ? trip->loop : std::int8_t{-1};
  const std::int64_t block = trip != nullptr ? trip->at[static_cast<std::size_t>(first_loop_index + loop)] : 0;
  watch_->listener().phase({cta.number, static_cast<std::int64_t>(sm_of(place)),
                            static_cast<std::int64_t>(place % resident_), cta.stage, cta.segment == whole, loop, block,
                            cta.cost->busiest, cta.waits_for, watch_->at(cta.since), watch_->at(cta.units_done),
                            watch_->at(now)});
}

void LaunchRun::show_work(std::size_t sm, double now) const {
  const double since = sms_[sm].advanced_to();
  if (now <= since) return;
  WorkSeen work{static_cast<std::int64_t>(sm), watch_->at(since), watch_->at(now), {}};
  for (std::size_t place = 0; place < resident_; ++place) {
    if (!sms_[sm].runs(place)) continue;
    const double part = (now - since) * sms_[sm].speed(place);
    const PhaseCost& cost = *ctas_[sm * resident_ + place].cost;
    for (std::size_t u = 0; u < units; ++u) work.busy[u] += watch_->lasting(part * cost.demand[u]);
  }
  watch_->listener().work(work);
}

void LaunchRun::phase_over(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  if (cta.sent == not_sent) {
    if (cta.adds_due > now) return hold(place, cta.adds_due, Stall::l2);
    send(place, now);
  }
  if (cta.sent > 0 && dram_.saturated()) {
    const double room = dram_.answer(now, cta.sent).at;
    if (room > now) return hold(place, room, Stall::dram);
  }
  account(place, now);
  cta.sent = not_sent;
  switch (cta.stage) {
    case PhaseKind::begin:
      cta.trip = -1;
      cta.stage = PhaseKind::trip;
      return next_trip(place, now);
    case PhaseKind::trip: return next_trip(place, now);
    case PhaseKind::end: return end_cta(place, now);
  }
}

void LaunchRun::hold(std::size_t place, double until, Stall stall) {
  sms_[sm_of(place)].hold(place % resident_, until);
  ctas_[place].waits_for = stall;
}

/// Asks for the tiles that free buffers can take: at first all of them, then one of each load.
void LaunchRun::ask_ahead(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  for (std::int64_t trip = cta.trip; trip < cta.known; ++trip) {
    const LoopTiming& loop = timing_.loop[static_cast<std::size_t>(ahead(cta, trip).trip.loop)];
    for (std::size_t load = 0; load < loop.loads.size(); ++load) {
      const std::int64_t free = cta.trip + std::max<int>(1, loop.loads[load].lag);
      if (cta.trip == 0 ? trip < free : trip == free - 1) ask(place, trip, load, now);
    }
  }
}

void LaunchRun::next_trip(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  ++cta.trip;
  look_ahead(cta);
  if (cta.trip >= cta.known) {
    cta.stage = PhaseKind::end;
    done_.ops += timing_.end.ops;
    return begin_phase(place, timing_.end, now);
  }
  if (cta.trip > 0) ask_ahead(place, now);
  const LoopTiming& loop = loop_of(cta);
  done_.ops += ahead(cta, cta.trip).trip.ops;
  missed_ = missed_ || (!loop.segments.empty() && misses(cta, now));
  // how long a CTA takes until its first tiles are used is among what the model's constants say of a CTA
  if (loop.segments.empty() || !missed_ || cta.trip == 0) return begin_phase(place, loop.cost, now);
  cta.segment = 0;
  cta.since = now;
  begin_segment(place, now);
}

void LaunchRun::send(std::size_t place, double now) {
  Cta& cta = ctas_[place];
  cta.sent = 0;
  if (cta.stage == PhaseKind::begin) return;
  const bool in_trip = cta.stage == PhaseKind::trip;
  const Trip* trip = in_trip ? &ahead(cta, cta.trip).trip : nullptr;
  const auto& sends = in_trip ? timing_.loop[static_cast<std::size_t>(trip->loop)].sends : timing_.sends;
  const Indices& at = in_trip ? trip->at : cta.walk.at();
  for (std::size_t n = 0; n < sends.size(); ++n) {
    if (in_trip && (trip->sends >> n & 1U) == 0) continue;
    const TileOp& op = program_.ops[static_cast<std::size_t>(sends[n])];
    const bool adds = op.kind == OpKind::atomic;
    const Answer answer = adds ? l2_.add(now, op, at, asker(place)) : l2_.store(now, op, at, asker(place));
    cta.sent = std::max(cta.sent, answer.request);
    if (!adds) continue;
    adds_done_ = std::max(adds_done_, now) + cycles_per_added_byte_ * static_cast<double>(answer.bytes);
    cta.adds_due = adds_done_;
  }
}

void LaunchRun::end_cta(std::size_t place, double now) {
  --left_;
  done_.end = std::max(done_.end, now);
  if (cta_done_) cta_done_();
  ctas_[place].stays = launch_.schedule != Schedule::one_per_cta;
  sms_[sm_of(place)].leave(place % resident_);
  ctas_[place].since = now;
  ++team_of(place).free;
  freed_.push_back(place);
}

}  // namespace rooftile::sim
