// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/redis_systems.h"

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <utility>

#include "net/client_stream.h"
#include "tests/support/certificates.h"
#include "tests/support/redis_sentinels.h"
#include "tests/support/redis_server.h"

namespace palaver::tests::contract {

namespace {

using broker::redis::RedisOptions;
using support::RedisServer;

const std::vector<std::string_view> kCommands = {"auth",
                                                 "select",
                                                 "ping",
                                                 "wait",
                                                 "evalsha",
                                                 "script|load",
                                                 "publish",
                                                 "subscribe",
                                                 "unsubscribe",
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

struct TlsAndAcl {
  support::Certificates certificates;
  support::RedisUser user = support::palaver_user("palaver", "secret", kCommands);
  RedisServer server{{.tls = &certificates, .users = {user}}};
};

struct Sentinels {
  support::RedisSentinels servers;
  Sentinels() { servers.wait_until_ready(); }
};

template <typename System>
System& the() {
  static System system;
  return system;
}

RedisServer& server_of(RedisSystem system) {
  switch (system) {
    case RedisSystem::kTlsAndAcl:
      return the<TlsAndAcl>().server;
    case RedisSystem::kSentinels:
      return the<Sentinels>().servers.primary();
    case RedisSystem::kPlain:
      break;
  }
  return the<Plain>().server;
}

}  // namespace

RedisOptions fresh_redis(RedisSystem system) {
  (void)server_of(system).command({"FLUSHALL"});
  RedisOptions options;
  switch (system) {
    case RedisSystem::kPlain:
      options.endpoint = {RedisServer::host(), server_of(system).port()};
      break;
    case RedisSystem::kTlsAndAcl: {
      auto& tls = the<TlsAndAcl>();
      auto client = net::TlsClient::make({.ca_file = tls.certificates.authority()});
      EXPECT_TRUE(client) << client.error().message;
      options.endpoint = {RedisServer::host(), tls.server.port()};
      options.user = tls.user.name;
      options.password = tls.user.password;
      options.tls = std::move(*client);
      break;
    }
    case RedisSystem::kSentinels:
      for (const std::uint16_t port : the<Sentinels>().servers.sentinel_ports()) {
        options.sentinels.push_back({RedisServer::host(), port});
      }
      options.sentinel_primary = support::RedisSentinels::kName;
      break;
  }
  return options;
}

std::string tell_redis(RedisSystem system, const std::vector<std::string>& words) {
  return server_of(system).command(words);
}

}  // namespace palaver::tests::contract
