// SPDX-License-Identifier: Apache-2.0
#include "bench/redis/pump.h"

#include <chrono>
#include <utility>

#include "bench/load/clients.h"

namespace palaver::bench::redis {
namespace {

// For the connections, and for the last messages to arrive.
constexpr base::Duration kPatience = std::chrono::seconds{10};

std::unique_ptr<Publisher> make_publisher(net::Loop& loop, const PumpOptions& options,
                                          std::uint32_t number) {
  if (options.publisher == "plain") return make_plain_publisher(loop, options.publishes, number);
  return make_server_publisher(loop, options.publishes, number);
}

}  // namespace

Pump::Pump(const PumpOptions& options)
    : options_(options), meter_(options.server_cores, options.server_pids) {
  for (std::uint32_t number = 0; number < options.publishers; ++number) {
    seats_.push_back({.publisher = make_publisher(loop_, options, number)});
  }
}

Pump::~Pump() = default;

base::Result<load::Report> Pump::run() {
  loop_.post([this] {
    for (Seat& seat : seats_) {
      seat.publisher->open([this](const base::Result<void>& ready) { on_ready(ready); });
    }
    loop_.run_after(kPatience, [this] {
      if (published_ == 0) fail("Redis does not answer");
    });
  });
  loop_.run(*this);
  for (Seat& seat : seats_) seat.publisher->close();
  if (!failure_.empty()) return base::fail(base::ErrorCode::kUnavailable, failure_);

  const auto messages = static_cast<double>(measured_);
  load::Report report(options_.publisher);
  report.add("messages", messages);
  report.add("messages_per_s", usage_.wall > 0 ? messages / usage_.wall : 0);
  report.add_usage(usage_, "message", messages);
  report.add_latency("latency", latency_);
  return report;
}

void Pump::on_ready(const base::Result<void>& ready) {
  if (!ready) return fail(ready.error().message);
  if (++ready_ < seats_.size()) return;
  loop_.run_after(options_.warmup, [this] { measure(); });
  for (Seat& seat : seats_) {
    for (std::uint32_t i = 0; i < options_.in_flight; ++i) publish(seat);
  }
}

void Pump::publish(Seat& seat) {
  ++in_flight_;
  const load::Nanos now = load::now_nanos();
  const std::uint32_t room = std::exchange(seat.room, (seat.room + 1) % options_.publishes.rooms);
  seat.publisher->publish(
      room, [this, &seat, now](const base::Result<void>& result) { on_done(seat, now, result); });
}

void Pump::on_done(Seat& seat, load::Nanos sent, const base::Result<void>& result) {
  --in_flight_;
  if (!result) return fail(result.error().message);
  ++published_;
  latency_.record(load::now_nanos() - sent);
  if (!is_finishing_) publish(seat);
}

void Pump::measure() {
  latency_.clear();
  published_before_ = published_;
  meter_.start();
  loop_.run_after(options_.duration, [this] { finish(); });
}

void Pump::finish() {
  usage_ = meter_.read();
  measured_ = published_ - published_before_;
  is_finishing_ = true;
  loop_.run_after(kPatience, [this] { fail("messages are missing at the subscriber"); });
  end_when_received();
}

void Pump::end_when_received() {
  const std::uint64_t due = options_.publishes.is_subscribed ? published_ : 0;
  if (in_flight_ == 0 && received() == due) {
    has_ended_ = true;
    loop_.stop();
    return;
  }
  if (received() > published_ + in_flight_) return fail("a message came twice");
  loop_.run_after(std::chrono::milliseconds{10}, [this] {
    if (!has_ended_) end_when_received();
  });
}

std::uint64_t Pump::received() const {
  std::uint64_t sum = 0;
  for (const Seat& seat : seats_) sum += seat.publisher->received();
  return sum;
}

void Pump::fail(const std::string& what) {
  if (has_ended_) return;
  has_ended_ = true;
  failure_ = what;
  is_finishing_ = true;
  loop_.stop();
}

}  // namespace palaver::bench::redis
