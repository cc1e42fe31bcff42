// SPDX-License-Identifier: Apache-2.0
// A room of a cluster while its slot moves to another primary, and while its primary is replaced:
// what was acknowledged is seen once and in order, or the room is told that something was lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/redis/cluster_view.h"
#include "broker/redis/keys.h"
#include "broker/redis/links.h"
#include "broker/redis/redis_broker.h"
#include "broker/redis/redis_node.h"
#include "tests/contract/redis_shards.h"
#include "tests/support/redis_cluster.h"

namespace palaver::tests::contract {
namespace {

using broker::redis::Links;
using broker::redis::RedisBroker;
using broker::redis::RedisNode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using support::RedisCluster;
using support::RedisServer;

const model::RoomName kRoom{"lobby"};
constexpr std::size_t kInFlight = 16;

broker::redis::RedisOptions options_for(RedisCluster& cluster) {
  broker::redis::RedisOptions options;
  options.endpoint = {RedisServer::host(), cluster.node(0).port()};
  return options;
}

struct Sink final : broker::BrokerSink {
  void on_publication(const model::RoomName&, const model::Epoch&,
                      const model::Publication& publication) override {
    seen.push_back(publication.offset);
  }
  void on_redaction(const model::RoomName&, model::Offset) override {}
  void on_lost(const model::RoomName&) override { lost = true; }

  std::vector<model::Offset> seen;
  bool lost = false;
};

// A node of one shard, whose only broker publishes without a pause while it is told to.
class Talker {
 public:
  explicit Talker(RedisCluster& cluster)
      : links_(shards_.loop(0), options_for(cluster), 77, log_),
        node_(links_, shards_.executors(),
              {.bounds_of =
                   [](const model::RoomName&) {
                     return broker::RoomBounds{.entries_max = 1'000'000,
                                               .age_max = std::chrono::hours{1},
                                               .meta_ttl = std::chrono::hours{1}};
                   },
               .salt = 7}),
        broker_(std::make_unique<RedisBroker>(base::ShardId{0}, node_, sink_)) {
    std::optional<base::Result<model::Position>> where;
    shards_.loop(0).post([&] {
      broker_->subscribe(
          kRoom, [&](base::Result<model::Position> position) { where = std::move(position); });
    });
    EXPECT_TRUE(shards_.run_until([&] { return where.has_value(); }));
    EXPECT_TRUE(where && *where);
  }
  ~Talker() {
    broker_.reset();
    shards_.run_for(milliseconds{5});
    links_.close();
  }

  void talk_for(base::Duration time) {
    talking_ = true;
    shards_.loop(0).post([this] { fill(); });
    shards_.run_for(time);
  }
  // Until all is answered that was asked.
  [[nodiscard]] bool finish() {
    talking_ = false;
    return shards_.run_until([this] { return in_flight_ == 0; });
  }
  void run_for(base::Duration time) { shards_.run_for(time); }
  // What Redis has of the room.
  [[nodiscard]] std::vector<model::Offset> stored() {
    std::optional<base::Result<broker::History>> history;
    broker::HistoryQuery everything;
    everything.limit = 1'000'000;
    shards_.loop(0).post([&] {
      broker_->history(kRoom, everything,
                       [&](base::Result<broker::History> found) { history = std::move(found); });
    });
    EXPECT_TRUE(shards_.run_until([&] { return history.has_value(); }));
    std::vector<model::Offset> offsets;
    if (!history || !*history) return offsets;
    for (const auto& entry : (*history)->entries) offsets.push_back(entry.offset);
    return offsets;
  }

  [[nodiscard]] const std::vector<model::Offset>& acknowledged() const { return acknowledged_; }
  [[nodiscard]] const std::vector<std::string>& refused() const { return refused_; }
  [[nodiscard]] const std::vector<model::Offset>& seen() const { return sink_.seen; }
  [[nodiscard]] bool lost() const { return sink_.lost; }
  void forget() {
    sink_.seen.clear();
    acknowledged_.clear();
    refused_.clear();
  }

