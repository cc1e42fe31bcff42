// SPDX-License-Identifier: Apache-2.0
// What nodes of a cluster say of it. The lines are of the form that Redis 7.0 answers with.
#include "broker/redis/cluster_view.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace palaver::broker::redis {
namespace {

const Endpoint kAsked{"10.0.0.9", 7009};
constexpr std::string_view kId = "07c37dfeb235213a872192d90877d0cd55635b91";

std::string line(std::string_view address, std::string_view flags, std::string_view epoch,
                 std::string_view slots) {
  std::string text(kId);
  for (const std::string_view word :
       {address, flags, std::string_view("-"), std::string_view("0"),
        std::string_view("1426238317239"), epoch, std::string_view("connected"), slots}) {
    if (!word.empty()) text += ' ' + std::string(word);
  }
  return text + '\n';
}

TEST(SlotOf, IsWhatRedisHashes) {
  // Answers of CLUSTER KEYSLOT.
  EXPECT_EQ(slot_of(0), 13'907U);
  EXPECT_EQ(slot_of(1), 9'842U);
  EXPECT_EQ(slot_of(17), 12'304U);
  EXPECT_EQ(slot_of(127), 6'102U);
  EXPECT_EQ(slot_of(kNodesPartition), 9'928U);
}

TEST(ClusterNodes, PrimariesHaveTheirPartitions) {
  const auto view = parse_cluster_nodes(
      line("10.0.0.1:7001@17001", "myself,master", "3", "0-9000") +
          line("10.0.0.2:7002@17002,name.example", "master", "12", "9001-13906 13907 13908-16383") +
          line("10.0.0.3:7003@17003", "slave", "3", ""),
      kAsked);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->primaries.size(), 2U);
  EXPECT_EQ(view->primaries[0].endpoint, (Endpoint{"10.0.0.1", 7001}));
  EXPECT_EQ(view->primaries[1].endpoint, (Endpoint{"10.0.0.2", 7002}));
  EXPECT_EQ(view->primaries[1].epoch, 12U);
  EXPECT_EQ(view->primaries[0].partitions, ~view->primaries[1].partitions);
  EXPECT_TRUE(view->primaries[1].partitions.test(0));
  EXPECT_TRUE(view->primaries[0].partitions.test(127));
  EXPECT_EQ(view->nodes.size(), 3U);
}

TEST(ClusterNodes, WhoeverIsAskedMayNotKnowItsOwnAddress) {
  const auto view =
      parse_cluster_nodes(line(":7001@17001", "myself,master", "0", "0-16383"), kAsked);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->primaries[0].endpoint, (Endpoint{"10.0.0.9", 7001}));
  EXPECT_TRUE(view->primaries[0].partitions.all());
}

TEST(ClusterNodes, AddressesOfVersion6) {
  const auto view =
      parse_cluster_nodes(line("2001:db8::7:7001@17001", "master", "0", "0-16383"), kAsked);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->primaries[0].endpoint, (Endpoint{"2001:db8::7", 7001}));
}

TEST(ClusterNodes, TheDeadHaveNothing) {
  const auto view =
      parse_cluster_nodes(line("10.0.0.1:7001@17001", "master,fail", "3", "0-16383") +
                              line("10.0.0.2:7002@17002", "master,fail?", "4", "0-16383") +
                              line(":0@0", "master,noaddr", "5", "0-16383") +
                              line("10.0.0.4:7004@17004", "handshake", "0", ""),
                          kAsked);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->primaries.size(), 1U);  // of one that may be dead nobody else has the slots yet
  EXPECT_EQ(view->primaries[0].endpoint.port, 7002);
  EXPECT_EQ(view->nodes.size(), 2U);
}

TEST(ClusterNodes, SlotsThatMoveAreTheirOwnersStill) {
  const auto view = parse_cluster_nodes(
      line("10.0.0.1:7001@17001", "master", "3",
           "0-13907 [13907->-67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1]") +
          line("10.0.0.2:7002@17002", "master", "2",
               "13908-16383 [13907-<-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f]"),
      kAsked);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->primaries[0].partitions.test(0));
  EXPECT_FALSE(view->primaries[1].partitions.test(0));
}

TEST(ClusterNodes, WhatIsNoneIsRefused) {
  for (const std::string_view text :
       {"", "\n\n", "hello", "id 10.0.0.1:7001 master - 0 0 x connected 0-1",
        "id 10.0.0.1 master - 0 0 1 connected", "id 10.0.0.1:99999 master - 0 0 1 connected",
        "id 10.0.0.1:0 master - 0 0 1 connected"}) {
    EXPECT_FALSE(parse_cluster_nodes(text, kAsked)) << text;
  }
}

TEST(Redirection, NamesTheSlotAndTheNode) {
  const auto moved = parse_redirection("MOVED 13907 10.0.0.1:7001", kAsked);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->slot, 13'907U);
  EXPECT_EQ(moved->to, (Endpoint{"10.0.0.1", 7001}));
  const auto here = parse_redirection("ASK 7 :7002", kAsked);
  ASSERT_TRUE(here);
  EXPECT_EQ(here->to, (Endpoint{"10.0.0.9", 7002}));
  for (const std::string_view text :
       {"", "MOVED", "MOVED x a:1", "MOVED 1 a", "MOVED 1 a:", "TRYAGAIN Multiple keys"}) {
    EXPECT_FALSE(parse_redirection(text, kAsked)) << text;
  }
}

}  // namespace
}  // namespace palaver::broker::redis
