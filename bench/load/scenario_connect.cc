// SPDX-License-Identifier: Apache-2.0
// connect: all connections as fast as the server takes them, with a bounded number of handshakes at
// one time. Afterwards a message in each room proves that every connection has joined.
#include "bench/load/driver.h"
#include "bench/load/rooms.h"
#include "bench/load/scenarios.h"
#include "bench/load/usage.h"

namespace palaver::bench::load {

base::Result<Report> run_connect(const Options& options) {
  Driver driver(options, spread_over_rooms(options.members, options.rooms));
  Meter meter(options.server_cores, options.server_pids);
  meter.start();
  if (auto opened = driver.open(); !opened) return std::unexpected(opened.error());
  const Usage usage = meter.read();
  if (auto settled = driver.turn_until(now_nanos() + options.settle); !settled) {
    return std::unexpected(settled.error());
  }
  if (auto proved = driver.prove(); !proved) return std::unexpected(proved.error());
  if (auto finished = driver.finish(); !finished) return std::unexpected(finished.error());

  const auto connections = static_cast<double>(options.members);
  Report report(options.scenario_name);
  report.add("connections", connections);
  report.add("handshakes_per_s", usage.wall > 0 ? connections / usage.wall : 0);
  report.add_usage(usage, "handshake", connections);
  report.add_latency("latency", driver.clients().handshakes());
  return report;
}

}  // namespace palaver::bench::load
