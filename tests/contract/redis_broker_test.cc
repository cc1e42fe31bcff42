// SPDX-License-Identifier: Apache-2.0
// The Redis broker under the broker contract, with a real redis-server.
#include "broker/redis/redis_broker.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/redis/keys.h"
#include "broker/redis/redis_node.h"
#include "tests/contract/broker_contract.h"
#include "tests/contract/redis_shards.h"
#include "tests/contract/redis_systems.h"

namespace palaver::tests::contract {
namespace {

using broker::redis::Links;
using broker::redis::RedisBroker;
using broker::redis::RedisNode;
using broker::redis::RedisNodeConfig;

std::uint64_t seeds = 1000;

class RedisHarness final : public BrokerHarness {
 public:
  RedisHarness(RedisSystem system, unsigned shards, const base::Limits& limits)
      : system_(system), shards_(shards) {
    RedisNodeConfig config;
    config.bounds_of = [limits](const model::RoomName&) {
      return broker::RoomBounds{.entries_max = limits.history_entries_max,
                                .age_max = limits.history_age_max,
                                .meta_ttl = limits.history_meta_ttl};
    };
    config.salt = 77;
    links_ = std::make_unique<Links>(shards_.loop(0), redis_, 0x5eed0000 + ++seeds, log_);
    node_ = std::make_unique<RedisNode>(*links_, shards_.executors(), std::move(config));
  }
  ~RedisHarness() override { links_->close(); }

  Abilities abilities() const override {
    return {.time = system_ == RedisSystem::kStandingClock, .connections = true};
  }
  unsigned shards() const override { return shards_.count(); }
  std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                              broker::BrokerSink& sink) override {
    return std::make_unique<RedisBroker>(shard, *node_, sink);
  }
  void post(unsigned shard, base::Task task) override { shards_.loop(shard).post(std::move(task)); }
  bool run_until(const std::function<bool()>& done) override { return shards_.run_until(done); }
  void settle() override { shards_.run_for(std::chrono::milliseconds{50}); }
  // Redis', by which all is decided; what waits for real time here is never part of an answer.
  void advance(base::Duration by) override { advance_clock(by); }
  void lose_connections() override {
    tell_redis(system_, {"CLIENT", "KILL", "TYPE", "pubsub"});
    tell_redis(system_, {"CLIENT", "KILL", "TYPE", "normal"});
  }

 private:
  const RedisSystem system_;
  const broker::redis::RedisOptions redis_ = fresh_redis(system_);
  base::Logger log_{{.least = base::Severity::kError, .now = net::system_wall_now}};
  std::unique_ptr<Links> links_;
  std::unique_ptr<RedisNode> node_;  // tasks of the loops hold it
  RedisShards shards_;
};

// What a member that comes back has missed is read from Redis only if this node does not have it.
class RedisTail : public testing::Test {
 protected:
  RedisTail() {
    wait<model::Position>([this](auto done) { broker_->subscribe(kRoom, std::move(done)); });
    for (int i = 0; i < 5; ++i) offsets_.push_back(publish());
  }
  ~RedisTail() override {
    broker_->stop();
    broker_.reset();
    harness_.settle();
  }

  template <typename T, typename Method>
  T wait(Method method) {
    auto result = answer_on<T>(harness_, 0, std::move(method));
    EXPECT_TRUE(result) << result.error().message;
    return std::move(*result);
  }
  model::Offset publish() {
    const auto result = wait<broker::PublishResult>([this](auto done) {
      broker_->publish(kRoom, {}, base::Frame::copy_of("x"), {}, std::move(done));
    });
    return result.position.offset;
  }
  broker::History seen_since(model::Offset offset) {
    broker::HistoryQuery query;
    query.since = offset;
    query.limit = 100;
    query.seen_will_do = true;
    return wait<broker::History>(
        [&](auto done) { broker_->history(kRoom, query, std::move(done)); });
  }
  static std::string scripts_run() {
    const std::string stats = ask_redis(RedisSystem::kPlain, {"INFO", "commandstats"});
    const std::size_t begin = stats.find("cmdstat_evalsha:");
    return stats.substr(begin, stats.find(',', begin) - begin);
  }

