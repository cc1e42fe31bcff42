// SPDX-License-Identifier: Apache-2.0
// Answers of the HTTP API as literal texts, and what holds of every text.
#include "codec/wire/api_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "codec/wire/raw_json.h"

namespace palaver::codec::wire {
namespace {

const ApiPublishResult kPublished{{{"e"}, {18446744073709551615U}}};
const ApiError kUnknown = api_error(kErrorUnknownChannel);

std::string reply(ApiResult result) { return api_reply(std::move(result)); }

TEST(ApiReply, ResultsAndErrors) {
  EXPECT_EQ(reply(ApiDone{}), R"({"result":{}})");
  EXPECT_EQ(api_reply(std::unexpected(kUnknown)),
            R"({"error":{"code":102,"message":"unknown channel"}})");
  EXPECT_EQ(reply(kPublished), R"({"result":{"offset":18446744073709551615,"epoch":"e"}})");
}

TEST(ApiReply, Broadcast) {
  EXPECT_EQ(reply(ApiBroadcastResult{{kPublished, std::unexpected(kUnknown)}}),
            R"({"result":{"responses":[{"result":{"offset":18446744073709551615,"epoch":"e"}},)"
            R"({"error":{"code":102,"message":"unknown channel"}}]}})");
}

TEST(ApiReply, Presence) {
  EXPECT_EQ(
      reply(PresenceResult{{{"c1", {"u", "c1", R"({"a":1})", ""}}, {"c2", {"", "c2", "", ""}}}}),
      R"({"result":{"presence":{"c1":{"user":"u","client":"c1","conn_info":{"a":1}},)"
      R"("c2":{"user":"","client":"c2"}}}})");
  EXPECT_EQ(reply(PresenceStatsResult{3, 2}), R"({"result":{"num_clients":3,"num_users":2}})");
}

TEST(ApiReply, History) {
  HistoryResult history{.position = {{"e"}, {9}}, .publications = {}};
  history.publications.push_back({.offset = {8},
                                  .prev = {},
                                  .sender = {.user = {"u"}, .client = "c", .info = "{}"},
                                  .data = base::Frame::copy_of("[1]")});
  history.publications.push_back(
      {.offset = {9}, .prev = {8}, .sender = {}, .data = base::Frame::copy_of("2")});
  EXPECT_EQ(reply(history),
            R"({"result":{"publications":[)"
            R"({"data":[1],"info":{"user":"u","client":"c","conn_info":{}},"offset":8},)"
            R"({"data":2,"offset":9}],"epoch":"e","offset":9}})");
}

TEST(ApiReply, ChannelsAndNodes) {
  EXPECT_EQ(reply(ApiChannelsResult{{{"a\"b", 2}, {"c", 0}}}),
            R"({"result":{"channels":{"a\"b":{"num_clients":2},"c":{"num_clients":0}}}})");
  EXPECT_EQ(reply(ApiInfoResult{{{"id", "n1", "0.1.0", 5, 4, 7, 3, 60}}}),
            R"({"result":{"nodes":[{"uid":"id","name":"n1","version":"0.1.0","num_clients":5,)"
            R"("num_users":4,"num_subs":7,"num_channels":3,"uptime":60}]}})");
}

TEST(ApiReply, WhatClientLibrariesRequireIsThereWhenItIsEmpty) {
  EXPECT_EQ(reply(ApiPublishResult{}), R"({"result":{"offset":0,"epoch":""}})");
  EXPECT_EQ(reply(ApiBroadcastResult{}), R"({"result":{"responses":[]}})");
  EXPECT_EQ(reply(PresenceResult{}), R"({"result":{"presence":{}}})");
  EXPECT_EQ(reply(PresenceStatsResult{}), R"({"result":{"num_clients":0,"num_users":0}})");
  EXPECT_EQ(reply(HistoryResult{}), R"({"result":{"publications":[],"epoch":"","offset":0}})");
  EXPECT_EQ(reply(ApiChannelsResult{}), R"({"result":{"channels":{}}})");
  EXPECT_EQ(reply(ApiInfoResult{{{}}}),
            R"({"result":{"nodes":[{"uid":"","name":"","version":"","num_clients":0,)"
            R"("num_users":0,"num_subs":0,"num_channels":0,"uptime":0}]}})");
  EXPECT_EQ(reply(ApiInfoResult{}), R"({"result":{"nodes":[]}})");
}

TEST(ApiReply, ABatchHasEachResultUnderItsMethod) {
  EXPECT_EQ(api_batch_reply({}), R"({"replies":[]})");
  const std::vector<ApiBatchReply> replies = {
      {"publish", ApiPublishResult{{{"e"}, {5}}}},
      {"unsubscribe", ApiDone{}},
      {"history", std::unexpected(kUnknown)},
      {"presence_stats", PresenceStatsResult{1, 1}},
  };
  EXPECT_EQ(api_batch_reply(replies),
            R"({"replies":[{"publish":{"offset":5,"epoch":"e"}},{"unsubscribe":{}},)"
            R"({"error":{"code":102,"message":"unknown channel"}},)"
            R"({"presence_stats":{"num_clients":1,"num_users":1}}]})");
}

// Whatever is called how, the text is one line of JSON that says what was meant.
TEST(ApiReply, TextsAreEscaped) {
  const std::string nasty = "a\"\n\r\\\x01\xE2\x80\xA8}";
  const std::vector<ApiResult> results = {
      ApiPublishResult{{{nasty}, {1}}}, PresenceResult{{{nasty, {nasty, nasty, "", ""}}}},
      ApiChannelsResult{{{nasty, 1}}}, ApiInfoResult{{{nasty, nasty, nasty, 0, 0, 0, 0, 0}}}};
  for (const ApiResult& result : results) {
    const std::string text = api_reply(result);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_TRUE(RawJson::parse(text)) << text;
  }
  const std::string error = api_reply(std::unexpected(ApiError{107, nasty}));
  const auto json = RawJson::parse(error);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->member("error")->member("message")->string(), nasty);
}

}  // namespace
}  // namespace palaver::codec::wire
