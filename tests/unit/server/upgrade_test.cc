// SPDX-License-Identifier: Apache-2.0
// The article's handshake: which requests become members of which room, and the status and text of
// each refusal.
#include "server/upgrade.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/jwt/token_authenticator.h"
#include "base/limits.h"

namespace palaver::server {
namespace {

using codec::http::Header;
using codec::http::OriginPolicy;
using codec::http::Request;
using Answer = std::expected<ArticleUpgrade, UpgradeRefusal>;

// A browser's handshake for `target`.
Request handshake(std::string target) {
  return {.method = codec::http::Method::kGet,
          .method_name = "GET",
          .target = std::move(target),
          .headers = {{"host", "chat.example:8080"},
                      {"upgrade", "websocket"},
                      {"connection", "keep-alive, Upgrade"},
                      {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                      {"sec-websocket-version", "13"}},
          .body = {}};
}

Request with(Request request, std::string_view name, std::string_view value) {
  std::erase_if(request.headers, [name](const Header& header) { return header.name == name; });
  request.headers.push_back({std::string(name), std::string(value)});
  return request;
}

Request without(Request request, std::string_view name) {
  std::erase_if(request.headers, [name](const Header& header) { return header.name == name; });
  return request;
}

Answer check(const Request& request, const OriginPolicy& origins = {}) {
  const auto target = codec::http::parse_target(request.target);
  EXPECT_TRUE(target) << request.target;
  static const rooms::Namespaces kNamespaces;
  static const auth::jwt::TokenAuthenticator kAuthenticator({.guest_key = "a key"});
  return check_article_upgrade(
      request, target.value_or(codec::http::Target{}),
      {.origins = origins, .namespaces = kNamespaces, .authenticator = kAuthenticator, .now = {}});
}

struct Refused {
  unsigned status;
  std::string_view reason;
  Refusal refusal = Refusal::kBadRequest;
  std::vector<Header> headers{};
};

void expect_refused(const Answer& answer, const Refused& expected, std::string_view what) {
  ASSERT_FALSE(answer) << what;
  EXPECT_EQ(answer.error().status, expected.status) << what;
  EXPECT_EQ(answer.error().reason, expected.reason) << what;
  EXPECT_EQ(answer.error().refusal, expected.refusal) << what;
  EXPECT_EQ(answer.error().headers, expected.headers) << what;
}

TEST(ArticleUpgrade, TakesRoomAndClientFromThePath) {
  struct Row {
    std::string target;
    std::string room;
    std::int64_t client_id;
  };
  const std::vector<Row> table = {
      {"/ws/general/7", "general", 7},
      {"/ws/general/-7", "general", -7},
      {"/ws/general/+7", "general", 7},
      {"/ws/general/007", "general", 7},
      {"/ws/0/0", "0", 0},
      {"/ws/a/9223372036854775807", "a", std::numeric_limits<std::int64_t>::max()},
      {"/ws/a/-9223372036854775808", "a", std::numeric_limits<std::int64_t>::min()},
      {"/ws/a%2Fb/7", "a/b", 7},
      {"/ws/a%20b/7", "a b", 7},
      {"/ws/a+b/7", "a+b", 7},
      {"/ws/%C3%BC/7", "\xC3\xBC", 7},
      {"/ws/../7", "..", 7},
      {"/ws/a/%37", "a", 7},
      {"/ws/" + std::string(base::kRoomNameBytesMax, 'r') + "/7",
       std::string(base::kRoomNameBytesMax, 'r'), 7},
      {"/ws/general/7?unknown=1", "general", 7},
  };
  for (const Row& row : table) {
    const Answer answer = check(handshake(row.target));
    ASSERT_TRUE(answer) << row.target << ": " << answer.error().reason;
    EXPECT_EQ(answer->room.value, row.room);
    EXPECT_EQ(answer->sender.user.value, "article:" + std::to_string(row.client_id));
    EXPECT_EQ(answer->join.replay, rooms::JoinOptions::Replay::kNone);
    EXPECT_EQ(answer->upgrade.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  }
}

TEST(ArticleUpgrade, PathsThatAreNone) {
  constexpr std::string_view kPath = "the path is /ws/{channel_id}/{client_id}";
  constexpr std::string_view kChannel = "channel_id must have 1 to 255 bytes";
  constexpr std::string_view kClient = "client_id must be a 64-bit integer";
  const std::vector<std::pair<std::string, Refused>> table = {
      {"/ws", {404, kPath}},
      {"/ws/", {404, kPath}},
      {"/ws/general", {404, kPath}},
      {"/ws/general/7/", {404, kPath}},
      {"/ws/general/7/8", {404, kPath}},
      {"/ws//7", {400, kChannel}},
      {"/ws/" + std::string(base::kRoomNameBytesMax + 1, 'r') + "/7", {400, kChannel}},
      {"/ws/" + std::string(base::kRoomNameBytesMax - 1, 'r') + "%C3%BC/7", {400, kChannel}},
      {"/ws/general/", {400, kClient}},
      {"/ws/general/seven", {400, kClient}},
      {"/ws/general/7.0", {400, kClient}},
      {"/ws/general/+-7", {400, kClient}},
      {"/ws/general/%207", {400, kClient}},
      {"/ws/general/7%0A", {400, kClient}},
      {"/ws/general/9223372036854775808", {400, kClient}},
      {"/ws/general/-9223372036854775809", {400, kClient}},
      {"/ws/general/%D9%A7", {400, kClient}},
  };
  for (const auto& [target, refused] : table) {
    expect_refused(check(handshake(target)), refused, target);
  }
}

TEST(ArticleUpgrade, HistoryIsANumber) {
  constexpr std::size_t kMost = base::kReplayEntriesMax;
  const std::vector<std::pair<std::string, std::size_t>> table = {
      {"1", 1},
      {"50", 50},
      {"050", 50},
      {std::to_string(kMost), kMost},
      {std::to_string(kMost + 1), kMost},
      {"18446744073709551615", kMost},
      {"18446744073709551616", kMost},
      {std::string(500, '9'), kMost},
  };
  for (const auto& [text, last] : table) {
    const Answer answer = check(handshake("/ws/a/7?history=" + text));
    ASSERT_TRUE(answer) << text;
    EXPECT_EQ(answer->join.replay, rooms::JoinOptions::Replay::kLast) << text;
    EXPECT_EQ(answer->join.last, last) << text;
  }
  const Answer none = check(handshake("/ws/a/7?history=0"));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->join.replay, rooms::JoinOptions::Replay::kNone);
  EXPECT_EQ(check(handshake("/ws/a/7?x=1&history=2&history=3"))->join.last, 2U);
}

TEST(ArticleUpgrade, HistoriesThatAreNone) {
  for (const std::string text : {"", "x", "-1", "%2B5", "+5", "5+", "1.5", "5x", "0x5", "%205",
                                 "99999999999999999999999x", "%D9%A5"}) {
    expect_refused(check(handshake("/ws/a/7?history=" + text)), {400, "history must be a number"},
                   text);
  }
  expect_refused(check(handshake("/ws/a/7?history")), {400, "history must be a number"}, "bare");
}

TEST(ArticleUpgrade, HandshakesThatAreNone) {
  const Request good = handshake("/ws/a/7");
  const std::vector<Header> required = {
      {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}};
  const auto expect = [&](const Request& request, const Refused& refused) {
    expect_refused(check(request), refused, refused.reason);
  };
  Request post = good;
  post.method = codec::http::Method::kPost;
  post.method_name = "POST";
  expect(post, {405, "a WebSocket handshake is a GET", Refusal::kBadRequest, {{"Allow", "GET"}}});
  Request old = good;
  old.version_minor = 0;
  expect(old, {400, "a WebSocket handshake needs HTTP/1.1"});
  expect(without(good, "host"), {400, "Host is missing"});
  for (const Request& request :
       {without(good, "upgrade"), with(good, "upgrade", "h2c"), with(good, "upgrade", "")}) {
    expect(request, {426, "this is a WebSocket endpoint: Upgrade must name websocket",
                     Refusal::kBadRequest, required});
  }
  for (const Request& request : {without(good, "connection"), with(good, "connection", "close")}) {
    expect(request, {426, "this is a WebSocket endpoint: Connection must name Upgrade",
                     Refusal::kBadRequest, required});
  }
  for (const Request& request :
       {without(good, "sec-websocket-version"), with(good, "sec-websocket-version", "8"),
        with(good, "sec-websocket-version", "13, 8")}) {
    expect(request, {426, "Sec-WebSocket-Version must be 13", Refusal::kBadRequest, required});
  }
  for (const Request& request :
       {without(good, "sec-websocket-key"), with(good, "sec-websocket-key", "c2hvcnQ="),
        with(good, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ")}) {
    expect(request, {400, "Sec-WebSocket-Key must be 16 bytes in base64"});
  }
  expect(with(good, "sec-websocket-protocol", "a b"),
         {400, "Sec-WebSocket-Protocol must be a list of tokens"});
  expect(with(good, "sec-websocket-extensions", "permessage-deflate; ="),
         {400, "Sec-WebSocket-Extensions is malformed"});
}

TEST(ArticleUpgrade, DeflateIsTakenWhenItIsOffered) {
  using codec::ws::Compression;
  EXPECT_EQ(check(handshake("/ws/a/7"))->upgrade.compression(), Compression::kNone);
  EXPECT_EQ(check(with(handshake("/ws/a/7"), "sec-websocket-extensions",
                       "permessage-deflate; client_max_window_bits"))
                ->upgrade.compression(),
            Compression::kDeflate);
}

TEST(ArticleUpgrade, OriginsOfPages) {
  const std::vector<std::string> entries = {"https://friend.example"};
  const OriginPolicy listed = *OriginPolicy::create(entries);
  const Refused refused{403, "this page's origin is not allowed; list it in --allowed-origins",
                        Refusal::kOrigin};
  const auto from = [](std::string_view origin) {
    return with(handshake("/ws/a/7"), "origin", origin);
  };
  EXPECT_TRUE(check(handshake("/ws/a/7"))) << "no page";
  EXPECT_TRUE(check(from("http://chat.example:8080")));
  EXPECT_TRUE(check(from("https://friend.example"), listed));
  for (const std::string_view origin :
       {"http://chat.example", "http://chat.example:8081", "https://friend.example", "null", "",
        "chat.example:8080", "http://chat.example:8080.evil.example"}) {
    expect_refused(check(from(origin)), refused, origin);
  }
  expect_refused(check(from("https://friend.example.evil"), listed), refused, "listed");
}

TEST(ArticleUpgrade, ThePathIsJudgedFirstTheOriginLast) {
  // What a person sees who opens the address in a browser: the path's fault, then the method's.
  Request bare{.method = codec::http::Method::kGet,
               .method_name = "GET",
               .target = "/ws/a",
               .headers = {{"host", "chat.example"}},
               .body = {}};
  EXPECT_EQ(check(bare).error().status, 404U);
  bare.target = "/ws/a/x?history=y";
  EXPECT_EQ(check(bare).error().reason, "client_id must be a 64-bit integer");
  bare.target = "/ws/a/7?history=y";
  EXPECT_EQ(check(bare).error().reason, "history must be a number");
  bare.target = "/ws/a/7";
  bare.headers.push_back({"origin", "https://evil.example"});
  EXPECT_EQ(check(bare).error().status, 426U);
}

// The article's endpoint where tokens are asked for.
class ArticleRights : public testing::Test {
 protected:
  static constexpr base::WallTime kNow{std::chrono::seconds{1'800'000'000}};
  using Rules = auth::jwt::TokenRules;

  ArticleRights() {
    rooms::RoomOptions closed;
    closed.subscribe.client = false;
    closed.publish.client = closed.publish.subscriber = false;
    EXPECT_TRUE(namespaces_.add("closed", closed));
    rooms::RoomOptions read_only;
    read_only.publish.anonymous = false;
    EXPECT_TRUE(namespaces_.add("news", read_only));
    rules_.connection = auth::jwt::Policy{.key = "k", .audience = {}, .issuer = {}};
    rules_.guest_key = "g";
  }

  Answer ask(const std::string& room, const std::string& token = {}) {
    const std::string query = token.empty() ? "" : "?token=" + token;
    const Request request = handshake("/ws/" + room + "/7" + query);
    const auth::jwt::TokenAuthenticator authenticator(rules_);
    return check_article_upgrade(request, *codec::http::parse_target(request.target),
                                 {.origins = origins_,
                                  .namespaces = namespaces_,
                                  .authenticator = authenticator,
                                  .now = kNow});
  }
  static std::string token(std::string_view claims, std::string_view key = "k") {
    return auth::jwt::sign(claims, auth::jwt::Algorithm::kHs256, key);
  }

  OriginPolicy origins_;
  rooms::Namespaces namespaces_;
  Rules rules_;
};

TEST_F(ArticleRights, ATokenIsWhoTheClientIs) {
  const Answer answer = ask("r", token(R"({"sub":"ann","exp":1800000060,"info":{"name":"Ann"}})"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->sender.user.value, "ann");
  EXPECT_EQ(answer->sender.info, R"({"name":"Ann"})");
  EXPECT_EQ(answer->expires_at, 1'800'000'060);
  EXPECT_EQ(answer->publishing, rooms::ArticleSession::Publishing::kAllowed);
  EXPECT_EQ(ask("r", token("{}"))->sender.user.value, "article:7") << "a token without a user";
  EXPECT_EQ(ask("r")->sender.user.value, "article:7");
}

TEST_F(ArticleRights, TokensThatAreNone) {
  expect_refused(ask("r", "nonsense"), {401, "invalid token", Refusal::kRights}, "nonsense");
  expect_refused(ask("r", token("{}", "other")), {401, "invalid token", Refusal::kRights}, "key");
  expect_refused(ask("r", token(R"({"exp":1800000000})")),
                 {401, "the token has expired", Refusal::kRights}, "expired");
  rules_.without_token = Rules::WithoutToken::kRefused;
  expect_refused(ask("r"), {401, "a token is needed: ?token=", Refusal::kRights}, "none");
  EXPECT_TRUE(ask("r", token(R"({"sub":"ann"})")));
}

TEST_F(ArticleRights, RoomsThatAreNotForEverybody) {
  const Refused closed{403, "this room is not for everybody", Refusal::kRights};
  expect_refused(ask("closed:a"), closed, "closed");
  expect_refused(ask("$a"), closed, "private");
  expect_refused(ask("$a", token(R"({"sub":"ann"})")), closed, "private, with a token");
  expect_refused(ask("unknown:a"), {404, "no such namespace", Refusal::kRights}, "unknown");
  EXPECT_TRUE(ask("$a", token(R"({"sub":"ann","channels":["$a"]})"))) << "its token lists it";
  const Answer listed = ask("closed:a", token(R"({"sub":"ann","channels":["closed:a"]})"));
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->publishing, rooms::ArticleSession::Publishing::kForbidden);
  EXPECT_EQ(ask("news:a")->publishing, rooms::ArticleSession::Publishing::kForbidden);
  EXPECT_EQ(ask("news:a", token(R"({"sub":"ann"})"))->publishing,
            rooms::ArticleSession::Publishing::kAllowed);
  rules_.insecure = true;
  EXPECT_EQ(ask("closed:a")->publishing, rooms::ArticleSession::Publishing::kAllowed);
  EXPECT_TRUE(ask("$a"));
}

}  // namespace
}  // namespace palaver::server
