// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "base/utf8.h"

namespace palaver::codec::ws {
namespace {

using namespace std::string_literals;

TEST(Frame, WritesTheShortestLength) {
  const struct {
    std::size_t size;
    std::string header;
  } cases[] = {
      {0, "\x81\x00"s},
      {1, "\x81\x01"s},
      {125, "\x81\x7d"s},
      {126, "\x81\x7e\x00\x7e"s},
      {127, "\x81\x7e\x00\x7f"s},
      {128, "\x81\x7e\x00\x80"s},
      {65535, "\x81\x7e\xff\xff"s},
      {65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s},
  };
  for (const auto& [size, header] : cases) {
    EXPECT_EQ(encode_header(Opcode::kText, size, Compression::kNone).view(), header);
    const std::string payload(size, 'p');
    const base::Frame frame = encode(Opcode::kText, payload);
    EXPECT_EQ(frame.view(), header + payload);
    EXPECT_EQ(frame.unit_count(), 1U);
  }
  EXPECT_EQ(
      encode_header(Opcode::kBinary, std::size_t{0x0102030405060708}, Compression::kNone).view(),
      "\x82\x7f\x01\x02\x03\x04\x05\x06\x07\x08"s);
}

TEST(Frame, NamesTheOpcode) {
  EXPECT_EQ(encode(Opcode::kText, "Hello").view(), "\x81\x05Hello");
  EXPECT_EQ(encode(Opcode::kBinary, "Hello").view(), "\x82\x05Hello");
  EXPECT_EQ(encode_ping("Hello").view(), "\x89\x05Hello");
  EXPECT_EQ(encode_pong("Hello").view(), "\x8a\x05Hello");
  EXPECT_EQ(encode_pong("").view(), "\x8a\x00"s);
}

TEST(Frame, MarksADeflatedPayload) {
  // RFC 7692 section 7.2.3.1.
  EXPECT_EQ(encode_compressed(Opcode::kText, "\xf2\x48\xcd\xc9\xc9\x07\x00"s).view(),
            "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"s);
}

TEST(Frame, WritesACloseWithCodeAndReason) {
  EXPECT_EQ(encode_close(CloseCode::kNormal, "").view(), "\x88\x02\x03\xe8");
  EXPECT_EQ(encode_close(CloseCode::kServiceRestart, "restart").view(), "\x88\x09\x03\xf4restart");
  EXPECT_EQ(encode_close(static_cast<CloseCode>(3501), "x").view(), "\x88\x03\x0d\xadx");
}

TEST(Frame, WritesACloseWithoutPayloadAsTheAnswerToOne) {
  EXPECT_EQ(encode_close(CloseCode::kNoStatus, "not sent").view(), "\x88\x00"s);
}

TEST(Frame, CutsAReasonBetweenCharacters) {
  const auto reason_of = [](std::string_view reason) {
    const base::Frame frame = encode_close(CloseCode::kNormal, reason);
    EXPECT_LE(frame.size(), 127U);
    EXPECT_EQ(static_cast<std::size_t>(frame.data()[1]), frame.size() - 2);
    return std::string(frame.view().substr(4));
  };
  EXPECT_EQ(reason_of(std::string(123, 'a')), std::string(123, 'a'));
  EXPECT_EQ(reason_of(std::string(124, 'a')), std::string(123, 'a'));
  for (const std::string_view character : {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    for (std::size_t ascii = 110; ascii < 130; ++ascii) {
      const std::string reason =
          std::string(ascii, 'a').append(character).append(std::string(20, 't'));
      const std::string cut = reason_of(reason);
      EXPECT_TRUE(reason.starts_with(cut));
      EXPECT_TRUE(base::is_valid_utf8(cut)) << ascii;
      EXPECT_GT(cut.size(), 123 - character.size());
    }
  }
}

TEST(FrameDeathTest, RefusesWhatMustNotBeSent) {
  EXPECT_DEATH((void)encode_close(CloseCode::kAbnormal, ""), "close code");
  EXPECT_DEATH((void)encode_close(static_cast<CloseCode>(999), ""), "close code");
  EXPECT_DEATH((void)encode_ping(std::string(126, 'p')), "control frame");
}

}  // namespace
}  // namespace palaver::codec::ws
