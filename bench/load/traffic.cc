// SPDX-License-Identifier: Apache-2.0
// Publishers of a room take turns, so that every member is a sender too. Completed messages are
// replaced at the end of the turn that completed them.
#include "bench/load/traffic.h"

#include <algorithm>
#include <deque>
#include <limits>

namespace palaver::bench::load {
namespace {

constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

// The next publisher of each room, in turn over its first `publishers` members (0: over all).
class Rotation {
 public:
  Rotation(std::size_t rooms, std::uint32_t publishers) : next_(rooms), publishers_(publishers) {}

  ClientIndex take(const Ledger& ledger, RoomIndex room) {
    const std::uint32_t members = ledger.members(room);
    const std::uint32_t count = publishers_ == 0 ? members : std::min(publishers_, members);
    return ledger.first_client(room) + next_[room]++ % count;
  }

 private:
  std::vector<std::uint32_t> next_;
  std::uint32_t publishers_;
};

class ClosedLoop final : public Traffic {
 public:
  explicit ClosedLoop(const Options& options)
      : rooms_(options.rooms),
        members_(options.members),
        in_flight_(options.in_flight),
        pause_(options.pause),
        rotation_(options.rooms, options.publishers) {}

  std::vector<RoomPlan> plan() const override {
    return std::vector<RoomPlan>(rooms_, {.members = members_, .in_flight_max = in_flight_});
  }

  base::Result<void> begin(Driver& driver, Nanos /*now*/) override {
    for (std::uint32_t round = 0; round < in_flight_; ++round) {
      for (RoomIndex room = 0; room < rooms_; ++room) {
        if (auto sent = driver.publish(rotation_.take(driver.ledger(), room)); !sent) return sent;
      }
    }
    return {};
  }

  base::Result<void> proceed(Driver& driver, Nanos now) override {
    for (const Ledger::Completed& done : driver.ledger().completed()) {
      due_.push_back({.at = now + pause_, .room = done.room});
    }
    driver.ledger().completed().clear();
    for (; !due_.empty() && due_.front().at <= now; due_.pop_front()) {
      const RoomIndex room = due_.front().room;
      if (auto sent = driver.publish(rotation_.take(driver.ledger(), room)); !sent) return sent;
    }
    return {};
  }

  Nanos next_due() const override { return due_.empty() ? kNever : due_.front().at; }

 private:
  struct Due {
    Nanos at;
    RoomIndex room;
  };

  std::uint32_t rooms_;
  std::uint32_t members_;
  std::uint32_t in_flight_;
  Nanos pause_;
  std::deque<Due> due_;  // in the order of their times, since all pauses are the same
  Rotation rotation_;
};

class Mixed final : public Traffic {
 public:
  explicit Mixed(const Options& options)
      : small_members_(options.small_members),
        big_members_(options.members),
        big_interval_(static_cast<Nanos>(1e9 / options.big_messages_per_second)),
        pause_(options.small_pause / 2, options.small_pause + options.small_pause / 2),
        rotation_(2, options.publishers) {
    // At this rate the big room has so many in flight when the first of them is overdue.
    const double outstanding =
        options.big_messages_per_second * (static_cast<double>(options.timeout) / 1e9 + 1);
    big_in_flight_max_ = static_cast<std::uint32_t>(outstanding) + 1;
  }

  std::vector<RoomPlan> plan() const override {
    return {{.members = small_members_, .in_flight_max = 1, .latency_class = 0},
            {.members = big_members_, .in_flight_max = big_in_flight_max_, .latency_class = 1}};
  }

  base::Result<void> begin(Driver& driver, Nanos now) override {
    big_due_ = now;
    small_due_ = now;
    return proceed(driver, now);
  }

  base::Result<void> proceed(Driver& driver, Nanos now) override {
    for (const Ledger::Completed& done : driver.ledger().completed()) {
      if (done.room == kSmall) small_due_ = std::max(now, small_started_ + pause_(random_));
    }
    driver.ledger().completed().clear();
    if (now >= small_due_) {
      small_due_ = kNever;
      small_started_ = now;
      if (auto sent = driver.publish(rotation_.take(driver.ledger(), kSmall)); !sent) return sent;
    }
    if (now >= big_due_) {
      big_due_ += big_interval_;
      return driver.publish(rotation_.take(driver.ledger(), kBig));
    }
    return {};
  }

  Nanos next_due() const override { return std::min(small_due_, big_due_); }

 private:
  static constexpr RoomIndex kSmall = 0;
  static constexpr RoomIndex kBig = 1;

  std::uint32_t small_members_;
  std::uint32_t big_members_;
  std::uint32_t big_in_flight_max_ = 1;
  Nanos big_interval_;
  Nanos big_due_ = 0;
  Nanos small_due_ = 0;
  Nanos small_started_ = 0;
  std::uniform_int_distribution<Nanos> pause_;
  std::minstd_rand random_{1};  // the same pauses in every run
  Rotation rotation_;
};

}  // namespace

std::unique_ptr<Traffic> make_traffic(const Options& options) {
  if (options.scenario == Scenario::kMixed) return std::make_unique<Mixed>(options);
  return std::make_unique<ClosedLoop>(options);
}

}  // namespace palaver::bench::load
