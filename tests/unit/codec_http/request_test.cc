// SPDX-License-Identifier: Apache-2.0
// RequestParser against literal bytes: what is accepted, what is refused with which status, the
// bounds at the limit and one beyond; each input whole, cut at every byte, and byte by byte.
#include "codec/http/request.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace palaver::codec::http {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr RequestLimits kLimits{.header_bytes_max = 1024, .body_bytes_max = 64};

std::string describe(const Request& request) {
  std::string text = request.method_name + " " + request.target + " 1." +
                     std::to_string(request.version_minor) +
                     (request.keep_alive ? " keep" : " close");
  for (const Header& header : request.headers) text += "|" + header.name + "=" + header.value;
  return text + "|" + request.body;
}

std::string describe(const ParseOutcome& outcome) {
  if (const auto* request = std::get_if<Request>(&outcome)) return describe(*request);
  if (std::holds_alternative<ContinueExpected>(outcome)) return "continue";
  return std::to_string(std::get<ParseError>(outcome).status);
}

// All outcomes of `pieces` in order, up to the first error.
std::vector<std::string> outcomes(const std::vector<std::string_view>& pieces,
                                  RequestLimits limits = kLimits) {
  RequestParser parser{limits};
  std::vector<std::string> log;
  for (std::string_view piece : pieces) {
    while (auto outcome = parser.next(piece)) {
      log.push_back(describe(*outcome));
      if (std::holds_alternative<ParseError>(*outcome)) return log;
    }
    EXPECT_TRUE(piece.empty()) << "without an outcome all input is used";
  }
  if (!parser.idle()) log.emplace_back("...");
  return log;
}

std::vector<std::string> outcome_of(std::string_view bytes, RequestLimits limits = kLimits) {
  auto whole = outcomes({bytes}, limits);
  std::vector<std::string_view> single;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    single.push_back(bytes.substr(cut, 1));
    EXPECT_EQ(outcomes({bytes.substr(0, cut), bytes.substr(cut)}, limits), whole) << cut;
  }
  EXPECT_EQ(outcomes(single, limits), whole);
  return whole;
}

using Log = std::vector<std::string>;

