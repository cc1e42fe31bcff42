// SPDX-License-Identifier: Apache-2.0
// Requests of the HTTP API: literal bodies as the client libraries write them, every field and
// every wrong type of it, each bound at the bound and one beyond.
#include "codec/wire/api_request.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/utf8.h"
#include "codec/wire/raw_json.h"

namespace palaver::codec::wire {
namespace {

// Every body of this file comes by here: a part of it is refused. (None at all is an empty object.)
void check_cuts(std::string_view method, std::string_view body) {
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    const auto request = decode_api_request(method, body.substr(0, cut));
    ASSERT_FALSE(request) << method << ' ' << body.substr(0, cut);
    EXPECT_EQ(request.error().code, 107U) << method << ' ' << body.substr(0, cut);
  }
}

template <typename T>
T decoded(std::string_view body) {
  check_cuts(T::kMethod, body);
  const auto request = decode_api_request(T::kMethod, body);
  if (!request) {
    ADD_FAILURE() << T::kMethod << ' ' << body << ": " << request.error().message;
    return {};
  }
  if constexpr (std::is_same_v<T, ApiBatch>) {
    return std::get<ApiBatch>(*request);
  } else {
    const auto& command = std::get<ApiCommand>(*request);
    EXPECT_EQ(api_method(command), T::kMethod);
    return std::get<T>(command);
  }
}

ApiError refused(std::string_view method, std::string_view body) {
  const auto request = decode_api_request(method, body);
  EXPECT_FALSE(request) << method << ' ' << body;
  return request ? ApiError{} : request.error();
}

ApiError bad_request(std::string_view text) { return {107, "bad request: " + std::string(text)}; }

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all.append(i == 0 ? "" : ",").append(text);
  return all;
}

std::string publish_with(std::string_view members) {
  return R"({"channel":"r","data":1,)" + std::string(members) + '}';
}

TEST(ApiRequest, Publish) {
  const auto request = decoded<ApiPublish>(
      R"({"channel":"room","data":{"text": "hi"},"skip_history":true,"tags":{"a":"1","b":""},)"
      R"("idempotency_key":"k","delta":true,"version":0,"later":[{}]})");
  EXPECT_EQ(request.channel, "room");
  EXPECT_EQ(request.payload.data, R"({"text": "hi"})");
  EXPECT_TRUE(request.payload.skip_history);
  EXPECT_EQ(request.payload.tags, (std::map<std::string, std::string>{{"a", "1"}, {"b", ""}}));
  EXPECT_EQ(request.payload.idempotency_key, "k");
  EXPECT_TRUE(request.payload.delta);
  const auto least = decoded<ApiPublish>(R"({"channel":"r","data":0})");
  EXPECT_FALSE(least.payload.skip_history);
  EXPECT_TRUE(least.payload.tags.empty());
  EXPECT_TRUE(least.payload.idempotency_key.empty());
  EXPECT_FALSE(least.payload.delta);
}

TEST(ApiRequest, DataPassesAsItWasWrittenButForLineBreaks) {
  const auto data = [](std::string_view written) {
    return decoded<ApiPublish>(R"({"channel":"r","data":)" + std::string(written) + '}')
        .payload.data;
  };
  EXPECT_EQ(data("null"), "null");
  EXPECT_EQ(data(R"("")"), R"("")");
  EXPECT_EQ(data("[]"), "[]");
  EXPECT_EQ(data("1.50E3"), "1.50E3");
  EXPECT_EQ(data("{\"a\" :\r\n\t\"\\u00e9\\n\" }"), "{\"a\" :\t\"\\u00e9\\n\" }");
}

