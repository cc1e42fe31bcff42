// SPDX-License-Identifier: Apache-2.0
// Commands: literal lines as the SDKs write them, and lines that are none.
#include "codec/wire/json_command.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace palaver::codec::wire {
namespace {

// What a frame holds as far as it is commands: their lines, and how the frame ends.
struct Read {
  std::vector<std::string> commands;
  bool refused = false;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read(std::string_view frame) {
  Read read;
  while (const auto line = next_line(frame)) {
    read.refused = !decode_json_command(*line);
    if (read.refused) break;
    read.commands.emplace_back(*line);
  }
  return read;
}

// Every command of this file comes by here: a part of it is no command, and does not spoil what
// stands before it.
void check_cuts(std::string_view line) {
  for (std::size_t cut = 0; cut < line.size(); ++cut) {
    EXPECT_FALSE(decode_json_command(line.substr(0, cut))) << line.substr(0, cut);
  }
  const std::string other = R"({"id":7,"rpc":{"method":"m","data":{"a":["\u00e9"]}}})";
  const std::string one(line);
  for (const auto& [first, second] : {std::pair(one, other), std::pair(other, one)}) {
    const std::string frame = first + '\n' + second;
    EXPECT_EQ(read(frame), (Read{{first, second}, false})) << frame;
    for (std::size_t cut = 0; cut < frame.size(); ++cut) {
      Read expected;
      if (cut >= first.size()) expected.commands.push_back(first);
      expected.refused = cut > 0 && cut != first.size() && cut != first.size() + 1;
      EXPECT_EQ(read(std::string_view(frame).substr(0, cut)), expected) << frame << " at " << cut;
    }
  }
}

template <typename T>
T decoded(std::string_view line, std::uint32_t id = 1) {
  check_cuts(line);
  const auto command = decode_json_command(line);
  if (!command) {
    ADD_FAILURE() << line << ": " << command.error().message;
    return {};
  }
  EXPECT_EQ(command->id, id) << line;
  const T* request = std::get_if<T>(&command->request);
  EXPECT_NE(request, nullptr) << line;
  return request == nullptr ? T{} : *request;
}

TEST(NextLine, SplitsAFrameAtLineFeedsAndSkipsEmptyLines) {
  const auto lines = [](std::string_view frame) {
    std::vector<std::string> all;
    while (const auto line = next_line(frame)) all.emplace_back(*line);
    return all;
  };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines(""), Lines{});
  EXPECT_EQ(lines("\n \r\n\t\n"), Lines{});
  EXPECT_EQ(lines("a"), Lines{"a"});
  EXPECT_EQ(lines("a\nb\n"), (Lines{"a", "b"}));
  EXPECT_EQ(lines("\na\n\n b\r\nc"), (Lines{"a", " b\r", "c"}));
}

TEST(JsonCommand, Connect) {
  const auto request = decoded<ConnectRequest>(
      R"({"id":1,"connect":{"token":"t","data":{"name": "Ann"},"name":"js","version":"5",)"
      R"("subs":{"a":{"recover":true,"offset":7,"epoch":"e"},"b":{}},"headers":{"x":"y"}}})");
  EXPECT_EQ(request.token, "t");
  EXPECT_EQ(request.data, R"({"name": "Ann"})");
  EXPECT_EQ(request.name, "js");
  EXPECT_EQ(request.version, "5");
  ASSERT_EQ(request.subs.size(), 2U);
  EXPECT_TRUE(request.subs.at("a").recover);
  EXPECT_EQ(request.subs.at("a").channel, "a");
  EXPECT_EQ(request.subs.at("a").since, (model::Position{{"e"}, {7}}));
  EXPECT_FALSE(request.subs.at("b").recover);
  EXPECT_TRUE(decoded<ConnectRequest>(R"({"id":1,"connect":{}})").token.empty());
}

TEST(JsonCommand, Subscribe) {
  const auto request = decoded<SubscribeRequest>(
      R"({"id":2,"subscribe":{"channel":"room","token":"t","recover":true,"epoch":"ab",)"
      R"("offset":9007199254740991,"positioned":true,"recoverable":true,"join_leave":true,)"
      R"("delta":"fossil","flag":2,"data":[1,2]}})",
      2);
  EXPECT_EQ(request.channel, "room");
  EXPECT_EQ(request.token, "t");
  EXPECT_TRUE(request.recover);
  EXPECT_EQ(request.since, (model::Position{{"ab"}, {9007199254740991}}));
  EXPECT_TRUE(request.positioned);
  EXPECT_TRUE(request.recoverable);
  EXPECT_TRUE(request.join_leave);
  EXPECT_EQ(request.delta, "fossil");
  EXPECT_EQ(request.flag, 2);
  EXPECT_EQ(request.data, "[1,2]");
}

TEST(JsonCommand, TheOthers) {
  EXPECT_EQ(decoded<UnsubscribeRequest>(R"({"id":1,"unsubscribe":{"channel":"r"}})").channel, "r");
  EXPECT_EQ(decoded<PresenceRequest>(R"({"id":1,"presence":{"channel":"r"}})").channel, "r");
  EXPECT_EQ(decoded<PresenceStatsRequest>(R"({"id":1,"presence_stats":{"channel":"r"}})").channel,
            "r");
  const auto publish = decoded<PublishRequest>(
      "{\"id\":1,\"publish\":{\"channel\":\"r\",\"data\":{\"text\" :\r\"a\\nb\"}}}");
  EXPECT_EQ(publish.data, "{\"text\" :\"a\\nb\"}");
  const auto history = decoded<HistoryRequest>(
      R"({"id":1,"history":{"channel":"r","limit":-1,"since":{"offset":3,"epoch":"e"},)"
      R"("reverse":true}})");
  EXPECT_EQ(history.limit, -1);
  EXPECT_EQ(history.since, (model::Position{{"e"}, {3}}));
  EXPECT_TRUE(history.reverse);
  EXPECT_FALSE(decoded<HistoryRequest>(R"({"id":1,"history":{"channel":"r"}})").since);
  const auto rpc = decoded<RpcRequest>(R"({"id":1,"rpc":{"method":"m","data":null}})");
  EXPECT_EQ(rpc.method, "m");
  EXPECT_EQ(rpc.data, "null");
  EXPECT_EQ(decoded<RefreshRequest>(R"({"id":1,"refresh":{"token":"t"}})").token, "t");
  EXPECT_EQ(
      decoded<SubRefreshRequest>(R"({"id":1,"sub_refresh":{"channel":"r","token":"t"}})").token,
      "t");
  EXPECT_EQ(decoded<SendRequest>(R"({"send":{"data":1}})", 0).data, "1");
  decoded<PingRequest>(R"({"id":1,"ping":{}})");
  decoded<Pong>("{}", 0);
}

TEST(JsonCommand, NullIsAbsentAndWhatIsUnknownIsSkipped) {
  const auto request =
      decoded<SubscribeRequest>(R"({"later":[{}],"id":1,"connect":null,)"
                                R"("subscribe":{"channel":"r","token":null,"new":{"a":1}}})");
  EXPECT_EQ(request.channel, "r");
  EXPECT_EQ(request.token, "");
}

TEST(JsonCommand, RefusesWhatIsNoCommand) {
  for (const std::string_view bad : {
           "",
           "[]",
           "1",
           "{",
           R"({"id":1})",
           R"({"id":1,"fly":{}})",
           R"({"id":-1,"ping":{}})",
           R"({"id":4294967296,"ping":{}})",
           R"({"id":1.5,"ping":{}})",
           R"({"id":"1","ping":{}})",
           R"({"ping":{}})",
           R"({"publish":{"channel":"r","data":1}})",
           R"({"id":1,"ping":1})",
           R"({"id":1,"ping":{},"rpc":{}})",
           R"({"id":1,"subscribe":[]})",
           R"({"id":1,"subscribe":{"channel":1}})",
           R"({"id":1,"subscribe":{"channel":"r","recover":"yes"}})",
           R"({"id":1,"subscribe":{"channel":"r","offset":-1}})",
           R"({"id":1,"subscribe":{"channel":"r","offset":1e3}})",
           R"({"id":1,"history":{"channel":"r","limit":2147483648}})",
           R"({"id":1,"history":{"channel":"r","since":7}})",
           R"({"id":1,"history":{"channel":"r","since":{"offset":"1"}}})",
           R"({"id":1,"connect":{"subs":[]}})",
           R"({"id":1,"connect":{"subs":{"a":1}}})",
           R"({"id":1,"connect":{"subs":{"a":{"epoch":1}}}})",
       }) {
    EXPECT_FALSE(decode_json_command(bad)) << bad;
  }
}

}  // namespace
}  // namespace palaver::codec::wire
