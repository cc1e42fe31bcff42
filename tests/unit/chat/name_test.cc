// SPDX-License-Identifier: Apache-2.0
#include "chat/name.h"

#include <gtest/gtest.h>

#include <string>

namespace palaver::chat {
namespace {

TEST(Name, IsWhatPeopleCallThemselves) {
  for (const std::string& name :
       {std::string("Ann"), std::string("J\u00f6rg M\u00fcller"), std::string("\uae40\ucca0\uc218"),
        std::string("\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        std::string("\u0645\u062d\u0645\u062f"), std::string("x"), std::string(64, 'n'),
        std::string("<b>&\"'\\")}) {
    EXPECT_TRUE(is_name(name)) << name;
  }
  std::string wide;
  for (int i = 0; i < 64; ++i) wide += "\U0001f642";
  EXPECT_TRUE(is_name(wide)) << "characters count, not bytes";
  EXPECT_FALSE(is_name(wide + "x"));
}

TEST(Name, ControlsNothing) {
  for (const std::string& name : {std::string(),
                                  std::string(65, 'n'),
                                  std::string(" "),
                                  std::string("\u00a0\u3000"),
                                  std::string("\u200d"),
                                  std::string("\u3164"),
                                  std::string("a\nb"),
                                  std::string("a\tb"),
                                  std::string("a\0b", 3),
                                  std::string("\x7f"),
                                  std::string("a\u0085"),
                                  std::string("\u202eAnn"),
                                  std::string("Ann\u2066"),
                                  std::string("\u200eAnn"),
                                  std::string("\u061cAnn"),
                                  std::string("a\u2028b"),
                                  std::string("a\u200bb"),
                                  std::string("\ufeffAnn"),
                                  std::string("a\u2060b"),
                                  std::string("a\u00adb"),
                                  std::string("a\U000e0001"),
                                  std::string("\xff")}) {
    EXPECT_FALSE(is_name(name)) << testing::PrintToString(name);
  }
}

TEST(Name, OfAGuest) {
  EXPECT_EQ(guest_info(""), "");
  EXPECT_EQ(guest_info("{}"), "");
  EXPECT_EQ(guest_info("[1]"), "");
  EXPECT_EQ(guest_info(R"({"name":7})"), "");
  EXPECT_EQ(guest_info(R"({"name":""})"), "");
  EXPECT_EQ(guest_info(R"({"name":"A \"nn\"","role":"moderator"})"), R"({"name":"A \"nn\""})");
  ASSERT_FALSE(guest_info(R"({"name":"a\nb"})"));
  EXPECT_EQ(guest_info(R"({"name":"a\nb"})").error().code, 400U);
}

TEST(Name, OfAMember) {
  EXPECT_EQ(name_of(""), std::nullopt);
  EXPECT_EQ(name_of("{}"), std::nullopt);
  EXPECT_EQ(name_of(R"("Ann")"), std::nullopt);
  EXPECT_EQ(name_of(R"({"name":"\u202eAnn"})"), std::nullopt);
  EXPECT_EQ(name_of(R"({"name":"Ann"})"), "Ann");
}

}  // namespace
}  // namespace palaver::chat
