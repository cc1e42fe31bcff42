// SPDX-License-Identifier: Apache-2.0
#include "chat/act.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace palaver::chat {
namespace {

Kind kind(std::string_view data) {
  const auto act = read_act(data);
  EXPECT_TRUE(act) << data << ": " << act.error().message;
  return act ? act->kind : Kind::kOpaque;
}

TEST(Act, KindsOfTheChat) {
  EXPECT_EQ(kind(R"({"text":"hi"})"), Kind::kMessage);
  EXPECT_EQ(kind(R"({"kind":"message","text":"hi","id":"1","reply":7,"colour":"red"})"),
            Kind::kMessage);
  EXPECT_EQ(kind(R"({"kind":"message","text":"hi","reply":null})"), Kind::kMessage);
  EXPECT_EQ(kind(R"({"kind":"edit","target":7,"text":"hi"})"), Kind::kEdit);
  EXPECT_EQ(kind(R"({"kind":"delete","target":7})"), Kind::kDelete);
  EXPECT_EQ(kind(R"({"kind":"react","target":7,"emoji":"+1","on":false})"), Kind::kReact);
  EXPECT_EQ(kind(R"({"kind":"typing"})"), Kind::kTyping);
  EXPECT_EQ(kind(R"({"k\u0069nd":"gone"})"), Kind::kGone) << "however it is written";
  const auto act = read_act(R"({"kind":"edit","id":"e1","target":9007199254740991,"text":"t"})");
  EXPECT_EQ(act->id, "e1");
  EXPECT_EQ(act->target.value, 9007199254740991U);
}

TEST(Act, WhatIsNotTheChatsPasses) {
  for (const std::string_view data :
       {"1", "null", "[]", "\"text\"", "{}", R"({"text":7})", R"({"kind":"move","text":7})",
        R"({"kind":7,"text":"hi"})", R"({"kind":null})", R"({"id":7})", "not JSON"}) {
    EXPECT_EQ(kind(data), Kind::kOpaque) << data;
  }
}

TEST(Act, TheLastOfEqualNamesCountsAsForEveryReader) {
  EXPECT_EQ(kind(R"({"kind":"delete","target":1,"kind":"typing"})"), Kind::kTyping);
}

TEST(Act, RulesOfEachKind) {
  const std::string longest(kTextBytesMax, 'x');
  const std::string id(64, 'i');
  const auto message = [](const std::string& text) { return R"({"text":")" + text + "\"}"; };
  EXPECT_EQ(kind(message(longest)), Kind::kMessage);
  EXPECT_EQ(kind(R"({"text":"t","id":")" + id + "\"}"), Kind::kMessage);
  EXPECT_EQ(
      kind(R"({"kind":"react","target":1,"emoji":")" + std::string(32, 'e') + R"(","on":true})"),
      Kind::kReact);
  struct Bad {
    std::string data;
    codec::wire::CommandError error;
  };
  const auto react = [](const std::string& rest) {
    return R"({"kind":"react","target":1)" + rest + "}";
  };
  for (const auto& [data, error] : std::vector<Bad>{
           {message(longest + "x"), codec::wire::kErrorBadText},
           {message(""), codec::wire::kErrorBadText},
           {R"({"kind":"message"})", codec::wire::kErrorBadText},
           {R"({"kind":"message","text":7})", codec::wire::kErrorBadText},
           {R"({"kind":"edit","target":1,"text":""})", codec::wire::kErrorBadText},
           {R"({"text":"t","id":""})", codec::wire::kErrorBadId},
           {R"({"text":"t","id":7})", codec::wire::kErrorBadId},
           {R"({"text":"t","id":null})", codec::wire::kErrorBadId},
           {R"({"text":"t","id":"i)" + id + "\"}", codec::wire::kErrorBadId},
           {R"({"text":"t","reply":0})", codec::wire::kErrorBadTarget},
           {R"({"text":"t","reply":"7"})", codec::wire::kErrorBadTarget},
           {R"({"kind":"edit","text":"t"})", codec::wire::kErrorBadTarget},
           {R"({"kind":"edit","target":-1,"text":"t"})", codec::wire::kErrorBadTarget},
           {R"({"kind":"delete"})", codec::wire::kErrorBadTarget},
           {R"({"kind":"delete","target":1.5})", codec::wire::kErrorBadTarget},
           {R"({"kind":"delete","target":9007199254740992})", codec::wire::kErrorBadTarget},
           {R"({"kind":"delete","target":"1"})", codec::wire::kErrorBadTarget},
           {react(R"(,"on":true)"), codec::wire::kErrorBadEmoji},
           {react(R"(,"emoji":"","on":true)"), codec::wire::kErrorBadEmoji},
           {react(R"(,"on":true,"emoji":")" + std::string(33, 'e') + '"'),
            codec::wire::kErrorBadEmoji},
           {react(R"(,"emoji":"+1")"), codec::wire::kErrorBadReaction},
           {react(R"(,"emoji":"+1","on":1)"), codec::wire::kErrorBadReaction},
       }) {
    const auto act = read_act(data);
    ASSERT_FALSE(act) << data;
    EXPECT_EQ(act.error().code, error.code) << data;
    EXPECT_EQ(act.error().message, error.message) << data;
  }
}

}  // namespace
}  // namespace palaver::chat
