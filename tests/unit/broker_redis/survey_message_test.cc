// SPDX-License-Identifier: Apache-2.0
// What nodes say in a survey: whole, cut at every byte, too long, and as nobody should send it.
#include "broker/redis/survey_message.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace palaver::broker::redis {
namespace {

QuestionMessage question() { return {.from = "a1", .id = 7, .question = {.rooms = "news:*"}}; }

ReportMessage report() {
  return {.id = 7,
          .report = {.uid = "b2",
                     .name = "ann's",
                     .version = "1.0",
                     .clients = 1,
                     .users = 2,
                     .subscriptions = 3,
                     .room_count = 4,
                     .uptime_seconds = 5,
                     .rooms = {{{"räume"}, 6}, {{"3:a,"}, 4'294'967'295}},
                     .too_many_rooms = true}};
}

TEST(SurveyMessage, LiteralBytes) {
  EXPECT_EQ(pack_question(question()), "2:a1,1:7,1:1,6:news:*,");
  EXPECT_EQ(pack_question({.from = "a1", .id = 0, .question = {}}), "2:a1,1:0,1:0,");
  EXPECT_EQ(pack_report(report()),
            "1:7,2:b2,5:ann's,3:1.0,1:1,1:2,1:3,1:4,1:5,1:1,"
            "1:2,6:räume,1:6,4:3:a,,10:4294967295,");
}

TEST(SurveyMessage, RoundTrip) {
  const auto asked = unpack_question(pack_question(question()));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->from, "a1");
  EXPECT_EQ(asked->id, 7U);
  EXPECT_EQ(asked->question.rooms, "news:*");
  const auto told = unpack_report(pack_report(report()));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->id, 7U);
  EXPECT_EQ(told->report, report().report);
}

TEST(SurveyMessage, CutAtEveryByte) {
  const std::string asked = pack_question(question());
  for (std::size_t size = 0; size < asked.size(); ++size) {
    EXPECT_FALSE(unpack_question(std::string_view(asked).substr(0, size))) << size;
  }
  const std::string told = pack_report(report());
  for (std::size_t size = 0; size < told.size(); ++size) {
    EXPECT_FALSE(unpack_report(std::string_view(told).substr(0, size))) << size;
  }
}

TEST(SurveyMessage, WhatIsNone) {
  for (const std::string_view text : {"2:a1,2:-1,1:0,", "2:a1,10:4294967296,1:0,", "2:a1,1:x,1:0,",
                                      "2:a1,1:7,3:256,", "2:a1,0:,1:0,"}) {
    EXPECT_FALSE(unpack_question(text)) << text;
  }
  const std::string head = "1:7,2:b2,0:,0:,1:1,1:2,1:3,1:4,1:5,1:0,";
  EXPECT_TRUE(unpack_report(head + "1:0,"));
  for (const std::string_view rooms :
       {"", "1:1,", "1:2,1:a,1:1,", "2:-1,", "20:18446744073709551615,",
        "19:9223372036854775807,1:a,1:1,", "1:1,1:a,2:-1,", "1:1,1:a,10:4294967296,"}) {
    EXPECT_FALSE(unpack_report(head + std::string(rooms))) << rooms;
  }
}

TEST(SurveyMessage, ALaterVersionMaySayMore) {
  EXPECT_TRUE(unpack_question(pack_question(question()) + "3:new,"));
  EXPECT_TRUE(unpack_report(pack_report(report()) + "3:new,"));
}

TEST(SurveyMessage, AReportHasABound) {
  ReportMessage message = report();
  message.report.too_many_rooms = false;
  message.report.rooms.assign(1, {{std::string(base::kSurveyReportBytesMax, 'a')}, 1});
  const std::size_t over = [&] {
    // As many bytes as the rest of it takes.
    ReportMessage empty = message;
    empty.report.rooms.front().first.value.clear();
    return pack_report(empty).size() + 5;  // the length has six digits, not one
  }();
  message.report.rooms.front().first.value.resize(base::kSurveyReportBytesMax - over);
  const std::string longest = pack_report(message);
  EXPECT_EQ(longest.size(), base::kSurveyReportBytesMax);
  const auto told = unpack_report(longest);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->report.too_many_rooms);
  EXPECT_FALSE(unpack_report(longest + ' '));

  message.report.rooms.front().first.value += 'a';
  const auto longer = unpack_report(pack_report(message));
  ASSERT_TRUE(longer);
  EXPECT_TRUE(longer->report.too_many_rooms);
  EXPECT_TRUE(longer->report.rooms.empty());
  EXPECT_EQ(longer->report.uid, "b2");
}

}  // namespace
}  // namespace palaver::broker::redis
