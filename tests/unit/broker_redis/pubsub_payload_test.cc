// SPDX-License-Identifier: Apache-2.0
// The article's payload: what we write is what Python's json.dumps writes, by cases that it wrote
// once and by cases that it writes now, where there is a python3; what others write is taken if it
// is one, and never more than refused.
#include "broker/redis/pubsub_payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/read_file.h"
#include "tests/support/temporary_folder.h"

namespace palaver::broker::redis {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// 2026-03-01 12:00:05.
constexpr base::WallTime kNoon =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + hours{12} + seconds{5};

std::string quoted(std::string_view text) {
  std::string out;
  append_python_string(out, text);
  return out;
}

std::string with(std::string_view key, std::string_view value) {
  std::string out = "{";
  for (const auto& [name, usual] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"channel_id", R"("test")"},
           {"client_id", "17"},
           {"time", R"("2026-03-01 12:00:05")"},
           {"message", R"("hi")"}}) {
    if (out.size() > 1) out += ", ";
    out += '"' + std::string(name) + "\": " + std::string(name == key ? value : usual);
  }
  return out + '}';
}

TEST(PubsubPayload, IsWhatTheArticleWrites) {
  EXPECT_EQ(
      encode_payload("röom", {.client = "1700000000123", .numbered = true, .text = "héy"}, kNoon),
      R"({"channel_id": "r\u00f6om", "client_id": 1700000000123, )"
      R"("time": "2026-03-01 12:00:05", "message": "h\u00e9y"})");
  EXPECT_EQ(encode_payload("a", {.client = "-7", .numbered = true, .text = ""}, kNoon),
            R"({"channel_id": "a", "client_id": -7, "time": "2026-03-01 12:00:05", )"
            R"("message": ""})");
  EXPECT_EQ(encode_payload("a", {.client = "7", .text = "x"}, kNoon),
            R"({"channel_id": "a", "client_id": "7", "time": "2026-03-01 12:00:05", )"
            R"("message": "x"})");
}

// Written by Python 3.11: print(json.dumps(text)).
TEST(PubsubPayload, EscapesAsPythonDoes) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"", R"("")"},
      {"plain ~ text /", R"("plain ~ text /")"},
      {R"(a"b\c)", R"("a\"b\\c")"},
      {"\n\r\t\b\f", R"("\n\r\t\b\f")"},
      {"\0\x01\x0b\x1f\x7f"sv, R"("\u0000\u0001\u000b\u001f\u007f")"},
      {"é", R"("\u00e9")"},
      {"\u07ff\u0800\u2028\uffff", R"("\u07ff\u0800\u2028\uffff")"},
      {"日本語", R"("\u65e5\u672c\u8a9e")"},
      {"👋🏽", R"("\ud83d\udc4b\ud83c\udffd")"},
      {"\U00010000\U0010ffff", R"("\ud800\udc00\udbff\udfff")"},
  };
  for (const auto& [text, json] : table) EXPECT_EQ(quoted(text), json);
  EXPECT_EQ(quoted("a\xff\xe2\x82z"), R"("a\ufffd\ufffdz")") << "it never writes what is no JSON";
}

// Of any code points but surrogates.
std::string random_text(std::mt19937& dice) {
  constexpr std::array<unsigned, 5> kEnds{0x80, 0x80, 0x800, 0x10000, 0x110000};
  const auto below = [&](unsigned end) { return static_cast<unsigned>(dice()) % end; };
  std::string text;
  for (unsigned size = below(40); size > 0; --size) {
    unsigned c = below(kEnds.at(below(kEnds.size())));
    if (c >= 0xD800 && c < 0xE000) c = 0xD7FF;
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
               static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      text += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
               static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  return text;
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char byte : bytes) {
    out += kHex[static_cast<unsigned char>(byte) >> 4];
    out += kHex[static_cast<unsigned char>(byte) & 0xF];
  }
  return out;
}

// The article's own lines, for each (room, id, time, text) of the arguments.
constexpr std::string_view kProgram = R"(
import json, sys
from dataclasses import asdict, dataclass
from datetime import datetime

@dataclass
class ChatMessage:
    channel_id: str
    client_id: int
    time: str
    message: str