 private:
  void fill() {
    while (talking_ && in_flight_ < kInFlight) {
      ++in_flight_;
      const std::string id = std::to_string(++number_);
      model::Sender ann;
      ann.user = {"ann"};
      broker_->publish(kRoom, ann, base::Frame::copy_of(id), {.id = id},
                       [this](base::Result<broker::PublishResult> result) {
                         --in_flight_;
                         if (result) {
                           acknowledged_.push_back(result->position.offset);
                         } else {
                           refused_.push_back(result.error().message);
                         }
                         fill();
                       });
    }
  }

  base::Logger log_{{.least = base::Severity::kError, .now = net::system_wall_now}};
  Sink sink_;
  RedisShards shards_{1};
  Links links_;
  RedisNode node_;
  std::unique_ptr<RedisBroker> broker_;
  bool talking_ = false;
  std::size_t in_flight_ = 0;
  std::uint64_t number_ = 0;
  std::vector<model::Offset> acknowledged_;
  std::vector<std::string> refused_;
};

void expect_ok(RedisServer& server, const std::vector<std::string>& words) {
  EXPECT_EQ(server.command(words), "OK") << words[0] << ' ' << words[1];
}

std::string slot_of_room() {
  return std::to_string(broker::redis::slot_of(broker::redis::partition_of(kRoom)));
}

// As redis-cli --cluster reshard does it; `meanwhile` runs while the keys are at neither.
template <typename Meanwhile>
void move_slot(RedisCluster& cluster, RedisServer& from, RedisServer& to, Meanwhile meanwhile) {
  const std::string slot = slot_of_room();
  const std::string from_id = from.command({"CLUSTER", "MYID"});
  const std::string to_id = to.command({"CLUSTER", "MYID"});
  expect_ok(to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id});
  expect_ok(from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id});
  meanwhile();
  std::istringstream keys(from.command({"CLUSTER", "GETKEYSINSLOT", slot, "100"}));
  for (std::string key; std::getline(keys, key);) {
    expect_ok(from, {"MIGRATE", RedisServer::host(), std::to_string(to.port()), key, "0", "5000"});
    meanwhile();
  }
  expect_ok(to, {"CLUSTER", "SETSLOT", slot, "NODE", to_id});
  expect_ok(from, {"CLUSTER", "SETSLOT", slot, "NODE", to_id});
  for (unsigned i = 0; i < RedisCluster::kPrimaries; ++i) {
    expect_ok(cluster.node(i), {"CLUSTER", "SETSLOT", slot, "NODE", to_id});
  }
}

// Of others than who asks.
unsigned sockets_to(RedisServer& server) {
  unsigned sockets = 0;
  for (const char* type : {"normal", "pubsub"}) {
    std::istringstream list(server.command({"CLIENT", "LIST", "TYPE", type}));
    for (std::string line; std::getline(list, line);) {
      const bool of_migrate = line.find("cmd=restore") != std::string::npos;
      if (line.starts_with("id=") && !of_migrate) ++sockets;
    }
  }
  return sockets - 1;
}

bool is_in(const std::vector<model::Offset>& offsets, model::Offset offset) {
  return std::ranges::binary_search(offsets, offset);
}

class RedisMoves : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = support::why_no_redis()) GTEST_SKIP() << *why;
    cluster_ = std::make_unique<RedisCluster>();
  }
  RedisServer& primary() {
    return cluster_->primary_of(cluster_->slot_of(broker::redis::channel_of(kRoom)));
  }
  RedisServer& another() {
    RedisServer& server = cluster_->node(0);
    return &server == &primary() ? cluster_->node(1) : server;
  }

  std::unique_ptr<RedisCluster> cluster_;
};