TEST(ApiRequest, Base64HoldsJson) {
  const auto data = [](std::string_view members) {
    return decoded<ApiPublish>(R"({"channel":"r",)" + std::string(members) + '}').payload.data;
  };
  EXPECT_EQ(data(R"("b64data":"eyJhIjoxfQ==")"), R"({"a":1})");
  EXPECT_EQ(data(R"("b64data":"ewoiYSI6MX0K")"), R"({"a":1})") << "without its line breaks";
  EXPECT_EQ(data(R"("data":null,"b64data":"MQ==")"), "1") << "base64 counts before data";
  EXPECT_EQ(data(R"("data":[2],"b64data":"")"), "[2]") << "empty counts as absent";
  EXPECT_EQ(data(R"("data":[2],"b64data":null)"), "[2]");
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"MQ", "b64data must be base64 with padding"},
      {"M Q=", "b64data must be base64 with padding"},
      {"_w==", "b64data must be base64 with padding"},
      {"/w==", "b64data must hold JSON"},
      {"Iv8i", "b64data must hold JSON"},  // no UTF-8 inside of a string
      {"e30x", "b64data must hold JSON"},
      {"IA==", "b64data must hold JSON"},
  };
  for (const auto& [text, expected] : table) {
    const std::string body = R"({"channel":"r","b64data":")" + std::string(text) + R"("})";
    EXPECT_EQ(refused("publish", body), bad_request(expected)) << text;
  }
}

TEST(ApiRequest, Broadcast) {
  const auto request = decoded<ApiBroadcast>(
      R"({"channels":["a","b","a"],"data":[1],"skip_history":true,"tags":{"x":"y"},)"
      R"("idempotency_key":"k","delta":true})");
  EXPECT_EQ(request.channels, (std::vector<std::string>{"a", "b", "a"}));
  EXPECT_EQ(request.payload.data, "[1]");
  EXPECT_TRUE(request.payload.skip_history);
  EXPECT_EQ(request.payload.tags.at("x"), "y");
  EXPECT_EQ(request.payload.idempotency_key, "k");
  EXPECT_TRUE(request.payload.delta);
  EXPECT_EQ(decoded<ApiBroadcast>(R"({"channels":["a"],"b64data":"e30="})").payload.data, "{}");
}

