// SPDX-License-Identifier: Apache-2.0
// Who may do what: tokens, rights by namespace, private rooms, and what happens when time is up.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/limits.h"
#include "tests/unit/rooms/client_session_fixture.h"

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::RoomOptions;
using std::chrono::seconds;

class ClientRightsTest : public ClientSessionFixture {
 protected:
  void configure(const std::string& name, const RoomOptions& options) {
    ASSERT_TRUE(namespaces_.add(name, options));
  }
  void pass(seconds time) {
    cluster().jump_wall(time);
    session_->check_expiry();
    turn();
  }
  std::string subscribe(const std::string& channel, const std::string& token = {}) {
    return R"({"id":9,"subscribe":{"channel":")" + channel + R"(","token":")" + token + "\"}}";
  }
};

TEST_F(ClientRightsTest, ATokenIsWhoTheClientIs) {
  auto ann = verified("ann");
  ann.info = R"({"name":"Ann"})";
  authenticator_.users["ann"] = ann;
  connect_as("ann");
  EXPECT_EQ(said(subscribe("r")).size(), 1U);
  said(R"({"id":2,"publish":{"channel":"r","data":{}}})");
  const auto history = said(R"({"id":3,"history":{"channel":"r","limit":1}})");
  ASSERT_EQ(history.size(), 1U);
  EXPECT_NE(
      history[0].find(R"("info":{"user":"ann","client":"c0ffee","conn_info":{"name":"Ann"}})"),
      std::string::npos)
      << history[0];
}

TEST_F(ClientRightsTest, RefusedTokens) {
  authenticator_.users["old"] = std::unexpected(auth::Refusal::kExpired);
  authenticator_.users["none"] = std::unexpected(auth::Refusal::kUnauthorized);
  EXPECT_EQ(error(R"({"id":1,"connect":{"token":"old"}})"), 109U);
  EXPECT_EQ(error(R"({"id":1,"connect":{"token":"none"}})"), 101U);
  EXPECT_EQ(ended_, 0) << "a better token may follow";
  EXPECT_EQ(connects_, 0);
  connect();
  EXPECT_EQ(connects_, 1);
  start_session();
  EXPECT_EQ(said(R"({"id":1,"connect":{"token":"forged"}})"), Lines{});
  EXPECT_EQ(ended_, 3500);
}

TEST_F(ClientRightsTest, AGuestGetsItsTokenAndItsName) {
  auth::Identity guest;
  guest.user = {"guest:1"};
  guest.guest_token = "guest.token";
  authenticator_.users[""] = guest;
  EXPECT_EQ(said(R"({"id":1,"connect":{"data":{"name":"Ann"}}})"),
            Lines{R"({"id":1,"connect":{"client":"c0ffee",)"
                  R"("data":{"user":"guest:1","token":"guest.token"},"ping":25,"pong":true}})"});
  said(R"({"id":2,"publish":{"channel":"r","data":{}}})");
  const auto history = said(R"({"id":3,"history":{"channel":"r","limit":1}})");
  EXPECT_NE(history.at(0).find(R"("user":"guest:1","client":"c0ffee","conn_info":{"name":"Ann"})"),
            std::string::npos);
  start_session();
  EXPECT_EQ(error(R"({"id":1,"connect":{"data":{"name":"\u202eAnn"}}})"), 400U);
  EXPECT_EQ(error(R"({"id":1,"connect":{"data":{"name":"   "}}})"), 400U);
  EXPECT_EQ(error(R"({"id":1,"connect":{"data":{"name":7}}})"), 0U) << "another's business";
}

TEST_F(ClientRightsTest, RoomsOfUnknownNamespaces) {
  connect();
  EXPECT_EQ(error(subscribe("team:a")), 102U);
  configure("team", {});
  EXPECT_EQ(error(subscribe("team:a")), 0U);
  EXPECT_EQ(error(R"({"id":2,"publish":{"channel":"x:a","data":{}}})"), 102U);
  EXPECT_EQ(error(R"({"id":2,"history":{"channel":"x:a"}})"), 102U);
}

