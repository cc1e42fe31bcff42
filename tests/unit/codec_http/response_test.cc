// SPDX-License-Identifier: Apache-2.0
// The bytes of responses, and that no value can break out of its field.
#include "codec/http/response.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace palaver::codec::http {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

constexpr HeadOptions kGet{.method = Method::kGet, .keep_alive = KeepAlive::kYes, .date = {}};
constexpr HeadOptions kHead{.method = Method::kHead, .keep_alive = KeepAlive::kNo, .date = {}};

Response text(unsigned status, std::string_view body) {
  return {.status = status,
          .content_type = "text/plain",
          .headers = {{"X-A", "1"}},
          .body = base::Frame::copy_of(body)};
}

TEST(Response, Bytes) {
  EXPECT_EQ(encode(text(200, "hi\n"), kGet).view(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nX-A: 1\r\n"
            "Connection: keep-alive\r\n\r\nhi\n");
  HeadOptions dated = kGet;
  dated.date = base::WallTime{milliseconds{784'111'777'999}};
  EXPECT_EQ(encode_head({.status = 503}, dated),
            "HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(Response, HeadTellsTheLengthAndSendsNoBody) {
  EXPECT_EQ(encode(text(200, "hello"), kHead).view(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nX-A: 1\r\n"
            "Connection: close\r\n\r\n");
}

TEST(Response, StatusesWithoutContent) {
  for (const unsigned status : {101U, 204U, 304U}) {
    const Response response = text(status, "never sent");
    EXPECT_FALSE(sends_body(response, Method::kGet));
    const std::string bytes{encode(response, kGet).view()};
    EXPECT_EQ(bytes.find("Content-Length"), std::string::npos);
    EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
    EXPECT_EQ(bytes.find("Connection"),
              status == 101 ? std::string::npos : bytes.find("Connection"));
  }
  EXPECT_TRUE(sends_body(text(200, ""), Method::kPost));
}

TEST(Response, ValuesCannotEndTheirField) {
  Response response = text(302, "");
  response.content_type = "text/plain\r\nX-Evil: 1";
  response.headers = {{"Location", "/a\r\nSet-Cookie: x=1\r\n\r\n<script>\0"s}};
  const std::string head = encode_head(response, kGet);
  EXPECT_NE(head.find("Location: /a  Set-Cookie: x=1    <script> \r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Content-Type: text/plain  X-Evil: 1\r\n"), std::string::npos) << head;
}

TEST(ResponseDeathTest, NamesAreTokens) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Response response = text(200, "");
  response.headers = {{"X-A: 1\r\nX-B", "2"}};
  EXPECT_DEATH((void)encode_head(response, kGet), "token");
  EXPECT_DEATH((void)encode_head({.status = 99}, kGet), "three digits");
}

TEST(Response, JsonErrors) {
  const Response error = json_error(404, "no room \"<\x01\xff>\"");
  EXPECT_EQ(error.status, 404U);
  EXPECT_EQ(error.content_type, "application/json");
  EXPECT_EQ(error.body.view(), "{\"error\":\"no room \\\"<\\u0001\xEF\xBF\xBD>\\\"\"}\n");
}

TEST(Response, Phrases) {
  for (const auto& [status, phrase] : {std::pair{100U, "Continue"},
                                       {304U, "Not Modified"},
                                       {431U, "Request Header Fields Too Large"},
                                       {505U, "HTTP Version Not Supported"},
                                       {299U, "Unknown"},
                                       {599U, "Unknown"}}) {
    EXPECT_EQ(reason_phrase(status), phrase);
  }
}

TEST(Response, Dates) {
  EXPECT_EQ(http_date(base::WallTime{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(base::WallTime{std::chrono::sys_days{std::chrono::year{2028} / 2 / 29} +
                                     std::chrono::hours{23}}),
            "Tue, 29 Feb 2028 23:00:00 GMT");
}

}  // namespace
}  // namespace palaver::codec::http
