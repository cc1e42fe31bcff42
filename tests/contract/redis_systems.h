// SPDX-License-Identifier: Apache-2.0
// The Redis systems that the suites run against, each of real servers, one for all tests of a
// program and emptied for each of them: one server; one with TLS and a user who may use nothing but
// what docs/OPERATIONS.md lists; a primary that sentinels watch, and a cluster of six, both also
// with TLS and such a user.
#pragma once

#include <string>
#include <vector>

#include "broker/redis/options.h"

namespace palaver::tests::contract {

enum class RedisSystem {
  kPlain,
  kStandingClock,  // plain, with a time of day that only advance_clock() moves
  kTlsAndAcl,
  kSentinels,
  kSentinelsTlsAndAcl,
  kCluster,
  kClusterTlsAndAcl
};

// Empties it, and says how to reach it.
[[nodiscard]] broker::redis::RedisOptions fresh_redis(RedisSystem system);
// Of kStandingClock.
void advance_clock(base::Duration by);
// What the tests say themselves to all its primaries.
void tell_redis(RedisSystem system, const std::vector<std::string>& words);
// One of them alone: its answer.
std::string ask_redis(RedisSystem system, const std::vector<std::string>& words);
// Of a channel, as Redis counts them.
[[nodiscard]] unsigned subscribers_of(RedisSystem system, const std::string& channel);

}  // namespace palaver::tests::contract
