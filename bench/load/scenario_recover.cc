// SPDX-License-Identifier: Apache-2.0
// recover: one member stays and publishes what the others, who come later and all at once, must
// recover from the position before it. Who comes for the first time with a position is to a server
// what somebody is who comes back. A message to all proves afterwards that they are live.
#include <string>

#include "bench/load/driver.h"
#include "bench/load/scenarios.h"
#include "bench/load/usage.h"

namespace palaver::bench::load {
namespace {

constexpr Nanos kWaitMax = 100'000'000;

// One after the other, so that the member who publishes has each.
base::Result<void> publish_missed(Driver& driver, std::uint32_t count) {
  for (std::uint64_t published = 1; published <= count; ++published) {
    if (auto sent = driver.publish(0); !sent) return sent;
    while (driver.ledger().deliveries() < published) {
      if (auto turned = driver.turn(kWaitMax); !turned) return turned;
    }
  }
  return {};
}

// Returns when all members have all messages.
base::Result<void> recover_all(Driver& driver) {
  driver.recover();
  if (auto opened = driver.open(); !opened) return opened;
  while (driver.ledger().in_flight() != 0) {
    if (auto turned = driver.turn(kWaitMax); !turned) return turned;
  }
  return {};
}

}  // namespace

base::Result<Report> run_recover(const Options& options) {
  Driver driver(options, {{.members = options.members + 1, .in_flight_max = options.missed}});
  Meter meter(options.server_cores, options.server_pids);
  if (auto opened = driver.open_to(1); !opened) return std::unexpected(opened.error());
  if (auto missed = publish_missed(driver, options.missed); !missed) {
    return std::unexpected(missed.error());
  }
  if (auto settled = driver.turn_until(now_nanos() + options.settle); !settled) {
    return std::unexpected(settled.error());
  }

  meter.start();
  if (auto recovered = recover_all(driver); !recovered) return std::unexpected(recovered.error());
  const Usage usage = meter.read();
  const auto recovered_messages =
      static_cast<double>(driver.ledger().deliveries() - options.missed);
  driver.ledger().completed().clear();
  driver.ledger().start_recording();
  if (auto proved = driver.prove(); !proved) return std::unexpected(proved.error());
  if (auto finished = driver.finish(); !finished) return std::unexpected(finished.error());

  const auto clients = static_cast<double>(options.members);
  Report report(options.scenario_name);
  report.add("connections", clients);
  report.add("recovered_messages", recovered_messages);
  report.add("recovered_s", usage.wall);
  report.add_usage(usage, "client", clients);
  report.add_latency("handshake", driver.clients().handshakes());
  report.add_latency("latency", driver.ledger().latency(0));
  return report;
}

}  // namespace palaver::bench::load
