// SPDX-License-Identifier: Apache-2.0
#include "rooms/article_session.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/unit/rooms/client_session_fixture.h"

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::ArticleSession;

// An article's member beside the fixture's client, in the same rooms.
class ArticleSessionTest : public ClientSessionFixture {
 protected:
  ArticleSession& enter(std::string user, auth::Expiry expires_at = {}) {
    article_ = std::make_unique<ArticleSession>(
        ArticleSession::Options{.room = {"room"},
                                .sender = {.user = {std::move(user)}, .client = "a1", .info = {}},
                                .expires_at = expires_at},
        *this, *services_);
    turn();
    return *article_;
  }
  std::size_t present() {
    std::size_t clients = 0;
    services_->presence.stats({"room"}, [&](const auto& stats) { clients = stats->clients; });
    turn();
    return clients;
  }
  void command(const broker::NodeCommand& command) { services_->users.on_command(command); }

  std::unique_ptr<ArticleSession> article_;
};

TEST_F(ArticleSessionTest, PublishesATextAsAMessageOfItsClient) {
  ArticleSession& session = enter("article:-17");
  EXPECT_EQ(session.room(), model::RoomName{"room"});
  EXPECT_TRUE(session.may_publish());
  int answers = 0;
  session.on_text("say \"hi\"\n", [&](const auto& result) { answers += result ? 1 : 0; });
  EXPECT_EQ(answers, 0) << "it comes later";
  turn();
  EXPECT_EQ(answers, 1);
  connect();
  const auto lines = said(R"({"id":2,"history":{"channel":"room","limit":1}})");
  EXPECT_NE(lines.at(0).find(R"("data":{"text":"say \"hi\"\n"},)"
                             R"("info":{"user":"article:-17","client":"a1"})"),
            std::string::npos)
      << lines.at(0);
}

TEST_F(ArticleSessionTest, PassesOnWhatTheBrokerSays) {
  start_with(1, {});  // after the join that others are told of
  ArticleSession& session = enter("article:1");
  base::ErrorCode code{};
  session.on_text("hi", [&](const auto& result) { code = result.error().code; });
  turn();
  EXPECT_EQ(code, base::ErrorCode::kUnavailable);
}

TEST_F(ArticleSessionTest, IgnoresAnEmptyText) {
  enter("article:1").on_text("", [](const auto&) { FAIL() << "nothing was published"; });
  turn();
}

TEST_F(ArticleSessionTest, IsPresentWhileItIsThere) {
  enter("article:1");
  EXPECT_EQ(present(), 1U);
  article_->stop(palaver::rooms::Announcement::kTold);
  EXPECT_EQ(present(), 0U);
  enter("article:1");
  article_.reset();
  EXPECT_EQ(present(), 0U);
}

TEST_F(ArticleSessionTest, EndsWithItsToken) {
  enter("ann", seconds_now() + 60);
  article_->check_expiry();
  EXPECT_EQ(ended_, 0);
  cluster().advance(std::chrono::seconds{60});
  article_->check_expiry();
  EXPECT_EQ(ended_, 3005);
}

TEST_F(ArticleSessionTest, ObeysWhatItHasWordsFor) {
  const broker::Whom ann{.user = {"ann"}, .client = {}, .session = {}};
  const auto ended_by = [&](const broker::NodeCommand& each) {
    enter("ann");
    ended_ = 0;
    command(each);
    return ended_;
  };
  EXPECT_EQ(ended_by(broker::DisconnectCommand{.whom = ann, .code = 0, .reason = {}, .spared = {}}),
            3503);
  EXPECT_EQ(
      ended_by(broker::DisconnectCommand{.whom = ann, .code = 0, .reason = {}, .spared = {"a1"}}),
      0);
  EXPECT_EQ(
      ended_by(broker::UnsubscribeCommand{.whom = ann, .room = {"room"}, .code = 0, .reason = {}}),
      3503);
  EXPECT_EQ(
      ended_by(broker::UnsubscribeCommand{.whom = ann, .room = {"other"}, .code = 0, .reason = {}}),
      0);
  EXPECT_EQ(
      ended_by(broker::RefreshCommand{.whom = ann, .expired = true, .expires_at = {}, .info = {}}),
      3005);
  EXPECT_EQ(
      ended_by(broker::RefreshCommand{.whom = ann, .expired = false, .expires_at = 1, .info = {}}),
      0);
  article_->check_expiry();
  EXPECT_EQ(ended_, 3005) << "it had a new time";
  EXPECT_EQ(ended_by(broker::SendCommand{.whom = ann, .data = "1"}), 0);
  EXPECT_EQ(ended_by(broker::BlockCommand{.user = {"ann"}, .until = {}}), 4500);
  article_->stop(palaver::rooms::Announcement::kTold);
  ended_ = 0;
  command(broker::DisconnectCommand{.whom = ann, .code = 0, .reason = {}, .spared = {}});
  EXPECT_EQ(ended_, 0);
}

}  // namespace
}  // namespace palaver::tests::rooms
