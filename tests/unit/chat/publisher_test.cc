// SPDX-License-Identifier: Apache-2.0
// What the chat lets people do to each other's messages, over a real memory broker.
#include "chat/publisher.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/memory/memory_broker.h"
#include "broker/memory/memory_node.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::chat {
namespace {

using palaver::chat::Author;
using palaver::chat::kGoneData;
using palaver::chat::Publisher;

class Sink final : public broker::BrokerSink {
 public:
  void on_publication(const model::RoomName& /*room*/, const model::Epoch& /*epoch*/,
                      const model::Publication& publication) override {
    live.push_back(publication);
  }
  void on_redaction(const model::RoomName& /*room*/, model::Offset target) override {
    redacted.push_back(target);
  }
  void on_lost(const model::RoomName& /*room*/) override {}

  std::vector<model::Publication> live;
  std::vector<model::Offset> redacted;
};

class PublisherTest : public testing::Test {
 protected:
  PublisherTest()
      : cluster_(1U),
        services_{cluster_.shard(0), cluster_.shard(0)},
        node_(std::span(&services_, 1),
              broker::memory::MemoryNodeConfig{.limits = {}, .seed = 5, .salt = 7}),
        broker_({0}, node_, sink_),
        publisher_(broker_) {
    broker_.subscribe({"r"}, [](auto) {});
  }

  static Author author(std::string user, auth::Role role = auth::Role::kMember,
                       std::string client = "c") {
    Author author;
    author.sender.user = {std::move(user)};
    author.sender.client = std::move(client);
    author.role = role;
    return author;
  }
  Publisher::Outcome publish(Author author, const std::string& data,
                             const std::string& room = "r") {
    auto act = palaver::chat::read_act(data);
    EXPECT_TRUE(act) << data;
    std::optional<Publisher::Outcome> outcome;
    publisher_.publish({room}, std::move(author),
                       {.act = std::move(*act), .data = base::Frame::copy_of(data)},
                       [&](Publisher::Outcome got) { outcome = std::move(got); });
    EXPECT_FALSE(outcome) << "it comes later";
    cluster_.run_until_idle();
    EXPECT_TRUE(outcome);
    return outcome.value_or(std::unexpected(codec::wire::kErrorInternal));
  }
  std::uint64_t offset(Author from, const std::string& data, const std::string& room = "r") {
    const auto outcome = publish(std::move(from), data, room);
    EXPECT_TRUE(outcome) << data << ": " << outcome.error().message;
    return outcome ? outcome->position.offset.value : 0;
  }
  std::uint32_t error(Author from, const std::string& data, const std::string& room = "r") {
    const auto outcome = publish(std::move(from), data, room);
    return outcome ? 0 : outcome.error().code;
  }
  std::vector<std::string> history(const std::string& room = "r") {
    std::vector<std::string> all;
    broker_.history({room}, {.since = {}, .limit = 100}, [&](base::Result<broker::History> got) {
      for (const auto& entry : got->entries) all.emplace_back(entry.data.view());
    });
    cluster_.run_until_idle();
    return all;
  }
  static std::string about(const std::string& kind, std::uint64_t target,
                           const std::string& rest = {}) {
    return R"({"kind":")" + kind + R"(","target":)" + std::to_string(target) + rest + "}";
  }
  static std::string edit(std::uint64_t target) {
    return about("edit", target, R"(,"text":"new")");
  }
  static std::string react(std::uint64_t target) {
    return about("react", target, R"(,"emoji":"+1","on":true)");
  }
  static std::string remove(std::uint64_t target) { return about("delete", target); }

