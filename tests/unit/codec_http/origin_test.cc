// SPDX-License-Identifier: Apache-2.0
// Hosts, and which origins may connect to them.
#include "codec/http/origin.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http/authority.h"

namespace palaver::codec::http {
namespace {

using enum OriginVerdict;

TEST(Authority, OneSpelling) {
  struct Row {
    std::string_view text;
    std::optional<Authority> expected;
  };
  const std::vector<Row> table = {
      {"a", {{"a", {}}}},
      {"Chat.Example.ORG:8080", {{"chat.example.org", 8080}}},
      {"a:", {{"a", {}}}},
      {"a:0", {{"a", 0}}},
      {"a:65535", {{"a", 65535}}},
      {"a:00080", {{"a", 80}}},
      {"127.0.0.1:80", {{"127.0.0.1", 80}}},
      {"[::1]:80", {{"[::1]", 80}}},
      {"[0:0:0:0:0:0:0:1]", {{"[::1]", {}}}},
      {"[2001:DB8::A]", {{"[2001:db8::a]", {}}}},
      {"a_b", {{"a_b", {}}}},
      {"", {}},
      {":80", {}},
      {"a:65536", {}},
      {"a:80:80", {}},
      {"a:x", {}},
      {"::1", {}},
      {"[::1", {}},
      {"[::1]x", {}},
      {"[v1.x]", {}},
      {"[fe80::1%25eth0]", {}},
      {"a@b", {}},
      {"a%41", {}},
      {"a/b", {}},
      {"a?b", {}},
      {"a#b", {}},
      {"a b", {}},
      {"a\\b", {}},
      {"\xC3\xBC", {}},
  };
  for (const Row& row : table) EXPECT_EQ(parse_authority(row.text), row.expected) << row.text;
}

struct Row {
  std::optional<std::string_view> origin;
  std::optional<std::string_view> host;
  OriginVerdict expected;
};

void expect_all(const OriginPolicy& policy, const std::vector<Row>& table) {
  for (const Row& row : table) {
    EXPECT_EQ(policy.judge(row.origin, row.host), row.expected)
        << row.origin.value_or("(none)") << " to " << row.host.value_or("(none)");
  }
}

OriginPolicy policy_of(const std::vector<std::string>& entries) {
  auto policy = OriginPolicy::create(entries);
  EXPECT_TRUE(policy) << policy.error().message;
  return policy.value_or(OriginPolicy{});
}

TEST(Origin, WithoutAListTheSameHostMayConnect) {
  expect_all(OriginPolicy{}, {{{}, "a", kNoOrigin},
                              {{}, {}, kNoOrigin},
                              {"http://a", "a", kSameHost},
                              {"HTTP://A", "a", kSameHost},
                              {"http://a", "A:80", kSameHost},
                              {"http://a:80", "a", kSameHost},
                              {"https://a", "a", kSameHost},
                              {"https://a", "a:443", kSameHost},
                              {"http://a:8080", "a:8080", kSameHost},
                              {"http://[::1]:8080", "[0:0::1]:8080", kSameHost},
                              {"https://a", "a:80", kRefused},
                              {"http://a", "a:443", kRefused},
                              {"http://a:8080", "a", kRefused},
                              {"http://a", "a:8080", kRefused},
                              {"http://b", "a", kRefused},
                              {"http://a", {}, kRefused},
                              {"http://a", "", kRefused},
                              {"http://a.evil", "a", kRefused},
                              {"http://evil-a", "a", kRefused},
                              {"http://a@evil", "a", kRefused},
                              {"http://evil@a", "a", kRefused},
                              {"http://a/", "a", kRefused},
                              {"http://a http://b", "a", kRefused},
                              {"http://a, http://b", "a", kRefused},
                              {"extension://a", "a", kRefused},
                              {"//a", "a", kRefused},
                              {"a", "a", kRefused},
                              {"", "a", kRefused},
                              {"null", "null", kRefused},
                              {"http://", "a", kRefused},
                              {"http://a:99999", "a", kRefused}});
}

TEST(Origin, ListedOriginsMayConnect) {
  expect_all(
      policy_of({"https://chat.example.org", "http://localhost:5173", "capacitor://localhost"}),
      {{"https://chat.example.org", "a", kListed},
       {"https://CHAT.example.org:443", "a", kListed},
       {"http://localhost:5173", "a", kListed},
       {"capacitor://localhost", "a", kListed},
       {"https://a", "a", kSameHost},
       {"http://chat.example.org", "a", kRefused},
       {"https://chat.example.org:444", "a", kRefused},
       {"https://x.chat.example.org", "a", kRefused},
       {"https://chat.example.org.evil", "a", kRefused},
       {"http://localhost", "a", kRefused},
       {"null", "a", kRefused}});
}

TEST(Origin, Wildcards) {
  expect_all(policy_of({"https://*.example.org", "http://*.test:81"}),
             {{"https://a.example.org", "h", kListed},
              {"https://b.a.Example.org", "h", kListed},
              {"http://x.test:81", "h", kListed},
              {"https://example.org", "h", kRefused},
              {"https://evilexample.org", "h", kRefused},
              {"https://a.example.org.evil", "h", kRefused},
              {"http://a.example.org", "h", kRefused},
              {"http://x.test", "h", kRefused}});
  expect_all(policy_of({"*"}),
             {{"https://x", "h", kListed}, {"null", "h", kListed}, {"??", "h", kListed}});
  expect_all(policy_of({"null"}), {{"null", "h", kListed}, {"https://x", "h", kRefused}});
}

TEST(Origin, BadEntriesAreNamed) {
  for (const std::string entry :
       {"", "example.org", "https://", "https://a/", "https://*", "https://*.", "https://a.*.org",
        "https://*.*.org", "*.example.org", "https://a:99999", "https://u@a", "ht tp://a",
        "Null"}) {
    const std::vector<std::string> entries = {"https://fine.example", entry};
    const auto policy = OriginPolicy::create(entries);
    ASSERT_FALSE(policy) << entry;
    EXPECT_NE(policy.error().message.find("'" + entry + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace palaver::codec::http
