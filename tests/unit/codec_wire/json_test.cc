// SPDX-License-Identifier: Apache-2.0
// parse_json: what is a JSON text here, what is none, and that each error tells its place.
#include "codec/wire/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace palaver::codec::wire {
namespace {

using namespace std::string_view_literals;

TEST(ParseJson, TakesEveryKindOfValue) {
  EXPECT_TRUE(parse_json("null")->is_null());
  EXPECT_TRUE(parse_json("true")->get_bool());
  EXPECT_FALSE(parse_json("false")->get_bool());
  EXPECT_EQ(parse_json("-17")->get_int64(), -17);
  EXPECT_EQ(parse_json("0.5")->get_double(), 0.5);
  EXPECT_EQ(parse_json("\"text\"")->get_string(), "text");
  EXPECT_TRUE(parse_json("[]")->get_array().empty());
  EXPECT_TRUE(parse_json("{}")->get_object().empty());
  EXPECT_EQ(parse_json(" \t\r\n[ 1 , 2 ] \t\r\n")->get_array().size(), 2U);
  EXPECT_EQ(parse_json(R"({"a":{"b":[true]}})")->get_object().at("a").get_object().size(), 1U);
}

TEST(ParseJson, OfEqualKeysTheLastOneCounts) {
  const auto json = parse_json(R"({"a":1,"b":2,"a":3,"\u0061":4})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->get_object().size(), 2U);
  EXPECT_EQ(json->get_object().at("a").get_int64(), 4);
  EXPECT_TRUE(json->get_object().contains("b"));
}

TEST(ParseJson, NumbersOfAllSizes) {
  EXPECT_EQ(parse_json("9223372036854775807")->get_int64(),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_json("-9223372036854775808")->get_int64(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_json("18446744073709551615")->get_uint64(),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_NEAR(parse_json("18446744073709551616")->get_double(), 18446744073709551616.0, 4096);
  EXPECT_NEAR(parse_json("-9223372036854775809")->get_double(), -9223372036854775809.0, 2048);
  EXPECT_EQ(parse_json("1e3")->get_double(), 1000);
  EXPECT_EQ(parse_json("1e-400")->get_double(), 0);
  // Whatever a number is too large for, reading it is safe and never gives an integer.
  for (const std::string& huge : {std::string("1e400"), std::string("1e999999999"),
                                  std::string(5'000, '9'), "-" + std::string(5'000, '9')}) {
    if (const auto json = parse_json(huge)) {
      EXPECT_TRUE(json->is_double()) << huge;
    }
  }
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += inner;
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(ParseJson, IsBoundedInDepth) {
  EXPECT_TRUE(parse_json(nested(kJsonDepthMax, "[", "", "]")));
  EXPECT_FALSE(parse_json(nested(kJsonDepthMax + 1, "[", "", "]")));
  EXPECT_TRUE(parse_json(nested(kJsonDepthMax, "{\"a\":", "1", "}")));
  EXPECT_FALSE(parse_json(nested(kJsonDepthMax + 1, "{\"a\":", "1", "}")));
  EXPECT_TRUE(parse_json(nested(kJsonDepthMax / 2, "[{\"a\":", "1", "}]")));
  EXPECT_FALSE(parse_json(nested(kJsonDepthMax / 2 + 1, "[{\"a\":", "1", "}]")));
  // Far beyond: an error, not the end of the stack.
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(ParseJson, RefusesWhatIsNoJsonText) {
  const std::vector<std::string_view> table = {
      "",
      " ",
      "\n",
      "nul",
      "nulll",
      "True",
      "NaN",
      "Infinity",
      "-",
      "+1",
      "01",
      "1.",
      ".5",
      "1e",
      "0x10",
      "'a'",
      "\"",
      "\"a",
      "\"\\\"",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\u12G4\"",
      "\"a\nb\"",
      "\"\x01\"",
      "\"\0\""sv,
      "[",
      "]",
      "[1",
      "[1,",
      "[1,]",
      "[,1]",
      "[1 2]",
      "{",
      "}",
      "{\"a\"",
      "{\"a\":",
      "{\"a\":1",
      "{\"a\":1,}",
      "{a:1}",
      "{1:1}",
      "{\"a\" 1}",
      "{,}",
      "// a\n1",
      "/* */1",
      "[1]//",
      "\xEF\xBB\xBF"
      "1",
  };
  for (const auto text : table) {
    const auto json = parse_json(text);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().code, base::ErrorCode::kInvalidArgument) << text;
  }
}

TEST(ParseJson, RefusesWhatFollowsTheText) {
  for (const std::string_view text : {"1 1"sv, "{}{}"sv, "[] x"sv, "null,"sv, "\"a\"\"b\""sv,
                                      "{}\0"sv, "true false"sv, "[]]"sv, "{} \n\n}"sv}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

TEST(ParseJson, RefusesBytesThatAreNoUtf8) {
  const std::vector<std::string_view> table = {
      "\x80",
      "\xFF",
      "\xC0\xAF",
      "\xC3",
      "\xE0\x80\x80",
      "\xED\xA0\x80",
      "\xF4\x90\x80\x80",
      "\xE2\x82",
      "\xF0\x9F\x98",
      "\xF5\x80\x80\x80",
      "\xF0\x80\x80\xAF",
  };
  for (const auto bytes : table) {
    EXPECT_FALSE(parse_json("\"" + std::string(bytes) + "\""));
    EXPECT_FALSE(parse_json("{\"" + std::string(bytes) + "\":1}"));
    EXPECT_FALSE(parse_json(bytes));
  }
  EXPECT_FALSE(parse_json(R"("\ud800")"));
  EXPECT_FALSE(parse_json(R"("\ud800\u0041")"));
  EXPECT_FALSE(parse_json(R"("\udc00")"));
  EXPECT_TRUE(parse_json("\"\xF4\x8F\xBF\xBF\""));
}

TEST(ParseJson, ErrorsTellTheirPlace) {
  const auto message = [](std::string_view text) { return parse_json(text).error().message; };
  EXPECT_TRUE(message("[1,2,x]").ends_with(" at byte 5")) << message("[1,2,x]");
  EXPECT_TRUE(message("{} {}").ends_with(" at byte 3")) << message("{} {}");
  EXPECT_TRUE(message("[1").ends_with(" at byte 2")) << message("[1");
  EXPECT_TRUE(message("").starts_with("JSON: ")) << message("");
}

TEST(ParseJson, EveryPrefixOfATextIsRefused) {
  constexpr std::string_view kText = R"({"a":[1,-2.5e3,true,null,"\u00e9\\"],"b":{"c":"d"}})";
  EXPECT_TRUE(parse_json(kText));
  for (std::size_t size = 0; size < kText.size(); ++size) {
    EXPECT_FALSE(parse_json(kText.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace palaver::codec::wire
