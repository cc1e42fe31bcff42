// SPDX-License-Identifier: Apache-2.0
// The article's protocol as people see it: which texts are a client_id, and the exact line.
#include "chat/article.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/message.h"

namespace palaver::chat {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(ParseClientId, TakesDecimalIntegersOf64Bits) {
  const std::vector<std::pair<std::string_view, std::int64_t>> table = {
      {"0", 0},
      {"7", 7},
      {"-7", -7},
      {"+7", 7},
      {"-0", 0},
      {"+0", 0},
      {"007", 7},
      {"-007", -7},
      {"+007", 7},
      {"1700000000123", 1'700'000'000'123},
      {"9223372036854775807", kMost},
      {"+9223372036854775807", kMost},
      {"0000000000000000000000009223372036854775807", kMost},
      {"-9223372036854775808", kLeast},
      {"-00000000000000000000009223372036854775808", kLeast},
  };
  for (const auto& [text, id] : table) EXPECT_EQ(parse_client_id(text), id) << text;
}

TEST(ParseClientId, TakesNothingElse) {
  const std::vector<std::string_view> table = {
      "",
      "+",
      "-",
      "++7",
      "--7",
      "+-7",
      "-+7",
      " 7",
      "7 ",
      "7\n",
      "\t7",
      "7-",
      "7+",
      "7.0",
      "7e1",
      "0x7",
      "1_0",
      "1,000",
      "seven",
      "7a",
      "a7",
      "NaN",
      "inf",
      ".",
      "-.",
      "e",
      "7/8",
      "7\0"sv,
      "\0007"sv,
      "\0"sv,
      "- 7",
      "+ 7",
      "−7",                // U+2212
      "\xD9\xA7",          // ARABIC-INDIC DIGIT SEVEN
      "\xEF\xBC\x97",      // FULLWIDTH DIGIT SEVEN
      "\xF0\x9D\x9F\x95",  // MATHEMATICAL BOLD DIGIT SEVEN
      "\xC2\xB2",          // SUPERSCRIPT TWO
      "7\xFF",
      "9223372036854775808",
      "+9223372036854775808",
      "-9223372036854775809",
      "18446744073709551616",
      "99999999999999999999999999999999999999",
  };
  for (const auto text : table) EXPECT_EQ(parse_client_id(text), std::nullopt) << text;
}

TEST(ArticleUser, IsTheNormalisedNumberBehindAPrefix) {
  EXPECT_EQ(article_user(7).value, "article:7");
  EXPECT_EQ(article_user(-7).value, "article:-7");
  EXPECT_EQ(article_user(kLeast).value, "article:-9223372036854775808");
  EXPECT_EQ(article_user(*parse_client_id("+0042")).value, "article:42");
}

// A publication of `user`, ordered at `time`.
model::Publication publication(base::WallTime time, std::string user, base::Frame data) {
  model::Publication publication;
  publication.offset = model::next_offset({}, time, 0);
  publication.sender.user = {std::move(user)};
  publication.data = std::move(data);
  return publication;
}

base::WallTime at(std::chrono::sys_days day, std::chrono::milliseconds time) { return day + time; }

TEST(ArticleLine, HasTimeTextAndUser) {
  using std::chrono::sys_days;
  const sys_days leap_day{std::chrono::year{2028} / 2 / 29};
  const sys_days first_day{std::chrono::year{2026} / 1 / 1};
  const sys_days last_day{std::chrono::year{2089} / 12 / 31};
  struct Row {
    base::WallTime time;
    std::string_view user;
    std::string_view text;
    std::string_view line;
  };
  const std::vector<Row> table = {
      {at(leap_day, 9h + 5min + 7s), "article:7", "hello", "[2028-02-29 09:05:07] hello (7)"},
      {at(leap_day, 23h + 59min + 59s + 999ms), "article:-7", "late",
       "[2028-02-29 23:59:59] late (-7)"},
      {at(first_day, 0ms), "article:0", "first", "[2026-01-01 00:00:00] first (0)"},
      {at(last_day, 12h), "article:1", "last", "[2089-12-31 12:00:00] last (1)"},
      {at(leap_day, 0ms), "guest:ann", "hi", "[2028-02-29 00:00:00] hi (guest-ann)"},
      {at(leap_day, 0ms), "", "hi", "[2028-02-29 00:00:00] hi (anonymous)"},
      {at(leap_day, 0ms), "article:1", "", "[2028-02-29 00:00:00]  (1)"},
      {at(leap_day, 0ms), "article:1", " two  spaces ", "[2028-02-29 00:00:00]  two  spaces  (1)"},
      {at(leap_day, 0ms), "article:1", "\"\\\n\t%s{}</b>",
       "[2028-02-29 00:00:00] \"\\\n\t%s{}</b> (1)"},
      {at(leap_day, 0ms), "article:1", "\xC3\xBC\xF0\x9F\x98\x80",
       "[2028-02-29 00:00:00] \xC3\xBC\xF0\x9F\x98\x80 (1)"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(article_line(publication(row.time, std::string(row.user), text_message(row.text))),
              row.line);
  }
}

TEST(ArticleLine, TakesTheTimeFromTheOffsetAlone) {
  model::Publication entry =
      publication(model::kOffsetOrigin + 1500ms, "article:1", text_message("x"));
  EXPECT_EQ(article_line(entry), "[2026-01-01 00:00:01] x (1)");
  // A later entry of the same millisecond has the same time.
  entry.offset.value += model::kOffsetsPerMillisecond - 1;
  EXPECT_EQ(article_line(entry), "[2026-01-01 00:00:01] x (1)");
}

TEST(ArticleLine, TakesTheTimeAtWhichItWasSaidWhereThereIsNoOffset) {
  model::Publication said;
  said.sender.user = article_user(1);
  said.data = text_message("x");
  said.said_at = model::kOffsetOrigin - 1s;
  EXPECT_EQ(article_line(said), "[2025-12-31 23:59:59] x (1)");
}

TEST(ArticleForm, IsWhatTheLineShows) {
  struct Row {
    model::Sender sender;
    std::string_view data;
    broker::ArticleForm form;
  };
  const std::vector<Row> table = {
      {{.user = {"article:-7"}, .client = {}, .info = {}},
       R"({"text":"hi"})",
       {.client = "-7", .numbered = true, .text = "hi"}},
      {{.user = {"7"}, .client = {}, .info = {}},
       R"({"text":"hi"})",
       {.client = "7", .numbered = false, .text = "hi"}},
      {{.user = {"article:Ann"}, .client = {}, .info = {}},
       R"({"text":"hi"})",
       {.client = "Ann", .numbered = false, .text = "hi"}},
      {{.user = {"ann"}, .client = "c1", .info = R"({"name":"Änn"})"},
       R"({"kind":"message","id":"m1","reply":5,"text":"a\n\u00e9"})",
       {.client = "Änn", .numbered = false, .text = "a\né"}},
      {{.user = {"article:7"}, .client = {}, .info = R"({"name":"9"})"},
       R"({"text":""})",
       {.client = "9", .numbered = false, .text = ""}},
      {{}, R"({"text":"hi"})", {.client = "anonymous", .numbered = false, .text = "hi"}},
  };
  for (const Row& row : table) EXPECT_EQ(article_form(row.sender, row.data), row.form) << row.data;
  for (const std::string_view data :
       {R"({"kind":"typing"})", R"({"kind":"gone"})", R"({"kind":"edit","target":1,"text":"x"})",
        R"({"kind":"react","target":1,"emoji":"x","on":true})", "[1]", ""}) {
    EXPECT_EQ(article_form({}, data), std::nullopt) << data;
  }
}

TEST(ArticleForm, ComesBackAsAMessageOfAnArticlesMember) {
  for (const std::string_view client : {"7", "-7", "99999999999999999999", "Ann"}) {
    const broker::ArticleForm form{.client = std::string(client), .text = "grüß \"dich\""};
    const model::Publication publication = from_article(form);
    EXPECT_EQ(publication.sender.user.value, "article:" + std::string(client));
    EXPECT_EQ(publication.data.view(), text_message(form.text).view());
    EXPECT_EQ(article_form(publication.sender, publication.data.view())->text, form.text);
    EXPECT_EQ(article_form(publication.sender, publication.data.view())->client, client);
  }
}

TEST(ArticleLine, NothingForWhatIsNoMessage) {
  for (const std::string_view data :
       {"", "null", "5", "\"text\"", "[\"text\"]", "{}", R"({"text":5})", R"({"text":null})",
        R"({"Text":"x"})", R"({"text":{"text":"x"}})", R"({"text":"x")"}) {
    EXPECT_EQ(
        article_line(publication(model::kOffsetOrigin, "article:1", base::Frame::copy_of(data))),
        std::nullopt)
        << data;
  }
}

}  // namespace
}  // namespace palaver::chat