TEST(ApiRequest, Subscribe) {
  const auto request = decoded<ApiSubscribe>(
      R"({"user":"u","channel":"r","client":"c","session":"s","info":{"a": 1},"data":[2],)"
      R"("recover_since":{"offset":9007199254740991,"epoch":"e"},"expire_at":1900000000,)"
      R"("override":{"presence":{"value":false},"join_leave":{"value":true},)"
      R"("force_push_join_leave":{},"force_positioning":null,"force_recovery":{"value":true}}})");
  EXPECT_EQ(request.target.user, "u");
  EXPECT_EQ(request.target.client, "c");
  EXPECT_EQ(request.target.session, "s");
  EXPECT_EQ(request.channel, "r");
  EXPECT_EQ(request.info, R"({"a": 1})");
  EXPECT_EQ(request.data, "[2]");
  EXPECT_EQ(request.recover_since, (model::Position{{"e"}, {9007199254740991}}));
  EXPECT_EQ(request.expire_at, 1'900'000'000);
  EXPECT_EQ(request.override.presence, false);
  EXPECT_EQ(request.override.join_leave, true);
  EXPECT_EQ(request.override.force_push_join_leave, false);
  EXPECT_EQ(request.override.force_positioning, std::nullopt);
  EXPECT_EQ(request.override.force_recovery, true);
  const auto least = decoded<ApiSubscribe>(R"({"user":"u","channel":"r","client":"","info":null})");
  EXPECT_TRUE(least.info.empty());
  EXPECT_TRUE(least.data.empty());
  EXPECT_FALSE(least.recover_since);
  EXPECT_EQ(least.expire_at, 0);
  EXPECT_FALSE(least.override.presence);
  const auto base64 =
      decoded<ApiSubscribe>(R"({"session":"s","channel":"r","b64info":"e30=","b64data":"MQ=="})");
  EXPECT_EQ(base64.info, "{}");
  EXPECT_EQ(base64.data, "1");
}

TEST(ApiRequest, UnsubscribeDisconnectRefresh) {
  const auto unsubscribe = decoded<ApiUnsubscribe>(R"({"user":"u","channel":"r","client":"c"})");
  EXPECT_EQ(unsubscribe.channel, "r");
  EXPECT_EQ(unsubscribe.target.user, "u");
  EXPECT_EQ(unsubscribe.target.client, "c");
  const auto disconnect = decoded<ApiDisconnect>(
      R"({"user":"u","whitelist":["c1","c2"],"disconnect":{"code":4001,"reason":"bye"}})");
  EXPECT_EQ(disconnect.target.user, "u");
  EXPECT_EQ(disconnect.whitelist, (std::vector<std::string>{"c1", "c2"}));
  ASSERT_TRUE(disconnect.disconnect);
  EXPECT_EQ(disconnect.disconnect->code, 4001);
  EXPECT_EQ(disconnect.disconnect->reason, "bye");
  EXPECT_FALSE(decoded<ApiDisconnect>(R"({"user":"u","client":""})").disconnect);
  EXPECT_EQ(decoded<ApiDisconnect>(R"({"client":"c"})").target.client, "c");
  const auto refresh = decoded<ApiRefresh>(
      R"({"user":"u","session":"s","expired":true,"expire_at":1900000000,"info":{"role":"x"}})");
  EXPECT_EQ(refresh.target.user, "u");
  EXPECT_EQ(refresh.target.session, "s");
  EXPECT_TRUE(refresh.expired);
  EXPECT_EQ(refresh.expire_at, 1'900'000'000);
  EXPECT_EQ(refresh.info, R"({"role":"x"})");
}

TEST(ApiRequest, History) {
  const auto request = decoded<ApiHistory>(
      R"({"channel":"r","limit":-1,"since":{"offset":18446744073709551615,"epoch":"e"},)"
      R"("reverse":true})");
  EXPECT_EQ(request.channel, "r");
  EXPECT_EQ(request.limit, -1);
  EXPECT_EQ(request.since, (model::Position{{"e"}, {18446744073709551615U}}));
  EXPECT_TRUE(request.reverse);
  const auto least = decoded<ApiHistory>(R"({"channel":"r"})");
  EXPECT_EQ(least.limit, 0);
  EXPECT_FALSE(least.since);
  EXPECT_FALSE(least.reverse);
}

TEST(ApiRequest, TheOthers) {
  EXPECT_EQ(decoded<ApiPresence>(R"({"channel":"r"})").channel, "r");
  EXPECT_EQ(decoded<ApiPresenceStats>(R"({"channel":"r"})").channel, "r");
  EXPECT_EQ(decoded<ApiHistoryRemove>(R"({"channel":"r"})").channel, "r");
  EXPECT_EQ(decoded<ApiChannels>(R"({"pattern":"a*"})").pattern, "a*");
  EXPECT_EQ(decoded<ApiChannels>("{}").pattern, "");
  const auto block = decoded<ApiBlockUser>(R"({"user":"u","expire_at":1900000000})");
  EXPECT_EQ(block.user, "u");
  EXPECT_EQ(block.expire_at, 1'900'000'000);
  EXPECT_EQ(decoded<ApiBlockUser>(R"({"user":"u"})").expire_at, 0);
  EXPECT_EQ(decoded<ApiUnblockUser>(R"({"user":"u"})").user, "u");
  const auto send = decoded<ApiSend>(R"({"user":"u","client":"c","session":"s","data":"x"})");
  EXPECT_EQ(send.target.user, "u");
  EXPECT_EQ(send.target.client, "c");
  EXPECT_EQ(send.target.session, "s");
  EXPECT_EQ(send.data, R"("x")");
  EXPECT_EQ(decoded<ApiSend>(R"({"user":"u","b64data":"MQ=="})").data, "1");
}

TEST(ApiRequest, ABodyWithoutBytesIsAnEmptyObject) {
  EXPECT_TRUE(decode_api_request("info", ""));
  EXPECT_TRUE(decode_api_request("channels", ""));
  EXPECT_EQ(refused("presence", ""), bad_request("channel must not be empty"));
}

TEST(ApiRequest, BatchKeepsTheOrderAndTheErrorsOfItsCommands) {
  const auto batch = decoded<ApiBatch>(
      R"({"parallel":true,"commands":[{"publish":{"channel":"r","data":1}},{"info":{}},)"
      R"({"publish":{"channel":"","data":1}},{"fly":{}},{},1,{"info":{},"presence":{}},)"
      R"({"batch":{"commands":[]}},{"later":1,"presence":null,"channels":{}},{"info":[]}]})");
  EXPECT_TRUE(batch.parallel);
  ASSERT_EQ(batch.commands.size(), 10U);
  const auto method = [&](std::size_t i) {
    return batch.commands[i] ? api_method(*batch.commands[i]) : "none";
  };
  EXPECT_EQ(method(0), "publish");
  EXPECT_EQ(std::get<ApiPublish>(*batch.commands[0]).payload.data, "1");
  EXPECT_EQ(method(1), "info");
  const ApiError none{104, "method not found"};
  EXPECT_EQ(batch.commands[2].error(), bad_request("channel must not be empty"));
  EXPECT_EQ(batch.commands[3].error(), none);
  EXPECT_EQ(batch.commands[4].error(), none);
  EXPECT_EQ(batch.commands[5].error(), bad_request("a command must be an object"));
  EXPECT_EQ(batch.commands[6].error(), bad_request("a command must have one method"));
  EXPECT_EQ(batch.commands[7].error(), bad_request("a batch must not hold another"));
  EXPECT_EQ(method(8), "channels");
  EXPECT_EQ(batch.commands[9].error(), bad_request("a request is an object"));
  EXPECT_FALSE(decoded<ApiBatch>(R"({"commands":[]})").parallel);
}

TEST(ApiRequest, BoundsHoldAtTheBoundAndNotBeyond) {
  const auto at_bound = [](std::string_view method, std::string_view before, std::string_view unit,
                           std::size_t bound, std::string_view after, std::string_view failure) {
    const auto body = [&](std::size_t count) {
      std::string text(before);
      if (unit.size() > 1) return text + repeated(unit, count) + std::string(after);
      return text.append(count, unit[0]).append(after);
    };
    EXPECT_TRUE(decode_api_request(method, body(bound))) << failure;
    EXPECT_EQ(refused(method, body(bound + 1)), bad_request(failure));
  };
  at_bound("presence", R"({"channel":")", "x", base::kRoomNameBytesMax, R"("})",
           "channel is longer than 255 bytes");
  at_bound("broadcast", R"({"data":1,"channels":["a",")", "x", base::kRoomNameBytesMax, R"("]})",
           "each of channels is longer than 255 bytes");
  at_bound("broadcast", R"({"data":1,"channels":[)", R"("a")", base::kApiBroadcastChannelsMax, "]}",
           "channels are more than 1000");
  at_bound("batch", R"({"commands":[)", R"({"info":{}})", base::kApiBatchCommandsMax, "]}",
           "commands are more than 1000");
  at_bound("publish", R"({"channel":"r","data":1,"idempotency_key":")", "x",
           base::kDedupeIdBytesMax, R"("})", "idempotency_key is longer than 64 bytes");
  at_bound("disconnect", R"({"user":"u","disconnect":{"code":3000,"reason":")", "x", 123, R"("}})",
           "disconnect.reason is longer than 123 bytes");
}

TEST(ApiRequest, CloseCodesAreThoseOfApplications) {
  const auto body = [](std::string_view code) {
    return R"({"user":"u","disconnect":{"code":)" + std::string(code) + "}}";
  };
  for (const std::string_view good : {"3000", "3999", "4000", "4999"}) {
    EXPECT_TRUE(decode_api_request("disconnect", body(good))) << good;
  }
  for (const std::string_view bad : {"0", "1000", "2999", "5000", "68536", "null"}) {
    EXPECT_EQ(refused("disconnect", body(bad)), bad_request("disconnect.code must be 3000 to 4999"))
        << bad;
  }
}

TEST(ApiRequest, MethodsAreKnownByTheirExactName) {
  const ApiError none{104, "method not found"};
  for (const std::string_view method : {"", "rpc", "Publish", "publish/", "connections"}) {
    EXPECT_EQ(refused(method, "{}"), none) << method;
  }
  std::vector<std::string_view> names(api_methods().begin(), api_methods().end());
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string_view>{
                       "batch", "block_user", "broadcast", "channels", "disconnect", "history",
                       "history_remove", "info", "presence", "presence_stats", "publish", "refresh",
                       "send", "subscribe", "unblock_user", "unsubscribe"}));
  for (const std::string_view name : names) {
    const auto request = decode_api_request(name, "{}");
    EXPECT_TRUE(request || request.error().code == 107) << name;
  }
}

