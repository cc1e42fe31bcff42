// SPDX-License-Identifier: Apache-2.0
// Names, tokens and comma-separated lists.
#include "codec/http/headers.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace palaver::codec::http {
namespace {

std::vector<std::string> elements(std::string_view list) {
  std::vector<std::string> out;
  while (const auto element = next_list_element(list)) out.emplace_back(*element);
  return out;
}

TEST(Headers, LoweringTouchesOnlyAsciiLetters) {
  EXPECT_EQ(to_lower("ABC-Z[\xC3\x84"), "abc-z[\xC3\x84");
}

TEST(Headers, ListsAreSplitAtCommasOutsideOfQuotes) {
  using List = std::vector<std::string>;
  EXPECT_EQ(elements(""), List{});
  EXPECT_EQ(elements(" , ,\t"), List{});
  EXPECT_EQ(elements("a"), List{"a"});
  EXPECT_EQ(elements(" a ,, b\t,c "), (List{"a", "b", "c"}));
  EXPECT_EQ(elements(R"(W/"a,b", "c\",d")"), (List{R"(W/"a,b")", R"("c\",d")"}));
  EXPECT_EQ(elements(R"("open, a)"), List{R"("open, a)"});
  EXPECT_EQ(elements("\"a\\"), List{"\"a\\"});
}

TEST(Headers, ListsAreSearchedForWholeTokens) {
  EXPECT_TRUE(list_has_token("keep-alive, Upgrade", "upgrade"));
  EXPECT_FALSE(list_has_token("keep-alive, Upgraded", "upgrade"));
  EXPECT_FALSE(list_has_token("", "upgrade"));
}

}  // namespace
}  // namespace palaver::codec::http