for each in sys.argv[1:]:
    room, client, seconds, text = each.split(",")
    now = datetime.utcfromtimestamp(int(seconds))
    message = ChatMessage(channel_id=bytes.fromhex(room).decode(), client_id=int(client),
                          time=now.strftime("%Y-%m-%d %H:%M:%S"),
                          message=bytes.fromhex(text).decode())
    print(json.dumps(asdict(message)))
)";

TEST(PubsubPayload, IsWhatPythonWritesNow) {
  if (!tests::support::is_installed("python3")) GTEST_SKIP() << "no python3 in the PATH";
  constexpr unsigned kSeed = 20'261'124;
  std::mt19937 dice(kSeed);
  std::vector<std::string> command{"python3", "-W", "ignore", "-c", std::string(kProgram)};
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    const std::string room = random_text(dice);
    const std::string text = random_text(dice);
    const std::string client = std::to_string(static_cast<std::int32_t>(dice()));
    const auto time = static_cast<std::int64_t>(dice());  // until 2106
    command.push_back(hex_of(room) + ',' + client + ',' + std::to_string(time) + ',' +
                      hex_of(text));
    const ArticleForm form{.client = client, .numbered = true, .text = text};
    const base::WallTime said_at{seconds{time}};
    const std::string payload = encode_payload(room, form, said_at);
    expected += payload + '\n';
    const auto parsed = parse_payload(payload);
    ASSERT_TRUE(parsed.has_value()) << payload << parsed.error().message;
    EXPECT_EQ(parsed->form, form) << payload;
    EXPECT_EQ(parsed->said_at, said_at) << payload;
  }
  const tests::support::TemporaryFolder folder;
  const auto output = std::filesystem::path(folder.path()) / "lines";
  tests::support::ChildProcess python(command, output);
  ASSERT_EQ(python.wait(), 0) << tests::support::read_file(output.string());
  EXPECT_EQ(tests::support::read_file(output.string()), expected) << "seed " << kSeed;
}

TEST(PubsubPayload, IsTakenHoweverItIsWritten) {
  for (const std::string_view bytes : {
           R"({"channel_id": "test", "client_id": 17, "time": "2026-03-01 12:00:05", )"
           R"("message": "hi"})"sv,
           R"({"message":"hi","time":"2026-03-01 12:00:05","client_id":17,"channel_id":"test"})"sv,
           " {\n\"message\" : \"h\\u0069\", \"time\":\"2026-03-01 12:00:05\" ,\"client_id\": 17, "
           "\"channel_id\":\"another\"}\n"sv,
           R"({"message":1,"channel_id":"","client_id":17,"time":"2026-03-01 12:00:05",)"
           R"("message":"hi"})"sv,
       }) {
    const auto payload = parse_payload(bytes);
    ASSERT_TRUE(payload.has_value()) << bytes << payload.error().message;
    EXPECT_EQ(payload->form, (ArticleForm{.client = "17", .numbered = true, .text = "hi"}));
    EXPECT_EQ(payload->said_at, kNoon);
  }
}

TEST(PubsubPayload, MendsHalvesOfSurrogatePairs) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {R"("\ud83d\ude00")", "😀"},
      {R"("\uD83D\uDE00")", "😀"},
      {R"("\ud83d")", "\ufffd"},
      {R"("\ude00")", "\ufffd"},
      {R"("\ude00\ud83d")", "\ufffd\ufffd"},
      {R"("\ud83d\ud83d\ude00\ude00")", "\ufffd😀\ufffd"},
      {R"("\ud83d!\ude00")", "\ufffd!\ufffd"},
      {R"("\ud83d\n")", "\ufffd\n"},
      {R"("\\ud83d")", "\\ud83d"},
      {R"("\\\ud83d")", "\\\ufffd"},
      {R"("\"\ud83d\"")", "\"\ufffd\""},
      {R"("\udbff\udfff\udbff")", "\U0010ffff\ufffd"},
  };
  for (const auto& [json, text] : table) {
    const auto payload = parse_payload(with("message", json));
    ASSERT_TRUE(payload.has_value()) << json << ": " << payload.error().message;
    EXPECT_EQ(payload->form.text, text) << json;
  }
  for (const std::string_view json :
       {R"("\ud83)"sv, R"("\ud83d)"sv, R"("\ud8zz")"sv, R"("\ud83d\)"sv}) {
    EXPECT_FALSE(parse_payload(with("message", json))) << json;
  }
}

