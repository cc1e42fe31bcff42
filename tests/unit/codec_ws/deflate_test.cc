// SPDX-License-Identifier: Apache-2.0
// The inflater on literal bytes, on streams of every ending, on damaged ones and on bombs; the
// deflater by its round trip.
#include "codec/ws/deflate.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/unit/codec_ws/client.h"

namespace palaver::codec::ws {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::size_t kMax = 65536;

std::string noise(std::size_t size, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(Inflater, ReadsTheExamplesOfRfc7692) {
  Inflater inflater;
  const struct {
    std::string_view deflated;
    std::string_view message;
  } cases[] = {
      {"\xf2\x48\xcd\xc9\xc9\x07\x00"sv, "Hello"},      // 7.2.3.1
      {"\x00\x05\x00\xfa\xffHello\x00"sv, "Hello"},     // 7.2.3.3: a stored block
      {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"sv, "Hello"},  // 7.2.3.4: BFINAL
      {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"sv, "Hello"},  // 7.2.3.5: two blocks
      {"\x00"sv, ""},                                                       // 7.2.3.6
      {"\x02\x00"sv, ""},                           // an empty block of fixed codes
      {""sv, ""},                                   // what nobody should send
      {"\x01"sv, ""},                               // BFINAL, its length is the tail
      {"\xf3\x48\xcd\xc9\xc9\x07\x00"sv, "Hello"},  // BFINAL without the zero byte
  };
  for (const auto& [deflated, message] : cases) {
    const auto inflated = inflater.inflate(deflated, kMax);
    ASSERT_TRUE(inflated) << testing::PrintToString(deflated);
    EXPECT_EQ(*inflated, message);
  }
}

TEST(Inflater, ReadsEachMessageAlone) {
  Inflater inflater;
  const std::string message = "the same again, the same again";
  const std::string deflated = deflate_for_test(message);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(inflater.inflate(deflated, kMax), message);
  EXPECT_FALSE(inflater.inflate("\xff\xff\xff", kMax));
  EXPECT_EQ(inflater.inflate(deflated, kMax), message);
}

TEST(Inflater, ReadsEverySizeLevelAndEnding) {
  Inflater inflater;
  for (const std::size_t size : {1, 100, 4095, 4096, 4097, 8192, 65535, 65536}) {
    for (const int level : {0, 1, 9}) {
      for (const Ending ending : {Ending::kFlush, Ending::kBfinal}) {
        SCOPED_TRACE(testing::Message() << size << " level " << level);
        for (const std::string& message : {std::string(size, 'z'), noise(size)}) {
          const auto inflated = inflater.inflate(deflate_for_test(message, ending, level), kMax);
          ASSERT_TRUE(inflated);
          EXPECT_EQ(*inflated, message);
        }
      }
    }
  }
}

TEST(Inflater, GoesOnBehindAFinalBlockWithItsWindow) {
  // "Hello" with BFINAL, then blocks that copy from it: distance 5, length 5, in fixed codes.
  const std::string first = deflate_for_test("Hello", Ending::kBfinal);
  const std::string hello(first.data(), first.size() - 1);
  Inflater inflater;
  EXPECT_EQ(inflater.inflate(hello + hello + '\0', kMax), "HelloHello");
  EXPECT_EQ(inflater.inflate(hello + deflate_for_test(" world"), kMax), "Hello world");
  // Bits: BFINAL 0, type 01; length code 259 (0000011), distance code 4 (00100) with extra bit 0;
  // end of block 0000000.
  EXPECT_EQ(inflater.inflate(hello + "\x02\x13\x00\x00"s, kMax), "HelloHello");
}

TEST(Inflater, StopsAtTheLimit) {
  Inflater inflater;
  for (const std::size_t max : {0, 1, 100, 4095, 4096, 4097, 65536}) {
    SCOPED_TRACE(max);
    const std::string most(max, 'm');
    EXPECT_EQ(inflater.inflate(deflate_for_test(most), max), most);
    EXPECT_EQ(inflater.inflate(deflate_for_test(most + 'm'), max),
              std::unexpected(CloseCode::kMessageTooBig));
    EXPECT_EQ(inflater.inflate(deflate_for_test(most + 'm', Ending::kBfinal), max),
              std::unexpected(CloseCode::kMessageTooBig));
  }
}

TEST(Inflater, GivesABombNoMoreThanTheLimit) {
  const std::string bomb = deflate_for_test(std::string(100'000'000, '\0'));
  ASSERT_LT(bomb.size(), 110'000U);
  Inflater inflater;
  EXPECT_EQ(inflater.inflate(bomb, kMax), std::unexpected(CloseCode::kMessageTooBig));
  EXPECT_LE(inflater.buffer_bytes(), kMax + 1);
}

TEST(Inflater, GivesALargeBufferBack) {
  constexpr std::size_t kLarge = 1'000'000;
  Inflater inflater;
  ASSERT_TRUE(inflater.inflate(deflate_for_test(std::string(kLarge, 'l')), kLarge));
  EXPECT_GE(inflater.buffer_bytes(), kLarge);
  ASSERT_TRUE(inflater.inflate(deflate_for_test("small"), kLarge));
  EXPECT_LE(inflater.buffer_bytes(), kKeptBytesMax);
}

TEST(Inflater, RefusesWhatIsNotDeflated) {
  Inflater inflater;
  for (const std::string_view broken : {
           "\x07"sv,                       // block type 3
           "\xff\xff\xff\xff"sv,           //
           "\x00\x05\x00\x00\x00Hello"sv,  // a stored block whose length does not match
           "\x02\x13\x00\x00"sv,           // copies from before the beginning
           "\x00\x05\x00\xfa\xffHel"sv,    // a stored block cut short
           "\xf2\x48\xcd\xc9\xc9"sv,       // a block of codes cut short
           "\x05\x00\x00"sv,               // dynamic codes that are none
           "\x00\x00\x00\xff\xff"sv,       // the tail was not removed
       }) {
    EXPECT_EQ(inflater.inflate(broken, kMax), std::unexpected(CloseCode::kInvalidPayload))
        << testing::PrintToString(broken);
  }
}

TEST(Inflater, NeverTakesAPieceForTheWhole) {
  const std::string message =
      "A message of some length, so that it has more than one code: 0123456789";
  const std::string deflated = deflate_for_test(message);
  Inflater inflater;
  for (std::size_t size = 1; size < deflated.size(); ++size) {
    const auto inflated = inflater.inflate({deflated.data(), size}, kMax);
    // The tail may complete the last code, never add to the message.
    EXPECT_TRUE(!inflated || *inflated == message) << size;
  }
}

TEST(Deflater, RoundTrip) {
  Deflater deflater;
  Inflater inflater;
  for (const std::size_t size : {256, 1000, 4096, 65536, 300'000}) {
    std::string message;
    while (message.size() < size)
      message += "a line of chat, number " + std::to_string(message.size());
    message.resize(size);
    const auto deflated = deflater.deflate(message);
    ASSERT_TRUE(deflated) << size;
    EXPECT_LT(deflated->size(), size);
    EXPECT_EQ(inflater.inflate(*deflated, size), message);
    // Each stands alone: the same message gives the same bytes.
    const std::string before(*deflated);
    EXPECT_EQ(deflater.deflate(message), before);
  }
}

TEST(Deflater, DeclinesWhatItCannotShorten) {
  Deflater deflater;
  EXPECT_FALSE(deflater.deflate(""));
  EXPECT_FALSE(deflater.deflate(std::string(kDeflateBytesMin - 1, 'a')));
  EXPECT_TRUE(deflater.deflate(std::string(kDeflateBytesMin, 'a')));
  for (const std::size_t size : {256, 257, 1000, 65536})
    EXPECT_FALSE(deflater.deflate(noise(size)));
  EXPECT_TRUE(deflater.deflate(std::string(kDeflateBytesMin, 'b')));
}

TEST(Deflater, SavesOrDeclinesAtEveryBorder) {
  // From all noise to none: somewhere between, a result is as long as the message.
  Deflater deflater;
  Inflater inflater;
  for (std::size_t plain = 0; plain <= 400; ++plain) {
    const std::string message = noise(400 - plain) + std::string(plain, 'p');
    const auto deflated = deflater.deflate(message);
    if (!deflated) continue;
    EXPECT_LT(deflated->size(), message.size());
    ASSERT_EQ(inflater.inflate(*deflated, message.size()), message);
  }
}

}  // namespace
}  // namespace palaver::codec::ws