struct Refusal {
  std::string_view method;
  std::string body;
  std::string_view failure;
};

TEST(ApiRequest, SaysWhichPayloadFieldIsWrong) {
  const std::vector<Refusal> table = {
      {"publish", R"({"data":1})", "channel must not be empty"},
      {"publish", R"({"channel":null,"data":1})", "channel must not be empty"},
      {"publish", R"({"channel":1,"data":1})", "channel must be a string"},
      {"publish", R"({"channel":"r"})", "data is missing"},
      {"publish", R"({"channel":"r","b64data":1})", "b64data must be a string"},
      {"publish", publish_with(R"("skip_history":1)"), "skip_history must be true or false"},
      {"publish", publish_with(R"("tags":[])"), "tags must be an object of strings"},
      {"publish", publish_with(R"("tags":{"a":1})"), "tags must be an object of strings"},
      {"publish", publish_with(R"("tags":{"a":null})"), "tags must be an object of strings"},
      {"publish", publish_with(R"("idempotency_key":1)"), "idempotency_key must be a string"},
      {"publish", publish_with(R"("delta":"yes")"), "delta must be true or false"},
      {"publish", publish_with(R"("version":"1")"), "version must be a number"},
      {"publish", publish_with(R"("version":1)"), "version is not supported"},
      {"broadcast", R"({"data":1})", "channels must not be empty"},
      {"broadcast", R"({"data":1,"channels":[]})", "channels must not be empty"},
      {"broadcast", R"({"data":1,"channels":"r"})", "channels must be an array of strings"},
      {"broadcast", R"({"data":1,"channels":["r",1]})", "channels must be an array of strings"},
      {"broadcast", R"({"data":1,"channels":["r",""]})", "each of channels must not be empty"},
      {"broadcast", R"({"channels":["r"]})", "data is missing"},
      {"send", R"({"user":"u"})", "data is missing"},
      {"send", R"({"user":1,"data":1})", "user must be a string"},
  };
  for (const Refusal& row : table) {
    EXPECT_EQ(refused(row.method, row.body), bad_request(row.failure)) << row.body;
  }
}

