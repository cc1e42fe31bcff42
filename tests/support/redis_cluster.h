// SPDX-License-Identifier: Apache-2.0
// RedisCluster: six nodes, three of them primaries of a third of the slots each, with a replica
// each. A primary that is killed or frozen is replaced after about 3 seconds. All is ready for that
// when the constructor returns; everything ends with the object. See redis_server.h for what
// throws.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/redis_server.h"

namespace palaver::tests::support {

class RedisCluster {
 public:
  static constexpr std::size_t kPrimaries = 3;
  static constexpr std::size_t kNodes = 2 * kPrimaries;
  static constexpr std::uint16_t kSlots = 16'384;

  // Of all nodes; the kind is set here.
  explicit RedisCluster(const RedisServer::Options& options);
  RedisCluster() : RedisCluster(RedisServer::Options{}) {}

  // 0 to kPrimaries - 1 were made primaries, with the slots in order; the others are theirs in the
  // same order.
  [[nodiscard]] RedisServer& node(std::size_t index) { return *nodes_[index]; }
  [[nodiscard]] std::vector<std::uint16_t> ports() const;

  [[nodiscard]] std::uint16_t slot_of(std::string_view key);
  // As the newest view among the nodes that answer has it; that can be a server that has just died.
  [[nodiscard]] RedisServer& primary_of(std::uint16_t slot);
  // Every node that runs says cluster_state:ok, and each replica has all of its primary.
  void wait_until_ok();
  // Another node than `old` is the primary of the slot and says so itself.
  void wait_for_failover(const RedisServer& old, std::uint16_t slot);

 private:
  [[nodiscard]] RedisServer* find_primary(std::uint16_t slot);
  [[nodiscard]] RedisServer* node_at(std::string_view address);
  void join();
  [[nodiscard]] bool is_ok();
  [[nodiscard]] std::string states();

  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace palaver::tests::support
