// SPDX-License-Identifier: Apache-2.0
// Clients among others: who is there, who comes and goes, what people do to each other's messages,
// and what the server does with them.
#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "codec/wire/raw_json.h"
#include "tests/unit/rooms/client_session_fixture.h"

namespace palaver::tests::rooms {
namespace {

using codec::wire::RawJson;
using palaver::rooms::RoomOptions;

class ClientPeopleTest : public ClientSessionFixture {
 protected:
  void subscribe(const std::string& room = "r") {
    EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":")" + room + "\"}}"), 0U);
  }
  // What everybody hears of a room, as the memory broker's own subscriber.
  std::string presence(const std::string& room = "r") {
    std::string clients;
    services_->presence.members({room}, [&](const base::Result<std::vector<model::Sender>>& got) {
      for (const model::Sender& member : *got) {
        clients += member.user.value + '/' + member.client + member.info + member.room_info + ' ';
      }
    });
    turn();
    return clients;
  }
  Lines command(broker::NodeCommand command) {
    bool done = false;
    services_->bus.send(std::move(command), [&](const auto&) { done = true; });
    turn();
    EXPECT_TRUE(done);
    return std::exchange(said_, {});
  }
  static broker::Whom ann() { return {.user = {"ann"}, .client = {}, .session = {}}; }
  void connect_ann() {
    authenticator_.users["ann"] = verified("ann");
    connect_as("ann");
  }
};

TEST_F(ClientPeopleTest, AMemberIsPresentUntilItLeaves) {
  authenticator_.grants["t"] = auth::Grant{.info = "[7]", .expires_at = {}};
  connect_ann();
  EXPECT_EQ(presence(), "");
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"r","token":"t"}})"), 0U);
  EXPECT_EQ(presence(), "ann/c0ffee[7] ");
  EXPECT_EQ(said(R"({"id":3,"presence":{"channel":"r"}})"),
            Lines{R"({"id":3,"presence":{"presence":{"c0ffee":)"
                  R"({"user":"ann","client":"c0ffee","chan_info":[7]}}}})"});
  EXPECT_EQ(said(R"({"id":4,"presence_stats":{"channel":"r"}})"),
            Lines{R"({"id":4,"presence_stats":{"num_clients":1,"num_users":1}})"});
  said(R"({"id":5,"unsubscribe":{"channel":"r"}})");
  EXPECT_EQ(presence(), "");
  subscribe();
  node().hub(0).leave(member_->id, {"r"});  // as the hub does it
  session_->on_lost({"r"});
  EXPECT_EQ(presence(), "");
  said_.clear();
  subscribe();
  session_->stop(palaver::rooms::Announcement::kTold);
  EXPECT_EQ(presence(), "");
}

TEST_F(ClientPeopleTest, PresenceIsARightAndMayBeOff) {
  RoomOptions off;
  off.presence = false;
  ASSERT_TRUE(namespaces_.add("off", off));
  RoomOptions inside;
  inside.read_presence.client = false;
  ASSERT_TRUE(namespaces_.add("inside", inside));
  connect();
  for (const std::string what : {"presence", "presence_stats"}) {
    const auto ask = [&](const std::string& room) {
      return error(R"({"id":2,")" + what + R"(":{"channel":")" + room + "\"}}");
    };
    EXPECT_EQ(ask("off:a"), 108U);
    EXPECT_EQ(ask("inside:" + what), 103U);
    subscribe("inside:" + what);
    EXPECT_EQ(ask("inside:" + what), 0U);
    EXPECT_EQ(ask("unknown:a"), 102U);
  }
  subscribe("off:a");
  EXPECT_EQ(presence("off:a"), "");
}

TEST_F(ClientPeopleTest, JoinsAndLeavesGoToThoseWhoAsked) {
  Member& asked = open();
  join(asked, "r", {}, Encoding::kJsonJoins);
  turn();
  (void)seen(asked);
  connect();
  subscribe();
  const std::string came = seen(asked);
  EXPECT_NE(came, "") << "the join";
  said(R"({"id":5,"unsubscribe":{"channel":"r"}})");
  EXPECT_NE(seen(asked), "") << "the leave";
  RoomOptions quiet;
  quiet.join_leave = false;
  ASSERT_TRUE(namespaces_.add("quiet", quiet));
  Member& other = open();
  join(other, "quiet:a", {}, Encoding::kJsonJoins);
  turn();
  (void)seen(other);
  subscribe("quiet:a");
  EXPECT_EQ(seen(other), "");
}