TEST(ApiRequest, SaysWhichOtherFieldIsWrong) {
  constexpr std::string_view kNobody = "user must not be empty, unless client or session is given";
  const auto subscribe = [](std::string_view members) {
    return R"({"user":"u","channel":"r",)" + std::string(members) + '}';
  };
  const std::vector<Refusal> table = {
      {"subscribe", R"({"channel":"r"})", kNobody},
      {"unsubscribe", R"({"user":"","channel":"r"})", kNobody},
      {"disconnect", R"({"user":"","client":"","session":""})", kNobody},
      {"refresh", "{}", kNobody},
      {"send", R"({"data":1})", kNobody},
      {"disconnect", R"({"client":1})", "client must be a string"},
      {"disconnect", R"({"session":1})", "session must be a string"},
      {"disconnect", R"({"user":"u","whitelist":{}})", "whitelist must be an array of strings"},
      {"disconnect", R"({"user":"u","disconnect":1})", "disconnect must be an object"},
      {"disconnect", R"({"user":"u","disconnect":{"code":"1"}})",
       "disconnect.code must be a 32-bit number"},
      {"disconnect", R"({"user":"u","disconnect":{"code":4000,"reason":1}})",
       "disconnect.reason must be a string"},
      {"subscribe", R"({"user":"u"})", "channel must not be empty"},
      {"subscribe", subscribe(R"("b64info":1)"), "b64info must be a string"},
      {"subscribe", subscribe(R"("b64info":"x")"), "b64info must be base64 with padding"},
      {"subscribe", subscribe(R"("b64data":"x")"), "b64data must be base64 with padding"},
      {"subscribe", subscribe(R"("recover_since":[])"), "recover_since must be an object"},
      {"subscribe", subscribe(R"("recover_since":{"offset":-1})"),
       "recover_since.offset must be a number"},
      {"subscribe", subscribe(R"("expire_at":1.5)"), "expire_at must be an integer"},
      {"subscribe", subscribe(R"("expire_at":-1)"), "expire_at must not be negative"},
      {"subscribe", subscribe(R"("override":true)"), "override must be an object"},
      {"subscribe", subscribe(R"("override":{"presence":true})"),
       "override.presence must be an object"},
      {"subscribe", subscribe(R"("override":{"join_leave":{"value":1}})"),
       "override.join_leave.value must be true or false"},
      {"unsubscribe", R"({"user":"u"})", "channel must not be empty"},
      {"refresh", R"({"user":"u","expired":1})", "expired must be true or false"},
      {"refresh", R"({"user":"u","expire_at":"1"})", "expire_at must be an integer"},
      {"presence_stats", "{}", "channel must not be empty"},
      {"history", "{}", "channel must not be empty"},
      {"history", R"({"channel":"r","limit":2147483648})", "limit must be a 32-bit integer"},
      {"history", R"({"channel":"r","since":7})", "since must be an object"},
      {"history", R"({"channel":"r","since":{"epoch":1}})", "since.epoch must be a string"},
      {"history", R"({"channel":"r","reverse":"x"})", "reverse must be true or false"},
      {"history_remove", "{}", "channel must not be empty"},
      {"channels", R"({"pattern":1})", "pattern must be a string"},
      {"block_user", "{}", "user must not be empty"},
      {"block_user", R"({"user":"u","expire_at":-1})", "expire_at must not be negative"},
      {"unblock_user", R"({"user":""})", "user must not be empty"},
      {"batch", "{}", "commands must be an array"},
      {"batch", R"({"commands":{}})", "commands must be an array"},
      {"batch", R"({"commands":[],"parallel":1})", "parallel must be true or false"},
      {"batch", "[]", "a request is an object"},
      {"info", "[]", "a request is an object"},
      {"info", "\"\xff\"", "the body must be UTF-8"},
  };
  for (const Refusal& row : table) {
    EXPECT_EQ(refused(row.method, row.body), bad_request(row.failure)) << row.body;
  }
}