TEST(Request, Accepted) {
  struct Row {
    std::string_view bytes;
    Log expected;
  };
  const std::vector<Row> table = {
      {"", {}},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", {"GET / 1.1 keep|host=a|"}},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r", {"..."}},
      {"G", {"..."}},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", {"GET / 1.1 keep|host=a|"}},
      {"\r\n", {}},
      {"\r", {"..."}},
      {"GET / HTTP/1.0\r\n\r\n", {"GET / 1.0 close|"}},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
       {"GET / 1.0 keep|connection=keep-alive|"}},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n",
       {"GET / 1.1 close|host=a|connection=Close|"}},
      {"HEAD /x?y HTTP/1.1\r\nHOST:[::1]:80\r\n\r\n", {"HEAD /x?y 1.1 keep|host=[::1]:80|"}},
      {"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", {"BREW /pot 1.1 keep|host=a|"}},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {"OPTIONS * 1.1 keep|host=a|"}},
      {"GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n", {"GET http://b:81/x 1.1 keep|host=b:81|"}},
      {"GET http://b/ HTTP/1.0\r\n\r\n", {"GET http://b/ 1.0 close|host=b|"}},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: \t v w \t\r\nY:\r\n\r\n",
       {"GET / 1.1 keep|host=a|x=v w|y=|"}},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nX-Forwarded-For: 1.1.1.1\r\n"
       "connection: Upgrade\r\nX-Forwarded-For: 2.2.2.2\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
       {"GET / 1.1 keep|host=a|connection=keep-alive, Upgrade|x-forwarded-for=1.1.1.1, 2.2.2.2|"
        "cookie=a=1; b=2|"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
       {"POST / 1.1 keep|host=a|content-length=5|hello"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell", {"..."}},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
       {"POST / 1.1 keep|host=a|content-length=0|"}},
      {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", {"POST / 1.1 keep|host=a|"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
       "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n00\r\nTrailer: t\r\n\r\n",
       {"POST / 1.1 keep|host=a|transfer-encoding=Chunked|abc0123456789"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {"POST / 1.1 keep|host=a|transfer-encoding=chunked|"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r", {"..."}},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
       {"continue", "POST / 1.1 keep|host=a|expect=100-Continue|content-length=2|hi"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
       {"POST / 1.1 keep|host=a|expect=100-continue|"}},
      {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
       {"POST / 1.0 close|expect=100-continue|content-length=1|x"}},
  };
  for (const Row& row : table) EXPECT_EQ(outcome_of(row.bytes), row.expected) << row.bytes;
}

TEST(Request, RefusedHeads) {
  struct Row {
    std::string bytes;
    std::string status;
  };
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::vector<Row> table = {
      {"\x16\x03\x01\x02", "400"},  // TLS to a plain port
      {"GET / HTTP/1.1\n", "400"},
      {"GET / HTTP/1.1\rX", "400"},
      {"GET / HTTP/1.1\r\r\n", "400"},
      {"\r\n\r\n", "400"},
      {"\n", "400"},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /\r\n\r\n", "400"},
      {"GET\r\n\r\n", "400"},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400"},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/11\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"GET / HTTP/0.9\r\n\r\n", "505"},
      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET http://a@b/x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {get + "\r\n", "400"},  // no Host
      {get + "Host:\r\n\r\n", "400"},
      {get + "Host: a\r\nHost: a\r\n\r\n", "400"},
      {get + "Host: a, b\r\n\r\n", "400"},
      {get + "Host: a/b\r\n\r\n", "400"},
      {get + "Host: user@a\r\n\r\n", "400"},
      {get + "Host: a b\r\n\r\n", "400"},
      {get + "Host: a:99999\r\n\r\n", "400"},
      {get + "Host: a:-1\r\n\r\n", "400"},
      {get + "Host: [::1\r\n\r\n", "400"},
      {get + "Host: [::g]\r\n\r\n", "400"},
      {get + "Host: \xC3\xBC\r\n\r\n", "400"},
      {get + "Host: a%00\r\n\r\n", "400"},
      {get + "Host : a\r\n\r\n", "400"},
      {get + ": a\r\nHost: a\r\n\r\n", "400"},
      {get + "Host: a\r\nX\r\n\r\n", "400"},
      {get + "Host: a\r\nX Y: z\r\n\r\n", "400"},
      {get + "Host: a\r\nX: a\r\n b\r\n\r\n", "400"},  // obs-fold
      {get + " Host: a\r\n\r\n", "400"},
      {get + "Host: a\r\nX: a\0b\r\n\r\n"s, "400"},
      {get + "Host: a\r\nX: a\x7f\r\n\r\n", "400"},
      {get + "Host: a\r\nX: a\nY: b\r\n\r\n", "400"},
      {get + "Host: a\r\nOrigin: b\r\nOrigin: b\r\n\r\n", "400"},
      {get + "Host: a\r\nAuthorization: b\r\nAuthorization: c\r\n\r\n", "400"},
      {get + "Host: a\r\nSec-WebSocket-Key: b\r\nSec-WebSocket-Key: b\r\n\r\n", "400"},
      {get + "Host: a\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Version: 13\r\n\r\n", "400"},
      {get + "Host: a\r\nExpect: a miracle\r\nContent-Length: 1\r\n\r\nx", "417"},
  };
  for (const Row& row : table) EXPECT_EQ(outcome_of(row.bytes), Log{row.status}) << row.bytes;
}

TEST(Request, AmbiguousBodiesAreRefused) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::vector<std::pair<std::string, std::string>> table = {
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "400"},
      {"Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "400"},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", "400"},
      {"Content-Length: 5\r\nContent-Length: 6\r\n", "400"},
      {"Content-Length: 5, 5\r\n", "400"},
      {"Content-Length: +5\r\n", "400"},
      {"Content-Length: -5\r\n", "400"},
      {"Content-Length: 0x5\r\n", "400"},
      {"Content-Length: 5 5\r\n", "400"},
      {"Content-Length: \r\n", "400"},
      {"Content-Length: 18446744073709551616\r\n", "400"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "400"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "400"},
      {"Transfer-Encoding: identity\r\n", "400"},
      {"Transfer-Encoding: xchunked\r\n", "400"},
      {"Transfer-Encoding: chunked;q=1\r\n", "400"},
      {"Transfer-Encoding: \"chunked\"\r\n", "400"},
      {"Transfer-Encoding: chunked, gzip\r\n", "400"},
      {"Transfer-Encoding:\r\n", "400"},
      {"Transfer-Encoding: gzip, chunked\r\n", "501"},
      {"Transfer-Encoding: , chunked\r\n", "501"},
      {"Transfer-Encoding: chunked,\r\n", "501"},
      {"Transfer-Encoding: chunked, chunked\r\n", "501"},
  };
  for (const auto& [fields, status] : table) {
    EXPECT_EQ(outcome_of(post + fields + "\r\n"), Log{status}) << fields;
  }
  EXPECT_EQ(outcome_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Log{"400"});
}