TEST_F(ClientPeopleTest, WhoComesAndGoesAllTheTimeIsNotToldOf) {
  Member& asked = open();
  join(asked, "r", {}, Encoding::kJsonJoins);
  turn();
  connect();
  const auto told = [&] {
    (void)seen(asked);
    subscribe();
    said(R"({"id":5,"unsubscribe":{"channel":"r"}})");
    return seen(asked);
  };
  const std::string both = told();
  EXPECT_NE(both, "");
  for (int i = 1; i < static_cast<int>(base::kAnnouncementsBurst); ++i)
    EXPECT_EQ(told(), both) << i;
  EXPECT_EQ(told(), "");
  subscribe();
  EXPECT_EQ(presence(), "/c0ffee ") << "presence knows";
  said(R"({"id":5,"unsubscribe":{"channel":"r"}})");
  cluster().advance(std::chrono::seconds{1});
  EXPECT_EQ(told(), both);
}

TEST_F(ClientPeopleTest, ARestartIsNoFarewell) {
  Member& asked = open();
  join(asked, "r", {}, Encoding::kJsonJoins);
  connect();
  subscribe();
  (void)seen(asked);
  session_->stop(palaver::rooms::Announcement::kSilent);
  EXPECT_EQ(seen(asked), "");
  EXPECT_EQ(presence(), "");
}

TEST_F(ClientPeopleTest, WhatCostsHasARate) {
  connect();
  subscribe();
  tokens_ = 0;
  for (const std::string command :
       {R"("publish":{"channel":"r","data":1})", R"("history":{"channel":"r","limit":1})",
        R"("presence":{"channel":"r"})", R"("presence_stats":{"channel":"r"})"}) {
    EXPECT_EQ(error(R"({"id":2,)" + command + "}"), 111U) << command;
  }
}

TEST_F(ClientPeopleTest, ChatRulesReachTheClient) {
  connect_ann();
  const auto publish = [&](const std::string& data) {
    return error(R"({"id":3,"publish":{"channel":"r","data":)" + data + "}}");
  };
  EXPECT_EQ(publish(R"({"text":""})"), 400U);
  EXPECT_EQ(publish(R"({"kind":"gone"})"), 400U);
  EXPECT_EQ(publish(R"({"kind":"edit","target":1,"text":"x"})"), 404U);
  EXPECT_EQ(publish(R"({"text":"hi","id":"1"})"), 0U);
  EXPECT_EQ(publish(R"({"text":"hi","id":"1"})"), 0U);
  const auto lines = said(R"({"id":4,"history":{"channel":"r","limit":10}})");
  const auto all = RawJson::parse(lines.at(0))->member("history")->member("publications");
  int count = 0;
  std::uint64_t offset = 0;
  all->each_element([&](RawJson each) {
    offset = each.member("offset")->uint64().value_or(0);
    return ++count > 0;
  });
  EXPECT_EQ(count, 1) << "a retry is stored once";
  const std::string target = std::to_string(offset);
  EXPECT_EQ(publish(R"({"kind":"edit","target":)" + target + R"(,"text":"x"})"), 0U);
  authenticator_.users["bob"] = verified("bob");
  auto moderator = verified("mod");
  moderator.role = auth::Role::kModerator;
  authenticator_.users["mod"] = moderator;
  start_session();
  connect_as("bob");
  EXPECT_EQ(publish(R"({"kind":"delete","target":)" + target + "}"), 403U);
  start_session();
  connect_as("mod");
  EXPECT_EQ(publish(R"({"kind":"delete","target":)" + target + "}"), 0U);
}

