// SPDX-License-Identifier: Apache-2.0
// Traffic: who publishes when. Two kinds: ClosedLoop (fanout, burst, rooms: the next message when
// all have the last, or a pause later) and Mixed (a small room, one message at a time with pauses,
// beside a big room at a fixed rate, whether or not the last is through). Owned by run_traffic();
// it measures nothing.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "base/result.h"
#include "bench/load/driver.h"
#include "bench/load/ledger.h"
#include "bench/load/options.h"

namespace palaver::bench::load {

class Traffic {
 public:
  virtual ~Traffic() = default;
  [[nodiscard]] virtual std::vector<RoomPlan> plan() const = 0;
  // The first messages.
  [[nodiscard]] virtual base::Result<void> begin(Driver& driver, Nanos now) = 0;
  // After each turn: takes the ledger's completed messages and publishes what is due.
  [[nodiscard]] virtual base::Result<void> proceed(Driver& driver, Nanos now) = 0;
  // When proceed() has something to do even if nothing happens; Nanos max: never.
  [[nodiscard]] virtual Nanos next_due() const = 0;
};

[[nodiscard]] std::unique_ptr<Traffic> make_traffic(const Options& options);

}  // namespace palaver::bench::load
