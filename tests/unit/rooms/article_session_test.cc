// SPDX-License-Identifier: Apache-2.0
#include "rooms/article_session.h"

#include <gtest/gtest.h>

#include "tests/unit/rooms/scripted_broker.h"

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::ArticleSession;

ArticleSession::Options member_of(std::string user) {
  return {.room = {"room"},
          .sender = {.user = {std::move(user)}, .client = {}, .info = {}},
          .expires_at = {}};
}

TEST(ArticleSession, KnowsItsRights) {
  ScriptedBroker broker;
  ArticleSession::Options options = member_of("ann");
  EXPECT_TRUE(ArticleSession(options, broker).may_publish());
  EXPECT_FALSE(ArticleSession(options, broker).expired(1'800'000'000));
  options.publishing = ArticleSession::Publishing::kForbidden;
  options.expires_at = 1'800'000'000;
  const ArticleSession session(options, broker);
  EXPECT_FALSE(session.may_publish());
  EXPECT_FALSE(session.expired(1'799'999'999));
  EXPECT_TRUE(session.expired(1'800'000'000));
}

TEST(ArticleSession, PublishesATextAsAMessageOfItsClient) {
  ScriptedBroker broker;
  ArticleSession session(member_of("article:-17"), broker);
  EXPECT_EQ(session.room(), model::RoomName{"room"});
  int answers = 0;
  session.on_text("say \"hi\"\n", [&](base::Result<broker::PublishResult> result) {
    EXPECT_EQ(result->position.offset, model::Offset{5});
    ++answers;
  });
  auto call = ScriptedBroker::take(broker.publishes);
  EXPECT_EQ(call.room, model::RoomName{"room"});
  EXPECT_EQ(call.sender.user, model::UserId{"article:-17"});
  EXPECT_EQ(call.sender.client, "");
  EXPECT_EQ(call.sender.info, "");
  EXPECT_EQ(call.data, R"({"text":"say \"hi\"\n"})");
  EXPECT_EQ(call.options.retention, model::Retention::kHistory);
  EXPECT_EQ(call.options.id, "");
  EXPECT_EQ(answers, 0);
  call.done(broker::PublishResult{.position = {{"E"}, {5}}});
  EXPECT_EQ(answers, 1);
}

TEST(ArticleSession, PassesOnWhatTheBrokerSays) {
  ScriptedBroker broker;
  ArticleSession session(member_of("article:1"), broker);
  base::ErrorCode code{};
  session.on_text("hi", [&](auto result) { code = result.error().code; });
  ScriptedBroker::take(broker.publishes).done(base::fail(base::ErrorCode::kUnavailable, "no"));
  EXPECT_EQ(code, base::ErrorCode::kUnavailable);
}

TEST(ArticleSession, IgnoresAnEmptyText) {
  ScriptedBroker broker;
  ArticleSession session(member_of("article:1"), broker);
  session.on_text("", [](auto) { FAIL() << "nothing was published"; });
  EXPECT_TRUE(broker.publishes.empty());
}

}  // namespace
}  // namespace palaver::tests::rooms