TEST_F(ClientPeopleTest, TypingIsForMembersAndRare) {
  connect();
  const std::string typing = R"({"id":3,"publish":{"channel":"r","data":{"kind":"typing"}}})";
  EXPECT_EQ(error(typing), 103U);
  subscribe();
  EXPECT_EQ(error(typing), 0U);
  EXPECT_EQ(error(typing), 111U);
  cluster().advance(base::kTypingInterval);
  EXPECT_EQ(error(typing), 0U);
  const auto lines = said(R"({"id":4,"history":{"channel":"r","limit":10}})");
  EXPECT_NE(lines.at(0).find(R"("publications":[])"), std::string::npos);
}

TEST_F(ClientPeopleTest, TheServerDisconnects) {
  connect_ann();
  command(broker::DisconnectCommand{.whom = {.user = {"bob"}, .client = {}, .session = {}},
                                    .code = 0,
                                    .reason = {},
                                    .spared = {}});
  command(broker::DisconnectCommand{
      .whom = ann(), .code = 0, .reason = {}, .spared = {"another", "c0ffee"}});
  command(broker::DisconnectCommand{.whom = {.user = {"ann"}, .client = "x", .session = {}},
                                    .code = 0,
                                    .reason = {},
                                    .spared = {}});
  EXPECT_EQ(ended_, 0) << "none of them is meant for it";
  command(broker::DisconnectCommand{.whom = {.user = {}, .client = "c0ffee", .session = {}},
                                    .code = 4100,
                                    .reason = "bye",
                                    .spared = {}});
  EXPECT_EQ(ended_, 4100);
  start_session();
  connect_as("ann");
  command(broker::DisconnectCommand{.whom = ann(), .code = 0, .reason = {}, .spared = {}});
  EXPECT_EQ(ended_, 3503);
}

TEST_F(ClientPeopleTest, TheServerSubscribesAndUnsubscribes) {
  publish(R"({"n":1})");
  publish(R"({"n":2})");
  connect_ann();
  const auto history = said(R"({"id":2,"history":{"channel":"r","limit":1}})");
  const auto first = RawJson::parse(history.at(0))->member("history");
  std::uint64_t offset = 0;
  first->member("publications")->each_element([&](RawJson each) {
    offset = each.member("offset")->uint64().value_or(0);
    return true;
  });
  const model::Position since{{first->member("epoch")->string().value_or("")}, {offset}};
  const auto lines = command(broker::SubscribeCommand{.whom = ann(),
                                                      .room = {"r"},
                                                      .info = "[1]",
                                                      .data = R"({"why":7})",
                                                      .expires_at = {},
                                                      .since = since});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], R"({"push":{"channel":"r","subscribe":{"recoverable":true,"epoch":")" +
                          since.epoch.value + R"(","offset":)" + std::to_string(offset) +
                          R"(,"positioned":true,"data":{"why":7}}}})");
  EXPECT_NE(lines[1].find(R"("data":{"n":2})"), std::string::npos);
  EXPECT_EQ(presence(), "ann/c0ffee[1] ");
  EXPECT_EQ(error(R"({"id":2,"subscribe":{"channel":"r"}})"), 105U);
  publish(R"({"n":3})");
  EXPECT_NE(live(), "");
  EXPECT_EQ(
      command(broker::SubscribeCommand{
          .whom = ann(), .room = {"r"}, .info = {}, .data = {}, .expires_at = {}, .since = {}}),
      Lines{})
      << "it is there already";
  EXPECT_EQ(
      command(broker::UnsubscribeCommand{.whom = ann(), .room = {"r"}, .code = 0, .reason = {}}),
      Lines{R"({"push":{"channel":"r","unsubscribe":{"code":2000,)"
            R"("reason":"server unsubscribe"}}})"});
  EXPECT_EQ(presence(), "");
  publish(R"({"n":4})");
  EXPECT_EQ(live(), "");
}

TEST_F(ClientPeopleTest, ARoomIsJoinedOnceWhoeverAsks) {
  connect_ann();
  // Both in one turn: the client's own comes first.
  session_->on_message(R"({"id":2,"subscribe":{"channel":"r"}})");
  session_->obey(broker::SubscribeCommand{
      .whom = ann(), .room = {"r"}, .info = {}, .data = {}, .expires_at = {}, .since = {}});
  turn();
  EXPECT_EQ(std::exchange(said_, {}).size(), 1U);
  said(R"({"id":3,"unsubscribe":{"channel":"r"}})");
  publish(R"({"n":1})");
  EXPECT_EQ(live(), "");
}

