// SPDX-License-Identifier: Apache-2.0
// The Redis survey under the node survey contract, with a real redis-server: one node, or several.
// And what happens where a node, or Redis, does not answer as it should.
#include "broker/redis/redis_survey.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "broker/redis/keys.h"
#include "broker/redis/survey_message.h"
#include "tests/contract/node_survey_contract.h"
#include "tests/contract/redis_shards.h"
#include "tests/contract/redis_systems.h"

namespace palaver::tests::contract {
namespace {

using broker::redis::Links;
using broker::redis::node_key;
using broker::redis::RedisOptions;
using broker::redis::RedisSurvey;

const broker::SurveyQuestion kNumbers{.rooms = std::nullopt};
std::uint64_t seeds = 1000;

class RedisSurveyHarness final : public NodeSurveyHarness {
 public:
  RedisSurveyHarness(RedisSystem system, unsigned nodes, unsigned shards_each)
      : RedisSurveyHarness(system, nodes, shards_each, fresh_redis(system)) {
    EXPECT_TRUE(shards_.run_until([&] { return listening() == nodes; }));
  }
  // Nobody is waited for.
  RedisSurveyHarness(RedisSystem system, unsigned nodes, unsigned shards_each, RedisOptions redis)
      : system_(system),
        redis_(std::move(redis)),
        each_(shards_each),
        shards_(nodes * shards_each) {
    const auto executors = shards_.executors();
    for (unsigned i = 0; i < nodes; ++i) {
      const auto first = executors.begin() + i * each_;
      Node node;
      node.links =
          std::make_unique<Links>(shards_.loop(i * each_), redis_, 0x5eed0000 + ++seeds, log_);
      const std::vector<base::Executor*> own(first, first + each_);
      node.reporter = std::make_unique<FakeReporter>(node.links->uid(), own);
      node.survey = std::make_unique<RedisSurvey>(*node.links, own, *node.reporter);
      nodes_.push_back(std::move(node));
    }
  }
  ~RedisSurveyHarness() override {
    for (const Node& node : nodes_) node.links->close();
  }

  unsigned shards() const override { return shards_.count(); }
  unsigned nodes() const override { return static_cast<unsigned>(nodes_.size()); }
  FakeReporter& reporter(unsigned node) override { return *nodes_[node].reporter; }
  void ask(unsigned shard, broker::SurveyQuestion question,
           broker::Completion<Reports> done) override {
    nodes_[shard / each_].survey->ask(base::ShardId{shard % each_}, std::move(question),
                                      std::move(done));
  }
  bool runs(unsigned shard) const override { return shards_.runs(shard); }
  void post(unsigned shard, base::Task task) override { shards_.loop(shard).post(std::move(task)); }
  bool run_until(const std::function<bool()>& done) override { return shards_.run_until(done); }

  void settle() override { shards_.run_for(std::chrono::milliseconds{50}); }
  base::Instant now() { return shards_.loop(0).now(); }
  [[nodiscard]] unsigned listening() const { return subscribers_of(system_, node_key("survey")); }
  // To everybody who listens there.
  void say(const std::string& channel, const std::string& message) {
    tell_redis(system_, {"PUBLISH", channel, message});
  }
  const std::string& uid(unsigned node) { return nodes_[node].links->uid(); }
  void kill(unsigned node) { nodes_[node].links->close(); }

 private:
  struct Node {
    std::unique_ptr<Links> links;
    std::unique_ptr<FakeReporter> reporter;
    std::unique_ptr<RedisSurvey> survey;
  };
  const RedisSystem system_;
  const RedisOptions redis_;
  base::Logger log_{{.least = base::Severity::kError, .now = net::system_wall_now}};
  const unsigned each_;
  std::vector<Node> nodes_;  // tasks of the loops hold them
  RedisShards shards_;
};

NodeSurveyParam param(const char* name, RedisSystem system, unsigned nodes, unsigned shards_each) {
  return {name, [=] { return std::make_unique<RedisSurveyHarness>(system, nodes, shards_each); }};
}

INSTANTIATE_TEST_SUITE_P(Redis, NodeSurveyContract,
                         testing::Values(param("OneShard", RedisSystem::kPlain, 1, 1),
                                         param("ThreeShards", RedisSystem::kPlain, 1, 3),
                                         param("ThreeNodes", RedisSystem::kPlain, 3, 1),
                                         param("TwoOfTwo", RedisSystem::kPlain, 2, 2),
                                         param("TlsAndAcl", RedisSystem::kTlsAndAcl, 2, 1),
                                         param("Sentinels", RedisSystem::kSentinels, 2, 1),
                                         param("Cluster", RedisSystem::kCluster, 3, 1),
                                         param("ClusterTlsAndAcl", RedisSystem::kClusterTlsAndAcl,
                                               2, 1)),
                         [](const auto& p) { return std::string(p.param.name); });

class RedisSurveyTest : public testing::Test {
 protected:
  // Those who answered shard 0, by their number.
  std::vector<unsigned> answering() {
    const base::Instant began = nodes_.now();
    const auto answer = answer_to(nodes_, 0, kNumbers);
    took_ = nodes_.now() - began;
    EXPECT_TRUE(answer);
    std::vector<unsigned> found;
    for (unsigned i = 0; answer && i < nodes_.nodes(); ++i) {
      const auto is = [&](const auto& report) { return report.uid == nodes_.uid(i); };
      if (std::ranges::any_of(*answer, is)) found.push_back(i);
    }
    return found;
  }
  using Nodes = std::vector<unsigned>;

