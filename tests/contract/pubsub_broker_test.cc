// SPDX-License-Identifier: Apache-2.0
// The broker that talks as the article's instances do, with a real redis-server: one node, or
// several. It keeps nothing, so of the broker contract it passes what needs no history; what it
// promises instead is here.
#include "broker/redis/pubsub_broker.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/redis/keys.h"
#include "broker/redis/pubsub_node.h"
#include "chat/article.h"
#include "chat/message.h"
#include "tests/contract/broker_contract.h"
#include "tests/contract/redis_shards.h"
#include "tests/contract/redis_systems.h"

namespace palaver::tests::contract {
namespace {

using base::ErrorCode;
using broker::redis::Links;
using broker::redis::PubsubBroker;
using broker::redis::PubsubNode;
using model::Offset;
using model::RoomName;

std::uint64_t seeds = 2000;

class PubsubHarness final : public BrokerHarness {
 public:
  PubsubHarness(RedisSystem system, unsigned nodes, unsigned shards_each)
      : system_(system), each_(shards_each), shards_(nodes * shards_each) {
    const auto executors = shards_.executors();
    for (unsigned i = 0; i < nodes; ++i) {
      auto links =
          std::make_unique<Links>(shards_.loop(i * each_), redis_, 0x5eed0000 + ++seeds, log_);
      auto node = std::make_unique<PubsubNode>(
          *links, std::span(executors).subspan(i * each_, each_),
          broker::ArticleTranslation{.form_of = chat::article_form,
                                     .publication_of = chat::from_article},
          log_);
      nodes_.push_back({std::move(links), std::move(node)});
    }
  }
  ~PubsubHarness() override {
    let_subscribe("+");
    for (const Node& node : nodes_) node.links->close();
  }

  Abilities abilities() const override { return {.connections = true, .history = false}; }
  unsigned shards() const override { return shards_.count(); }
  std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                              broker::BrokerSink& sink) override {
    return std::make_unique<PubsubBroker>(base::ShardId{shard.value % each_},
                                          *nodes_[shard.value / each_].broker, sink);
  }
  void post(unsigned shard, base::Task task) override { shards_.loop(shard).post(std::move(task)); }
  bool run_until(const std::function<bool()>& done) override { return shards_.run_until(done); }
  void settle() override { shards_.run_for(std::chrono::milliseconds{50}); }
  void lose_connections() override {
    tell_redis(system_, {"CLIENT", "KILL", "TYPE", "pubsub"});
    tell_redis(system_, {"CLIENT", "KILL", "TYPE", "normal"});
  }

  void say(const std::string& channel, const std::string& message) {
    tell_redis(system_, {"PUBLISH", channel, message});
  }
  void lose_feeds() { tell_redis(system_, {"CLIENT", "KILL", "TYPE", "pubsub"}); }
  // "+": feeds come up, "-": they do not.
  void let_subscribe(const std::string& sign) {
    tell_redis(system_, {"ACL", "SETUSER", "default", sign + "subscribe"});
  }
  [[nodiscard]] std::uint64_t ignored(unsigned shard) const {
    return nodes_[shard / each_].broker->ignored();
  }

 private:
  struct Node {
    std::unique_ptr<Links> links;
    std::unique_ptr<PubsubNode> broker;
  };
  const RedisSystem system_;
  const broker::redis::RedisOptions redis_ = [this] {
    auto options = fresh_redis(system_);
    options.timeout = std::chrono::seconds{2};
    return options;
  }();
  base::Logger log_{{.least = base::Severity::kError, .now = net::system_wall_now}};
  const unsigned each_;
  std::vector<Node> nodes_;  // tasks of the loops hold them
  RedisShards shards_;
};

HarnessParam param(const char* name, RedisSystem system, unsigned nodes, unsigned shards_each) {
  return {name, [=](const base::Limits&) {
            return std::make_unique<PubsubHarness>(system, nodes, shards_each);
          }};
}

std::string text(std::string_view text) { return std::string(chat::text_message(text).view()); }

// What an instance in Python says.
std::string payload(const std::string& client, const std::string& message) {
  return R"({"channel_id": "room", "client_id": )" + client +
         R"(, "time": "2026-03-01 12:00:05", "message": ")" + message + "\"}";
}