TEST_F(ClientPeopleTest, ARefreshTellsWhoTheClientIsNow) {
  connect_ann();
  subscribe();
  command(broker::RefreshCommand{
      .whom = ann(), .expired = false, .expires_at = {}, .info = R"({"name":"Ann"})"});
  EXPECT_EQ(presence(), R"(ann/c0ffee{"name":"Ann"} )");
  auto renamed = verified("ann");
  renamed.info = R"({"name":"Anna"})";
  authenticator_.users["ann"] = renamed;
  said(R"({"id":3,"refresh":{"token":"ann"}})");
  EXPECT_EQ(presence(), R"(ann/c0ffee{"name":"Anna"} )");
}

TEST_F(ClientPeopleTest, TheServerRefreshesAndSends) {
  connect_ann();
  EXPECT_EQ(command(broker::RefreshCommand{
                .whom = ann(), .expired = false, .expires_at = seconds_now() + 60, .info = {}}),
            Lines{R"({"push":{"refresh":{"expires":true,"ttl":60}}})"});
  EXPECT_EQ(command(broker::SendCommand{.whom = ann(), .data = R"({"n":1})"}),
            Lines{R"({"push":{"message":{"data":{"n":1}}}})"});
  command(broker::RefreshCommand{.whom = ann(), .expired = true, .expires_at = {}, .info = {}});
  EXPECT_EQ(ended_, 3005);
}

TEST_F(ClientPeopleTest, ABlockedUserIsOutUntilItsTime) {
  connect_ann();
  command(broker::BlockCommand{.user = {"ann"}, .until = seconds_now() + 60});
  EXPECT_EQ(ended_, 4500);
  start_session();
  EXPECT_EQ(said(R"({"id":1,"connect":{"token":"ann"}})"), Lines{});
  EXPECT_EQ(ended_, 4500);
  cluster().advance(std::chrono::seconds{60});
  start_session();
  connect_as("ann");
  command(broker::BlockCommand{.user = {"ann"}, .until = {}});
  command(broker::UnblockCommand{.user = {"ann"}});
  start_session();
  connect_as("ann");
  EXPECT_EQ(ended_, 0);
}

TEST_F(ClientPeopleTest, ModeratorsModerate) {
  authenticator_.users["ann"] = verified("ann");
  auto moderator = verified("mod");
  moderator.role = auth::Role::kModerator;
  authenticator_.users["mod"] = moderator;
  const auto rpc = [&](const std::string& method, const std::string& data) {
    return error(R"({"id":2,"rpc":{"method":")" + method + R"(","data":)" + data + "}}");
  };
  connect_as("ann");
  EXPECT_EQ(rpc("block_user", R"({"user":"mod"})"), 103U);
  EXPECT_EQ(rpc("no such method", "{}"), 108U);
  start_session();
  connect_as("mod");
  for (const std::string method : {"block_user", "unblock_user", "disconnect_user"}) {
    EXPECT_EQ(rpc(method, "{}"), 107U);
    EXPECT_EQ(rpc(method, R"({"user":""})"), 107U);
    EXPECT_EQ(rpc(method, R"({"user":7})"), 107U);
  }
  EXPECT_EQ(rpc("block_user", R"({"user":"ann","seconds":-1})"), 107U);
  EXPECT_EQ(rpc("block_user", R"({"user":"ann","seconds":18446744073709551615})"), 107U);
  EXPECT_EQ(rpc("block_user", R"({"user":"ann","seconds":60})"), 0U);
  EXPECT_TRUE(services_->users.is_blocked({"ann"}));
  EXPECT_EQ(rpc("unblock_user", R"({"user":"ann"})"), 0U);
  EXPECT_FALSE(services_->users.is_blocked({"ann"}));
  EXPECT_EQ(rpc("disconnect_user", R"({"user":"ann"})"), 0U);
  EXPECT_EQ(ended_, 0);
  EXPECT_EQ(said(R"({"id":2,"rpc":{"method":"disconnect_user","data":{"user":"mod"}}})"), Lines{});
  EXPECT_EQ(ended_, 3503) << "moderators too";
}

}  // namespace
}  // namespace palaver::tests::rooms
