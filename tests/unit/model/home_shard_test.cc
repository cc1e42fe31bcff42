// SPDX-License-Identifier: Apache-2.0
#include "model/home_shard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace palaver::model {
namespace {

TEST(HomeShard, IsTheSameInEveryBuild) {
  EXPECT_EQ(home_shard(RoomName{"lobby"}, 1), base::ShardId{0});
  EXPECT_EQ(home_shard(RoomName{"lobby"}, 1000), base::ShardId{287});
  EXPECT_EQ(home_shard(RoomName{"1"}, 1000), base::ShardId{782});
  EXPECT_EQ(home_shard(RoomName{"räume/ü"}, 1000), base::ShardId{483});
}

TEST(HomeShard, SpreadsSimilarNames) {
  for (const unsigned shards : {2U, 3U, 4U, 7U, 8U, 64U}) {
    const unsigned rooms = shards * 1000;
    std::vector<unsigned> count(shards);
    for (unsigned i = 0; i < rooms; ++i) {
      ++count[home_shard(RoomName{"room-" + std::to_string(i)}, shards).value];
    }
    for (const unsigned n : count) {
      EXPECT_GT(n, 850U) << shards << " shards";
      EXPECT_LT(n, 1150U) << shards << " shards";
    }
  }
}

}  // namespace
}  // namespace palaver::model
