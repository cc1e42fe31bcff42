// SPDX-License-Identifier: Apache-2.0
// Call: a command that waits for Redis, and who is told of its answer. It goes from pipe to pipe
// until one answers, or its time is over.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "broker/redis/options.h"
#include "codec/resp/resp.h"

namespace palaver::broker::redis {

struct Call {
  using Done = std::move_only_function<void(base::Result<codec::resp::Reply>)>;
  // Once more, after a cut, though it may have been done already; never then; or never on another
  // connection than the one that it was given to.
  enum class Repeat : std::uint8_t { kAllowed, kNever, kNowhereElse };

  std::string bytes;
  Done done;  // null: answered already, by its deadline
  base::Instant deadline{};
  Repeat repeat = Repeat::kAllowed;
  // A success counts when enough replicas have what was written (RedisOptions::replicas_min).
  bool durable = false;

  // What Links keep of it.
  static constexpr unsigned kNoPartition = ~0U;
  unsigned partition = kNoPartition;
  std::uint64_t number = 0;       // rises in the order of asking
  unsigned refusals = 0;          // by nodes of a cluster
  std::optional<Endpoint> ask{};  // a node that has its keys already
};

}  // namespace palaver::broker::redis