TEST_F(ClientRightsTest, EachRightIsAskedFor) {
  RoomOptions closed;
  closed.subscribe = closed.publish = closed.read_history = {.client = false, .subscriber = false};
  configure("closed", closed);
  RoomOptions members;
  members.publish = members.read_history = {.client = false};
  configure("members", members);
  RoomOptions named;
  named.subscribe = named.publish =
      named.read_history = {.client = true, .subscriber = true, .anonymous = false};
  configure("named", named);
  const auto ask = [&](const std::string& what, const std::string& room) {
    return error(R"({"id":2,")" + what + R"(":{"channel":")" + room + R"(:a","data":{}}})");
  };
  for (const std::string what : {"subscribe", "publish", "history"}) {
    start_session();
    connect();
    EXPECT_EQ(ask(what, "closed"), 103U) << what;
    EXPECT_EQ(ask(what, "named"), 103U) << what;
  }
  EXPECT_EQ(ask("publish", "members"), 103U);
  EXPECT_EQ(ask("history", "members"), 103U);
  EXPECT_EQ(ask("subscribe", "members"), 0U);
  EXPECT_EQ(ask("publish", "members"), 0U);
  EXPECT_EQ(ask("history", "members"), 0U);
  authenticator_.users["ann"] = verified("ann");
  start_session();
  connect_as("ann");
  for (const std::string what : {"subscribe", "publish", "history"}) {
    EXPECT_EQ(ask(what, "closed"), 103U) << what;
    EXPECT_EQ(ask(what, "named"), 0U) << what;
  }
  authenticator_.insecure = true;
  for (const std::string what : {"subscribe", "publish", "history"}) {
    EXPECT_EQ(ask(what, "closed"), 0U) << what;
  }
}

TEST_F(ClientRightsTest, PrivateRoomsNeedTheirToken) {
  authenticator_.grants["good"] = auth::Grant{};
  authenticator_.grants["old"] = std::unexpected(auth::Refusal::kExpired);
  authenticator_.grants["bob's"] = std::unexpected(auth::Refusal::kForeign);
  connect();
  EXPECT_EQ(error(subscribe("$r")), 103U);
  EXPECT_EQ(error(subscribe("$r", "forged")), 103U);
  EXPECT_EQ(error(subscribe("$r", "old")), 109U);
  EXPECT_EQ(error(R"({"id":2,"publish":{"channel":"$r","data":{}}})"), 103U);
  EXPECT_EQ(error(R"({"id":2,"history":{"channel":"$r","limit":1}})"), 103U);
  EXPECT_EQ(error(subscribe("$r", "good")), 0U);
  EXPECT_EQ(error(R"({"id":2,"publish":{"channel":"$r","data":{}}})"), 0U);
  EXPECT_EQ(error(R"({"id":2,"history":{"channel":"$r","limit":1}})"), 0U);
  EXPECT_EQ(said(subscribe("$q", "bob's")), Lines{});
  EXPECT_EQ(ended_, 3500);
}

TEST_F(ClientRightsTest, ATokenOpensARoomThatIsClosedToOthers) {
  RoomOptions closed;
  closed.subscribe.client = closed.subscribe.subscriber = false;
  configure("closed", closed);
  authenticator_.grants["good"] = auth::Grant{};
  connect();
  EXPECT_EQ(error(subscribe("closed:a")), 103U);
  EXPECT_EQ(error(subscribe("closed:a", "good")), 0U);
}

TEST_F(ClientRightsTest, AConnectionEndsAfterItsTokenUnlessItIsRenewed) {
  auto ann = verified("ann");
  ann.expires_at = seconds_now() + 60;
  authenticator_.users["ann"] = ann;
  EXPECT_EQ(said(R"({"id":1,"connect":{"token":"ann"}})"),
            Lines{R"({"id":1,"connect":{"client":"c0ffee","expires":true,"ttl":60,)"
                  R"("ping":25,"pong":true}})"});
  pass(seconds{60} + base::kExpiryGrace);
  EXPECT_EQ(ended_, 0);
  ann.expires_at = seconds_now() + 100;
  authenticator_.users["ann"] = ann;
  EXPECT_EQ(said(R"({"id":2,"refresh":{"token":"ann"}})"),
            Lines{R"({"id":2,"refresh":{"client":"c0ffee","expires":true,"ttl":100}})"});
  pass(seconds{100} + base::kExpiryGrace);
  EXPECT_EQ(ended_, 0);
  pass(seconds{1});
  EXPECT_EQ(ended_, 3005);
}

