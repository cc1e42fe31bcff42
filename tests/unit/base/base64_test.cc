// SPDX-License-Identifier: Apache-2.0
// Both spellings: the vectors of RFC 4648 section 10, and everything that is no spelling at all.
#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace palaver::base {
namespace {

TEST(Base64, ReadsTheVectorsOfTheRfc) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"", ""},
      {"Zg==", "f"},
      {"Zm8=", "fo"},
      {"Zm9v", "foo"},
      {"Zm9vYg==", "foob"},
      {"Zm9vYmE=", "fooba"},
      {"Zm9vYmFy", "foobar"},
      {"+/8=", "\xfb\xff"},
  };
  for (const auto& [text, bytes] : table) EXPECT_EQ(from_base64(text), bytes) << text;
}

TEST(Base64, RefusesEveryOtherSpelling) {
  for (const std::string_view bad : {"Zg", "Zg=", "Z", "Z===", "====", "=", "Zg==Zg==", "Zm9=v",
                                     "Zh==", "Zm9v\n", "Zm 9v", "-_8=", "Zm9vY", "Zm9\xff"}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(Base64Url, RoundTripsAndHasOneSpelling) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i * 7);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url(""), "");
  EXPECT_EQ(from_base64url("YQ"), "a");
  for (const std::string_view bad : {"YR", "Y", "YQ==", "Y Q", "+/8", "YWJjZ"}) {
    EXPECT_FALSE(from_base64url(bad)) << bad;
  }
}

}  // namespace
}  // namespace palaver::base