  const model::RoomName kRoom{"lobby"};
  RecordingSink sink_;
  RedisHarness harness_{RedisSystem::kPlain, 1, base::Limits{}};
  std::unique_ptr<broker::Broker> broker_ = harness_.make_broker(base::ShardId{0}, sink_);
  std::vector<model::Offset> offsets_;
};

TEST_F(RedisTail, AnswersWhatItHolds) {
  const std::string before = scripts_run();
  const broker::History history = seen_since(offsets_[1]);
  EXPECT_EQ(history.top.offset, offsets_[4]);
  ASSERT_EQ(history.entries.size(), 3U);
  EXPECT_EQ(history.entries[0].prev, offsets_[1]);
  EXPECT_TRUE(seen_since(offsets_[4]).entries.empty());
  EXPECT_EQ(scripts_run(), before);
}

TEST_F(RedisTail, KnowsWhatItDoesNotHold) {
  const std::string before = scripts_run();
  EXPECT_EQ(seen_since(model::Offset{offsets_[1].value + 1}).entries.size(), 3U);
  EXPECT_NE(scripts_run(), before);
}

TEST_F(RedisTail, HoldsNothingThatIsGone) {
  (void)wait<broker::RedactResult>([this](auto done) {
    broker_->redact(kRoom, {}, base::Frame::copy_of("gone"), offsets_[2], base::Frame::copy_of("-"),
                    "", std::move(done));
  });
  const broker::History history = seen_since(offsets_[1]);
  ASSERT_EQ(history.entries.size(), 4U);
  EXPECT_EQ(history.entries[0].data.view(), "-");
}

TEST_F(RedisTail, EndsWithTheConnection) {
  harness_.lose_connections();
  ASSERT_TRUE(harness_.run_until([] {
    const std::string clients = ask_redis(RedisSystem::kPlain, {"PUBSUB", "CHANNELS"});
    return clients.find("lobby") != std::string::npos;
  }));
  const model::Offset last = publish();
  EXPECT_EQ(seen_since(offsets_[1]).entries.size(), 4U);
  EXPECT_EQ(seen_since(offsets_[4]).entries.back().offset, last);
}

HarnessParam param(const char* name, RedisSystem system, unsigned shards) {
  return {name, [system, shards](const base::Limits& limits) {
            return std::make_unique<RedisHarness>(system, shards, limits);
          }};
}

INSTANTIATE_TEST_SUITE_P(
    Redis, BrokerContract,
    testing::Values(param("OneShard", RedisSystem::kPlain, 1),
                    param("ThreeShards", RedisSystem::kPlain, 3),
                    param("StandingClock", RedisSystem::kStandingClock, 2),
                    param("TlsAndAcl", RedisSystem::kTlsAndAcl, 1),
                    param("Sentinels", RedisSystem::kSentinels, 2),
                    param("SentinelsTlsAndAcl", RedisSystem::kSentinelsTlsAndAcl, 1),
                    param("Cluster", RedisSystem::kCluster, 2),
                    param("ClusterTlsAndAcl", RedisSystem::kClusterTlsAndAcl, 1)),
    [](const auto& p) { return std::string(p.param.name); });

// A room that another Redis has without its newest entry, since it took over.
class RedisWitness : public testing::Test {
 protected:
  ~RedisWitness() override {
    harness_.post(0, [this] { broker_->stop(); });
    harness_.settle();
  }

  auto subscribe() {
    return answer_on<model::Position>(
        harness_, 0, [this](auto done) { broker_->subscribe(room_, std::move(done)); });
  }
  void publish(const char* data, broker::Completion<broker::PublishResult> done) {
    broker_->publish(room_, sender("ann"), frame(data), {.id = {}}, std::move(done));
  }
  auto publish(const char* data) {
    return answer_on<broker::PublishResult>(harness_, 0,
                                            [&](auto done) { publish(data, std::move(done)); });
  }
  // What there is now will be there again.
  void keep() {
    for (const auto& key : kept_) tell({"COPY", key, key + ":kept", "REPLACE"});
  }
  void go_back() {
    for (const auto& key : kept_) tell({"COPY", key + ":kept", key, "REPLACE"});
  }
  static void tell(const std::vector<std::string>& words) {
    tell_redis(RedisSystem::kPlain, words);
  }

  RedisHarness harness_{RedisSystem::kPlain, 1, base::Limits{}};
  RecordingSink sink_;
  const model::RoomName room_{"room"};
  const std::unique_ptr<broker::Broker> broker_ = harness_.make_broker({0}, sink_);

 private:
  const broker::redis::RoomKeys keys_{room_};
  const std::vector<std::string> kept_{keys_.meta, keys_.all()[1]};
};

// Who comes back must not take the room for the one that it was.
TEST_F(RedisWitness, OutlivesTheLastSubscriber) {
  const auto before = subscribe();
  ASSERT_TRUE(before && publish("1"));
  keep();
  ASSERT_TRUE(publish("2"));
  harness_.settle();
  harness_.post(0, [this] { broker_->unsubscribe(room_); });
  harness_.settle();
  go_back();
  const auto after = subscribe();
  ASSERT_TRUE(after.has_value());
  EXPECT_NE(after->epoch, before->epoch);
  // That is said once: the witness belongs to the epoch that has ended.
  harness_.lose_connections();
  harness_.settle();
  EXPECT_EQ(subscribe()->epoch, after->epoch);
}

// Redis takes what is published before it lets anybody listen: the newer entry must not stand for
// the one that has vanished.
TEST_F(RedisWitness, IsNotHiddenByWhatIsPublishedAfterwards) {
  const auto before = subscribe();
  ASSERT_TRUE(before && publish("1"));
  keep();
  ASSERT_TRUE(publish("2"));
  harness_.settle();
  go_back();
  tell({"ACL", "SETUSER", "default", "-subscribe"});
  harness_.lose_connections();
  harness_.post(0, [this] { publish("3", [](const auto&) {}); });
  for (int i = 0; i < 4; ++i) harness_.settle();
  tell({"ACL", "SETUSER", "default", "+subscribe"});
  const auto after = subscribe();
  ASSERT_TRUE(after.has_value());
  EXPECT_NE(after->epoch, before->epoch);
  harness_.settle();
  ASSERT_FALSE(sink_.events.empty());
  EXPECT_EQ(sink_.events.back().kind, Event::Kind::kLost);
}

}  // namespace
}  // namespace palaver::tests::contract
