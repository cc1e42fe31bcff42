// SPDX-License-Identifier: Apache-2.0
// How every connection to Redis, or to a sentinel, begins: by being opened, and by saying who we
// are and which database is meant.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "broker/redis/options.h"
#include "net/client_stream.h"

namespace palaver::broker::redis {

// Of a data node.
inline constexpr base::Duration kConnectTimeout = std::chrono::seconds{2};

// All outlive it. `timeout`: until it is open.
[[nodiscard]] std::unique_ptr<net::ClientStream> open_stream(net::Loop& loop,
                                                             const RedisOptions& options,
                                                             const Endpoint& endpoint,
                                                             base::Duration timeout,
                                                             net::ClientStream::Observer& observer);

// Appends the first commands to `out`; answers how many replies they have. Each is an error or
// without meaning.
[[nodiscard]] std::size_t append_greeting(std::string& out, const RedisOptions& options);

}  // namespace palaver::broker::redis
