// SPDX-License-Identifier: Apache-2.0
// RawJson: values come out as they were written, whatever stands around them; held against the
// library's own tree on random texts.
#include "codec/wire/raw_json.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/wire/json.h"

namespace palaver::codec::wire {
namespace {

RawJson raw(std::string_view text) {
  const auto parsed = RawJson::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *parsed;
}

std::vector<std::pair<std::string, std::string>> members(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> found;
  raw(text).each_member([&](std::string_view name, RawJson value) {
    found.emplace_back(name, value.text());
    return true;
  });
  return found;
}

TEST(RawJson, GivesTheMembersAsTheyWereWritten) {
  using Members = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(members("{}"), Members{});
  EXPECT_EQ(members(" { } "), Members{});
  EXPECT_EQ(members(R"({"a":1})"), (Members{{"a", "1"}}));
  EXPECT_EQ(
      members("{ \"a\" : 1.50e3 ,\n\t\"b\" : [ 1 , {\"]\":\"}\"} ] , \"\\u0063\" : \"\\\"\" }"),
      (Members{{"a", "1.50e3"}, {"b", "[ 1 , {\"]\":\"}\"} ]"}, {"c", "\"\\\"\""}}));
  EXPECT_EQ(members(R"({"a":{},"b":[],"c":null,"d":true})"),
            (Members{{"a", "{}"}, {"b", "[]"}, {"c", "null"}, {"d", "true"}}));
  EXPECT_EQ(members("[1]"), Members{}) << "no object, no members";
}

TEST(RawJson, GivesTheElements) {
  std::vector<std::string> found;
  raw(R"( [ 1, "a]" , [2,3],{ "x" : 1 } ] )").each_element([&](RawJson value) {
    found.emplace_back(value.text());
    return found.size() < 4;
  });
  EXPECT_EQ(found, (std::vector<std::string>{"1", "\"a]\"", "[2,3]", "{ \"x\" : 1 }"}));
  raw("{}").each_element([](RawJson) {
    ADD_FAILURE() << "no array, no elements";
    return true;
  });
}

TEST(RawJson, OfEqualNamesTheLastOneCounts) {
  EXPECT_EQ(raw(R"({"a":1,"b":2,"a":3})").member("a")->text(), "3");
  EXPECT_FALSE(raw(R"({"a":1})").member("A"));
}

TEST(RawJson, ReadsWhatFits) {
  EXPECT_EQ(raw(R"("a\n\u00e9\ud83d\ude00")").string(), "a\n\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_FALSE(raw("1").string());
  EXPECT_EQ(raw("true").boolean(), true);
  EXPECT_EQ(raw("false").boolean(), false);
  EXPECT_FALSE(raw("null").boolean());
  EXPECT_TRUE(raw(" null ").is_null());
  EXPECT_EQ(raw("18446744073709551615").uint64(), 18446744073709551615U);
  EXPECT_FALSE(raw("18446744073709551616").uint64());
  EXPECT_FALSE(raw("-1").uint64());
  EXPECT_FALSE(raw("1.0").uint64());
  EXPECT_FALSE(raw("1e2").uint64());
  EXPECT_EQ(raw("-9223372036854775808").int64(), INT64_MIN);
  EXPECT_FALSE(raw("9223372036854775808").int64());
}

TEST(RawJson, WholePartOfAnyNumberThatFits) {
  EXPECT_EQ(raw("17").whole_part(), 17);
  EXPECT_EQ(raw("-17.9").whole_part(), -17);
  EXPECT_EQ(raw("1.5e3").whole_part(), 1500);
  EXPECT_EQ(raw("1e-3").whole_part(), 0);
  for (const std::string_view bad :
       {"1e19", "-1e19", "9223372036854775808", "1e400", "null", "true", "\"1\"", "[]"}) {
    EXPECT_FALSE(raw(bad).whole_part()) << bad;
  }
}

TEST(RawJson, LeavesLineBreaksOutAndNothingElse) {
  EXPECT_EQ(raw("\n{\"a\" :\r\n [1,\n2],\"b\":\"\\n\"}\r\n").on_one_line(),
            "{\"a\" : [1,2],\"b\":\"\\n\"}");
}

TEST(RawJson, RefusesWhatIsNoJson) {
  for (const std::string_view bad :
       {"",     " ",           "{",        "}",       "{\"a\"}", "{\"a\":}", "[1,]",
        "nul",  "01",          "\"",       "\"\\x\"", "\"\n\"",  "{} {}",    "{},",
        "[1]]", "\"\\ud83d\"", "\"\xff\"", "'a'",     "+1",      "{a:1}"}) {
    EXPECT_FALSE(RawJson::parse(bad)) << bad;
  }
  EXPECT_TRUE(RawJson::parse(std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']')));
  EXPECT_FALSE(
      RawJson::parse(std::string(kJsonDepthMax + 1, '[') + std::string(kJsonDepthMax + 1, ']')));
}

std::string random_space(std::mt19937& random) {
  return std::string(random() % 3 == 0 ? random() % 3 : 0, " \t\n\r"[random() % 4]);
}

std::string random_value(std::mt19937& random, int depth) {
  static constexpr std::string_view kLeaves[] = {"null",     "true",  "false",          "0",
                                                 "-12.5e-3", R"("")", R"("a\\")",       R"("{[\"")",
                                                 "1e9",      "17",    R"("\u0041,:]}")"};
  const auto what = random() % (depth > 3 ? 1 : 3);
  if (what == 0) return std::string(kLeaves[random() % std::size(kLeaves)]);
  std::string out = what == 1 ? "[" : "{";
  const auto count = random() % 4;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    out += random_space(random);
    if (what == 2) out += "\"k" + std::to_string(i) + "\"" + random_space(random) + ":";
    out += random_space(random) + random_value(random, depth + 1) + random_space(random);
  }
  if (count == 0) out += random_space(random);
  return out + (what == 1 ? "]" : "}");
}

// Takes the raw value apart and puts it together again.
std::string rebuilt(RawJson value) {
  std::string out;
  if (value.is_object()) {
    value.each_member([&](std::string_view name, RawJson member) {
      out += (out.empty() ? "\"" : ",\"") + std::string(name) + "\":" + rebuilt(member);
      return true;
    });
    return "{" + out + "}";
  }
  if (value.is_array()) {
    value.each_element([&](RawJson element) {
      out += (out.empty() ? "" : ",") + rebuilt(element);
      return true;
    });
    return "[" + out + "]";
  }
  return std::string(value.text());
}

TEST(RawJson, AgreesWithTheTreeOnRandomTexts) {
  constexpr unsigned kSeed = 20261124;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = random_space(random) + random_value(random, 0);
    SCOPED_TRACE(text);
    const auto tree = parse_json(text);
    ASSERT_TRUE(tree);
    const auto again = parse_json(rebuilt(raw(text)));
    ASSERT_TRUE(again);
    ASSERT_EQ(boost::json::serialize(*again), boost::json::serialize(*tree)) << "seed " << kSeed;
    // Whatever is cut off at the end is no value, or another one: never read beyond.
    for (std::size_t size = 0; size < text.size(); ++size) {
      const std::string cut(text, 0, size);  // of its own: a sanitizer sees its end
      if (const auto part = RawJson::parse(cut)) (void)rebuilt(*part);
    }
  }
}

}  // namespace
}  // namespace palaver::codec::wire
