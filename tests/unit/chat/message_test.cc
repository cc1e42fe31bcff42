// SPDX-License-Identifier: Apache-2.0
// Chat messages: the text that goes in comes out, and other data is told apart from messages.
#include "chat/message.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace palaver::chat {
namespace {

using namespace std::string_view_literals;

std::string message(std::string_view text) { return std::string(text_message(text).view()); }

TEST(TextMessage, IsAnObjectWithTheText) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"", R"({"text":""})"},
      {"hello", R"({"text":"hello"})"},
      {"a\"b\\c", R"({"text":"a\"b\\c"})"},
      {"\n\0\x1f"sv, R"({"text":"\n\u0000\u001f"})"},
      {"gr\xC3\xBC\xC3\x9F", "{\"text\":\"gr\xC3\xBC\xC3\x9F\"}"},
  };
  for (const auto& [text, data] : table) EXPECT_EQ(message(text), data);
}

TEST(TextMessage, RoundTripOfHostileTexts) {
  const std::vector<std::string_view> table = {
      "",
      "hello",
      "\"",
      "\\",
      "\\\"",
      "\"}",
      R"({"text":"inner"})",
      R"(","text":"other)",
      "\\u0041",
      "\\n",
      "\n\r\t\b\f",
      "\0"sv,
      "a\0b"sv,
      "\x7f",
      "\xC2\x80",
      "\xE2\x80\xA8\xE2\x80\xA9",  // line ends of JavaScript
      "\xEF\xBB\xBF",              // a byte order mark
      "\xEF\xBF\xBF",
      "\xF4\x8F\xBF\xBF",
      "</script><!--",
      "%s%n{0}",
      "[2026-01-01 00:00:00] forged (7)",
  };
  for (const auto text : table) EXPECT_EQ(text_of(message(text)), text);
  EXPECT_EQ(text_of(message(std::string(64 * 1024, '"'))), std::string(64 * 1024, '"'));
}

// Valid UTF-8 of all lengths, rich in what JSON escapes.
std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"\"",
                                                 "\\",
                                                 "/",
                                                 "\n",
                                                 "\0"sv,
                                                 "\x1f",
                                                 "a",
                                                 "{",
                                                 "}",
                                                 ":",
                                                 ",",
                                                 "text",
                                                 "\\u",
                                                 "\\\"",
                                                 "\xC3\xBC",
                                                 "\xE2\x82\xAC",
                                                 "\xF0\x9F\x98\x80"};
  std::string text;
  for (auto pieces = random() % 12; pieces > 0; --pieces) {
    text += kPieces[random() % std::size(kPieces)];
  }
  return text;
}

TEST(TextMessage, RoundTripOfRandomTexts) {
  constexpr unsigned kSeed = 20260102;
  SCOPED_TRACE(kSeed);
  std::mt19937 random{kSeed};
  for (int round = 0; round < 5'000; ++round) {
    const std::string text = random_text(random);
    ASSERT_EQ(text_of(message(text)), text);
  }
}

TEST(TextOf, ReadsMessagesHoweverTheyAreWritten) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {R"( { "text" : "hi" } )", "hi"},
      {R"({"text":"hi","lang":"en"})", "hi"},
      {R"({"lang":"en","text":"hi"})", "hi"},
      {R"({"text":"a","mentions":["b"]})", "a"},
      {R"({"text":"one","text":"two"})", "two"},
      {R"({"text":"\u0068\u0069"})", "hi"},
      {R"({"\u0074ext":"hi"})", "hi"},
      {R"({"text":"\ud83d\ude00"})", "\xF0\x9F\x98\x80"},
      {R"({"text":"\/"})", "/"},
  };
  for (const auto& [data, text] : table) EXPECT_EQ(text_of(data), text) << data;
}

TEST(TextOf, NothingForDataOfAnotherShape) {
  const std::vector<std::string_view> table = {
      "",
      " ",
      "hi",
      "null",
      "true",
      "0",
      "\"hi\"",
      "[]",
      R"(["text","hi"])",
      "{}",
      R"({"text":1})",
      R"({"text":null})",
      R"({"text":true})",
      R"({"text":["hi"]})",
      R"({"text":{"text":"hi"}})",
      R"({"TEXT":"hi"})",
      R"({"text ":"hi"})",
      R"({"message":{"text":"hi"}})",
      R"({"text":"hi")",
      R"({"text":"hi)",
      R"({"text":")",
      R"({"text":"})",
      R"({"text":"hi"}})",
      R"({"text":"hi"} {})",
      R"({"text":"\ud800"})",
      R"({"text":"\x"})",
      R"({"text":'hi'})",
      R"({text:"hi"})",
  };
  for (const auto data : table) EXPECT_EQ(text_of(data), std::nullopt) << data;
}

}  // namespace
}  // namespace palaver::chat
