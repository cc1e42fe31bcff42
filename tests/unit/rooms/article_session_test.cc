// SPDX-License-Identifier: Apache-2.0
#include "rooms/article_session.h"

#include <gtest/gtest.h>

#include "tests/unit/rooms/scripted_broker.h"

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::ArticleSession;

TEST(ArticleSession, PublishesATextAsAMessageOfItsClient) {
  ScriptedBroker broker;
  ArticleSession session({"room"}, -17, broker);
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
  ArticleSession session({"room"}, 1, broker);
  base::ErrorCode code{};
  session.on_text("hi", [&](auto result) { code = result.error().code; });
  ScriptedBroker::take(broker.publishes).done(base::fail(base::ErrorCode::kUnavailable, "no"));
  EXPECT_EQ(code, base::ErrorCode::kUnavailable);
}

TEST(ArticleSession, IgnoresAnEmptyText) {
  ScriptedBroker broker;
  ArticleSession session({"room"}, 1, broker);
  session.on_text("", [](auto) { FAIL() << "nothing was published"; });
  EXPECT_TRUE(broker.publishes.empty());
}

}  // namespace
}  // namespace palaver::tests::rooms