TEST(Request, BadChunksAreRefused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view chunks : {"\r\n",
                                        "x\r\n",
                                        "-1\r\n",
                                        " 1\r\nx",
                                        "0x1\r\nx",
                                        "1\nx",
                                        "1\r\nxy\r\n",
                                        "1\r\nx\n",
                                        "1\r\nx0\r\n",
                                        "1 2\r\n",
                                        "1;\r\n\r\n",
                                        "1;=\r\nx",
                                        "1;a=\"\r\n\"\r\n",
                                        "ffffffffffffffffff\r\n",
                                        "1\r\nx\r\nx\r\n",
                                        "0;a=\"\r\n\r\n",
                                        "0 x\r\n\r\n",
                                        "0;\"\r\n\r\n",
                                        "0\r\nx\r\n\r\n",
                                        "0\r\n a: b\r\n\r\n",
                                        "0\r\na: b\n",
                                        "0\r\nContent-Length: 1\r\n\r\n",
                                        "0\r\nTransfer-Encoding: chunked\r\n\r\n",
                                        "0\nGET / HTTP/1.1\r\n\r\n"}) {
    EXPECT_EQ(outcome_of(head + std::string{chunks}), Log{"400"}) << chunks;
  }
  const std::string at_limit =
      "1;a=" + std::string(kChunkLineBytesMax - 6, 'b') + "\r\nx\r\n0\r\n\r\n";
  EXPECT_TRUE(outcome_of(head + at_limit).front().ends_with("|x"));
  EXPECT_EQ(outcome_of(head + "1;a=" + std::string(kChunkLineBytesMax - 5, 'b') + "\r\n"),
            Log{"400"});
}

std::string padded_request(std::size_t size) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  return begin + std::string(size - begin.size() - 4, 'x') + "\r\n\r\n";
}

TEST(Request, HeadLimit) {
  EXPECT_TRUE(outcome_of(padded_request(1024)).front().starts_with("GET / 1.1"));
  EXPECT_EQ(outcome_of(padded_request(1025)), Log{"431"});
  EXPECT_EQ(outcome_of(padded_request(1024).substr(0, 1024 - 4) + "yyyyy"), Log{"431"});
  EXPECT_EQ(outcome_of(padded_request(1024).substr(0, 1024 - 4) + "yyyy"), Log{"..."});
  EXPECT_EQ(outcome_of("GET /" + std::string(1024, 'x')), Log{"414"});

  const RequestLimits few{.header_bytes_max = 1024, .body_bytes_max = 64, .header_fields_max = 3};
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n";
  EXPECT_EQ(outcome_of(head + "\r\n", few), Log{"GET / 1.1 keep|host=a|x=1, 2|"});
  EXPECT_EQ(outcome_of(head + "Y: 1\r\n\r\n", few), Log{"431"});
}

