// SPDX-License-Identifier: Apache-2.0
// The generator's WebSocket bytes: literal ones from RFC 6455, every split, and the limit programs'
// side as the other end.
#include "bench/load/websocket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "bench/limits/protocol.h"

namespace palaver::bench::load {
namespace {

using limits::ClientFrame;
using limits::ReadStatus;

TEST(WebSocketTest, ReadsTheFramesOfTheRfc) {
  ServerFrame frame;
  ASSERT_EQ(parse_server_frame("\x81\x05Hello!", frame), ParseStatus::kComplete);
  EXPECT_EQ(frame.payload, "Hello");
  EXPECT_EQ(frame.size, 7U);
  ASSERT_EQ(parse_server_frame("\x89\x05Hello", frame), ParseStatus::kComplete);
  EXPECT_EQ(frame.opcode, Opcode::kPing);

  const std::string body(256, 'x');
  const std::string bytes = std::string("\x81\x7e\x01\x00", 4) + body;
  ASSERT_EQ(parse_server_frame(bytes, frame), ParseStatus::kComplete);
  EXPECT_EQ(frame.payload, body);
}

TEST(WebSocketTest, RefusesWhatNoServerMaySendUs) {
  ServerFrame frame;
  EXPECT_EQ(parse_server_frame("\x81\x85\x37\xfa\x21\x3d", frame),
            ParseStatus::kRefused);                                            // masked
  EXPECT_EQ(parse_server_frame("\x01\x03Hel", frame), ParseStatus::kRefused);  // fragment
  EXPECT_EQ(parse_server_frame("\xc1\x03Hel", frame), ParseStatus::kRefused);  // compressed
  const std::string endless("\x81\x7f\x00\x00\x01\x00\x00\x00\x00\x00", 10);
  EXPECT_EQ(parse_server_frame(endless, frame), ParseStatus::kRefused);
}

TEST(WebSocketTest, ACutFrameIsIncompleteAtEveryByte) {
  for (const std::size_t length : {0UZ, 1UZ, 125UZ, 126UZ, 4000UZ}) {
    std::string bytes;
    limits::append_line_frame(bytes, "[stamp]", std::string(length, 'm'), "7");
    ServerFrame frame;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      ASSERT_EQ(parse_server_frame(bytes.substr(0, cut), frame), ParseStatus::kIncomplete) << cut;
    }
    ASSERT_EQ(parse_server_frame(bytes, frame), ParseStatus::kComplete);
    EXPECT_EQ(frame.payload, "[stamp] " + std::string(length, 'm') + " (7)");
  }
}

TEST(WebSocketTest, WhatTheClientSendsTheServerReads) {
  for (const std::size_t length : {0UZ, 5UZ, 125UZ, 126UZ, 32'768UZ}) {
    const std::string text(length, 't');
    std::string bytes;
    append_client_frame(bytes, Opcode::kText, text, 0x3d21fa37);
    ClientFrame frame;
    for (std::size_t cut = 0; cut < std::min(bytes.size(), 200UZ); ++cut) {
      std::string part = bytes.substr(0, cut);
      ASSERT_EQ(limits::read_client_frame(part.data(), part.size(), frame),
                ReadStatus::kIncomplete);
    }
    ASSERT_EQ(limits::read_client_frame(bytes.data(), bytes.size(), frame), ReadStatus::kComplete);
    EXPECT_EQ(frame.opcode, 1);
    EXPECT_EQ(frame.payload, text);
    EXPECT_EQ(frame.size, bytes.size());
  }
}

TEST(WebSocketTest, TheHandshakeMeetsTheServers) {
  const std::string request = handshake_request("127.0.0.1:8080", "/ws/room7/42");
  limits::Upgrade upgrade;
  for (std::size_t cut = 0; cut < request.size(); ++cut) {
    ASSERT_EQ(limits::read_upgrade(request.substr(0, cut), upgrade), ReadStatus::kIncomplete);
  }
  ASSERT_EQ(limits::read_upgrade(request, upgrade), ReadStatus::kComplete);
  EXPECT_EQ(upgrade.room, "room7");
  EXPECT_EQ(upgrade.client_id, "42");
  EXPECT_EQ(upgrade.request_bytes, request.size());

  std::size_t size = 0;
  ASSERT_EQ(parse_handshake(upgrade.response + "\x81", size), ParseStatus::kComplete);
  EXPECT_EQ(size, upgrade.response.size());
}

TEST(WebSocketTest, AnAnswerThatIsNoUpgradeIsRefused) {
  std::size_t size = 0;
  EXPECT_EQ(parse_handshake("HTTP/1.1 503 Service Unavailable\r\n\r\n", size),
            ParseStatus::kRefused);
  EXPECT_EQ(
      parse_handshake("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n", size),
      ParseStatus::kRefused);
  EXPECT_EQ(parse_handshake("HTTP/1.1 101 Switching Protocols\r\n"
                            "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
                            size),
            ParseStatus::kRefused);
}

}  // namespace
}  // namespace palaver::bench::load
