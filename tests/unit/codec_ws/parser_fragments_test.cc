// SPDX-License-Identifier: Apache-2.0
// Messages in several frames, control frames between them, and the memory that a message in
// progress takes.
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "codec/ws/deflate.h"
#include "tests/unit/codec_ws/client.h"

namespace palaver::codec::ws {
namespace {

TEST(ParserFragments, JoinsThem) {
  expect_events(client_frame(0x01, "frag") + client_frame(0x80, "ment"), {text("fragment")});
  expect_events(client_frame(0x02, "a") + client_frame(0x00, "b") + client_frame(0x00, "c") +
                    client_frame(0x80, "d"),
                {binary("abcd")});
}

TEST(ParserFragments, MayBeEmpty) {
  expect_events(client_frame(0x01, "") + client_frame(0x00, "") + client_frame(0x80, ""),
                {text("")});
  expect_events(client_frame(0x01, "") + client_frame(0x00, "middle") + client_frame(0x80, ""),
                {text("middle")});
  expect_events(client_frame(0x01, "") + client_frame(0x80, "last"), {text("last")});
}

TEST(ParserFragments, OfOneByte) {
  const std::string message(300, 'q');
  std::string bytes = client_frame(0x01, message.substr(0, 1));
  for (std::size_t i = 1; i < message.size(); ++i) bytes += client_frame(0x00, "q");
  bytes += client_frame(0x80, "");
  expect_events(bytes, {text(message)});
}

TEST(ParserFragments, LetControlFramesThroughInBetween) {
  expect_events(client_frame(0x01, "one ") + client_frame(0x89, "ping") +
                    client_frame(0x00, "two ") + client_frame(0x8a, "pong") +
                    client_frame(0x89, "") + client_frame(0x80, "three") +
                    client_frame(0x89, "end"),
                {ping("ping"), pong("pong"), ping(""), text("one two three"), ping("end")});
  // Before any byte of the message.
  expect_events(
      client_frame(0x02, "") + client_frame(0x89, std::string(125, 'p')) + client_frame(0x80, "x"),
      {ping(std::string(125, 'p')), binary("x")});
}

TEST(ParserFragments, ACloseInBetweenEndsTheMessage) {
  expect_events(
      client_frame(0x01, "never ") + client_close(1001, "off") + client_frame(0x80, "finished"),
      {closed(CloseCode::kGoingAway, "off")});
}

TEST(ParserFragments, RefusesAContinuationOfNothing) {
  for (const unsigned first : {0x00U, 0x80U}) {
    expect_events(client_frame(first, "x"), {error(CloseCode::kProtocolError)});
    expect_events(client_frame(0x81, "done") + client_frame(first, "x"),
                  {text("done"), error(CloseCode::kProtocolError)});
    expect_events(client_frame(0x01, "a") + client_frame(0x80, "b") + client_frame(first, "x"),
                  {text("ab"), error(CloseCode::kProtocolError)});
  }
}

TEST(ParserFragments, RefusesANewMessageWithinAMessage) {
  for (const unsigned first : {0x01U, 0x81U, 0x02U, 0x82U}) {
    expect_events(client_frame(0x01, "a") + client_frame(first, "b"),
                  {error(CloseCode::kProtocolError)});
    // An empty beginning is a beginning.
    expect_events(client_frame(0x02, "") + client_frame(0x89, "") + client_frame(first, "b"),
                  {ping(""), error(CloseCode::kProtocolError)});
  }
}

TEST(ParserFragments, RefusesRsv1OnAContinuation) {
  expect_events(client_frame(0x41, "") + client_frame(0xc0, ""), {error(CloseCode::kProtocolError)},
                kDeflate);
  expect_events(client_frame(0x01, "") + client_frame(0xc0, ""), {error(CloseCode::kProtocolError)},
                kDeflate);
}

class ParserMemory : public testing::Test {
 protected:
  // Feeds all of it, and counts the events.
  std::size_t feed(std::string bytes) {
    std::span<char> input(bytes);
    std::size_t events = 0;
    while (parser_.next(input, inflater_)) ++events;
    return events;
  }

  Inflater inflater_;
  Parser parser_{kDeflate};
};

TEST_F(ParserMemory, GrowsWithWhatHasArrivedAndNotWithWhatIsAnnounced) {
  EXPECT_EQ(parser_.buffered_bytes(), 0U);
  feed(client_header(0x82, 65536));
  EXPECT_EQ(parser_.buffered_bytes(), 0U);
  feed("x");
  EXPECT_EQ(parser_.buffered_bytes(), Parser::kFirstBufferBytes);
  std::size_t arrived = 1;
  while (arrived + 1000 < 65536) {
    feed(std::string(1000, 'x'));
    arrived += 1000;
    ASSERT_GE(parser_.buffered_bytes(), arrived);
    ASSERT_LE(parser_.buffered_bytes(), std::max(2 * arrived, Parser::kFirstBufferBytes));
  }
  EXPECT_EQ(feed(std::string(65536 - arrived, 'x')), 1U);
  EXPECT_EQ(parser_.buffered_bytes(), 0U);
}

TEST_F(ParserMemory, TakesNoMoreThanTheRestOfTheFrame) {
  feed(client_frame(0x81, std::string(100, 'x')).substr(0, 50));
  EXPECT_EQ(parser_.buffered_bytes(), 100U);
}

TEST_F(ParserMemory, IsNotTouchedByMessagesThatCameWhole) {
  std::string bytes = client_frame(0x81, "one") + client_frame(0x89, "two") +
                      client_frame(0xc1, deflate_for_test("three"));
  std::span<char> input(bytes);
  const char* const begin = bytes.data();
  const auto first = parser_.next(input, inflater_);
  ASSERT_TRUE(first);
  EXPECT_GE(first->payload.data(), begin);
  EXPECT_LT(first->payload.data(), begin + bytes.size());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(parser_.next(input, inflater_));
    EXPECT_EQ(parser_.buffered_bytes(), 0U);
  }
  EXPECT_FALSE(parser_.next(input, inflater_));
}

TEST_F(ParserMemory, IsGivenBackAfterAControlFrameAndAfterAnError) {
  EXPECT_EQ(feed(client_frame(0x89, "cut").substr(0, 7)), 0U);
  EXPECT_GT(parser_.buffered_bytes(), 0U);
  EXPECT_EQ(feed(client_frame(0x89, "cut").substr(7)), 1U);
  EXPECT_EQ(parser_.buffered_bytes(), 0U);

  feed(client_frame(0x01, "kept"));
  EXPECT_EQ(feed(client_frame(0x89, "cut").substr(0, 7)), 0U);
  EXPECT_EQ(feed(client_frame(0x89, "cut").substr(7)), 1U);
  EXPECT_GT(parser_.buffered_bytes(), 0U);

  std::string bytes = client_frame(0x83, "");
  std::span<char> input(bytes);
  const auto event = parser_.next(input, inflater_);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::kError);
  EXPECT_EQ(parser_.buffered_bytes(), 0U);  // at once, although no call follows
}

}  // namespace
}  // namespace palaver::codec::ws
