// SPDX-License-Identifier: Apache-2.0
// idle: many connections in many rooms that only answer pings. Memory is the growth of the server's
// proportional set size from before the first connection to the window's end. A message in each
// room before and after the window proves that every connection is alive and joined.
#include "bench/load/driver.h"
#include "bench/load/rooms.h"
#include "bench/load/scenarios.h"
#include "bench/load/usage.h"

namespace palaver::bench::load {
namespace {

base::Result<std::uint64_t> pss_now(const Options& options) {
  if (options.server_pids.empty()) return 0;
  return pss_bytes(options.server_pids);
}

}  // namespace

base::Result<Report> run_idle(const Options& options) {
  const auto before = pss_now(options);
  if (!before) return std::unexpected(before.error());

  Driver driver(options, spread_over_rooms(options.members, options.rooms));
  Meter meter(options.server_cores, options.server_pids);
  if (auto opened = driver.open(); !opened) return std::unexpected(opened.error());
  driver.set_phase("settling");
  if (auto settled = driver.turn_until(now_nanos() + options.settle); !settled) {
    return std::unexpected(settled.error());
  }
  if (auto proved = driver.prove(); !proved) return std::unexpected(proved.error());
  if (auto warm = driver.turn_until(now_nanos() + options.warmup); !warm) {
    return std::unexpected(warm.error());
  }

  driver.set_phase("idle");
  const std::uint64_t pings_before = driver.clients().pings();
  meter.start();
  if (auto passed = driver.turn_until(now_nanos() + options.duration); !passed) {
    return std::unexpected(passed.error());
  }
  const Usage usage = meter.read();
  const auto after = pss_now(options);
  if (!after) return std::unexpected(after.error());
  const std::uint64_t pings = driver.clients().pings() - pings_before;
  const std::uint32_t poorest = driver.clients().pings_of_the_poorest();
  if (poorest < options.pings_min) {
    return base::fail(base::ErrorCode::kUnavailable,
                      "a client got only " + std::to_string(poorest) + " pings");
  }
  if (auto proved = driver.prove(); !proved) return std::unexpected(proved.error());
  if (auto finished = driver.finish(); !finished) return std::unexpected(finished.error());

  const auto connections = static_cast<double>(options.members);
  Report report(options.scenario_name);
  report.add("connections", connections);
  report.add("pss_before_bytes", static_cast<double>(*before));
  report.add("pss_after_bytes", static_cast<double>(*after));
  report.add("pss_bytes_per_connection",
             (static_cast<double>(*after) - static_cast<double>(*before)) / connections);
  report.add("pings", static_cast<double>(pings));
  report.add("pings_of_the_poorest", static_cast<double>(poorest));
  report.add_usage(usage, "ping", static_cast<double>(pings));
  report.add_latency("latency", driver.ledger().latency(0));
  return report;
}

}  // namespace palaver::bench::load