  support::FakeCluster cluster_;
  const broker::memory::ShardServices services_;
  Sink sink_;
  broker::memory::MemoryNode node_;
  broker::memory::MemoryBroker broker_;
  Publisher publisher_;
};

TEST_F(PublisherTest, PassesDataAsItIs) {
  const std::string data = R"({"text" : "hi",  "x":[1.0,2e5]})";
  offset(author("ann"), data);
  ASSERT_EQ(sink_.live.size(), 1U);
  EXPECT_EQ(sink_.live[0].data.view(), data);
  EXPECT_EQ(sink_.live[0].sender.user.value, "ann");
  offset(author("ann"), "[1]");
  EXPECT_EQ(history(), (std::vector<std::string>{data, "[1]"}));
}

TEST_F(PublisherTest, ARetryIsStoredOnceForEachUser) {
  const std::string data = R"({"text":"hi","id":"1"})";
  const auto first = offset(author("ann"), data);
  EXPECT_EQ(offset(author("ann"), data), first);
  EXPECT_NE(offset(author("bob"), data), first) << "another user's id is another id";
  EXPECT_EQ(history().size(), 2U);
  EXPECT_NE(offset(author(""), data), offset(author(""), data)) << "nobody's ids are not shared";
  EXPECT_EQ(history().size(), 4U);
}

TEST_F(PublisherTest, OnlyTheAuthorEdits) {
  const auto target = offset(author("ann"), R"({"text":"old"})");
  EXPECT_EQ(error(author("bob"), edit(target)), 403U);
  EXPECT_EQ(error(author("mod", auth::Role::kModerator), edit(target)), 403U);
  EXPECT_EQ(error(author("ann"), edit(target + 1)), 404U);
  EXPECT_EQ(error(author("ann"), edit(target), "another room"), 404U);
  const auto edited = offset(author("ann", auth::Role::kMember, "another device"), edit(target));
  EXPECT_EQ(error(author("ann"), edit(edited)), 404U) << "an edit is no message";
  const auto opaque = offset(author("ann"), R"({"url":"x"})");
  EXPECT_EQ(error(author("ann"), edit(opaque)), 404U);
  EXPECT_EQ(history().size(), 3U) << "what was refused is nowhere";
}

TEST_F(PublisherTest, UsersWithoutANameAreKnownByTheirConnection) {
  const auto target = offset(author("", auth::Role::kMember, "one"), R"({"text":"old"})");
  EXPECT_EQ(error(author("", auth::Role::kMember, "two"), edit(target)), 403U);
  EXPECT_EQ(error(author("", auth::Role::kMember, "two"), remove(target)), 403U);
  EXPECT_EQ(error(author("", auth::Role::kMember, "one"), edit(target)), 0U);
}

TEST_F(PublisherTest, ADeletedMessageIsGoneWithItsEdits) {
  const auto target = offset(author("ann"), R"({"text":"secret"})");
  const auto edited = offset(author("ann"), edit(target));
  const auto other = offset(author("ann"), R"({"text":"other"})");
  EXPECT_EQ(error(author("bob"), remove(target)), 403U);
  EXPECT_TRUE(sink_.redacted.empty());
  offset(author("ann"), remove(target));
  const std::string gone(kGoneData);
  EXPECT_EQ(history(),
            (std::vector<std::string>{gone, gone, R"({"text":"other"})", remove(target)}));
  EXPECT_EQ(sink_.redacted, (std::vector<model::Offset>{{target}, {edited}}));
  for (const std::string& act : {edit(target), react(target), remove(target)}) {
    EXPECT_EQ(error(author("ann"), act), 404U) << act;
  }
  EXPECT_EQ(error(author("bob"), remove(target)), 403U) << "it is still not theirs";
  EXPECT_EQ(error(author("mod", auth::Role::kModerator), remove(other)), 0U);
}

TEST_F(PublisherTest, ARetryOfADeleteSucceeds) {
  const auto target = offset(author("ann"), R"({"text":"secret"})");
  const std::string act = about("delete", target, R"(,"id":"d")");
  const auto first = offset(author("ann"), act);
  EXPECT_EQ(offset(author("ann"), act), first);
  EXPECT_EQ(history().size(), 2U);
  const auto again = offset(author("ann"), R"({"text":"again"})");
  const std::string change = about("edit", again, R"(,"text":"x","id":"e")");
  const auto changed = offset(author("ann"), change);
  offset(author("ann"), remove(again));
  EXPECT_EQ(offset(author("ann"), change), changed) << "it had been stored before";
}

TEST_F(PublisherTest, ARetryIsKnownThoughItsTargetIsForgotten) {
  const auto target = offset(author("ann"), R"({"text":"old"})");
  const std::string change = about("edit", target, R"(,"text":"x","id":"e")");
  const std::string removal = about("delete", target, R"(,"id":"d")");
  const auto changed = offset(author("ann"), change);
  const auto removed = offset(author("ann"), removal);
  const std::size_t kept = broker::memory::MemoryBrokerLimits{}.entries_max;
  for (std::size_t i = 0; i < kept; ++i) offset(author("bob"), "[]");
  EXPECT_EQ(offset(author("ann"), change), changed);
  EXPECT_EQ(offset(author("ann"), removal), removed);
  EXPECT_EQ(error(author("bob"), change), 404U) << "another user's id is another id";
  EXPECT_EQ(error(author("ann"), edit(target)), 404U);
  EXPECT_EQ(sink_.live.size(), kept + 3) << "nobody is told twice";
}

TEST_F(PublisherTest, AnybodyReacts) {
  const auto target = offset(author("ann"), R"({"text":"hi"})");
  EXPECT_EQ(error(author("bob"), react(target)), 0U);
  const auto reaction = offset(author("ann"), react(target));
  EXPECT_EQ(error(author("bob"), react(reaction)), 404U);
  const auto opaque = offset(author("ann"), R"({"url":"x"})");
  EXPECT_EQ(error(author("bob"), react(opaque)), 0U);
}

TEST_F(PublisherTest, TypingLeavesNoTrace) {
  EXPECT_EQ(offset(author("ann"), R"({"kind":"typing"})"), 0U);
  ASSERT_EQ(sink_.live.size(), 1U);
  EXPECT_EQ(sink_.live[0].offset.value, 0U);
  EXPECT_TRUE(history().empty());
}

}  // namespace
}  // namespace palaver::tests::chat
