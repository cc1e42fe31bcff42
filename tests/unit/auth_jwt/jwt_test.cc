// SPDX-License-Identifier: Apache-2.0
// Tokens: the example of RFC 7515, those that other libraries would make, and forged ones.
#include "auth/jwt/jwt.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.h"

namespace palaver::auth::jwt {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const Policy kPolicy{.key = "a key of the tests", .audience = {}, .issuer = {}};

base::WallTime at(std::int64_t seconds) { return base::WallTime{std::chrono::seconds{seconds}}; }

std::string token(std::string_view claims, Algorithm algorithm = Algorithm::kHs256) {
  return sign(claims, algorithm, kPolicy.key);
}

// With this header, signed as HS256 whatever it says.
std::string with_header(std::string_view header, std::string_view claims = "{}") {
  const std::string good = token(claims);
  const std::string payload = good.substr(good.find('.'), good.rfind('.') - good.find('.'));
  return base::to_base64url(header) + payload + good.substr(good.rfind('.'));
}

std::expected<Claims, Fault> check(std::string_view text, const Policy& policy = kPolicy) {
  return verify(text, policy, at(kNow));
}

Fault fault(std::string_view text, const Policy& policy = kPolicy) {
  const auto claims = check(text, policy);
  EXPECT_FALSE(claims) << text;
  return claims ? Fault{} : claims.error();
}

TEST(Jwt, TheExampleOfRfc7515) {
  const std::string_view text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const Policy policy{.key = *base::from_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
                                                   "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
                      .audience = {},
                      .issuer = "joe"};
  const auto before = verify(text, policy, at(1'300'819'379));
  ASSERT_TRUE(before);
  EXPECT_EQ(before->expires_at, 1'300'819'380);
  const auto after = verify(text, policy, at(1'300'819'380));
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error(), Fault::kExpired);
}

TEST(Jwt, SaysWhatWasSigned) {
  for (const Algorithm algorithm : {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512}) {
    const auto claims = check(token(R"({"sub":"42","exp":1800000001,"info":{"name":)"
                                    "\n"
                                    R"("Ann","role":"moderator"},)"
                                    R"("channels":["a","b"],"channel":"c","later":[{}]})",
                                    algorithm));
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->subject, "42");
    EXPECT_EQ(claims->expires_at, 1'800'000'001);
    EXPECT_EQ(claims->info, R"({"name":"Ann","role":"moderator"})");
    EXPECT_EQ(claims->channels, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(claims->channel, "c");
  }
  const auto empty = check(token("{}"));
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->subject, "");
  EXPECT_FALSE(empty->expires_at);
}

TEST(Jwt, OnlyHmacIsTaken) {
  for (const std::string_view name :
       {"none", "None", "NONE", "", "hs256", "RS256", "ES256", "HS1", "HS256 "}) {
    EXPECT_EQ(fault(with_header(R"({"alg":")" + std::string(name) + "\"}")), Fault::kAlgorithm);
  }
  // Unsigned, as `alg: none` has it.
  const std::string unsigned_token =
      base::to_base64url(R"({"alg":"none"})") + "." + base::to_base64url("{}") + ".";
  EXPECT_EQ(fault(unsigned_token), Fault::kAlgorithm);
  EXPECT_EQ(fault(with_header(R"({"alg":"HS256","crit":["exp"]})")), Fault::kAlgorithm);
  // The same bytes under another of our algorithms.
  EXPECT_EQ(fault(with_header(R"({"alg":"HS512","typ":"JWT"})")), Fault::kSignature);
  for (const std::string_view header :
       {"{}", "[]", "HS256", R"({"alg":1})", R"({"alg":null})", ""}) {
    EXPECT_EQ(fault(with_header(header)), Fault::kMalformed) << header;
  }
}

TEST(Jwt, EveryChangedByteIsNoticed) {
  const std::string good = token(R"({"sub":"42"})");
  ASSERT_TRUE(check(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char other : {'A', 'B', '_', '.', '=', '\0', '\xff'}) {
      if (good[i] == other) continue;
      std::string bad = good;
      bad[i] = other;
      EXPECT_FALSE(check(bad)) << i << ' ' << other;
    }
    EXPECT_FALSE(check(good.substr(0, i))) << i;
  }
  EXPECT_FALSE(check(good + "A"));
  EXPECT_FALSE(check(good + "."));
  EXPECT_FALSE(check(good + "="));
  Policy other = kPolicy;
  other.key += "!";
  EXPECT_EQ(fault(good, other), Fault::kSignature);
}

TEST(Jwt, TimesHaveTheirLeeway) {
  const auto with = [](std::string_view name, std::int64_t seconds) {
    return token("{\"" + std::string(name) + "\":" + std::to_string(seconds) + "}");
  };
  EXPECT_EQ(fault(with("exp", kNow)), Fault::kExpired);
  EXPECT_TRUE(check(with("exp", kNow + 1)));
  for (const std::string_view name : {"nbf", "iat"}) {
    EXPECT_TRUE(check(with(name, kNow + kLeewaySeconds))) << name;
    EXPECT_EQ(fault(with(name, kNow + kLeewaySeconds + 1)), Fault::kNotYet) << name;
  }
  EXPECT_EQ(fault(token(R"({"exp":1799999999.9})")), Fault::kExpired);
  EXPECT_TRUE(check(token(R"({"exp":1.9e9})")));
}

TEST(Jwt, AudienceAndIssuerAreLookedAtWhenTheyAreKnown) {
  Policy policy = kPolicy;
  EXPECT_TRUE(check(token(R"({"aud":"x","iss":"y"})"), policy));
  policy.audience = "chat";
  policy.issuer = "us";
  EXPECT_TRUE(check(token(R"({"aud":"chat","iss":"us"})"), policy));
  EXPECT_TRUE(check(token(R"({"aud":["x","chat"],"iss":"us"})"), policy));
  EXPECT_EQ(fault(token(R"({"iss":"us"})"), policy), Fault::kAudience);
  EXPECT_EQ(fault(token(R"({"aud":["x"],"iss":"us"})"), policy), Fault::kAudience);
  EXPECT_EQ(fault(token(R"({"aud":"chat","iss":"them"})"), policy), Fault::kIssuer);
  EXPECT_EQ(fault(token(R"({"aud":"chat"})"), policy), Fault::kIssuer);
}

TEST(Jwt, ClaimsOfTheWrongTypeAreRefused) {
  for (const std::string_view claims :
       {"[]", "", "1", "{", R"({"sub":1})", R"({"exp":"soon"})", R"({"exp":1e30})", R"({"nbf":[]})",
        R"({"channels":[1]})", R"({"channels":{}})", R"({"channel":[]})", R"({"aud":7})",
        R"({"iss":{}})", "{\"sub\":\"\xff\"}"}) {
    EXPECT_EQ(fault(token(claims)), Fault::kMalformed) << claims;
  }
  EXPECT_TRUE(check(token(R"({"sub":null,"exp":null,"channels":null,"info":null})")));
}

TEST(Jwt, ATokenIsBounded) {
  const auto of_size = [](std::size_t info) {
    return token("{\"info\":\"" + std::string(info, 'x') + "\"}");
  };
  std::size_t info = 6000;
  while (of_size(info + 1).size() <= kTokenBytesMax) ++info;
  EXPECT_TRUE(check(of_size(info)));
  EXPECT_EQ(fault(of_size(info + 1)), Fault::kMalformed);
  for (const std::string_view bad : {"", ".", "..", "...", "a.b", "a.b.c.d"}) {
    EXPECT_EQ(fault(bad), Fault::kMalformed) << bad;
  }
}

}  // namespace
}  // namespace palaver::auth::jwt
