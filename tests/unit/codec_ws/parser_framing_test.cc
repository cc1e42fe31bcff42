// SPDX-License-Identifier: Apache-2.0
// Single frames: lengths, masks, reserved bits and opcodes, control frames, and what comes after
// the end. Each case runs whole, byte by byte and cut in two at every position.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/codec_ws/client.h"

namespace palaver::codec::ws {
namespace {

using namespace std::string_literals;

TEST(ParserFraming, ReadsTheExampleOfRfc6455) {
  // Section 5.7: a single-frame masked text message.
  expect_events("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s, {text("Hello")});
}

TEST(ParserFraming, ReadsEveryFormOfLength) {
  for (const std::size_t size : {0, 1, 7, 8, 9, 31, 32, 33, 125, 126, 127, 128, 65535, 65536}) {
    SCOPED_TRACE(size);
    const std::string payload(size, '*');
    expect_events(client_frame(0x81, payload), {text(payload)});
    const std::string noise(size, '\xfe');
    expect_events(client_frame(0x82, noise), {binary(noise)});
  }
}

TEST(ParserFraming, ReadsOneMessageAfterTheOther) {
  std::string bytes;
  std::vector<Seen> expected;
  for (const std::size_t size : {0, 5, 126, 0, 300}) {
    const std::string payload(size, 'x');
    bytes += client_frame(0x81, payload, {'\0', '\x01', '\xff', '\x80'});
    expected.push_back(text(payload));
  }
  expect_events(bytes, expected);
}

TEST(ParserFraming, AppliesEveryKey) {
  for (const MaskKey key : {MaskKey{0, 0, 0, 0}, MaskKey{'\xff', '\xff', '\xff', '\xff'},
                            MaskKey{1, 2, 3, 4}, MaskKey{'\x80', 0, 0, 0}}) {
    const std::string payload = "0123456789abcdefghijklmnopqrstuvwxyz0123456789";
    expect_events(client_frame(0x82, payload, key), {binary(payload)});
  }
}

TEST(ParserFraming, RefusesLengthsThatAreNotInTheirShortestForm) {
  const std::string key(4, '\0');
  expect_events("\x82\xfe\x00\x7d"s + key, {error(CloseCode::kProtocolError)});
  expect_events("\x82\xfe\x00\x00"s + key, {error(CloseCode::kProtocolError)});
  expect_events("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff"s + key,
                {error(CloseCode::kProtocolError)});
  expect_events("\x82\xff\x00\x00\x00\x00\x00\x00\x00\x00"s + key,
                {error(CloseCode::kProtocolError)});
}

TEST(ParserFraming, RefusesALengthWithTheTopBitSet) {
  expect_events("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00"s, {error(CloseCode::kProtocolError)});
  expect_events("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"s, {error(CloseCode::kProtocolError)});
}

TEST(ParserFraming, RefusesFramesWithoutAMask) {
  expect_events("\x81\x05Hello"s, {error(CloseCode::kProtocolError)});
  expect_events("\x89\x00"s, {error(CloseCode::kProtocolError)});
  expect_events("\x82\x7e\x01\x00"s, {error(CloseCode::kProtocolError)});
}

TEST(ParserFraming, RefusesReservedBits) {
  for (const unsigned opcode : {0x1U, 0x2U, 0x8U, 0x9U, 0xaU}) {
    for (unsigned rsv = 0x10; rsv <= 0x70; rsv += 0x10) {
      SCOPED_TRACE(testing::Message() << std::hex << opcode << ' ' << rsv);
      const std::string bytes = client_frame(0x81, "before") +
                                client_frame(kFin | rsv | opcode, "") + client_frame(0x89, "after");
      expect_events(bytes, {text("before"), error(CloseCode::kProtocolError)});
      const bool rsv1_on_data = rsv == kRsv1 && opcode < 0x8;
      if (!rsv1_on_data) {
        expect_events(bytes, {text("before"), error(CloseCode::kProtocolError)}, kDeflate);
      }
    }
  }
}

TEST(ParserFraming, RefusesReservedOpcodes) {
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    SCOPED_TRACE(opcode);
    expect_events(client_frame(kFin | opcode, ""), {error(CloseCode::kProtocolError)});
    expect_events(client_frame(kFin | opcode, "payload"), {error(CloseCode::kProtocolError)});
    expect_events(client_frame(opcode, "x"), {error(CloseCode::kProtocolError)});
  }
}

TEST(ParserControl, ReadsPingsAndPongs) {
  for (const std::size_t size : {0, 1, 124, 125}) {
    SCOPED_TRACE(size);
    const std::string payload(size, '\xfe');
    expect_events(client_frame(0x89, payload), {ping(payload)});
    expect_events(client_frame(0x8a, payload), {pong(payload)});
  }
  std::string ten;
  std::vector<Seen> expected;
  for (int i = 0; i < 10; ++i) {
    ten += client_frame(0x89, "payload-" + std::to_string(i));
    expected.push_back(ping("payload-" + std::to_string(i)));
  }
  expect_events(ten, expected);
}

TEST(ParserControl, RefusesALongPayload) {
  for (const unsigned first : {0x88U, 0x89U, 0x8aU}) {
    expect_events(client_frame(first, std::string(126, '*')), {error(CloseCode::kProtocolError)});
    // Before the length itself has come.
    expect_events(std::string(1, static_cast<char>(first)) + '\xff',
                  {error(CloseCode::kProtocolError)});
  }
}

TEST(ParserControl, RefusesFragments) {
  for (const unsigned opcode : {0x08U, 0x09U, 0x0aU}) {
    expect_events(client_frame(opcode, "x") + client_frame(0x80, "y"),
                  {error(CloseCode::kProtocolError)});
  }
}

TEST(ParserClose, ReadsCodeAndReason) {
  expect_events(client_frame(0x88, ""), {closed(CloseCode::kNoStatus)});
  expect_events(client_close(1000), {closed(CloseCode::kNormal)});
  expect_events(client_close(1001, "bye"), {closed(CloseCode::kGoingAway, "bye")});
  const std::string longest(123, 'r');
  expect_events(client_close(1000, longest), {closed(CloseCode::kNormal, longest)});
  expect_events(client_close(1000, "gr\xc3\xbc\xc3\x9f"),
                {closed(CloseCode::kNormal, "gr\xc3\xbc\xc3\x9f")});
}

TEST(ParserClose, AcceptsTheCodesThatMayBeSentAndNoOthers) {
  const auto legal = [](unsigned code) {
    for (const unsigned one :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}) {
      if (code == one) return true;
    }
    return code >= 3000 && code <= 4999;
  };
  for (unsigned code = 0; code <= 0xffff; code += code < 5100 ? 1 : 251) {
    const auto events = parse(client_close(code), kPlain).events;
    ASSERT_EQ(events.size(), 1U) << code;
    if (legal(code)) {
      EXPECT_EQ(events[0], closed(static_cast<CloseCode>(code)));
    } else {
      EXPECT_EQ(events[0].kind, EventKind::kError) << code;
      EXPECT_EQ(events[0].code, CloseCode::kProtocolError) << code;
    }
  }
  expect_events(client_close(1005), {error(CloseCode::kProtocolError)});
  expect_events(client_close(65535, "x"), {error(CloseCode::kProtocolError)});
}

TEST(ParserClose, RefusesAPayloadOfOneByte) {
  expect_events(client_frame(0x88, "\x03"), {error(CloseCode::kProtocolError)});
}

TEST(ParserClose, RefusesAReasonThatIsNotUtf8) {
  expect_events(client_close(1000, "\xce\xba\xed\xa0\x80"), {error(CloseCode::kInvalidPayload)});
  expect_events(client_close(1000, "cut \xc3"), {error(CloseCode::kInvalidPayload)});
}

TEST(ParserClose, NothingIsReadBehindIt) {
  for (const std::string& after :
       {client_frame(0x81, "late"), client_frame(0x89, ""), client_close(1000), "garbage"s}) {
    expect_events(client_close(1000) + after, {closed(CloseCode::kNormal)});
    expect_events("\x83\x80"s + after, {error(CloseCode::kProtocolError)});
  }
}

TEST(ParserLimits, HoldsAtTheLimitAndNotOneBeyond) {
  const ParserOptions small{.message_bytes_max = 200, .compression = Compression::kNone};
  const std::string most(200, 'm');
  expect_events(client_frame(0x81, most), {text(most)}, small);
  expect_events(client_frame(0x81, most + 'm'), {error(CloseCode::kMessageTooBig)}, small);
  expect_events(client_frame(0x01, most) + client_frame(0x80, ""), {text(most)}, small);
  expect_events(client_frame(0x01, most) + client_frame(0x80, "m"),
                {error(CloseCode::kMessageTooBig)}, small);
  expect_events(client_frame(0x02, std::string(100, 'a')) + client_frame(0x89, "p") +
                    client_frame(0x00, std::string(100, 'b')) + client_frame(0x00, "c"),
                {ping("p"), error(CloseCode::kMessageTooBig)}, small);
  // One message does not count for the next.
  expect_events(client_frame(0x81, most) + client_frame(0x81, most), {text(most), text(most)},
                small);
}

TEST(ParserLimits, ZeroAllowsEmptyMessages) {
  const ParserOptions none{.message_bytes_max = 0, .compression = Compression::kNone};
  expect_events(client_frame(0x81, "") + client_frame(0x82, ""), {text(""), binary("")}, none);
  expect_events(client_frame(0x81, "x"), {error(CloseCode::kMessageTooBig)}, none);
}

TEST(ParserLimits, AnAnnouncedSizeIsRefusedBeforeItsPayload) {
  expect_events(client_header(0x81, 65537), {error(CloseCode::kMessageTooBig)});
  expect_events(client_header(0x82, (std::uint64_t{1} << 63) - 1),
                {error(CloseCode::kMessageTooBig)});
  expect_events(client_header(0x82, std::uint64_t{1} << 32), {error(CloseCode::kMessageTooBig)});
}

}  // namespace
}  // namespace palaver::codec::ws
