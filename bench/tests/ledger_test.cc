// SPDX-License-Identifier: Apache-2.0
// The oracle must accept what a right server does and name everything that a wrong one could do.
#include "bench/load/ledger.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace palaver::bench::load {
namespace {

using ::testing::Test;

constexpr std::string_view kStamp = "[2024-02-29 23:59:59] ";

class LedgerTest : public Test {
 protected:
  // Two rooms: clients 0 to 2, and 3 to 4.
  LedgerTest()
      : ledger_({{.members = 3, .in_flight_max = 4}, {.members = 2, .latency_class = 1}},
                LineFormat::kArticle, 100) {}

  std::string line_by(ClientIndex publisher) {
    return std::string(kStamp) + std::string(ledger_.compose(publisher, 1'000)) + " (" +
           std::to_string(publisher + 1) + ")";
  }

  void expect_violation(ClientIndex client, const std::string& line, const std::string& words) {
    EXPECT_FALSE(ledger_.delivered(client, line, 3'000));
    EXPECT_NE(ledger_.violation().find(words), std::string::npos) << ledger_.violation();
  }

  Ledger ledger_;
};

TEST_F(LedgerTest, AMessageIsCompleteWhenAllMembersHaveIt) {
  const std::string line = line_by(1);
  EXPECT_EQ(line.size(), kStamp.size() + 100 + 4);
  EXPECT_EQ(ledger_.in_flight(), 1U);
  EXPECT_TRUE(ledger_.delivered(0, line, 3'000));
  EXPECT_TRUE(ledger_.delivered(1, line, 4'000));
  EXPECT_TRUE(ledger_.completed().empty());
  EXPECT_TRUE(ledger_.delivered(2, line, 5'000));
  ASSERT_EQ(ledger_.completed().size(), 1U);
  EXPECT_EQ(ledger_.completed()[0].publisher, 1U);
  EXPECT_EQ(ledger_.in_flight(), 0U);
  EXPECT_EQ(ledger_.deliveries(), 3U);
  EXPECT_EQ(ledger_.latency(0).max(), 4'000U);
  EXPECT_EQ(ledger_.latency(1).count(), 0U);
}

TEST_F(LedgerTest, TheServerMayOrderPublishersAsItLikes) {
  const std::string first = line_by(0);
  const std::string second = line_by(1);
  for (ClientIndex client = 0; client < 3; ++client) {
    EXPECT_TRUE(ledger_.delivered(client, second, 3'000));
    EXPECT_TRUE(ledger_.delivered(client, first, 3'000));
  }
  EXPECT_EQ(ledger_.completed().size(), 2U);
}

TEST_F(LedgerTest, ManyMessagesGoThroughTheRings) {
  for (int round = 0; round < 1'000; ++round) {
    const std::string lines[] = {line_by(0), line_by(0), line_by(2)};
    for (ClientIndex client = 0; client < 3; ++client) {
      for (const std::string& line : lines) ASSERT_TRUE(ledger_.delivered(client, line, 3'000));
    }
  }
  EXPECT_EQ(ledger_.messages_completed(), 3'000U);
}

TEST_F(LedgerTest, NamesADouble) {
  const std::string line = line_by(0);
  ASSERT_TRUE(ledger_.delivered(2, line, 3'000));
  expect_violation(2, line, "client 3 in room 0: got message 1 a second time");
}

TEST_F(LedgerTest, NamesADoubleOfAMessageLongComplete) {
  const std::string old = line_by(0);
  for (ClientIndex client = 0; client < 3; ++client) {
    ASSERT_TRUE(ledger_.delivered(client, old, 3'000));
  }
  for (int round = 0; round < 20; ++round) {
    const std::string line = line_by(0);
    for (ClientIndex client = 0; client < 3; ++client) {
      ASSERT_TRUE(ledger_.delivered(client, line, 3'000));
    }
  }
  expect_violation(0, old, "a second time");
}

TEST_F(LedgerTest, NamesAGapAtOneMember) {
  const std::string first = line_by(0);
  const std::string second = line_by(1);
  ASSERT_TRUE(ledger_.delivered(0, first, 3'000));
  ASSERT_TRUE(ledger_.delivered(0, second, 3'000));
  expect_violation(1, second, "got message 2 where message 1 was due");
}

TEST_F(LedgerTest, NamesAnOrderThatBreaksThePublishers) {
  static_cast<void>(line_by(0));
  const std::string second = line_by(0);
  expect_violation(0, second, "got message 2 before message 1 of the same publisher");
}

TEST_F(LedgerTest, NamesAMessageOfAnotherRoom) {
  expect_violation(0, line_by(3), "got a message of room 1");
}

TEST_F(LedgerTest, NamesAnInventedMessage) {
  std::string line = line_by(0);
  line[kStamp.size() + 18] = '9';
  expect_violation(0, line, "never sent");
}

TEST_F(LedgerTest, EveryByteOfALineIsChecked) {
  const std::string good = line_by(0);
  for (std::size_t at = 0; at < good.size(); ++at) {
    Ledger ledger({{.members = 1}}, LineFormat::kArticle, 100);
    std::string line = std::string(kStamp) + std::string(ledger.compose(0, 0)) + " (1)";
    line[at] = static_cast<char>(line[at] ^ 0x40);
    EXPECT_FALSE(ledger.delivered(0, line, 1)) << at;
  }
}

TEST_F(LedgerTest, AllMembersGetTheSameStamp) {
  std::string line = line_by(0);
  ASSERT_TRUE(ledger_.delivered(0, line, 3'000));
  line[18] = '8';
  expect_violation(1, line, "garbled");
}

TEST_F(LedgerTest, ALineMustEndWithItsPublisher) {
  const std::string line = line_by(0);
  expect_violation(1, line.substr(0, line.size() - 2) + "2)", "garbled");
}

TEST_F(LedgerTest, TellsWhoLacksAnOverdueMessage) {
  const std::string line = line_by(0);
  EXPECT_EQ(ledger_.overdue(1'000), "");
  ASSERT_TRUE(ledger_.delivered(0, line, 3'000));
  ASSERT_TRUE(ledger_.delivered(2, line, 3'000));
  EXPECT_EQ(ledger_.overdue(1'001),
            "message 1 of client 1 in room 0 is missing at 1 of 3 members: client 2");
}

TEST_F(LedgerTest, PlainLinesAreTheMessageAlone) {
  Ledger plain({{.members = 1}}, LineFormat::kPlain, 30);
  const std::string text(plain.compose(0, 0));
  EXPECT_EQ(text.size(), 30U);
  EXPECT_FALSE(plain.delivered(0, text + "x", 1));
  Ledger again({{.members = 1}}, LineFormat::kPlain, 30);
  EXPECT_TRUE(again.delivered(0, again.compose(0, 0), 1));
}

TEST_F(LedgerTest, OffsetsRiseAndAreTheSameForAll) {
  const std::string lines[] = {line_by(0), line_by(1)};
  EXPECT_TRUE(ledger_.delivered(0, lines[0], 3'000, 7));
  EXPECT_TRUE(ledger_.delivered(1, lines[0], 3'000, 7));
  EXPECT_TRUE(ledger_.delivered(0, lines[1], 3'000, 20));
  EXPECT_FALSE(ledger_.delivered(1, lines[1], 3'000, 21));
  EXPECT_NE(ledger_.violation().find("wrong offset 21"), std::string::npos);
}

TEST_F(LedgerTest, NamesAnOffsetThatDoesNotRise) {
  const std::string lines[] = {line_by(0), line_by(1)};
  EXPECT_TRUE(ledger_.delivered(0, lines[0], 3'000, 7));
  EXPECT_FALSE(ledger_.delivered(0, lines[1], 3'000, 7));
  EXPECT_NE(ledger_.violation().find("wrong offset 7"), std::string::npos);
}

TEST_F(LedgerTest, RecordingStartsAnewAndKeepsTheState) {
  const std::string line = line_by(0);
  ASSERT_TRUE(ledger_.delivered(0, line, 3'000));
  ledger_.start_recording();
  EXPECT_EQ(ledger_.deliveries(), 0U);
  ASSERT_TRUE(ledger_.delivered(1, line, 3'000));
  EXPECT_EQ(ledger_.deliveries(), 1U);
  expect_violation(0, line, "a second time");
}

}  // namespace
}  // namespace palaver::bench::load
