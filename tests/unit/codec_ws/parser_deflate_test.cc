// SPDX-License-Identifier: Apache-2.0
// permessage-deflate as the parser sees it: which frame carries RSV1, fragments, limits, damage.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codec/ws/deflate.h"
#include "codec/ws/frame.h"
#include "tests/unit/codec_ws/client.h"

namespace palaver::codec::ws {
namespace {

using namespace std::string_literals;

constexpr unsigned kDeflatedText = 0xc1;
constexpr unsigned kDeflatedBinary = 0xc2;

TEST(ParserDeflate, ReadsTheExamplesOfRfc7692) {
  const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  expect_events(client_frame(kDeflatedText, hello), {text("Hello")}, kDeflate);
  // Section 7.2.3.1: in two fragments.
  expect_events(client_frame(0x41, hello.substr(0, 3)) + client_frame(0x80, hello.substr(3)),
                {text("Hello")}, kDeflate);
}

TEST(ParserDeflate, MixesWithPlainMessages) {
  const std::string deflated = deflate_for_test("deflated");
  expect_events(
      client_frame(0x81, "plain") + client_frame(kDeflatedText, deflated) +
          client_frame(0x82, "plain") + client_frame(kDeflatedBinary, deflated) +
          client_frame(0x01, "in ") + client_frame(0x80, "parts"),
      {text("plain"), text("deflated"), binary("plain"), binary("deflated"), text("in parts")},
      kDeflate);
}

TEST(ParserDeflate, ReadsEmptyMessages) {
  expect_events(client_frame(kDeflatedText, "\0"s) + client_frame(kDeflatedBinary, "") +
                    client_frame(0x41, "") + client_frame(0x80, "\0"s),
                {text(""), binary(""), text("")}, kDeflate);
}

TEST(ParserDeflate, ReadsFinalBlocks) {
  expect_events(client_frame(kDeflatedText, deflate_for_test("final", Ending::kBfinal)) +
                    client_frame(kDeflatedText, deflate_for_test("next")),
                {text("final"), text("next")}, kDeflate);
}

TEST(ParserDeflate, ReadsFragmentsOfOneByteWithPingsBetween) {
  const std::string message = "a message that is cut into single bytes, a message";
  const std::string deflated = deflate_for_test(message);
  std::string bytes = client_frame(0x41, deflated.substr(0, 1));
  std::vector<Seen> expected;
  for (std::size_t i = 1; i < deflated.size(); ++i) {
    bytes += client_frame(0x00, deflated.substr(i, 1));
    if (i % 10 != 0) continue;
    bytes += client_frame(0x89, std::to_string(i));
    expected.push_back(ping(std::to_string(i)));
  }
  bytes += client_frame(0x80, "");
  expected.push_back(text(message));
  expect_events(bytes, expected, kDeflate);
}

TEST(ParserDeflate, ReadsEverySize) {
  for (const std::size_t size : {1, 125, 126, 4096, 65535, 65536}) {
    SCOPED_TRACE(size);
    const std::string message(size, 'd');
    expect_events(client_frame(kDeflatedText, deflate_for_test(message)), {text(message)},
                  kDeflate);
  }
}

TEST(ParserDeflate, ReadsNoiseAtTheLimitAlthoughDeflatingMadeItLonger) {
  std::mt19937 random(1);
  std::string noise(65536, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  for (const int level : {0, 9}) {
    const std::string deflated = deflate_for_test(noise, Ending::kFlush, level);
    ASSERT_GT(deflated.size(), noise.size());
    expect_events(client_frame(kDeflatedBinary, deflated), {binary(noise)}, kDeflate);
  }
}

TEST(ParserDeflate, HoldsTheLimitAfterInflating) {
  const ParserOptions small{.message_bytes_max = 1000, .compression = Compression::kDeflate};
  const std::string most(1000, 'm');
  expect_events(client_frame(kDeflatedText, deflate_for_test(most)), {text(most)}, small);
  expect_events(client_frame(kDeflatedText, deflate_for_test(most + 'm')),
                {error(CloseCode::kMessageTooBig)}, small);
  expect_events(client_frame(kDeflatedBinary, deflate_for_test(std::string(900'000, '\0'))),
                {error(CloseCode::kMessageTooBig)}, small);
  // What is announced counts too, as soon as nothing can make a message of it that fits.
  expect_events(client_header(kDeflatedText, 1190), {error(CloseCode::kMessageTooBig)}, small);
  expect_events(client_frame(0x41, std::string(600, '\0')) + client_header(0x80, 600),
                {error(CloseCode::kMessageTooBig)}, small);
  // The plain limit is not widened by the deflated one.
  expect_events(client_header(0x81, 1001), {error(CloseCode::kMessageTooBig)}, small);
}

TEST(ParserDeflate, RefusesDamage) {
  for (const std::string& broken : {"\xff\xff\xff"s, "\x07"s, "\xf2\x48\xcd"s, "\x00\x05\x00"s}) {
    expect_events(client_frame(0x81, "before") + client_frame(kDeflatedBinary, broken) +
                      client_frame(0x81, "after"),
                  {text("before"), error(CloseCode::kInvalidPayload)}, kDeflate);
  }
}

TEST(ParserDeflate, RefusesRsv1WhereItMustNotBe) {
  const std::string deflated = deflate_for_test("x");
  expect_events(client_frame(kDeflatedText, deflated), {error(CloseCode::kProtocolError)});
  expect_events(client_frame(kDeflatedBinary, deflated), {error(CloseCode::kProtocolError)});
  for (const unsigned first : {0xc8U, 0xc9U, 0xcaU}) {
    expect_events(client_frame(first, ""), {error(CloseCode::kProtocolError)}, kDeflate);
  }
}

}  // namespace
}  // namespace palaver::codec::ws
