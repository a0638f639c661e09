// DRAM: SMs send requests, channels serve them, each with its share of the bandwidth, first come, first served.
//
// An SM takes in no more than its share of L2's bandwidth, so it sends a request part by part, and its CTAs take turns:
// of those that ask at the same moment none is served before the others, and CTAs in step stay in step.
//
// A part is four pieces, and neighbours lie in different channels (rooftile/model/dram_channels.hpp). A request is
// there a latency L after its last piece had its turn; a small one takes L. Kept at F bytes in flight the memory
// delivers F/L per cycle (Little's law) until its bandwidth B is reached; near it some channels have more to do than
// others and requests queue. The closed form of the model says F / (L·(1 + (F/(B·L))³)^(1/3)), as measured on nine GPUs
// (dram_time.hpp), and with pieces of B·L / 720 the channels follow that law (units_test.cpp).
//
// Channels refresh at different times. A closed one serves nobody, and what is behind it queues: the busier the memory,
// the longer until it has caught up, so tiles that come in time at 40 % of the bandwidth are late at 75.
//
//   Dram dram{1400e9 / 1.41e9, 570, {5499, 550}};
//   const Dram::Request request = dram.request(now, 16384);
//   const Dram::Answer answer = dram.answer(now, request);   answer.at, if it is known
#pragma once

#include <algorithm>
#include <array>
#include <boost/circular_buffer.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "line.hpp"
#include "rooftile/model/dram_channels.hpp"
#include "watch.hpp"

namespace rooftile::sim {

/// Who asks: an SM, and the place of a CTA on it.
struct Asker {
  std::size_t sm = 0, place = 0;
};

class Dram {
 public:
  static constexpr std::size_t channels = dram_channels;

  /// Numbers of requests grow; 0: none.
  using Request = std::int64_t;
  struct Answer {
    double at = 0;      ///< cycle when the bytes are there; 0: longer since than anybody remembers
    bool known = true;  ///< no: some of it is to be sent, and `at`, which lies ahead, is when to ask again
  };

  /// Bytes per cycle that the memory sustains, cycles from a lone request to its answer at the mean, when its channels
  /// are closed; how many SMs ask, and how many cycles each takes to send a byte's request.
  Dram(double bytes_per_cycle, double latency, const DramRefresh& refresh = {}, std::size_t sms = 1,
       double cycles_per_byte_sent = 0)
      : refresh_{refresh},
        latency_{latency - refresh.share() * refresh.takes / 2},
        full_{bytes_per_cycle * latency},
        piece_{full_ / pieces_when_full},
        cycles_per_byte_{channels / bytes_per_cycle * (1 - refresh.share())},
        cycles_per_byte_sent_{cycles_per_byte_sent},
        sender_(sms),
        turn_{sms} {
    for (Channel& channel : channel_) {
      const double phase = at_random();  // drawn in any case: pieces fall alike with and without refreshes
      if (refresh.takes > 0) channel.closes = refresh.every * phase - refresh.takes;
    }
  }

  /// Tells it of the bytes that move from now on; null: nobody.
  void show_to(const Watch* watch) { watch_ = watch; }
  /// Answers are remembered for so many cycles.
  void remember_for(double cycles) { remembered_for_ = cycles; }
  /// Asks for bytes, or sends them; `now` never goes back.
  Request request(double now, double bytes, Asker asker = {}) {
    settle(now);
    const auto [sm, cta] = asker;
    Sender& sender = sender_[sm];
    const Request number = take_off(bytes);
    flight(number).sm = static_cast<std::uint32_t>(sm);
    if (sender.of_cta.size() <= cta) sender.of_cta.resize(cta + 1);
    Waiting& waiting = sender.of_cta[cta];
    (waiting.first == 0 ? waiting.first : flight(waiting.last).next) = number;
    waiting.last = number;
    sender.free = std::max(sender.free, now);
    if (sender.waiting++ == 0) turn_.enter(sm, sender.free);
    settle(now);
    return number;
  }
  /// Bytes that L2 sends back, all at once.
  Request send(double now, double bytes) {
    settle(now);
    const Request number = take_off(bytes);
    serve(flight(number), now, bytes);
    return number;
  }
  /// When the bytes of a request are there.
  [[nodiscard]] Answer answer(double now, Request number) {
    if (number < first_) return {};
    settle(now);
    if (number < first_) return {};
    const Flight& asked = flight(number);
    if (asked.left <= 0) return {asked.ready, true};
    return {sender_[asked.sm].free, false};
  }
  /// Sends what is due by `now`, in order of time, and forgets what was answered.
  void settle(double now) {
    while (turn_.time() <= now) send_next();
    for (; answered_ < flight_.size() && flight_[answered_].left <= 0 && flight_[answered_].ready <= now; ++answered_) {
      in_flight_ -= flight_[answered_].bytes;
    }
    for (; answered_ > 0 && flight_.front().ready + remembered_for_ <= now; --answered_) {
      flight_.pop_front();
      ++first_;
    }
  }
  /// Sends what is still to be sent for: nobody has waited for it, and nobody asks any more.
  void finish() {
    while (turn_.time() < std::numeric_limits<double>::infinity()) send_next();
  }
  /// More is in flight than full bandwidth needs: who sends bytes has to wait.
  [[nodiscard]] bool saturated() const { return in_flight_ > 2 * full_; }
  /// Bytes asked for or sent so far.
  [[nodiscard]] double moved() const { return moved_; }
  /// Bytes that a channel serves in one go, and that an SM asks for in one go.
  [[nodiscard]] double piece() const { return piece_; }
  [[nodiscard]] double part() const { return 4 * piece_; }

