// SPDX-License-Identifier: Apache-2.0
// fanout, burst, rooms and mixed: connect, settle, warm up, measure, and wait for the rest. In
// mixed the first latencies are those of the small room and the second those of the big one.
#include <algorithm>
#include <limits>

#include "bench/load/driver.h"
#include "bench/load/scenarios.h"
#include "bench/load/traffic.h"
#include "bench/load/usage.h"

namespace palaver::bench::load {
namespace {

constexpr Nanos kWaitMax = 100'000'000;

// Lets traffic flow until `deadline`, or until `messages_max` (0: no bound) are through.
base::Result<void> flow(Driver& driver, Traffic& traffic, Nanos deadline,
                        std::uint64_t messages_max) {
  for (Nanos now = now_nanos(); now < deadline; now = now_nanos()) {
    const Nanos wake = std::min({deadline, traffic.next_due(), now + kWaitMax});
    if (auto turned = driver.turn(wake > now ? wake - now : 0); !turned) return turned;
    if (messages_max != 0 && driver.ledger().messages_completed() >= messages_max) return {};
    if (auto sent = traffic.proceed(driver, now_nanos()); !sent) return sent;
  }
  return {};
}

}  // namespace

base::Result<Report> run_traffic(const Options& options) {
  const std::unique_ptr<Traffic> traffic = make_traffic(options);
  Driver driver(options, traffic->plan());
  Meter meter(options.server_cores, options.server_pids);
  Ledger& ledger = driver.ledger();

  if (auto opened = driver.open(); !opened) return std::unexpected(opened.error());
  driver.set_phase("warming up");
  if (auto settled = driver.turn_until(now_nanos() + options.settle); !settled) {
    return std::unexpected(settled.error());
  }
  Nanos now = now_nanos();
  if (auto begun = traffic->begin(driver, now); !begun) return std::unexpected(begun.error());
  if (auto warm = flow(driver, *traffic, now + options.warmup, 0); !warm) {
    return std::unexpected(warm.error());
  }

  driver.set_phase("measuring");
  ledger.start_recording();
  meter.start();
  now = now_nanos();
  if (auto flowed = flow(driver, *traffic, now + options.duration, options.messages_max); !flowed) {
    return std::unexpected(flowed.error());
  }
  const Usage usage = meter.read();
  const auto deliveries = static_cast<double>(ledger.deliveries());
  const auto messages = static_cast<double>(ledger.messages_completed());
  if (auto finished = driver.finish(); !finished) return std::unexpected(finished.error());

  Report report(options.scenario_name);
  report.add("connections", static_cast<double>(ledger.client_count()));
  report.add("messages", messages);
  report.add("deliveries", deliveries);
  report.add("deliveries_per_s", usage.wall > 0 ? deliveries / usage.wall : 0);
  report.add_usage(usage, "delivery", deliveries);
  if (messages > 0) report.add("process_us_per_message", usage.process * 1e6 / messages);
  report.add_latency("latency", ledger.latency(0));
  if (options.scenario == Scenario::kMixed) report.add_latency("big_latency", ledger.latency(1));
  return report;
}

}  // namespace palaver::bench::load