class PubsubContract : public BrokerContract {
 protected:
  PubsubHarness& redis() { return static_cast<PubsubHarness&>(harness()); }
  [[nodiscard]] std::size_t losses(unsigned n) {
    return static_cast<std::size_t>(
        std::ranges::count(sink(n).events, Event::Kind::kLost, &Event::kind));
  }
  void subscribe_all(const std::string& room) {
    for (unsigned n = 0; n < shards(); ++n) {
      const auto position = subscribe(n, room);
      ASSERT_TRUE(position.has_value());
      EXPECT_EQ(*position, model::Position{});
    }
  }
  void wait_for(const std::string& room, std::size_t count) {
    ASSERT_TRUE(harness().run_until([&] {
      for (unsigned n = 0; n < shards(); ++n) {
        if (sink(n).publications_of(room).size() < count) return false;
      }
      return true;
    }));
    harness().settle();
  }
};

TEST_P(PubsubContract, AMessageArrivesAsItWasPublished) {
  subscribe_all("room");
  model::Sender known = sender("ann");
  known.info = R"({"name":"Änn"})";
  const std::string data = R"({"kind":"message","id":"m1","text":"grüß dich","x":[1]})";
  const auto said = wait<broker::PublishResult>(0, [&](auto done) {
    broker(0).publish(RoomName{"room"}, known, frame(data), {.tags = R"({"a":"b"})", .id = {}},
                      std::move(done));
  });
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ(said->position, model::Position{});
  EXPECT_FALSE(said->duplicate);
  const auto article = wait<broker::PublishResult>(1, [&](auto done) {
    broker(1).publish(RoomName{"room"}, sender("article:-7"), frame(text("👋")), {},
                      std::move(done));
  });
  ASSERT_TRUE(article.has_value());
  wait_for("room", 2);
  for (unsigned n = 0; n < shards(); ++n) {
    const auto seen = sink(n).publications_of("room");
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].sender, known);
    EXPECT_EQ(seen[0].data.view(), data);
    EXPECT_EQ(seen[0].tags, R"({"a":"b"})");
    EXPECT_EQ(seen[1].sender.user.value, "article:-7");
    EXPECT_EQ(seen[1].data.view(), text("👋"));
    for (const auto& publication : seen) {
      EXPECT_EQ(publication.offset, Offset{0});
      EXPECT_EQ(publication.prev, Offset{0});
      EXPECT_TRUE(publication.said_at.has_value());
      EXPECT_FALSE(model::is_passing(publication));
    }
  }
}

TEST_P(PubsubContract, OthersAreHeardAsTheArticlesMembers) {
  subscribe_all("room");
  redis().say("room", payload("17", "h\\u00e9"));
  redis().say("room", payload("\"Ann\"", "hi"));
  wait_for("room", 2);
  for (unsigned n = 0; n < shards(); ++n) {
    const auto seen = sink(n).publications_of("room");
    EXPECT_EQ(seen[0].sender, (model::Sender{.user = {"article:17"}, .client = {}, .info = {}}));
    EXPECT_EQ(seen[0].data.view(), text("hé"));
    EXPECT_EQ(chat::article_line(seen[0]), "[2026-03-01 12:00:05] hé (17)");
    EXPECT_EQ(chat::article_line(seen[1]), "[2026-03-01 12:00:05] hi (Ann)");
  }
}

TEST_P(PubsubContract, WhatIsNoPayloadIsLeftOutAndCounted) {
  subscribe_all("room");
  for (const std::string& each :
       {std::string("hello"), std::string(), payload("null", "x"), payload("1", "\xff")}) {
    redis().say("room", each);
  }
  redis().say(broker::redis::channel_of(RoomName{"room"}), "P nonsense");
  redis().say("room", payload("1", "good"));
  wait_for("room", 1);
  for (unsigned n = 0; n < shards(); ++n) {
    EXPECT_EQ(sink(n).data_of("room"), std::vector{text("good")});
    EXPECT_EQ(redis().ignored(n), 5U);
  }
}

