// SPDX-License-Identifier: Apache-2.0
#include "base/ascii.h"

#include <gtest/gtest.h>

#include <string_view>

namespace palaver::base {
namespace {

TEST(Ascii, NamesAreComparedWithoutCase) {
  EXPECT_TRUE(equals_ignoring_case("Sec-WebSocket-Key", "sec-websocket-KEY"));
  EXPECT_FALSE(equals_ignoring_case("Host", "Hos"));
  EXPECT_FALSE(equals_ignoring_case("[", "{")) << "only letters have case";
}

TEST(Ascii, Tokens) {
  for (const std::string_view token :
       {"a", "X-Y_z.1", "permessage-deflate", "!#$%&'*+-.^_`|~09azAZ"}) {
    EXPECT_TRUE(is_token(token)) << token;
  }
  for (const std::string_view other :
       {"", " ", " a", "a b", "a:", "a,b", "a;", "\"a\"", "a\x7f", "a\r\n", "\xC3\xBC"}) {
    EXPECT_FALSE(is_token(other)) << other;
  }
}

}  // namespace
}  // namespace palaver::base
