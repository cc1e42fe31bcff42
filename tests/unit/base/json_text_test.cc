// SPDX-License-Identifier: Apache-2.0
// JSON strings: a table of escapes, and hostile bytes that must still give valid JSON.
#include "base/json_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace palaver::base {
namespace {

using namespace std::string_view_literals;

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, EscapesWhatMustBeEscapedAndNothingElse) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {""sv, R"("")"},
      {"plain"sv, R"("plain")"},
      {"a\"b"sv, R"("a\"b")"},
      {"a\\b"sv, R"("a\\b")"},
      {"/"sv, R"("/")"},
      {"\b\f\n\r\t"sv, R"("\b\f\n\r\t")"},
      {"\0\x01\x1f"sv, R"("\u0000\u0001\u001f")"},
      {"\x7f"sv, "\"\x7f\""},
      {"gr\xC3\xBC\xC3\x9F"sv, "\"gr\xC3\xBC\xC3\x9F\""},
      {"\xF0\x9F\x98\x80"sv, "\"\xF0\x9F\x98\x80\""},
      {"\xE2\x80\xA8"sv, "\"\xE2\x80\xA8\""},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(json_string(text), expected) << text;
}

TEST(JsonText, AppendsAndKeepsWhatIsThere) {
  std::string out = "{\"error\":";
  append_json_string(out, "no");
  EXPECT_EQ(out, "{\"error\":\"no\"");
}

TEST(JsonText, BytesThatAreNoUtf8BecomeReplacementCharacters) {
  static constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  // The input, and how many replacements Unicode's practice gives for it.
  const std::vector<std::pair<std::string_view, int>> table = {
      {"\x80"sv, 1},
      {"\xFF"sv, 1},
      {"\xC0\xAF"sv, 2},          // overlong '/'
      {"\xE0\x80\x80"sv, 3},      // overlong
      {"\xED\xA0\x80"sv, 3},      // a surrogate
      {"\xF4\x90\x80\x80"sv, 4},  // above U+10FFFF
      {"\xF5\x80"sv, 2},
      {"\xE2\x82"sv, 1},  // cut off
      {"\xF0\x9F\x98"sv, 1},
  };
  for (const auto& [text, count] : table) {
    std::string expected = "\"<";
    for (int i = 0; i < count; ++i) expected += kReplacement;
    expected += "\\n>\"";
    EXPECT_EQ(json_string("<" + std::string{text} + "\n>"), expected);
    EXPECT_FALSE(is_valid_utf8(text));
  }
}

TEST(JsonText, RandomBytesGiveValidUtf8WithoutControlCharacters) {
  constexpr unsigned kSeed = 20260101;
  SCOPED_TRACE(kSeed);
  std::mt19937 random{kSeed};
  for (int round = 0; round < 2'000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    const std::string out = json_string(text);
    EXPECT_TRUE(is_valid_utf8(out));
    for (const char byte : out) EXPECT_GE(static_cast<unsigned char>(byte), 0x20);
  }
}

}  // namespace
}  // namespace palaver::base