TEST(ApiRequest, ABodyIsOneJsonText) {
  for (const std::string_view bad : {" ", "{", "{}{}", "{\"a\":}", "{'a':1}"}) {
    const ApiError error = refused("info", bad);
    EXPECT_EQ(error.code, 107U) << bad;
    EXPECT_TRUE(error.message.starts_with("bad request: JSON: ")) << error.message;
  }
}

// The payload of a command that has one.
const std::string* payload_of(const ApiRequest& request) {
  const auto* const command = std::get_if<ApiCommand>(&request);
  if (command == nullptr) return nullptr;
  if (const auto* publish = std::get_if<ApiPublish>(command)) return &publish->payload.data;
  if (const auto* broadcast = std::get_if<ApiBroadcast>(command)) return &broadcast->payload.data;
  if (const auto* send = std::get_if<ApiSend>(command)) return &send->data;
  return nullptr;
}

// Good bodies with a few bytes changed: refused with a reason, or taken with sound payloads.
TEST(ApiRequest, AnyBytesAreRefusedOrSound) {
  const std::vector<std::pair<std::string_view, std::string_view>> seeds = {
      {"publish", R"({"channel":"r","data":{"a":[1,"x"]},"tags":{"a":"b"},"delta":true})"},
      {"publish", R"({"channel":"r","b64data":"eyJhIjoiw6kifQ=="})"},
      {"broadcast", R"({"channels":["a","b"],"data":"\u00e9","idempotency_key":"k"})"},
      {"send", R"({"user":"u","data":[null,true,-1.5e3]})"},
      {"disconnect", R"({"user":"u","whitelist":["c"],"disconnect":{"code":4000}})"},
      {"batch", R"({"commands":[{"publish":{"channel":"r","data":1}},{"info":{}}]})"},
  };
  constexpr std::string_view kBytes = "{}[]\",:\\ \n\r01e.-ntf=\xc3\xa9\xff";
  constexpr std::uint32_t kSeed = 20'260'601;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  int taken = 0;
  for (int i = 0; i < 30'000; ++i) {
    const auto& [method, good] = seeds[random() % seeds.size()];
    std::string body(good);
    for (auto changes = random() % 3 + 1; changes > 0; --changes) {
      const char byte = kBytes[random() % kBytes.size()];
      const std::size_t at = random() % body.size();
      if (random() % 2 == 0)
        body[at] = byte;
      else
        body.insert(at, 1, byte);
    }
    const auto request = decode_api_request(method, body);
    if (!request) {
      ASSERT_EQ(request.error().code, 107U) << body;
      ASSERT_TRUE(base::is_valid_utf8(request.error().message)) << body;
      continue;
    }
    ++taken;
    const std::string* const payload = payload_of(*request);
    if (payload == nullptr) continue;
    ASSERT_TRUE(RawJson::parse(*payload)) << body;
    ASSERT_EQ(payload->find_first_of("\r\n"), std::string::npos) << body;
  }
  EXPECT_GT(taken, 1'000) << "the changes leave something to look at";
}

}  // namespace
}  // namespace palaver::codec::wire
