// SPDX-License-Identifier: Apache-2.0
// PartitionUnderTest: a partition with a fake clock, and calls that are short to write. Every test
// has its own.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "broker/memory/partition.h"
#include "tests/support/fake_executor.h"

namespace palaver::broker::memory {

inline constexpr Address kShard{base::ShardId{0}, 1};

// No bound is ever reached.
[[nodiscard]] inline MemoryBrokerLimits boundless() {
  MemoryBrokerLimits limits;
  limits.entries_max = 1U << 30U;
  limits.age_max = limits.meta_ttl = limits.dedupe_window = std::chrono::years{10};
  limits.bytes_max = std::size_t{1} << 40U;
  limits.dedupe_ids_max = 1U << 30U;
  return limits;
}

struct PartitionUnderTest {
  explicit PartitionUnderTest(const MemoryBrokerLimits& limits, std::uint64_t seed = 1,
                              BoundsOf bounds_of = nullptr)
      : partition({.limits = limits, .bounds_of = std::move(bounds_of), .seed = seed, .salt = 100},
                  cluster.shard(0), outgoing) {}

  model::Position publish(const std::string& room, const std::string& data,
                          const std::string& id = "", const std::string& user = "ann") {
    return publish_as({.user = model::UserId{user}, .client = {}, .info = {}}, room, data, id);
  }
  model::Position publish_as(model::Sender sender, const std::string& room, const std::string& data,
                             const std::string& id = "") {
    auto result =
        partition.publish(model::RoomName{room}, std::move(sender), base::Frame::copy_of(data),
                          {.retention = model::Retention::kHistory, .id = id});
    EXPECT_TRUE(result.has_value());
    return result ? result->position : model::Position{};
  }
  History history(const std::string& room) {
    auto result = partition.history(model::RoomName{room}, {.since = {}, .limit = 1'000'000});
    EXPECT_TRUE(result.has_value());
    return std::move(*result);
  }
  std::vector<std::string> data(const std::string& room) {
    std::vector<std::string> texts;
    for (const auto& entry : history(room).entries) texts.emplace_back(entry.data.view());
    return texts;
  }
  model::Position position(const std::string& room) {
    return partition.position(model::RoomName{room});
  }

  tests::support::FakeCluster cluster{1};
  Outgoing outgoing{1};
  Partition partition;
};

}  // namespace palaver::broker::memory