TEST(Request, BodyLimit) {
  const auto with_length = [](std::size_t size, std::string_view body) {
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
           std::string{body};
  };
  EXPECT_TRUE(outcome_of(with_length(64, std::string(64, 'b')))
                  .front()
                  .ends_with("|" + std::string(64, 'b')));
  EXPECT_EQ(outcome_of(with_length(65, "")), Log{"413"}) << "before a byte of it is read";

  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "20\r\n" + std::string(32, 'b') + "\r\n";
  EXPECT_TRUE(
      outcome_of(head + chunk + chunk + "0\r\n\r\n").front().ends_with("|" + std::string(64, 'b')));
  EXPECT_EQ(outcome_of(head + chunk + chunk + "1\r\n"), Log{"413"});
  EXPECT_EQ(outcome_of(head + "ffffffffffffffff\r\n"), Log{"413"});

  const std::string field = "A: " + std::string(500, 'x') + "\r\n";
  EXPECT_EQ(outcome_of(head + "0\r\n" + field + "\r\n").size(), 1U);
  EXPECT_EQ(outcome_of(head + "0\r\n" + field + field + field), Log{"431"});
  const RequestLimits tiny{.header_bytes_max = 60, .body_bytes_max = 64};
  EXPECT_EQ(outcome_of(head + "0;a=" + std::string(100, 'x') + "\r\n\r\n", tiny), Log{"431"});
}

TEST(Request, LeavesWhatFollowsARequest) {
  RequestParser parser{kLimits};
  EXPECT_TRUE(parser.idle());
  const std::string bytes =
      "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n\x81\x80mask"s;
  std::string_view input = bytes;
  const auto outcome = parser.next(input);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(std::get<Request>(*outcome).target, "/ws");
  EXPECT_TRUE(std::get<Request>(*outcome).header_has_token("UPGRADE", "WebSocket"));
  EXPECT_EQ(input, "\x81\x80mask");
  EXPECT_TRUE(parser.idle());
}

TEST(Request, IdleOnlyBetweenRequests) {
  RequestParser parser{kLimits};
  const auto feed = [&parser](std::string_view input) { return parser.next(input).has_value(); };
  EXPECT_FALSE(feed("P"));
  EXPECT_FALSE(parser.idle());
  EXPECT_FALSE(feed("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_FALSE(parser.idle());
  EXPECT_TRUE(feed("x"));
  EXPECT_TRUE(parser.idle());
  EXPECT_FALSE(feed("\r\n"));
  EXPECT_TRUE(parser.idle());
}

TEST(Request, AfterAnErrorNothingIsRead) {
  RequestParser parser{kLimits};
  std::string_view bad = "\n";
  const auto error = parser.next(bad);
  ASSERT_TRUE(error);
  std::string_view good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto again = parser.next(good);
  ASSERT_TRUE(again);
  EXPECT_EQ(std::get<ParseError>(*again), std::get<ParseError>(*error));
  EXPECT_TRUE(good.starts_with("GET"));
  EXPECT_FALSE(parser.idle());
}

// A request as bytes, its body in chunks of random sizes or with its length.
std::string write_request(const std::string& target, const std::string& body,
                          std::mt19937& random) {
  std::string out = "POST " + target + " HTTP/1.1\r\nhost: a\r\n";
  if (random() % 2 == 0) {
    return out + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  out += "transfer-encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size = std::min<std::size_t>(1 + random() % 9, body.size() - at);
    out += "0" + std::to_string(size) + "\r\n" + body.substr(at, size) + "\r\n";
    at += size;
  }
  return out + "0\r\n\r\n";
}

TEST(Request, PipelinedRoundTrips) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937 random{kSeed};
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    Log expected;
    for (auto i = random() % 6; i-- > 0;) {
      const std::string target = "/" + std::to_string(random());
      std::string body(random() % 60, '\0');
      for (char& c : body) c = static_cast<char>(random());
      bytes += write_request(target, body, random);
      expected.push_back(target + "|" + body);
    }
    RequestParser parser{kLimits};
    Log seen;
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 50, rest.size());
      std::string_view piece = rest.substr(0, size);
      rest.remove_prefix(size);
      while (auto outcome = parser.next(piece)) {
        ASSERT_TRUE(std::holds_alternative<Request>(*outcome)) << describe(*outcome);
        const auto& request = std::get<Request>(*outcome);
        seen.push_back(request.target + "|" + request.body);
      }
    }
    EXPECT_EQ(seen, expected);
    EXPECT_TRUE(parser.idle());
  }
}

}  // namespace
}  // namespace palaver::codec::http
