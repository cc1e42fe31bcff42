// SPDX-License-Identifier: Apache-2.0
// Who a client is by its token, by a guest's, or by none.
#include "auth/jwt/token_authenticator.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace palaver::auth::jwt {
namespace {

constexpr base::WallTime kNow{std::chrono::seconds{1'800'000'000}};
constexpr std::string_view kKey = "the backend's key";
constexpr std::string_view kRoomKey = "the backend's key for rooms";
constexpr std::string_view kGuestKey = "the node's key for guests";

Policy policy(std::string_view key) {
  return {.key = std::string(key), .audience = {}, .issuer = {}};
}

TokenAuthenticator with(TokenRules rules) {
  rules.guest_key = kGuestKey;
  return TokenAuthenticator(std::move(rules));
}
TokenAuthenticator with_key() { return with({.connection = policy(kKey)}); }

std::string token(std::string_view claims, std::string_view key = kKey) {
  return sign(claims, Algorithm::kHs256, key);
}

Refusal refused(const Authenticator& authenticator, std::string_view text) {
  const auto identity = authenticator.connect(text, kNow);
  EXPECT_FALSE(identity) << text;
  return identity ? Refusal{} : identity.error();
}

TEST(TokenAuthenticator, ATokenNamesItsUser) {
  const auto identity = with_key().connect(
      token(R"({"sub":"ann","exp":1800000060,"info":{"name":"Ann"},"channels":["a","b"]})"), kNow);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->user.value, "ann");
  EXPECT_EQ(identity->standing, Standing::kVerified);
  EXPECT_EQ(identity->role, Role::kMember);
  EXPECT_EQ(identity->info, R"({"name":"Ann"})");
  EXPECT_EQ(identity->expires_at, 1'800'000'060);
  EXPECT_EQ(identity->channels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(identity->guest_token, "");
}

TEST(TokenAuthenticator, WithoutSubjectItIsTheAnonymousUser) {
  const auto identity = with_key().connect(token("{}"), kNow);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->user.value, "");
  EXPECT_EQ(identity->standing, Standing::kAnonymous);
}

TEST(TokenAuthenticator, OnlyInfoRoleMakesAModerator) {
  const auto role = [](std::string_view claims) {
    return with_key().connect(token(claims), kNow)->role;
  };
  EXPECT_EQ(role(R"({"sub":"m","info":{"role":"moderator"}})"), Role::kModerator);
  EXPECT_EQ(role(R"({"sub":"m","info":{"role":"Moderator"}})"), Role::kMember);
  EXPECT_EQ(role(R"({"sub":"m","info":{"role":["moderator"]}})"), Role::kMember);
  EXPECT_EQ(role(R"({"sub":"m","info":"moderator"})"), Role::kMember);
  EXPECT_EQ(role(R"({"sub":"m","role":"moderator"})"), Role::kMember);
}

TEST(TokenAuthenticator, RefusesWhatIsNotAPass) {
  const auto authenticator = with_key();
  EXPECT_EQ(refused(authenticator, token(R"({"sub":"ann","exp":1800000000})")), Refusal::kExpired);
  EXPECT_EQ(refused(authenticator, token(R"({"sub":"ann"})", "another key")), Refusal::kInvalid);
  EXPECT_EQ(refused(authenticator, "nonsense"), Refusal::kInvalid);
  EXPECT_EQ(refused(authenticator, token(R"({"sub":"guest:1"})")), Refusal::kInvalid)
      << "the server gives these names";
  EXPECT_EQ(refused(authenticator, token(R"({"sub":"article:1"})")), Refusal::kInvalid);
  EXPECT_EQ(refused(authenticator, token(R"({"sub":"ann","channel":"r"})")), Refusal::kInvalid)
      << "it is for one room";
  EXPECT_EQ(refused(with({}), token(R"({"sub":"ann"})")), Refusal::kInvalid) << "no key is set";
}

TEST(TokenAuthenticator, AGuestStaysTheSamePerson) {
  const auto authenticator = with_key();
  const auto guest = authenticator.connect("", kNow);
  ASSERT_TRUE(guest);
  EXPECT_TRUE(guest->user.value.starts_with("guest:"));
  EXPECT_EQ(guest->user.value.size(), 6 + 22) << "128 bits";
  EXPECT_EQ(guest->standing, Standing::kAnonymous);
  const auto other = authenticator.connect("", kNow);
  EXPECT_NE(other->user, guest->user);
  const auto back = with({}).connect(guest->guest_token, kNow);  // at another node, without tokens
  ASSERT_TRUE(back);
  EXPECT_EQ(back->user, guest->user);
  EXPECT_EQ(back->guest_token, guest->guest_token);
}

TEST(TokenAuthenticator, AForgedGuestIsANewOne) {
  const auto authenticator = with_key();
  for (const std::string& forged :
       {"guest." + token(R"({"sub":"guest:victim"})", "another key"),
        "guest." + token(R"({"sub":"guest:victim"})"),    // the key for users
        "guest." + token(R"({"sub":"ann"})", kGuestKey),  // no guest
        std::string("guest."), std::string("guest.a.b.c")}) {
    const auto identity = authenticator.connect(forged, kNow);
    ASSERT_TRUE(identity) << forged;
    EXPECT_TRUE(identity->user.value.starts_with("guest:")) << forged;
    EXPECT_NE(identity->user.value, "guest:victim") << forged;
    EXPECT_NE(identity->guest_token, forged);
  }
  EXPECT_EQ(refused(authenticator, token(R"({"sub":"guest:victim"})", kGuestKey)),
            Refusal::kInvalid)
      << "a guest's token under the name of another kind";
}

TEST(TokenAuthenticator, GuestsMayBeKeptOut) {
  const auto closed = with({.connection = policy(kKey),
                            .subscription = {},
                            .without_token = TokenRules::WithoutToken::kRefused});
  EXPECT_EQ(refused(closed, ""), Refusal::kUnauthorized);
  const std::string guest = with_key().connect("", kNow)->guest_token;
  EXPECT_EQ(refused(closed, guest), Refusal::kUnauthorized);
  EXPECT_TRUE(closed.connect(token(R"({"sub":"ann"})"), kNow));
}

TEST(TokenAuthenticator, InsecureHasNoGuestsAndStillReadsTokens) {
  const auto insecure = with({.connection = policy(kKey),
                              .subscription = {},
                              .without_token = TokenRules::WithoutToken::kRefused,
                              .guest_key = {},
                              .insecure = true});
  EXPECT_TRUE(insecure.lifts_rights());
  EXPECT_FALSE(with_key().lifts_rights());
  const std::string guest = with_key().connect("", kNow)->guest_token;
  for (const std::string& text : {std::string(), guest}) {
    const auto identity = insecure.connect(text, kNow);
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->user.value, "");
    EXPECT_EQ(identity->guest_token, "");
  }
  EXPECT_EQ(insecure.connect(token(R"({"sub":"ann"})"), kNow)->user.value, "ann");
  EXPECT_EQ(refused(insecure, token("{}", "another key")), Refusal::kInvalid);
  EXPECT_EQ(with({.connection = {},
                  .subscription = {},
                  .without_token = TokenRules::WithoutToken::kGuest,
                  .guest_key = {},
                  .insecure = true})
                .connect("whatever", kNow)
                ->user.value,
            "");
}

TEST(TokenAuthenticator, ASubscriptionTokenIsForOneUserAndRoom) {
  const auto authenticator = with_key();
  const auto ask = [&](std::string_view claims, std::string_view user = "ann",
                       std::string_view key = kKey) {
    return authenticator.subscribe(token(claims, key), {std::string(user)}, {"$r"}, kNow);
  };
  const auto grant = ask(R"({"sub":"ann","channel":"$r","exp":1800000060,"info":{"seat":3}})");
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->info, R"({"seat":3})");
  EXPECT_EQ(grant->expires_at, 1'800'000'060);
  EXPECT_EQ(ask(R"({"sub":"bob","channel":"$r"})").error(), Refusal::kForeign);
  EXPECT_EQ(ask(R"({"sub":"ann","channel":"$q"})").error(), Refusal::kForeign);
  EXPECT_EQ(ask(R"({"sub":"ann"})").error(), Refusal::kForeign);
  EXPECT_EQ(ask(R"({"channel":"$r"})").error(), Refusal::kForeign) << "ann is not anonymous";
  EXPECT_TRUE(ask(R"({"channel":"$r"})", ""));
  EXPECT_TRUE(ask(R"({"channel":"$r"})", "guest:1"));
  EXPECT_TRUE(ask(R"({"channel":"$r"})", "article:1"));
  EXPECT_EQ(ask(R"({"sub":"ann","channel":"$r","exp":1800000000})").error(), Refusal::kExpired);
  EXPECT_EQ(ask(R"({"sub":"ann","channel":"$r"})", "ann", kRoomKey).error(), Refusal::kInvalid);
  EXPECT_EQ(with({}).subscribe("x", {"ann"}, {"$r"}, kNow).error(), Refusal::kInvalid);
}

TEST(TokenAuthenticator, SubscriptionsMayHaveAKeyOfTheirOwn) {
  const auto authenticator = with({.connection = policy(kKey), .subscription = policy(kRoomKey)});
  const std::string_view claims = R"({"sub":"ann","channel":"r"})";
  EXPECT_TRUE(authenticator.subscribe(token(claims, kRoomKey), {"ann"}, {"r"}, kNow));
  EXPECT_EQ(authenticator.subscribe(token(claims), {"ann"}, {"r"}, kNow).error(),
            Refusal::kInvalid);
}

}  // namespace
}  // namespace palaver::auth::jwt
