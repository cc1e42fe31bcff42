// SPDX-License-Identifier: Apache-2.0
// Random conversations: what a client encodes in random frames, cut at random places, comes out of
// the parser as it went in; and what the server encodes is what a reader of its frames finds.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "codec/ws/deflate.h"
#include "codec/ws/frame.h"
#include "tests/unit/codec_ws/client.h"

namespace palaver::codec::ws {
namespace {

class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {}

  void add_message() {
    const bool is_text = below(2) == 0;
    const std::string message = payload(is_text);
    const bool deflated = below(2) == 0;
    const std::string wire =
        deflated ? deflate_for_test(message, below(4) == 0 ? Ending::kBfinal : Ending::kFlush)
                 : message;
    unsigned first = (is_text ? 0x01U : 0x02U) | (deflated ? kRsv1 : 0U);
    std::size_t at = 0;
    while (below(3) == 0) {
      const std::size_t size = below(wire.size() - at + 1);
      bytes += client_frame(first, wire.substr(at, size), key());
      at += size;
      first = 0;
      if (below(2) == 0) add_control();
    }
    bytes += client_frame(kFin | first, wire.substr(at), key());
    expected.push_back(is_text ? text(message) : binary(message));
  }

  void add_control() {
    const std::string data(below(126), static_cast<char>('a' + below(26)));
    const bool is_ping = below(2) == 0;
    bytes += client_frame(is_ping ? 0x89 : 0x8a, data, key());
    expected.push_back(is_ping ? ping(data) : pong(data));
  }

  std::vector<std::size_t> cuts() {
    std::vector<std::size_t> positions;
    for (std::size_t at = 0; at < bytes.size(); at += 1 + below(below(4) == 0 ? 20000 : 100)) {
      positions.push_back(at);
    }
    return positions;
  }

  std::string bytes;
  std::vector<Seen> expected;

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  MaskKey key() {
    MaskKey key;
    std::ranges::generate(key, [this] { return static_cast<char>(random_()); });
    return key;
  }

  std::string payload(bool is_text) {
    std::string message;
    const std::size_t size = below(below(5) == 0 ? 66000 : 400);
    while (message.size() < size) {
      if (is_text) {
        message += below(3) == 0 ? "\xf0\x9f\x98\x80 \xc3\xbc" : "some words ";
      } else {
        message += static_cast<char>(random_());
      }
    }
    return message;
  }

  std::mt19937 random_;
};

TEST(RoundTrip, WhatAClientEncodesIsWhatTheParserFinds) {
  constexpr ParserOptions kOptions{.message_bytes_max = 70000,
                                   .compression = Compression::kDeflate};
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Script script(seed);
    for (int i = 0; i < 12; ++i) script.add_message();
    ASSERT_EQ(parse(script.bytes, kOptions).events, script.expected);
    for (int round = 0; round < 3; ++round) {
      const Outcome outcome = parse(script.bytes, kOptions, script.cuts());
      ASSERT_EQ(outcome.events, script.expected);
      ASSERT_EQ(outcome.buffered_bytes, 0U);
    }
  }
}

// The client's reader of one unfragmented, unmasked frame; masked, the parser reads it.
std::string masked(std::string_view server_frame) {
  const auto size_byte = static_cast<std::uint8_t>(server_frame[1]);
  EXPECT_EQ(size_byte & 0x80, 0) << "a server's frame is not masked";
  const std::size_t header_bytes = size_byte == 127 ? 10 : size_byte == 126 ? 4 : 2;
  const std::string_view payload = server_frame.substr(header_bytes);
  return client_frame(static_cast<std::uint8_t>(server_frame[0]), payload);
}

TEST(RoundTrip, WhatTheServerEncodesReadsBack) {
  Deflater deflater;
  for (const std::size_t size : {0, 1, 125, 126, 1000, 65535, 65536}) {
    const std::string payload(size, 'r');
    EXPECT_EQ(parse(masked(encode(Opcode::kText, payload).view()), kPlain).events,
              std::vector{text(payload)});
    if (const auto deflated = deflater.deflate(payload)) {
      EXPECT_EQ(
          parse(masked(encode_compressed(Opcode::kBinary, *deflated).view()), kDeflate).events,
          std::vector{binary(payload)});
    }
  }
  EXPECT_EQ(parse(masked(encode_ping("p").view()), kPlain).events, std::vector{ping("p")});
  EXPECT_EQ(parse(masked(encode_pong("").view()), kPlain).events, std::vector{pong("")});
  EXPECT_EQ(parse(masked(encode_close(CloseCode::kTryAgainLater, "busy").view()), kPlain).events,
            std::vector{closed(CloseCode::kTryAgainLater, "busy")});
  EXPECT_EQ(parse(masked(encode_close(CloseCode::kNoStatus, "").view()), kPlain).events,
            std::vector{closed(CloseCode::kNoStatus)});
}

}  // namespace
}  // namespace palaver::codec::ws