// All shards publish at once, messages and other data; whenever one is acknowledged, its own sink
// has seen it.
TEST_P(PubsubContract, OneOrderForAllAndNoAcknowledgementOvertakes) {
  constexpr unsigned kEach = 40;
  const std::vector<std::string> rooms = {"a", "b"};
  for (const std::string& room : rooms) subscribe_all(room);
  std::deque<PublishAnswer> answers;
  std::size_t came = 0;
  for (unsigned i = 0; i < kEach; ++i) {
    for (unsigned n = 0; n < shards(); ++n) {
      for (const std::string& room : rooms) {
        const std::string name = std::to_string(n) + "/" + std::to_string(i);
        const std::string data = i % 4 == 3 ? '"' + name + '"' : text(name);
        PublishAnswer& answer = answers.emplace_back();
        answer.then = [this, &answer, &came, n, room, data] {
          ++came;
          ASSERT_TRUE(answer.result().has_value());
          EXPECT_EQ(std::ranges::count(sink(n).data_of(room), data), 1) << data;
        };
        start_publish(n, room, data, answer);
      }
    }
  }
  ASSERT_TRUE(harness().run_until([&] { return came == answers.size(); }));
  for (const std::string& room : rooms) {
    wait_for(room, kEach * shards());
    const auto order = sink(0).data_of(room);
    EXPECT_EQ(order.size(), kEach * shards());
    for (unsigned n = 0; n < shards(); ++n) {
      EXPECT_EQ(sink(n).data_of(room), order);
      unsigned next = 0;
      for (const std::string& data : order) {
        const auto at = data.find(std::to_string(n) + "/");
        if (at == std::string::npos || data[at - 1] != '"') continue;
        EXPECT_TRUE(data.substr(at).starts_with(std::to_string(n) + "/" + std::to_string(next++)));
      }
      EXPECT_EQ(next, kEach);
    }
  }
}

TEST_P(PubsubContract, WhatPassesGoesToNodesAlone) {
  subscribe_all("room");
  ASSERT_TRUE(publish_ephemeral(0, "room", text("typing")));
  using model::PublicationKind;
  for (const auto kind : {PublicationKind::kJoin, PublicationKind::kLeave}) {
    ASSERT_TRUE(wait<broker::PublishResult>(0, [&](auto done) {
      broker(0).publish(RoomName{"room"}, sender("bob"), base::Frame{},
                        {.retention = model::Retention::kEphemeral, .kind = kind, .id = {}},
                        std::move(done));
    }));
  }
  wait_for("room", 3);
  for (unsigned n = 0; n < shards(); ++n) {
    const auto seen = sink(n).publications_of("room");
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].data.view(), text("typing"));
    EXPECT_EQ(seen[1].kind, PublicationKind::kJoin);
    EXPECT_EQ(seen[2].kind, PublicationKind::kLeave);
    for (const auto& publication : seen) EXPECT_TRUE(model::is_passing(publication));
    EXPECT_EQ(redis().ignored(n), 0U);
  }
}

TEST_P(PubsubContract, NothingIsKeptAndThatIsSaid) {
  subscribe_all("room");
  for (int i = 0; i < 2; ++i) {
    const auto said = publish(0, "room", text("twice"), "same");
    ASSERT_TRUE(said.has_value());
    EXPECT_FALSE(said->duplicate);
  }
  wait_for("room", 2);
  const auto kept = history(0, "room", {.since = {}, .limit = 10});
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->top, model::Position{});
  EXPECT_TRUE(kept->entries.empty());
  EXPECT_EQ(positions(0, {"room", "none"}), std::vector<model::Position>(2));
  EXPECT_TRUE(remove_history(0, "room").has_value());
  const std::vector<base::Error> refusals = {entry(0, "room", Offset{4096}).error(),
                                             redact(0, "room", Offset{4096}).error(),
                                             publish_about(0, "room", Offset{4096}, "x").error()};
  for (const base::Error& error : refusals) {
    EXPECT_EQ(error.code, ErrorCode::kNotFound);
    EXPECT_NE(error.message.find("keep no messages"), std::string::npos);
  }
  const std::string long_id(base::kDedupeIdBytesMax + 1, 'i');
  EXPECT_EQ(publish(0, "room", "x", long_id).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(redact(0, "room", Offset{1}, long_id).error().code, ErrorCode::kInvalidArgument);
  harness().settle();
  for (unsigned n = 0; n < shards(); ++n) {
    EXPECT_EQ(sink(n).publications_of("room").size(), 2U);
    EXPECT_EQ(losses(n), 0U);
  }
}

