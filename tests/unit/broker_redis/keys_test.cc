// SPDX-License-Identifier: Apache-2.0
// Names of keys. They are a format: a node of the next version must find what this one has written.
#include "broker/redis/keys.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace palaver::broker::redis {
namespace {

// What Redis Cluster hashes: between the first '{' and the next '}', if there is something.
std::string_view tag_of(std::string_view key) {
  const std::size_t open = key.find('{');
  const std::size_t close = key.find('}', open);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

const std::vector<std::string>& rooms() {
  static const std::vector<std::string> kRooms = {"lobby",
                                                  "1",
                                                  "räume/ü",
                                                  "{",
                                                  "}",
                                                  "{}",
                                                  "{a}b",
                                                  "a}{b",
                                                  ":",
                                                  "a:room:b",
                                                  std::string(255, 'x')};
  return kRooms;
}

TEST(RoomKeys, PartitionsNeverChange) {
  EXPECT_EQ(partition_of({"lobby"}), 103U);
  EXPECT_EQ(partition_of({"1"}), 86U);
  EXPECT_EQ(partition_of({"räume/ü"}), 27U);
  EXPECT_EQ(kPartitions, 128U);
}

TEST(RoomKeys, NamesNeverChange) {
  const model::RoomName lobby{"lobby"};
  const RoomKeys keys(lobby);
  EXPECT_EQ(keys.channel, "palaver:{103}:room:lobby");
  EXPECT_EQ(keys.meta, "palaver:{103}:meta:lobby");
  EXPECT_EQ(keys.all(), (std::array<std::string, 6>{
                            "palaver:{103}:meta:lobby", "palaver:{103}:stream:lobby",
                            "palaver:{103}:ids:0:lobby", "palaver:{103}:ids:1:lobby",
                            "palaver:{103}:redacted:lobby", "palaver:{103}:about:lobby"}));
  EXPECT_EQ(presence_key(lobby), "palaver:{103}:presence:lobby");
  EXPECT_EQ(node_key("blocks"), "palaver:{nodes}:blocks");
  EXPECT_EQ(prefix_of(0), "palaver:{0}");
  EXPECT_EQ(prefix_of(127), "palaver:{127}");
}

TEST(RoomKeys, AllOfARoomIsInOneSlot) {
  for (const std::string& name : rooms()) {
    const model::RoomName room{name};
    const unsigned partition = partition_of(room);
    EXPECT_LT(partition, kPartitions);
    const std::string tag = std::to_string(partition);
    const RoomKeys keys(room);
    for (const std::string& key : keys.all()) EXPECT_EQ(tag_of(key), tag) << key;
    EXPECT_EQ(tag_of(keys.channel), tag) << keys.channel;
    EXPECT_EQ(tag_of(presence_key(room)), tag) << name;
    EXPECT_EQ(tag_of(prefix_of(partition)), tag) << name;
    EXPECT_EQ(keys.meta, keys.all().front());
    EXPECT_EQ(channel_of(room), keys.channel);
  }
}

// "ids:0:" + "a" must not be the "ids:" of a room called "0:a".
TEST(RoomKeys, NoTwoAreTheSame) {
  std::set<std::string> seen;
  std::size_t count = 0;
  std::vector<std::string> names = rooms();
  for (const char* const kind : {"meta", "stream", "ids:0", "ids:1", "redacted", "about", "room"}) {
    names.push_back(std::string(kind) + ":lobby");
    names.push_back(std::string(":") + kind + ":lobby");
  }
  for (const std::string& name : names) {
    const RoomKeys keys({name});
    for (const std::string& key : keys.all()) {
      EXPECT_TRUE(seen.insert(key).second) << key;
      ++count;
    }
    EXPECT_TRUE(seen.insert(keys.channel).second) << keys.channel;
    EXPECT_TRUE(seen.insert(presence_key({name})).second) << name;
    count += 2;
  }
  EXPECT_EQ(seen.size(), count);
}

TEST(RoomKeys, EveryPartitionIsUsed) {
  std::set<unsigned> used;
  for (int i = 0; i < 10'000; ++i) used.insert(partition_of({"room-" + std::to_string(i)}));
  EXPECT_EQ(used.size(), kPartitions);
  EXPECT_EQ(*used.rbegin(), kPartitions - 1);
}

}  // namespace
}  // namespace palaver::broker::redis
