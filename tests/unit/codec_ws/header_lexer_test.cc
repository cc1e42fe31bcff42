// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/header_lexer.h"

#include <gtest/gtest.h>

namespace palaver::codec::ws {
namespace {

TEST(HeaderLexer, TakesTokensAndSeparators) {
  HeaderLexer lexer(" \tone ;two= three\t,");
  EXPECT_EQ(lexer.token(), "one");
  EXPECT_FALSE(lexer.take(','));
  EXPECT_TRUE(lexer.take(';'));
  EXPECT_EQ(lexer.token(), "two");
  EXPECT_FALSE(lexer.token());
  EXPECT_TRUE(lexer.take('='));
  EXPECT_EQ(lexer.token_or_quoted(), "three");
  EXPECT_FALSE(lexer.at_end());
  EXPECT_TRUE(lexer.take(','));
  EXPECT_TRUE(lexer.at_end());
  EXPECT_FALSE(lexer.token());
}

TEST(HeaderLexer, UnquotesWhatHoldsAToken) {
  const auto unquoted = [](std::string_view header) {
    return HeaderLexer(header).token_or_quoted();
  };
  EXPECT_EQ(unquoted(R"("15")"), "15");
  EXPECT_EQ(unquoted(R"("1\5" rest)"), "15");
  for (const std::string_view bad :
       {R"(")", R"("")", R"("15)", R"("1 5")", R"("15\")", R"("15\)", "\"a\x80\"", "=", ""}) {
    EXPECT_FALSE(unquoted(bad)) << bad;
  }
  HeaderLexer after(R"("a"b)");
  EXPECT_EQ(after.token_or_quoted(), "a");
  EXPECT_EQ(after.token(), "b");
}

TEST(HeaderLexer, FindsATokenInAListWhateverItsCase) {
  EXPECT_TRUE(list_has_token("Upgrade", "upgrade"));
  EXPECT_TRUE(list_has_token("keep-alive, UPGRADE", "upgrade"));
  EXPECT_TRUE(list_has_token(",, keep-alive ,\tupgrade ,", "upgrade"));
  for (const std::string_view without : {"", ",", "upgrades", "keep-alive", "up grade",
                                         "\"upgrade\"", "keep-alive; upgrade", "upgrade/1"}) {
    EXPECT_FALSE(list_has_token(without, "upgrade")) << without;
  }
}

}  // namespace
}  // namespace palaver::codec::ws
