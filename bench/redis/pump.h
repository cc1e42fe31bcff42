// SPDX-License-Identifier: Apache-2.0
// Pump: keeps a number of messages in flight through each of its publishers, over their rooms in
// turn, and measures what that costs Redis. Owned by main(), which runs it once; it owns the loop.
// A message that is refused, acknowledged out of order, or not seen by the subscriber ends the run
// with an error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/load/histogram.h"
#include "bench/load/report.h"
#include "bench/load/usage.h"
#include "bench/redis/publisher.h"
#include "net/loop.h"

namespace palaver::bench::redis {

struct PumpOptions {
  std::string publisher;  // "server" or "plain"
  PublisherOptions publishes;
  std::uint32_t publishers = 1;  // each with connections and rooms of its own
  std::uint32_t in_flight = 16;  // of each
  base::Duration duration{};
  base::Duration warmup{};
  std::vector<int> server_pids;
  std::vector<unsigned> server_cores;
};

class Pump final : private net::TurnEnd {
 public:
  // `options` outlives it.
  explicit Pump(const PumpOptions& options);
  ~Pump() override;
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  [[nodiscard]] base::Result<load::Report> run();

 private:
  bool end_turn() override { return false; }
  // One publisher, and what it publishes where.
  struct Seat {
    std::unique_ptr<Publisher> publisher;
    std::uint32_t room = 0;  // the next one
  };
  void on_ready(const base::Result<void>& ready);
  void publish(Seat& seat);
  void on_done(Seat& seat, load::Nanos sent, const base::Result<void>& result);
  void measure();
  void finish();
  void end_when_received();
  [[nodiscard]] std::uint64_t received() const;
  void fail(const std::string& what);

  const PumpOptions& options_;
  net::Loop loop_;
  std::vector<Seat> seats_;
  load::Meter meter_;
  load::Usage usage_;
  load::Histogram latency_;
  std::size_t ready_ = 0;  // publishers
  std::uint32_t in_flight_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t published_before_ = 0;  // the measured part
  std::uint64_t measured_ = 0;
  bool is_finishing_ = false;
  bool has_ended_ = false;
  std::string failure_;
};

}  // namespace palaver::bench::redis
