// SPDX-License-Identifier: Apache-2.0
// Addresses of Redis as people write them, and what is none; no error shows the password.
#include "broker/redis/url.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace palaver::broker::redis {
namespace {

RedisUrl at(std::string host, std::uint16_t port = 6379, unsigned database = 0) {
  RedisUrl url;
  url.endpoint = {std::move(host), port};
  url.database = database;
  return url;
}

TEST(RedisUrl, TakesWhatPeopleWrite) {
  RedisUrl tls = at("h", 6380);
  tls.tls = true;
  tls.user = "u";
  tls.password = "p";
  RedisUrl encoded = at("h");
  encoded.user = "ann@home";
  encoded.password = "p@s:s/w%?#ä";
  RedisUrl no_user = at("h", 6379, 3);
  no_user.password = "p";
  const std::vector<std::pair<std::string_view, RedisUrl>> table = {
      {"redis://h", at("h")},
      {"redis://h/", at("h")},
      {"redis://h:", at("h")},
      {"redis://h:1/2", at("h", 1, 2)},
      {"redis://h:65535/16383", at("h", 65535, 16383)},
      {"redis://h/0", at("h")},
      {"rediss://u:p@h:6380", tls},
      {"redis://ann%40home:p%40s%3As%2Fw%25%3F%23%C3%A4@h", encoded},
      {"redis://:p@h/3", no_user},
      {"redis://[::1]:6380/1", at("::1", 6380, 1)},
      {"redis://127.0.0.1:1", at("127.0.0.1", 1)},
      {"[::1]:6379", at("::1")},
      {"[2001:db8::7]", at("2001:db8::7")},
      {"redis", at("redis")},
      {"redis.example.org", at("redis.example.org")},
      {"localhost:6380", at("localhost", 6380)},
      {"localhost:6380/5", at("localhost", 6380, 5)},
      {"10.0.0.1", at("10.0.0.1")},
      {":p@h/3", no_user},
  };
  for (const auto& [text, expected] : table) {
    const auto url = parse_redis_url(text);
    ASSERT_TRUE(url) << text << ": " << url.error().message;
    EXPECT_EQ(*url, expected) << text;
  }
}

TEST(RedisUrl, RefusesTheRest) {
  for (const std::string_view text : {"",
                                      " ",
                                      "http://h",
                                      "redis+unix:///run/redis.sock",
                                      "unix:///run/redis.sock",
                                      "://h",
                                      "redis://",
                                      "redis:///1",
                                      "redis://:6379",
                                      ":6379",
                                      "redis://h:0",
                                      "redis://h:65536",
                                      "redis://h:99999999999999999999",
                                      "redis://h:-1",
                                      "redis://h:+1",
                                      "redis://h:1x",
                                      "h:6379x/1",
                                      "redis://:p@h@",
                                      "redis://:p@h@h/1",
                                      "redis://h:port",
                                      "redis://h/text",
                                      "redis://h/-1",
                                      "redis://h/1x",
                                      "redis://h/1/2",
                                      "redis://h//1",
                                      "redis://h/16384",
                                      "redis://h/4294967296",
                                      "redis://h?db=1",
                                      "redis://h/1?",
                                      "redis://h/1#x",
                                      "redis://u@h",
                                      "redis://u:@h",
                                      "redis://h h",
                                      "redis://[::1",
                                      "::1",
                                      "redis://a:1,b:1"}) {
    const auto url = parse_redis_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, base::ErrorCode::kInvalidArgument) << text;
    EXPECT_NE(url.error().message.find("expected redis://"), std::string::npos) << text;
  }
}

TEST(RedisUrl, ErrorsSayWhatIsWrong) {
  const auto says = [](std::string_view text, std::string_view what) {
    const auto url = parse_redis_url(text);
    EXPECT_FALSE(url) << text;
    if (url) return;
    EXPECT_TRUE(url.error().message.ends_with(what)) << url.error().message;
  };
  says("http://h", "; the scheme is another");
  says("redis://:p@", "; there is no host");
  says("redis://h:0", "; the port is not 1 to 65535");
  says("redis://h:65536", "; the port is not 1 to 65535");
  says("redis://h:1x", "; there is something after the host");
  says("redis://u@h", "; there is no password");
  says("redis://h/x", "; the database is not a number");
  says("redis://h?x", "; there is something after the path");
  says("redis://h h", "; not an address");
}

TEST(RedisUrl, NoErrorShowsThePassword) {
  for (const std::string before :
       {"redis://ann:s3cret@", "rediss://:s3cret@", "http://ann:s3cret@", "ann:s3cret@",
        // Characters that had to be encoded.
        "redis://ann:s3cret/x@", "redis://ann:s3cret#x@", "redis://ann:s3cret?x@",
        "redis://ann:s3cret@x@", "redis://ann:s3cret x@", "redis://ann:s3cret%@", "ann:s3cret://x@",
        "redis://s3cret@"}) {
    for (const std::string_view after : {"", "h:0", "h:65536", "h:port", "h/x", "h?x", "h#x", "h h",
                                         "[::1", ":1", "h/16384", "\n"}) {
      const auto url = parse_redis_url(before + std::string(after));
      ASSERT_FALSE(url) << before << after;
      EXPECT_EQ(url.error().message.find("s3cret"), std::string::npos) << url.error().message;
    }
  }
}

}  // namespace
}  // namespace palaver::broker::redis