TEST_F(RedisMoves, ASlotThatMovesTakesEverythingAlong) {
  Talker talker(*cluster_);
  for (int round = 0; round < 3; ++round) {  // there, back, and there
    RedisServer& from = primary();
    RedisServer& to = another();
    talker.talk_for(milliseconds{200});
    move_slot(*cluster_, from, to, [&] { talker.run_for(milliseconds{60}); });
    talker.talk_for(milliseconds{400});
    ASSERT_TRUE(talker.finish());
    talker.run_for(milliseconds{300});
    EXPECT_EQ(talker.refused(), std::vector<std::string>());
    EXPECT_GT(talker.acknowledged().size(), 2 * kInFlight);
    const auto& seen = talker.seen();
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
    // What one shard asks in its order is stored in it.
    EXPECT_TRUE(std::ranges::is_sorted(talker.acknowledged()));
    EXPECT_EQ(seen, talker.acknowledged());
    EXPECT_FALSE(talker.lost());
    for (unsigned i = 0; i < RedisCluster::kPrimaries; ++i) {
      EXPECT_LE(sockets_to(cluster_->node(i)), 2U);
    }
    talker.forget();
  }
}

// While a slot moves, what is new there, and what went first, is with the one that gets it.
TEST_F(RedisMoves, WhatIsAtTheOtherEndOfAMoveIsAskedForThere) {
  RedisServer& from = primary();
  RedisServer& to = another();
  base::Logger log{{.least = base::Severity::kError, .now = net::system_wall_now}};
  RedisShards shards(1);
  Links links(shards.loop(0), options_for(*cluster_), 78, log);
  links.open();
  const std::string key = broker::redis::presence_key(kRoom);
  std::vector<std::string> answers;
  const auto ask = [&](const std::vector<std::string>& command) {
    links.send(broker::redis::partition_of(kRoom), command, [&](const auto& answer) {
      answers.push_back(answer ? std::to_string(answer->integer) : answer.error().message);
    });
  };
  ask({"HLEN", key});
  ASSERT_TRUE(shards.run_until([&] { return answers.size() == 1; }));
  const std::string slot = slot_of_room();
  expect_ok(to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", from.command({"CLUSTER", "MYID"})});
  expect_ok(from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", to.command({"CLUSTER", "MYID"})});
  // In their order, though each is refused once.
  ask({"HSET", key, "ann", "1"});
  ask({"HSET", key, "ann", "2"});
  ask({"HLEN", key});
  ask({"HDEL", key, "bob"});
  EXPECT_TRUE(shards.run_until([&] { return answers.size() == 5; }));
  EXPECT_EQ(answers, (std::vector<std::string>{"0", "1", "0", "1", "0"}));
  EXPECT_EQ(to.command({"CLUSTER", "COUNTKEYSINSLOT", slot}), "1");
  EXPECT_EQ(from.command({"CLUSTER", "COUNTKEYSINSLOT", slot}), "0");
  links.close();
}

TEST_F(RedisMoves, WhatAReplacedPrimaryHadIsThereOrIsToldAsLost) {
  Talker talker(*cluster_);
  RedisServer& old = primary();
  talker.talk_for(milliseconds{300});
  old.kill();
  talker.run_for(seconds{7});
  ASSERT_TRUE(talker.finish());
  const std::size_t before = talker.acknowledged().size();
  talker.talk_for(milliseconds{500});
  ASSERT_TRUE(talker.finish());
  talker.run_for(milliseconds{300});
  EXPECT_GT(talker.acknowledged().size(), before + kInFlight) << "it does not go on";
  const auto& seen = talker.seen();
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  for (const model::Offset offset : talker.acknowledged()) {
    EXPECT_TRUE(is_in(seen, offset)) << offset.value;
  }
  const auto stored = talker.stored();
  EXPECT_FALSE(stored.empty());
  const bool all = std::ranges::all_of(talker.acknowledged(),
                                       [&](model::Offset offset) { return is_in(stored, offset); });
  EXPECT_TRUE(all || talker.lost()) << "something is gone, and nobody was told";
}

}  // namespace
}  // namespace palaver::tests::contract
