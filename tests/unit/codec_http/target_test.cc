// SPDX-License-Identifier: Apache-2.0
// Request targets: what each form gives, and hostile ones.
#include "codec/http/target.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace palaver::codec::http {
namespace {

using namespace std::string_view_literals;
using Segments = std::vector<std::string>;
using Query = std::vector<QueryParameter>;

TEST(Target, PathsAreDecodedSegmentBySegment) {
  struct Row {
    std::string_view raw;
    Segments segments;
  };
  const std::vector<Row> table = {
      {"/", {}},
      {"/?", {}},
      {"/a", {"a"}},
      {"/a/", {"a", ""}},
      {"//", {"", ""}},
      {"//evil.example/x", {"", "evil.example", "x"}},
      {"/ws/general/17", {"ws", "general", "17"}},
      {"/ws/a%2Fb%2f/1", {"ws", "a/b/", "1"}},
      {"/%C3%BC", {"\xC3\xBC"}},
      {"/\xC3\xBC", {"\xC3\xBC"}},
      {"/a+b", {"a+b"}},
      {"/a%20b%25", {"a b%"}},
      {"/[dev]|{x}", {"[dev]|{x}"}},
      {"/a;b=c:@!$&'()*,", {"a;b=c:@!$&'()*,"}},
      {"/../%2e%2e/.", {"..", "..", "."}},
      {"/a://b", {"a:", "", "b"}},
      {"http://host", {}},
      {"HTTPS://host:1/a?b", {"a"}},
      {"http://host?b=/x", {}},
  };
  for (const Row& row : table) {
    const auto target = parse_target(row.raw);
    ASSERT_TRUE(target) << row.raw << ": " << target.error().message;
    EXPECT_EQ(target->segments, row.segments) << row.raw;
  }
}

TEST(Target, QueriesAreDecodedInOrder) {
  struct Row {
    std::string_view raw;
    Query query;
  };
  const std::vector<Row> table = {
      {"/", {}},
      {"/?", {}},
      {"/?&&", {}},
      {"/?a", {{"a", ""}}},
      {"/?a=", {{"a", ""}}},
      {"/?=b", {{"", "b"}}},
      {"/?a=1&b=2&a=3", {{"a", "1"}, {"b", "2"}, {"a", "3"}}},
      {"/?a=b=c", {{"a", "b=c"}}},
      {"/?a=x+y%2B%26%3D", {{"a", "x y+&="}}},
      {"/?a=/x?y", {{"a", "/x?y"}}},
      {"/?a%3Db=c", {{"a=b", "c"}}},
      {"/?room=\xC3\xBC", {{"room", "\xC3\xBC"}}},
      {"http://host?b=/x", {{"b", "/x"}}},
  };
  for (const Row& row : table) {
    const auto target = parse_target(row.raw);
    ASSERT_TRUE(target) << row.raw << ": " << target.error().message;
    EXPECT_EQ(target->query, row.query) << row.raw;
  }
  const auto target = parse_target("/?a=1&b=&a=3");
  EXPECT_EQ(target->parameter("a"), "1");
  EXPECT_EQ(target->parameter("b"), "");
  EXPECT_EQ(target->parameter("c"), std::nullopt);
}

TEST(Target, HostileTargetsAreRefused) {
  for (const std::string_view raw :
       {""sv,        "*"sv,         "a"sv,          "host:443"sv,     "?a"sv,
        "http://"sv, "http:///a"sv, "http:/a"sv,    "ftp://host/a"sv, "://host/"sv,
        "/%"sv,      "/%4"sv,       "/%zz"sv,       "/%00"sv,         "/\0"sv,
        "/a b"sv,    "/a\tb"sv,     "/a\x7f"sv,     "/a#b"sv,         "/%ff"sv,
        "/\xff"sv,   "/%c0%af"sv,   "/%ed%a0%80"sv, "/%c3/%bc"sv,     "/?a=%"sv,
        "/?%00=1"sv, "/?a=%ff"sv,   "/?a#b"sv}) {
    const auto target = parse_target(raw);
    ASSERT_FALSE(target) << raw;
    EXPECT_EQ(target.error().code, base::ErrorCode::kInvalidArgument) << raw;
  }
}

TEST(Target, CountsAreBounded) {
  const auto repeat = [](std::string_view piece, std::size_t times) {
    std::string out;
    for (; times > 0; --times) out += piece;
    return out;
  };
  EXPECT_EQ(parse_target(repeat("/a", kTargetSegmentsMax))->segments.size(), kTargetSegmentsMax);
  EXPECT_EQ(parse_target(repeat("/a", kTargetSegmentsMax + 1)).error().code,
            base::ErrorCode::kLimit);
  EXPECT_EQ(parse_target("/?" + repeat("a&", kTargetParametersMax))->query.size(),
            kTargetParametersMax);
  EXPECT_EQ(parse_target("/?" + repeat("a&", kTargetParametersMax + 1)).error().code,
            base::ErrorCode::kLimit);
}

}  // namespace
}  // namespace palaver::codec::http
