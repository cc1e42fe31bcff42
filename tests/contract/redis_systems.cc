// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/redis_systems.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "net/client_stream.h"
#include "tests/support/certificates.h"
#include "tests/support/redis_cluster.h"
#include "tests/support/redis_sentinels.h"
#include "tests/support/redis_server.h"

namespace palaver::tests::contract {

namespace {

using broker::redis::RedisOptions;
using support::RedisServer;

const std::vector<std::string_view> kCommands = {"auth",
                                                 "select",
                                                 "ping",
                                                 "info",
                                                 "asking",
                                                 "cluster|nodes",
                                                 "wait",
                                                 "evalsha",
                                                 "script|load",
                                                 "publish",
                                                 "subscribe",
                                                 "unsubscribe",
                                                 "spublish",
                                                 "ssubscribe",
                                                 "sunsubscribe",
                                                 "get",
                                                 "set",
                                                 "del",
                                                 "time",
                                                 "hget",
                                                 "hset",
                                                 "hdel",
                                                 "hgetall",
                                                 "pexpire",
                                                 "xadd",
                                                 "xrange",
                                                 "xrevrange",
                                                 "xlen",
                                                 "xdel",
                                                 "xtrim",
                                                 "zadd",
                                                 "zcard",
                                                 "zrange",
                                                 "zrangebyscore",
                                                 "zrevrangebyscore",
                                                 "zremrangebyscore",
                                                 "zremrangebyrank"};

struct Plain {
  RedisServer server;
};

struct StandingClock {
  RedisServer server{{.standing_clock = true}};
};

struct TlsAndAcl {
  support::Certificates certificates;
  support::RedisUser user = support::palaver_user("palaver", "secret", kCommands);
  RedisServer server{{.tls = &certificates, .users = {user}}};
};

struct Sentinels {
  support::RedisSentinels servers;
  Sentinels() { servers.wait_until_ready(); }
};

struct SentinelsTlsAndAcl {
  support::Certificates certificates;
  support::RedisUser user = support::palaver_user("palaver", "secret", kCommands);
  support::RedisSentinels servers{{.server = {.tls = &certificates, .users = {user}}}};
  SentinelsTlsAndAcl() { servers.wait_until_ready(); }
};

struct Cluster {
  support::RedisCluster servers;
};

struct ClusterTlsAndAcl {
  support::Certificates certificates;
  support::RedisUser user = support::palaver_user("palaver", "secret", kCommands);
  support::RedisCluster servers{{.tls = &certificates, .users = {user}}};
};

template <typename System>
System& the() {
  static System system;
  return system;
}

std::vector<RedisServer*> primaries_of(support::RedisCluster& cluster) {
  std::vector<RedisServer*> servers;
  for (unsigned i = 0; i < support::RedisCluster::kPrimaries; ++i) {
    servers.push_back(&cluster.node(i));
  }
  return servers;
}

std::vector<RedisServer*> primaries_of(RedisSystem system) {
  switch (system) {
    case RedisSystem::kStandingClock:
      return {&the<StandingClock>().server};
    case RedisSystem::kTlsAndAcl:
      return {&the<TlsAndAcl>().server};
    case RedisSystem::kSentinels:
      return {&the<Sentinels>().servers.primary()};
    case RedisSystem::kSentinelsTlsAndAcl:
      return {&the<SentinelsTlsAndAcl>().servers.primary()};
    case RedisSystem::kCluster:
      return primaries_of(the<Cluster>().servers);
    case RedisSystem::kClusterTlsAndAcl:
      return primaries_of(the<ClusterTlsAndAcl>().servers);
    case RedisSystem::kPlain:
      break;
  }
  return {&the<Plain>().server};
}

void use(RedisOptions& options, const support::RedisSentinels& servers) {
  options.endpoint = {};
  for (const std::uint16_t port : servers.sentinel_ports()) {
    options.sentinels.push_back({RedisServer::host(), port});
  }
  options.sentinel_primary = support::RedisSentinels::kName;
}

void use(RedisOptions& options, const support::Certificates& certificates,
         const support::RedisUser& user) {
  auto client = net::TlsClient::make({.ca_file = certificates.authority()});
  EXPECT_TRUE(client) << client.error().message;
  options.user = user.name;
  options.password = user.password;
  options.tls = std::move(*client);
}

}  // namespace

RedisOptions fresh_redis(RedisSystem system) {
  tell_redis(system, {"FLUSHALL"});
  RedisOptions options;
  options.endpoint = {RedisServer::host(), primaries_of(system).front()->port()};
  switch (system) {
    case RedisSystem::kPlain:
    case RedisSystem::kStandingClock:
    case RedisSystem::kCluster:
      break;
    case RedisSystem::kTlsAndAcl:
      use(options, the<TlsAndAcl>().certificates, the<TlsAndAcl>().user);
      break;
    case RedisSystem::kClusterTlsAndAcl:
      use(options, the<ClusterTlsAndAcl>().certificates, the<ClusterTlsAndAcl>().user);
      break;
    case RedisSystem::kSentinels:
      use(options, the<Sentinels>().servers);
      break;
    case RedisSystem::kSentinelsTlsAndAcl: {
      auto& system_of = the<SentinelsTlsAndAcl>();
      use(options, system_of.servers);
      use(options, system_of.certificates, system_of.user);
      break;
    }
  }
  return options;
}

void advance_clock(base::Duration by) {
  the<StandingClock>().server.advance(std::chrono::duration_cast<std::chrono::microseconds>(by));
}

void tell_redis(RedisSystem system, const std::vector<std::string>& words) {
  for (RedisServer* server : primaries_of(system)) (void)server->command(words);
}

std::string ask_redis(RedisSystem system, const std::vector<std::string>& words) {
  return primaries_of(system).front()->command(words);
}

unsigned subscribers_of(RedisSystem system, const std::string& channel) {
  const bool cluster = system == RedisSystem::kCluster || system == RedisSystem::kClusterTlsAndAcl;
  unsigned count = 0;
  for (RedisServer* server : primaries_of(system)) {
    // The channel, and the number in a line of its own.
    const std::string answer =
        server->command({"PUBSUB", cluster ? "SHARDNUMSUB" : "NUMSUB", channel});
    if (!answer.starts_with(channel + "\n")) continue;
    count += static_cast<unsigned>(std::stoul(answer.substr(channel.size() + 1)));
  }
  return count;
}

}  // namespace palaver::tests::contract