 private:
  static constexpr double pieces_when_full = 720;  ///< in flight
  struct Flight {
    double bytes, left;  ///< in all, to be sent
    double ready = 0;    ///< of what was sent
    Request next = 0;    ///< of the same CTA
    std::uint32_t channel = 0, sm = 0;
  };
  struct Channel {
    double free = 0;                                          ///< when it has served all
    double closes = std::numeric_limits<double>::infinity();  ///< for its next refresh
  };
  /// Requests of a CTA that are still to be sent for, in order; 0: none.
  struct Waiting {
    Request first = 0, last = 0;
  };
  struct Sender {
    double free = 0;  ///< when it can send the next part
    int waiting = 0;  ///< requests
    std::size_t turn = 0;
    std::vector<Waiting> of_cta;

    /// Whose turn it is, of those that wait.
    Waiting& next() {
      for (;;) {
        Waiting& one = of_cta[turn];
        turn = turn + 1 < of_cta.size() ? turn + 1 : 0;
        if (one.first != 0) return one;
      }
    }
  };

  [[nodiscard]] Flight& flight(Request number) { return flight_[static_cast<std::size_t>(number - first_)]; }
  Request take_off(double bytes) {
    if (flight_.full()) flight_.set_capacity(2 * flight_.capacity());
    flight_.push_back({.bytes = bytes, .left = bytes, .channel = first_channel()});
    moved_ += bytes;
    in_flight_ += bytes;
    return first_ + static_cast<Request>(flight_.size()) - 1;
  }
  /// The next SM sends a part of a request.
  void send_next() {
    const std::size_t sm = turn_.player();
    Sender& sender = sender_[sm];
    Waiting& waiting = sender.next();
    Flight& sent = flight(waiting.first);
    const double bytes = std::min(sent.left, part());
    serve(sent, sender.free, bytes);
    sender.free += bytes * cycles_per_byte_sent_;
    if (sent.left <= 0) {
      waiting.first = sent.next;
      --sender.waiting;
    }
    turn_.leave();
    if (sender.waiting > 0) turn_.enter(sm, sender.free);
  }
  /// The channels take some bytes of a request.
  void serve(Flight& sent, double now, double bytes) {
    for (double left = bytes; left > 0; left -= piece_) {
      Channel& channel = channel_[sent.channel];
      const double here = std::min(left, piece_);
      const double begin = serve(channel, now, here * cycles_per_byte_);
      if (watch_ != nullptr) watch_->listener().dram({watch_->at(begin), watch_->at(channel.free), Bytes{here}});
      sent.ready = std::max(sent.ready, channel.free + latency_);
      sent.channel = sent.channel + 1 < channels ? sent.channel + 1 : 0;
    }
    sent.left -= bytes;
  }
  /// Serves a piece that takes so long, and returns when it began: a refresh does not wait, and a piece that is being
  /// served goes on behind it.
  double serve(Channel& channel, double now, double takes) const {
    double begin = std::max(channel.free, now);
    if (begin >= channel.closes) begin = next_refresh(channel, begin);
    const double end = begin + takes;
    channel.free = end > channel.closes ? end + refresh_.takes : end;
    return begin;
  }
  /// Puts the refresh behind `now` that comes next, and returns when the channel is open.
  double next_refresh(Channel& channel, double now) const {
    channel.closes += refresh_.every * std::floor((now - channel.closes) / refresh_.every);
    const double open = std::max(now, channel.closes + refresh_.takes);
    channel.closes += refresh_.every;
    return open;
  }
  /// From 0 to 1, and the same each time (Knuth's MMIX generator).
  double at_random() {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(random_ >> 33U) / static_cast<double>(std::uint64_t{1} << 31U);
  }
  /// Where a request's bytes begin.
  std::uint32_t first_channel() { return static_cast<std::uint32_t>(at_random() * static_cast<double>(channels)); }

  DramRefresh refresh_;
  double latency_;  ///< of a piece whose channel is open
  double full_;     ///< bytes in flight that fill the bandwidth
  double piece_;
  double cycles_per_byte_;       ///< of a channel
  double cycles_per_byte_sent_;  ///< by an SM
  std::array<Channel, channels> channel_{};
  std::vector<Sender> sender_;
  Line turn_;  ///< of senders
  std::uint64_t random_ = 1;
  double in_flight_ = 0;
  double moved_ = 0;
  Request first_ = 1;                           ///< in `flight_`
  boost::circular_buffer<Flight> flight_{256};  ///< remembered, not answered, or behind one that is not
  std::size_t answered_ = 0;                    ///< of `flight_`, from its front on
  double remembered_for_ = 0;
  const Watch* watch_ = nullptr;
};

}  // namespace rooftile::sim
