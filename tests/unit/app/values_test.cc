// SPDX-License-Identifier: Apache-2.0
// Texts of options: each bound met and passed by one, each unit, and what is no value at all.
#include "app/values.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace palaver::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(ParseNumber, BoundsAndOneBeyond) {
  EXPECT_EQ(parse_number("1", 1, 65535), 1U);
  EXPECT_EQ(parse_number("65535", 1, 65535), 65535U);
  EXPECT_FALSE(parse_number("0", 1, 65535));
  EXPECT_FALSE(parse_number("65536", 1, 65535));
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("18446744073709551615"), kMost);
  EXPECT_FALSE(parse_number("18446744073709551616"));
  EXPECT_EQ(parse_number("007", 1, 65535), 7U);
}

TEST(ParseNumber, TakesDigitsOnly) {
  for (const std::string_view text :
       {"", " ", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "1k", "1,000", "one", "\xD9\xA1"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(ParseNumber, ErrorsSayWhatWasExpected) {
  EXPECT_EQ(parse_number("x").error().message, "expected a whole number");
  EXPECT_EQ(parse_number("x", 1).error().message, "expected a whole number of at least 1");
  EXPECT_EQ(parse_number("x", 0, 9).error().message, "expected a whole number from 0 to 9");
  EXPECT_EQ(parse_number("x").error().code, base::ErrorCode::kInvalidArgument);
}

TEST(ParseRate, TakesNumbersAboveZero) {
  EXPECT_EQ(parse_rate("20"), 20.0);
  EXPECT_EQ(parse_rate("0.5"), 0.5);
  EXPECT_EQ(parse_rate(".5"), 0.5);
  EXPECT_EQ(parse_rate("5."), 5.0);
  EXPECT_EQ(parse_rate("0.000001"), 0.000001);
  for (const std::string_view text : {"", "0", "0.0", "-0", "-1", "+1", " 1", "1 ", "1,5", "1e3",
                                      "nan", "inf", "infinity", "-inf", "NaN", "x", "1/2", "0x1"}) {
    const auto rate = parse_rate(text);
    ASSERT_FALSE(rate) << text;
    EXPECT_EQ(rate.error().message, "expected a number above 0");
  }
  EXPECT_FALSE(parse_rate(std::string(400, '9'))) << "more than a double holds";
}

TEST(ParseBytes, UnitsAndBounds) {
  constexpr std::size_t kGibibyte = std::size_t{1} << 30;
  EXPECT_EQ(parse_bytes("512", 512, kGibibyte), 512U);
  EXPECT_EQ(parse_bytes("1K", 512, kGibibyte), 1024U);
  EXPECT_EQ(parse_bytes("3M", 512, kGibibyte), 3U << 20);
  EXPECT_EQ(parse_bytes("1G", 512, kGibibyte), kGibibyte);
  EXPECT_EQ(parse_bytes("1024M", 512, kGibibyte), kGibibyte);
  EXPECT_EQ(parse_bytes("1073741824", 512, kGibibyte), kGibibyte);
  EXPECT_EQ(parse_bytes("0", 0, kGibibyte), 0U);

  EXPECT_FALSE(parse_bytes("511", 512, kGibibyte));
  EXPECT_FALSE(parse_bytes("0", 512, kGibibyte));
  EXPECT_FALSE(parse_bytes("1073741825", 512, kGibibyte));
  EXPECT_FALSE(parse_bytes("1025M", 512, kGibibyte));
  EXPECT_FALSE(parse_bytes("2G", 512, kGibibyte));
}

TEST(ParseBytes, DoesNotOverflow) {
  for (const std::string_view text : {"18446744073709551615G", "17179869184G", "18014398509481984K",
                                      "18446744073709551616", "99999999999999999999999K"}) {
    EXPECT_FALSE(parse_bytes(text, 0, kMost)) << text;
  }
  EXPECT_EQ(parse_bytes("17179869183G", 0, kMost), kMost - (std::uint64_t{1} << 30) + 1);
  EXPECT_EQ(parse_bytes("18446744073709551615", 0, kMost), kMost);
}

TEST(ParseBytes, TakesNothingElse) {
  for (const std::string_view text : {"", "K", "1k", "1KB", "1KiB", "1 K", " 1K", "1K ", "-1K",
                                      "+1K", "1.5M", "1T", "1B", "KK", "1KM", "0x10"}) {
    EXPECT_FALSE(parse_bytes(text, 0, kMost)) << text;
  }
  EXPECT_EQ(parse_bytes("x", 1, 9).error().message,
            "expected a number of bytes from 1 to 9, perhaps with K, M or G");
}

TEST(ParseDuration, UnitsAndBounds) {
  constexpr milliseconds kDay = 24h;
  const std::vector<std::pair<std::string_view, milliseconds>> table = {
      {"50ms", 50ms}, {"1s", 1s},   {"90s", 90s},        {"2m", 2min},     {"3h", 3h},
      {"1d", 24h},    {"24h", 24h}, {"86400000ms", 24h}, {"0050ms", 50ms},
  };
  for (const auto& [text, duration] : table) {
    EXPECT_EQ(parse_duration(text, 50ms, kDay), duration) << text;
  }
  for (const std::string_view text :
       {"49ms", "0s", "0ms", "86400001ms", "86401s", "1441m", "25h", "2d"}) {
    EXPECT_FALSE(parse_duration(text, 50ms, kDay)) << text;
  }
  EXPECT_EQ(parse_duration("0s", 0ms, kDay), 0ms);
}

TEST(ParseDuration, DoesNotOverflow) {
  for (const std::string_view text : {"18446744073709551615d", "18446744073709551616ms",
                                      "9223372036854775808ms", "106751991168d"}) {
    EXPECT_FALSE(parse_duration(text, 0ms, milliseconds::max())) << text;
  }
  EXPECT_EQ(parse_duration("9223372036854775807ms", 0ms, milliseconds::max()), milliseconds::max());
}

TEST(ParseDuration, TakesNothingElse) {
  for (const std::string_view text : {"", "5", "ms", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s",
                                      "5S", "5sec", "5us", "5ns", "5w", "1h30m", "5mss"}) {
    EXPECT_FALSE(parse_duration(text, 0ms, 24h)) << text;
  }
  EXPECT_EQ(parse_duration("x", 50ms, 24h).error().message,
            "expected a duration from 50ms to 86400s, with ms, s, m, h or d");
  EXPECT_EQ(parse_duration("x", 0ms, 1500ms).error().message,
            "expected a duration from 0ms to 1500ms, with ms, s, m, h or d");
}

TEST(ParseList, CutsAtCommasAndTrims) {
  using List = std::vector<std::string>;
  EXPECT_EQ(parse_list(""), List{});
  EXPECT_EQ(parse_list(" , ,, "), List{});
  EXPECT_EQ(parse_list("a"), List{"a"});
  EXPECT_EQ(parse_list("a,b"), (List{"a", "b"}));
  EXPECT_EQ(parse_list(" a , b c ,"), (List{"a", "b c"}));
  EXPECT_EQ(parse_list(",a,,b,"), (List{"a", "b"}));
}

}  // namespace
}  // namespace palaver::app