TEST_F(ClientRightsTest, RefreshIsForTheSameUser) {
  authenticator_.users["ann"] = verified("ann");
  authenticator_.users["bob"] = verified("bob");
  authenticator_.users["old"] = std::unexpected(auth::Refusal::kExpired);
  connect_as("ann");
  EXPECT_EQ(error(R"({"id":2,"refresh":{}})"), 107U);
  EXPECT_EQ(error(R"({"id":2,"refresh":{"token":"old"}})"), 109U);
  EXPECT_EQ(error(R"({"id":2,"refresh":{"token":"ann"}})"), 0U);
  EXPECT_EQ(ended_, 0);
  EXPECT_EQ(said(R"({"id":2,"refresh":{"token":"bob"}})"), Lines{});
  EXPECT_EQ(ended_, 3500);
}

TEST_F(ClientRightsTest, ASubscriptionEndsAfterItsTokenUnlessItIsRenewed) {
  authenticator_.grants["r"] = auth::Grant{.info = {}, .expires_at = seconds_now() + 60};
  connect();
  const auto lines = said(subscribe("$r", "r"));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find(R"("expires":true,"ttl":60)"), std::string::npos) << lines[0];
  authenticator_.grants["r"] = auth::Grant{.info = {}, .expires_at = seconds_now() + 200};
  EXPECT_EQ(said(R"({"id":2,"sub_refresh":{"channel":"$r","token":"r"}})"),
            Lines{R"({"id":2,"sub_refresh":{"expires":true,"ttl":200}})"});
  EXPECT_EQ(error(R"({"id":2,"sub_refresh":{"channel":"$r"}})"), 107U);
  EXPECT_EQ(error(R"({"id":2,"sub_refresh":{"channel":"$r","token":"forged"}})"), 103U);
  EXPECT_EQ(error(R"({"id":2,"sub_refresh":{"channel":"q","token":"r"}})"), 103U);
  pass(seconds{200} + base::kExpiryGrace);
  EXPECT_EQ(said(""), Lines{});
  pass(seconds{1});
  EXPECT_EQ(said(""), Lines{R"({"push":{"channel":"$r","unsubscribe":{"code":2501,)"
                            R"("reason":"subscription expired"}}})"});
  publish("{}", "$r");
  EXPECT_EQ(live(), "") << "it is not in the room any more";
  EXPECT_EQ(ended_, 0);
}

TEST_F(ClientRightsTest, TheRoomsOfATokenComeWithTheConnectReply) {
  publish(R"({"n":1})", "a");
  publish(R"({"n":2})", "b");
  auto ann = verified("ann");
  ann.channels = {"b", "a", "b"};
  authenticator_.users["ann"] = ann;
  session_->on_message(
      R"({"id":1,"connect":{"token":"ann","subs":{"a":{"recover":true,"epoch":"","offset":0}}}})"
      "\n"
      R"({"id":2,"subscribe":{"channel":"a"}})");
  turn();
  const auto lines = std::exchange(said_, {});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find(R"("subs":{"a":{"recoverable":true,)"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find(R"("publications":[{"data":{"n":1},)"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find(R"("b":{"recoverable":true,)"), std::string::npos) << lines[0];
  EXPECT_EQ(lines[0].find(R"({"n":2})"), std::string::npos) << "b was not asked for";
  EXPECT_NE(lines[1].find(R"("code":105)"), std::string::npos) << lines[1];
  publish(R"({"n":3})", "b");
  EXPECT_NE(live(), "");
  session_->on_lost({"b"});
  EXPECT_EQ(ended_, 3010) << "the client would not subscribe to it by itself";
}

TEST_F(ClientRightsTest, RoomsOfATokenThatCannotBe) {
  auto ann = verified("ann");
  ann.channels = {"a", "unknown:b"};
  authenticator_.users["ann"] = ann;
  EXPECT_EQ(error(R"({"id":1,"connect":{"token":"ann"}})"), 102U);
  EXPECT_FALSE(session_->connected());
  ann.channels.clear();
  for (std::size_t i = 0; i <= base::kSubscriptionsMax; ++i) {
    ann.channels.push_back("r" + std::to_string(i));
  }
  authenticator_.users["ann"] = ann;
  EXPECT_EQ(said(R"({"id":1,"connect":{"token":"ann"}})"), Lines{});
  EXPECT_EQ(ended_, 3505);
}

}  // namespace
}  // namespace palaver::tests::rooms
