// SPDX-License-Identifier: Apache-2.0
// Replies and pushes as literal lines: what is always there, what is left out when it is zero.
#include "codec/wire/json_reply.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/wire/raw_json.h"

namespace palaver::codec::wire {
namespace {

model::Publication publication(std::uint64_t offset, model::Sender sender = {}) {
  return {.offset = {offset},
          .prev = {},
          .sender = std::move(sender),
          .data = base::Frame::copy_of(R"({"text":"hi"})")};
}

TEST(JsonReply, EmptyResultsAreEmptyObjects) {
  EXPECT_EQ(json_reply(1, PublishResult{}), R"({"id":1,"publish":{}})");
  EXPECT_EQ(json_reply(1, UnsubscribeResult{}), R"({"id":1,"unsubscribe":{}})");
  EXPECT_EQ(json_reply(1, PingResult{}), R"({"id":1,"ping":{}})");
  EXPECT_EQ(json_reply(1, SubscribeResult{}), R"({"id":1,"subscribe":{}})");
  EXPECT_EQ(json_reply(1, ConnectResult{}), R"({"id":1,"connect":{}})");
  EXPECT_EQ(json_reply(1, RpcResult{}), R"({"id":1,"rpc":{}})");
  EXPECT_EQ(json_reply(1, RefreshResult{}), R"({"id":1,"refresh":{}})");
  EXPECT_EQ(json_reply(1, SubRefreshResult{}), R"({"id":1,"sub_refresh":{}})");
}

TEST(JsonReply, SomeZerosAreAlwaysWritten) {
  EXPECT_EQ(json_reply(2, PresenceResult{}), R"({"id":2,"presence":{"presence":{}}})");
  EXPECT_EQ(json_reply(2, PresenceStatsResult{}),
            R"({"id":2,"presence_stats":{"num_clients":0,"num_users":0}})");
  EXPECT_EQ(json_reply(2, HistoryResult{}),
            R"({"id":2,"history":{"publications":[],"epoch":"","offset":0}})");
  EXPECT_EQ(json_join_push("r", {}),
            R"({"push":{"channel":"r","join":{"info":{"user":"","client":""}}}})");
}

TEST(JsonReply, Errors) {
  EXPECT_EQ(json_error(3, kErrorPermissionDenied),
            R"({"id":3,"error":{"code":103,"message":"permission denied"}})");
  EXPECT_EQ(json_error(3, kErrorInternal),
            R"({"id":3,"error":{"code":100,"message":"internal server error","temporary":true}})");
}

TEST(JsonReply, Connect) {
  ConnectResult result{.client = "c1",
                       .version = "1",
                       .expiry = {true, 60},
                       .data = R"({"a":1})",
                       .subs = {},
                       .ping = 25,
                       .pong = true,
                       .session = "s",
                       .node = "n"};
  SubscribeResult& sub = result.subs["a\"b"];
  sub.recoverable = true;
  sub.position = {{"e"}, {5}};
  EXPECT_EQ(json_reply(1, result),
            R"({"id":1,"connect":{"client":"c1","version":"1","expires":true,"ttl":60,)"
            R"("data":{"a":1},"subs":{"a\"b":{"recoverable":true,"epoch":"e","offset":5}},)"
            R"("ping":25,"pong":true,"session":"s","node":"n"}})");
}

TEST(JsonReply, Subscribe) {
  SubscribeResult result;
  result.recoverable = result.positioned = result.was_recovering = result.recovered = true;
  result.position = {{"e"}, {9}};
  result.publications = {publication(8),
                         publication(9, {.user = {"u"}, .client = "c", .info = "{}"})};
  EXPECT_EQ(json_reply(4, result),
            R"({"id":4,"subscribe":{"recoverable":true,"epoch":"e","publications":[)"
            R"({"data":{"text":"hi"},"offset":8},)"
            R"({"data":{"text":"hi"},"info":{"user":"u","client":"c","conn_info":{}},"offset":9}],)"
            R"("recovered":true,"offset":9,"positioned":true,"was_recovering":true}})");
}

TEST(JsonReply, Presence) {
  EXPECT_EQ(
      json_reply(5, PresenceResult{{{"c1", {"u", "c1", "", R"("x")"}}}}),
      R"({"id":5,"presence":{"presence":{"c1":{"user":"u","client":"c1","chan_info":"x"}}}})");
}

TEST(JsonReply, Pushes) {
  EXPECT_EQ(json_publication_push("r", publication(7)),
            R"({"push":{"channel":"r","pub":{"data":{"text":"hi"},"offset":7}}})");
  EXPECT_EQ(
      json_publication_push("r", publication(0, {.user = {"u"}, .client = {}, .info = {}})),
      R"({"push":{"channel":"r","pub":{"data":{"text":"hi"},"info":{"user":"u","client":""}}}})");
  EXPECT_EQ(json_leave_push("r", {"u", "c", "", ""}),
            R"({"push":{"channel":"r","leave":{"info":{"user":"u","client":"c"}}}})");
  EXPECT_EQ(json_subscribe_push("r", {true, false, {{"e"}, {2}}, ""}),
            R"({"push":{"channel":"r","subscribe":{"recoverable":true,"epoch":"e","offset":2}}})");
  EXPECT_EQ(
      json_unsubscribe_push("r", kUnsubscribeInsufficientState),
      R"({"push":{"channel":"r","unsubscribe":{"code":2500,"reason":"insufficient state"}}})");
  EXPECT_EQ(json_message_push("[1]"), R"({"push":{"message":{"data":[1]}}})");
  EXPECT_EQ(json_refresh_push({true, 30}), R"({"push":{"refresh":{"expires":true,"ttl":30}}})");
  EXPECT_EQ(json_disconnect_push(kDisconnectShutdown),
            R"({"push":{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}})");
  EXPECT_EQ(json_disconnect_push(kDisconnectBadRequest),
            R"({"push":{"disconnect":{"code":3501,"reason":"bad request"}}})");
}

// Whatever a user may be called, the line stays one line of JSON.
TEST(JsonReply, TextsAreEscaped) {
  const std::string nasty = "a\"\n\r\\\x01\xE2\x80\xA8}";
  const std::string line = json_leave_push(nasty, {nasty, nasty, "", ""});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = RawJson::parse(line);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->member("push")->member("channel")->string(), nasty);
  EXPECT_EQ(json->member("push")->member("leave")->member("info")->member("user")->string(), nasty);
}

}  // namespace
}  // namespace palaver::codec::wire
