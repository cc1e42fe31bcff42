// SPDX-License-Identifier: Apache-2.0
// Options: the command line of the load generator as one immutable struct, filled once by main().
// Numbers that a scenario does not use are ignored by it; each scenario's defaults are those of its
// row in bench/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/clients.h"
#include "bench/load/histogram.h"
#include "bench/load/ledger.h"

namespace palaver::bench::load {

enum class Scenario { kFanout, kBurst, kRooms, kMixed, kIdle, kConnect, kRecover, kCut };

enum class ProtocolKind {
  kArticle,
  kJson,  // the Centrifuge client protocol
};

struct Options {
  Scenario scenario = Scenario::kFanout;
  std::string scenario_name;

  Target target;
  ProtocolKind protocol = ProtocolKind::kArticle;
  // Not 0: one more client, at this port, publishes for all the others (see Driver). kJson only.
  std::uint16_t publish_port = 0;
  std::string path_template;
  std::string room_prefix = "bench";
  LineFormat format = LineFormat::kArticle;  // kJson: kPlain, the text of a message

  // Of each room; of the big room in mixed; in all for idle, connect; that recover in recover.
  std::uint32_t members = 0;
  std::uint32_t rooms = 0;
  std::uint32_t publishers = 0;  // of each room
  std::uint32_t in_flight = 0;   // of each room
  std::uint32_t small_members = 5;
  double big_messages_per_second = 10;
  Nanos small_pause = 20'000'000;  // on average, half to one and a half of it
  Nanos pause = 0;             // fanout, burst, rooms: from a message's last delivery to the next
  std::uint32_t missed = 100;  // recover: messages
  std::size_t message_bytes = 100;

  Nanos duration = 5'000'000'000;  // of the measured part
  Nanos warmup = 1'000'000'000;
  std::uint64_t messages_max = 0;  // the measured part ends after these; 0: only by time
  Nanos timeout = 10'000'000'000;  // a delivery that takes longer is missing
  Nanos settle = 300'000'000;   // between the last handshake and the first message, and at the end
  std::uint32_t pings_min = 0;  // idle: what each client must get in the window

  // cut: the Redis, and the ids that it gave to the server's connections.
  std::uint16_t redis_port = 0;
  std::vector<std::uint64_t> redis_clients;

  std::vector<int> server_pids;
  std::vector<unsigned> server_cores;
  std::string json_path;  // "-": standard output
};

// Never returns on --help or a mistake: prints and exits as CLI11 does.
[[nodiscard]] Options parse_options(int argc, char** argv);

}  // namespace palaver::bench::load
