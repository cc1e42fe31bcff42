// SPDX-License-Identifier: Apache-2.0
// RedisOptions: where Redis is and how it is to be used. Made by app/, immutable.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/client_stream.h"

namespace palaver::broker::redis {

struct Endpoint {
  std::string host;
  std::uint16_t port = 6379;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct RedisOptions {
  Endpoint endpoint;  // not asked for where there are sentinels
  std::vector<Endpoint> sentinels;
  std::string sentinel_primary;  // what they call it
  std::string user;              // empty: the default one
  std::string password;          // empty: no AUTH
  unsigned database = 0;
  std::shared_ptr<const net::TlsClient> tls;  // null: plain TCP
  // How long a call may wait for a Redis that is away. Beyond: kUnavailable.
  base::Duration timeout = std::chrono::seconds{5};
  // Replicas that must have a publication before it is acknowledged; 0: none.
  unsigned replicas_min = 0;
};

// Calls that wait for Redis, of the whole process, and the sum of their bytes. Beyond:
// kUnavailable.
inline constexpr std::size_t kWaitingCallsMax = 100'000;
inline constexpr std::size_t kWaitingBytesMax = 64 * 1024 * 1024;

}  // namespace palaver::broker::redis
