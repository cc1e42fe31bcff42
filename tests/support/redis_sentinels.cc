// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redis_sentinels.h"

#include <stdexcept>
#include <utility>

namespace palaver::tests::support {

RedisSentinels::RedisSentinels(Options options) : options_(std::move(options)) {
  RedisServer::Options server = options_.server;
  servers_[0] = std::make_unique<RedisServer>(server);
  server.replica_of = servers_[0]->port();
  servers_[1] = std::make_unique<RedisServer>(server);
  // Before the sentinels look: a replica that was never in step is no candidate.
  until([this] { return servers_[1]->info("master_link_status") == "up"; },
        [this] { return "the replica to be in step:\n" + states(); });
  for (std::size_t i = 0; i < kSentinels; ++i) start_sentinel();
  wait_until_ready();
}

void RedisSentinels::start_sentinel() {
  const std::string name(kName);
  RedisServer::Options sentinel{.kind = RedisServer::Kind::kSentinel,
                                .tls = options_.server.tls,
                                .password = options_.sentinel_password};
  const auto add = [&sentinel](std::string line) { sentinel.config.push_back(std::move(line)); };
  if (!options_.sentinel_password.empty()) {
    add("sentinel sentinel-pass " + options_.sentinel_password);
  }
  add("sentinel monitor " + name + " 127.0.0.1 " + std::to_string(servers_[0]->port()) + " 2");
  add("sentinel down-after-milliseconds " + name + " 1000");
  add("sentinel failover-timeout " + name + " 3000");
  if (!options_.server.password.empty()) {
    add("sentinel auth-pass " + name + ' ' + options_.server.password);
  }
  sentinels_.push_back(std::make_unique<RedisServer>(std::move(sentinel)));
  // By default a primary that comes back stays one for four periods of 2 s, and each server is
  // looked at every 10 s: half a minute that no test needs.
  sentinels_.back()->command({"SENTINEL", "DEBUG", "info-period", "500", "publish-period", "300"});
}

std::vector<std::uint16_t> RedisSentinels::sentinel_ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto& sentinel : sentinels_) ports.push_back(sentinel->port());
  return ports;
}

RedisServer* RedisSentinels::find_primary() {
  for (const auto& sentinel : sentinels_) {
    if (!sentinel->running()) continue;
    const auto answer =
        sentinel->try_command({"SENTINEL", "get-master-addr-by-name", std::string(kName)});
    if (!answer) continue;
    for (const auto& server : servers_) {
      if (*answer == "127.0.0.1\n" + std::to_string(server->port())) return server.get();
    }
  }
  return nullptr;
}

RedisServer& RedisSentinels::primary() {
  RedisServer* const found = find_primary();
  if (found == nullptr) throw std::runtime_error("no sentinel knows the primary:\n" + states());
  return *found;
}

RedisServer& RedisSentinels::replica() {
  return &primary() == servers_[0].get() ? *servers_[1] : *servers_[0];
}

bool RedisSentinels::is_ready() {
  RedisServer* const found = find_primary();
  if (found == nullptr || found->info("role") != "master") return false;
  if (replica().info("master_link_status") != "up") return false;
  for (const auto& sentinel : sentinels_) {
    if (!sentinel->running()) continue;
    const std::string seen = sentinel->info("master0");
    if (seen.find("status=ok") == std::string::npos ||
        seen.find("slaves=1,sentinels=3") == std::string::npos) {
      return false;
    }
    // A failover waits until the replica has told how far it is.
    const auto replicas =
        sentinel->try_command({"SENTINEL", "replicas", std::string(kName)}).value_or("");
    if (replicas.find("flags\nslave\n") == std::string::npos ||
        replicas.find("master-link-status\nok") == std::string::npos) {
      return false;
    }
  }
  return true;
}

void RedisSentinels::wait_until_ready() {
  until([this] { return is_ready(); },
        [this] { return "the sentinels to be ready for a failover:\n" + states(); });
}

void RedisSentinels::wait_for_failover(const RedisServer& old) {
  until(
      [this, &old] {
        RedisServer* const found = find_primary();
        return found != nullptr && found != &old && found->info("role") == "master";
      },
      [this] { return "another primary:\n" + states(); });
}

std::string RedisSentinels::states() {
  std::string text;
  for (const auto& server : servers_) {
    if (server) text += server->try_command({"INFO", "replication"}).value_or("no answer") + '\n';
  }
  for (const auto& sentinel : sentinels_) {
    text += sentinel->try_command({"INFO", "sentinel"}).value_or("no answer") + '\n';
    text += sentinel->log();
  }
  return text;
}

}  // namespace palaver::tests::support
