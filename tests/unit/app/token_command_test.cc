// SPDX-License-Identifier: Apache-2.0
// `palaver token`: what it mints is what the server takes.
#include "app/token_command.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "auth/jwt/jwt.h"
#include "tests/unit/app/config_samples.h"

namespace palaver::app {
namespace {

constexpr base::WallTime kNow{std::chrono::seconds{1'800'000'000}};

base::Result<std::string> mint(
    std::vector<const char*> arguments, const Environment& environment = [](const char*) {
      return static_cast<const char*>(nullptr);
    }) {
  arguments.insert(arguments.begin(), "token");
  return make_token(static_cast<int>(arguments.size()), arguments.data(), environment, kNow);
}

auth::jwt::Claims claims_of(const base::Result<std::string>& token, const auth::jwt::Policy& policy,
                            base::WallTime now = kNow) {
  EXPECT_TRUE(token) << token.error().message;
  if (!token) return {};
  const auto claims = auth::jwt::verify(*token, policy, now);
  EXPECT_TRUE(claims) << auth::jwt::text_of(claims.error());
  return claims ? *claims : auth::jwt::Claims{};
}

TEST(TokenCommand, MintsWhatItIsTold) {
  const auto token = mint({"--token-key=k", "--user=ann \"x\"", "--expires=2h", "--info",
                           R"({"name": "Ann"})", "--channels=a,b", "--algorithm=HS512"});
  const auto claims = claims_of(token, {.key = "k", .audience = {}, .issuer = {}});
  EXPECT_EQ(claims.subject, "ann \"x\"");
  EXPECT_EQ(claims.expires_at, 1'800'007'200);
  EXPECT_EQ(claims.info, R"({"name": "Ann"})");
  EXPECT_EQ(claims.channels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(claims.channel, "");
}

TEST(TokenCommand, TakesTheServersSettings) {
  const ConfigFile file(R"({"client":{"token":{"hmac_secret_key":"k","audience":"us","issuer":"me"},
                                      "subscription_token":{"hmac_secret_key":"r"}}})");
  const std::string path = "--config=" + file.path();
  const auto plain =
      claims_of(mint({path.c_str()}), {.key = "k", .audience = "us", .issuer = "me"});
  EXPECT_EQ(plain.subject, "");
  EXPECT_EQ(plain.expires_at, 1'800'003'600);
  const auto room = claims_of(mint({path.c_str(), "--channel=$a", "--expires=never"}),
                              {.key = "r", .audience = "us", .issuer = "me"});
  EXPECT_EQ(room.channel, "$a");
  EXPECT_EQ(room.expires_at, std::nullopt);
  const auto environment = [](const char* name) {
    return std::string_view(name) == "PALAVER_TOKEN_KEY" ? "from outside" : nullptr;
  };
  claims_of(mint({}, environment), {.key = "from outside", .audience = {}, .issuer = {}});
}

TEST(TokenCommand, SaysWhatIsWrong) {
  const auto error = [](std::vector<const char*> arguments) {
    const auto token = mint(std::move(arguments));
    EXPECT_FALSE(token);
    return token ? std::string() : token.error().message;
  };
  EXPECT_EQ(error({}),
            "a key is needed: --token-key, PALAVER_TOKEN_KEY, or --config with the server's");
  EXPECT_EQ(error({"--token-key=k", "--algorithm=none"}),
            "--algorithm: expected one of HS256, HS384, HS512, got 'none'");
  EXPECT_TRUE(error({"--token-key=k", "--expires=soon"}).starts_with("--expires: expected "));
  EXPECT_TRUE(error({"--token-key=k", "--info={"}).starts_with("--info: "));
  EXPECT_TRUE(error({"--token-key=k", "--channel=a", "--channels=b"}).starts_with("--channel "));
  EXPECT_NE(error({"--token-key=k", "--colour=red"}), "");
  EXPECT_NE(mint({"--help"})->find("--subscription"), 0U);
  EXPECT_NE(mint({"--help"})->find("--user"), std::string::npos);
}

}  // namespace
}  // namespace palaver::app
