// SPDX-License-Identifier: Apache-2.0
// Liveness: when each connection of a shard is due for a ping, and which deadlines have passed, by
// one sweep in small steps instead of a timer for each. Pure bookkeeping: the shard calls sweep()
// every step and acts on the answer. Members are named by id; a stale name is harmless.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "base/clock.h"
#include "rooms/outbox.h"

namespace palaver::server {

// Each kind has one duration, so that deadlines of a kind pass in the order in which they are set.
enum class DeadlineKind : std::uint8_t { kRequest, kIdle, kClose };

class Liveness {
 public:
  struct Options {
    base::Duration ping_interval;
    base::Duration request_timeout;
    base::Duration idle_timeout;
    base::Duration close_timeout;
  };
  // A deadline's name: it counts only while its owner still holds the same serial.
  struct Deadline {
    rooms::MemberId member;
    std::uint32_t serial = 0;
    DeadlineKind kind{};
  };
  // A connection's place in the buckets.
  struct PingPlace {
    std::uint32_t bucket = 0;
    std::uint32_t index = 0;
  };

  Liveness(const Options& options, std::uint64_t seed);

  // How often sweep() wants to be called: 50 steps in a ping interval, between 10 and 500 ms.
  [[nodiscard]] base::Duration step() const { return step_; }

  // From now on the member is due once in each interval, first after a random part of it.
  PingPlace add(rooms::MemberId member);
  // The member that took the place in the list, if any, has moved there: its owner must be told.
  struct Moved {
    rooms::MemberId member;
    PingPlace place;
    bool any = false;
  };
  [[nodiscard]] Moved remove(PingPlace place);

  void set_deadline(base::Instant now, Deadline deadline);

  // Moves to the next bucket; what is due is appended.
  void sweep(base::Instant now, std::vector<rooms::MemberId>& pings,
             std::vector<Deadline>& deadlines);

 private:
  struct Entry {
    base::Instant at;
    Deadline deadline;
  };

  base::Duration step_;
  std::array<base::Duration, 3> timeouts_;
  std::array<std::deque<Entry>, 3> deadlines_;
  std::vector<std::vector<rooms::MemberId>> buckets_;
  std::size_t current_ = 0;
  std::minstd_rand random_;
};

}  // namespace palaver::server