TEST_P(PubsubContract, NoRoomIsAChannelOfTheNodes) {
  const std::string room = broker::redis::node_key("bus");
  EXPECT_EQ(subscribe(0, room).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(publish(0, room, text("x")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(subscribe(0, "$" + room).has_value());
}

// What is published here while nothing can be heard waits, and comes behind the loss.
TEST_P(PubsubContract, ACutOfTheFeedIsToldOnceAndLosesNothingOfOurs) {
  subscribe_all("room");
  subscribe_all("quiet");
  ASSERT_TRUE(publish(0, "room", text("before")));
  wait_for("room", 1);
  redis().lose_feeds();
  std::deque<PublishAnswer> answers;
  std::size_t came = 0;
  const auto say = [&](unsigned n, const std::string& data) {
    PublishAnswer& answer = answers.emplace_back();
    answer.then = [&came] { ++came; };
    start_publish(n, "room", text(data), answer);
  };
  // Until the loss is noticed something may go out unheard: not so behind it.
  const auto all_lost = [&] {
    for (unsigned n = 0; n < shards(); ++n) {
      if (losses(n) < 2) return false;
    }
    return true;
  };
  ASSERT_TRUE(harness().run_until(all_lost));
  for (unsigned n = 0; n < shards(); ++n) say(n, "after " + std::to_string(n));
  wait_for("room", 1 + shards());
  ASSERT_TRUE(harness().run_until([&] { return came == answers.size(); }));
  for (const PublishAnswer& answer : answers) EXPECT_TRUE(answer.result().has_value());
  const auto order = sink(0).data_of("room");
  for (unsigned n = 0; n < shards(); ++n) {
    EXPECT_EQ(losses(n), 2U) << "one for each room";
    EXPECT_EQ(sink(n).data_of("room"), order);
  }
}

// Without sentinels, which subscribe, too.
class PubsubAway : public PubsubContract {};

TEST_P(PubsubAway, WhatIsPublishedWhileTheFeedIsAwayWaitsForIt) {
  subscribe_all("room");
  redis().let_subscribe("-");
  redis().lose_feeds();
  for (int i = 0; i < 4; ++i) harness().settle();
  PublishAnswer answer;
  start_publish(0, "room", text("waits"), answer);
  ASSERT_TRUE(publish(0, "elsewhere", text("nobody here listens")));
  Answer<model::Position> late;
  on_shard(0, [&] {
    broker(0).subscribe(RoomName{"room"}, late.completion());
    late.call_returned();
  });
  harness().settle();
  EXPECT_FALSE(answer.came());
  EXPECT_FALSE(late.came());
  EXPECT_TRUE(sink(0).events.empty());
  redis().let_subscribe("+");
  ASSERT_TRUE(harness().run_until([&] { return answer.came() && late.came(); }));
  EXPECT_TRUE(answer.result().has_value());
  EXPECT_TRUE(late.result().has_value());
  ASSERT_EQ(sink(0).events.size(), 2U);
  EXPECT_EQ(sink(0).events[0].kind, Event::Kind::kLost);
  EXPECT_EQ(sink(0).events[1].publication.data.view(), text("waits"));
}

TEST_P(PubsubAway, WhatWaitsTooLongIsRefused) {
  subscribe_all("room");
  redis().let_subscribe("-");
  redis().lose_feeds();
  for (int i = 0; i < 4; ++i) harness().settle();
  const auto said = publish(0, "room", text("waits"));
  ASSERT_FALSE(said.has_value());
  EXPECT_EQ(said.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(subscribe(0, "another").error().code, ErrorCode::kUnavailable);
  redis().let_subscribe("+");
  ASSERT_TRUE(harness().run_until([&] { return losses(0) == 1; }));
  ASSERT_TRUE(publish(0, "room", text("after")));
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), std::vector{text("after")});
}

std::string name_of(const testing::TestParamInfo<HarnessParam>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Pubsub, BrokerContract,
                         testing::Values(param("OneShard", RedisSystem::kPlain, 1, 1),
                                         param("ThreeShards", RedisSystem::kPlain, 1, 3)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Pubsub, PubsubContract,
                         testing::Values(param("OneShard", RedisSystem::kPlain, 1, 1),
                                         param("ThreeShards", RedisSystem::kPlain, 1, 3),
                                         param("TwoNodes", RedisSystem::kPlain, 2, 1),
                                         param("TwoOfTwo", RedisSystem::kPlain, 2, 2),
                                         param("Sentinels", RedisSystem::kSentinels, 2, 1)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Pubsub, PubsubAway,
                         testing::Values(param("OneShard", RedisSystem::kPlain, 1, 1),
                                         param("TwoOfTwo", RedisSystem::kPlain, 2, 2)),
                         name_of);

}  // namespace
}  // namespace palaver::tests::contract
