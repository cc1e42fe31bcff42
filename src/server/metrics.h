// SPDX-License-Identifier: Apache-2.0
// What a shard counts. Each shard has its own numbers and changes them without locks; /metrics asks
// every shard for a copy, adds them up and writes Prometheus' text format (version 0.0.4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"
#include "rooms/fanout.h"
#include "rooms/home.h"

namespace palaver::server {

// Times from 16 µs to 2 s, each bound twice the one before it.
class Histogram {
 public:
  static constexpr std::size_t kBounds = 18;
  static constexpr base::Duration kFirstBound = std::chrono::microseconds{16};

  void add(base::Duration duration);
  Histogram& operator+=(const Histogram& other);
  void render(std::string& out, std::string_view name, std::string_view help) const;

 private:
  std::array<std::uint64_t, kBounds + 1> counts_{};
  base::Duration sum_{};
};

// Why a handshake or request was not served.
enum class Refusal : std::uint8_t {
  kBadRequest,
  kOrigin,
  kRights,  // no token, or a room that is not theirs
  kConnections,
  kConnectionsPerIp,
  kRooms,
  kDraining,
  kUnavailable,
  kCount,
};

// Why the server ended a WebSocket connection, or noticed its end.
enum class Disconnect : std::uint8_t {
  kByPeer,
  kProtocol,
  kSlow,
  kRate,
  kDead,
  kLost,
  kUnavailable,
  kDrain,
  kRights,  // a token that expired, an act that is not allowed
  kCount,
};

struct ShardMetrics {
  std::uint64_t connections = 0;  // sockets now
  std::uint64_t members = 0;      // WebSocket connections now
  std::uint64_t rooms = 0;        // whose home is here, now
  std::uint64_t accepted = 0;
  std::uint64_t accept_pauses = 0;
  std::uint64_t requests = 0;
  std::uint64_t api_requests = 0;  // of the HTTP API, with its key
  std::uint64_t handshakes = 0;
  std::uint64_t replayed = 0;  // entries of the history given to joining members
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t pings_sent = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Refusal::kCount)> refusals{};
  std::array<std::uint64_t, static_cast<std::size_t>(Disconnect::kCount)> disconnects{};
  rooms::FanoutCounters fanout;
  rooms::HomeCounters home;
  Histogram turn;
  Histogram fanout_time;

  void count(Refusal refusal) { ++refusals.at(static_cast<std::size_t>(refusal)); }
  void count(Disconnect disconnect) { ++disconnects.at(static_cast<std::size_t>(disconnect)); }
};

[[nodiscard]] std::string render_metrics(std::span<const ShardMetrics> shards);

}  // namespace palaver::server