TEST(PubsubPayload, KnowsAnybodysId) {
  const std::vector<std::pair<std::string_view, ArticleForm>> table = {
      {"0", {.client = "0", .numbered = true, .text = "hi"}},
      {"-0", {.client = "0", .numbered = true, .text = "hi"}},
      {"-9223372036854775808", {.client = "-9223372036854775808", .numbered = true, .text = "hi"}},
      {"99999999999999999999999",
       {.client = "99999999999999999999999", .numbered = true, .text = "hi"}},
      {R"("Ann")", {.client = "Ann", .text = "hi"}},
      {R"("7")", {.client = "7", .text = "hi"}},
      {R"("")", {.client = "", .text = "hi"}},
  };
  for (const auto& [json, form] : table) {
    const auto payload = parse_payload(with("client_id", json));
    ASSERT_TRUE(payload.has_value()) << json;
    EXPECT_EQ(payload->form, form) << json;
  }
  for (const std::string_view json : {"null"sv, "true"sv, "1.0"sv, "1e3"sv, "[]"sv, "{}"sv}) {
    EXPECT_FALSE(parse_payload(with("client_id", json))) << json;
  }
}

TEST(PubsubPayload, ReadsTheTimeAsItIsWritten) {
  using namespace std::chrono;
  const auto time_of = [](std::string_view text) {
    const auto payload = parse_payload(with("time", '"' + std::string(text) + '"'));
    EXPECT_TRUE(payload.has_value()) << text;
    return payload ? payload->said_at : std::nullopt;
  };
  EXPECT_EQ(time_of("2024-02-29 23:59:59"),
            sys_days{2024y / 2 / 29} + hours{23} + minutes{59} + seconds{59});
  EXPECT_EQ(time_of("1970-01-01 00:00:00"), base::WallTime{});
  for (const std::string_view text :
       {"", "noon", "2026-03-01T12:00:05", "2026-03-01 12:00", "2026-03-01 12:00:05 ",
        "2026-02-29 12:00:05", "2026-13-01 12:00:05", "2026-00-01 12:00:05", "2026-03-01 24:00:05",
        "2026-03-01 12:60:05", "2026-03-01 12:00:60", "20x6-03-01 12:00:05", "2026-03-01 1x:00:05",
        "-026-03-01 12:00:05"}) {
    EXPECT_FALSE(time_of(text)) << text;
  }
}

TEST(PubsubPayload, RefusesWhatItIsNot) {
  std::vector<std::string> table = {"",
                                    "{",
                                    "[]",
                                    "7",
                                    "\"text\"",
                                    "null",
                                    "{}",
                                    "\xff",
                                    "\0"s,
                                    std::string(100'000, '['),
                                    "NaN",
                                    with("message", "7"),
                                    with("message", "null"),
                                    with("time", "5"),
                                    with("channel_id", "{}"),
                                    with("message", "\"\xc3\""),
                                    with("message", "NaN"),
                                    with("", "") + "x"};
  std::string extra = with("", "");
  extra.insert(1, R"("nick": "Ann", )");
  table.push_back(extra);
  extra = with("", "");
  extra.insert(1, R"("": 1, )");
  table.push_back(extra);
  for (const std::string_view key : {"channel_id", "client_id", "time", "message"}) {
    std::string missing = with("", "");
    missing.replace(missing.find(key), 2, "xx");
    table.push_back(missing);
    missing = with("", "");
    const std::size_t at = missing.find('"' + std::string(key));
    const std::size_t end = std::min(missing.find(", ", at), missing.size() - 1);
    missing.erase(at, end - at);
    if (missing[at] == ',') missing.erase(at, 2);
    if (missing.ends_with(", }")) missing.erase(missing.size() - 3, 2);
    table.push_back(missing);
  }
  for (const std::string& bytes : table) {
    const auto payload = parse_payload(bytes);
    ASSERT_FALSE(payload.has_value()) << bytes.substr(0, 200);
    EXPECT_EQ(payload.error().code, base::ErrorCode::kInvalidArgument);
    EXPECT_FALSE(payload.error().message.empty());
  }
}

}  // namespace
}  // namespace palaver::broker::redis