  RedisSurveyHarness nodes_{RedisSystem::kPlain, 3, 1};
  base::Duration took_{};
};

TEST_F(RedisSurveyTest, ASilentNodeIsLeftOut) {
  nodes_.reporter(1).silent = true;
  EXPECT_EQ(answering(), (Nodes{0, 2}));
  EXPECT_GE(took_, base::kSurveyTimeout);
  // What it says later is of no use to anybody.
  nodes_.reporter(1).silent = false;
  for (auto& done : std::exchange(nodes_.reporter(1).held, {})) done(nodes_.reporter(1).says);
  EXPECT_EQ(answering(), (Nodes{0, 1, 2}));
  EXPECT_LT(took_, base::kSurveyTimeout);
}

TEST_F(RedisSurveyTest, ADeadNodeIsNotWaitedFor) {
  nodes_.kill(2);
  ASSERT_TRUE(nodes_.run_until([&] { return nodes_.listening() == 2; }));
  EXPECT_EQ(answering(), (Nodes{0, 1}));
  EXPECT_LT(took_, base::kSurveyTimeout);
}

TEST_F(RedisSurveyTest, AnswersAloneWhileItsSubscriptionsAreAway) {
  tell_redis(RedisSystem::kPlain, {"CLIENT", "KILL", "TYPE", "pubsub"});
  const Nodes first = answering();
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(first.front(), 0U) << "it knows itself";
  ASSERT_TRUE(nodes_.run_until([&] { return nodes_.listening() == 3; }));
  nodes_.settle();
  EXPECT_EQ(answering(), (Nodes{0, 1, 2}));
}

TEST_F(RedisSurveyTest, IgnoresWhatIsNoMessage) {
  const std::string reports = node_key("survey:") + nodes_.uid(0);
  const std::string stranger = broker::redis::pack_report({.id = 77, .report = {}});
  const std::string question =
      broker::redis::pack_question({.from = nodes_.uid(0), .id = 77, .question = kNumbers});
  for (const std::string& text :
       {std::string(), std::string("3:abc"), std::string(100'000, 'x'), stranger,
        stranger.substr(0, stranger.size() - 1), question.substr(0, question.size() - 1)}) {
    nodes_.say(node_key("survey"), text);
    nodes_.say(reports, text);
  }
  nodes_.say(node_key("survey"), question);  // of a survey that is over, or never was
  EXPECT_EQ(answering(), (Nodes{0, 1, 2}));
  EXPECT_LT(took_, base::kSurveyTimeout);
}

TEST_F(RedisSurveyTest, CountsANodeOnce) {
  nodes_.reporter(2).silent = true;
  std::optional<base::Result<Reports>> answer;
  nodes_.post(0, [&] {
    nodes_.ask(0, kNumbers, [&](base::Result<Reports> result) { answer = std::move(result); });
  });
  ASSERT_TRUE(nodes_.run_until([&] { return !nodes_.reporter(2).held.empty(); }));
  const std::string again =
      broker::redis::pack_report({.id = 1, .report = nodes_.reporter(1).says});
  for (int i = 0; i < 3; ++i) nodes_.say(node_key("survey:") + nodes_.uid(0), again);
  nodes_.settle();
  ASSERT_FALSE(answer.has_value()) << "one is missing";
  for (auto& done : std::exchange(nodes_.reporter(2).held, {})) done(nodes_.reporter(2).says);
  ASSERT_TRUE(nodes_.run_until([&] { return answer.has_value(); }));
  EXPECT_EQ((*answer)->size(), 3U);
}

TEST_F(RedisSurveyTest, SomeAreUnderWayAtMost) {
  nodes_.reporter(1).silent = true;
  std::size_t came = 0;
  const auto ask = [&] { nodes_.ask(0, kNumbers, [&](const base::Result<Reports>&) { ++came; }); };
  for (std::size_t i = 0; i < base::kSurveysUnderWayMax; ++i) nodes_.post(0, ask);
  nodes_.settle();
  EXPECT_EQ(came, 0U) << "all wait for the silent one";
  const auto refused = answer_to(nodes_, 0, kNumbers);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kLimit);
  EXPECT_TRUE(answer_to(nodes_, 2, kNumbers)) << "another node's bound is its own";
  EXPECT_TRUE(nodes_.run_until([&] { return came == base::kSurveysUnderWayMax; }));
}

TEST_F(RedisSurveyTest, SaysWhenTheRoomsOfANodeAreTooMany) {
  auto& rooms = nodes_.reporter(1).says.rooms;
  for (unsigned i = 0; i < 3'000; ++i) {
    rooms.emplace_back(model::RoomName{std::string(250, 'r') + std::to_string(i)}, i);
  }
  const auto answer = answer_to(nodes_, 0, {.rooms = ""});
  ASSERT_TRUE(answer);
  for (const broker::NodeReport& report : *answer) {
    EXPECT_TRUE(report.rooms.empty());
    EXPECT_EQ(report.too_many_rooms, report.uid == nodes_.uid(1));
  }
}

TEST(RedisSurveyAway, TheOthersCouldNotBeAsked) {
  RedisOptions nowhere;
  nowhere.endpoint = {"127.0.0.1", 1};
  RedisSurveyHarness node(RedisSystem::kPlain, 1, 1, nowhere);
  const base::Instant began = node.now();
  const auto answer = answer_to(node, 0, kNumbers);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kUnavailable);
  EXPECT_LT(node.now() - began, 2 * base::kSurveyTimeout);
}

}  // namespace
}  // namespace palaver::tests::contract
