// SPDX-License-Identifier: Apache-2.0
// RedisSentinels: a primary with a replica and the three sentinels that watch them. A primary that
// is killed or frozen is replaced after about 2.5 seconds, and is a replica a few seconds after it
// is back (a sentinel that was restarted takes its usual half a minute for that). All is ready for
// that when the constructor returns; everything ends with the object. See redis_server.h for what
// throws.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/redis_server.h"

namespace palaver::tests::support {

class RedisSentinels {
 public:
  static constexpr std::size_t kSentinels = 3;
  static constexpr std::string_view kName = "palaver";  // of the primary, to ask a sentinel for

  struct Options {
    RedisServer::Options server{};    // of primary and replica; kind and replica_of are set here
    std::string sentinel_password{};  // what the sentinels ask of their clients
  };

  explicit RedisSentinels(Options options);
  RedisSentinels() : RedisSentinels(Options{}) {}

  [[nodiscard]] std::vector<std::uint16_t> sentinel_ports() const;
  [[nodiscard]] RedisServer& sentinel(std::size_t index) { return *sentinels_[index]; }

  // As the first sentinel that answers has it; that can be a server that has just died.
  [[nodiscard]] RedisServer& primary();
  [[nodiscard]] RedisServer& replica();
  // The two have their roles, the replica has all of the primary, and the sentinels know it: what
  // is killed from here on is replaced. Throws when that does not come about.
  void wait_until_ready();
  // Another server than `old` is the primary and says so itself. Throws when that does not come
  // about.
  void wait_for_failover(const RedisServer& old);

 private:
  [[nodiscard]] RedisServer* find_primary();
  [[nodiscard]] bool is_ready();
  void start_sentinel();
  [[nodiscard]] std::string states();

  const Options options_;
  std::array<std::unique_ptr<RedisServer>, 2> servers_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

}  // namespace palaver::tests::support
