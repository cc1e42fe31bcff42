// SPDX-License-Identifier: Apache-2.0
// The generator's half of the Centrifuge client protocol: literal lines, and the server's writer as
// the other end.
#include "bench/load/sdk_lines.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/wire/json_reply.h"

namespace palaver::bench::load {
namespace {

constexpr std::string_view kPush =
    R"({"push":{"channel":"r1","pub":{"data":{"text":"m 1"},"info":{"user":"u","client":"c"},)"
    R"("offset":9007199254740991}}})";

TEST(SdkLinesTest, WritesCommands) {
  EXPECT_EQ(connect_command(1), R"({"id":1,"connect":{}})");
  EXPECT_EQ(subscribe_command(2, "r1", nullptr), R"({"id":2,"subscribe":{"channel":"r1"}})");
  const SdkPosition since{.epoch = "e", .offset = 7};
  EXPECT_EQ(subscribe_command(2, "r1", &since),
            R"({"id":2,"subscribe":{"channel":"r1","recover":true,"epoch":"e","offset":7}})");
  std::string out;
  append_publish_command(out, 3, "r1", "m 1");
  EXPECT_EQ(out, R"({"id":3,"publish":{"channel":"r1","data":{"text":"m 1"}}})");
}

TEST(SdkLinesTest, CutsLines) {
  std::string_view payload = "{}\n{\"id\":1}";
  EXPECT_EQ(take_line(payload), "{}");
  EXPECT_EQ(take_line(payload), "{\"id\":1}");
  EXPECT_EQ(payload, "");
}

TEST(SdkLinesTest, KnowsTheKindsOfLines) {
  EXPECT_EQ(kind_of("{}"), SdkLine::kPing);
  EXPECT_EQ(kind_of(kPush), SdkLine::kPush);
  EXPECT_EQ(kind_of(R"({"id":1,"connect":{"client":"c"}})"), SdkLine::kConnected);
  EXPECT_EQ(kind_of(R"({"id":2,"subscribe":{}})"), SdkLine::kSubscribed);
  EXPECT_EQ(kind_of(R"({"id":3,"publish":{}})"), SdkLine::kPublished);
  EXPECT_EQ(kind_of(R"({"id":3,"error":{"code":111}})"), SdkLine::kOther);
  EXPECT_EQ(kind_of(""), SdkLine::kOther);
}

TEST(SdkLinesTest, ReadsAPush) {
  SdkPublication publication;
  ASSERT_TRUE(read_push(kPush, "r1", publication));
  EXPECT_EQ(publication.text, "m 1");
  EXPECT_EQ(publication.offset, 9007199254740991U);
  EXPECT_FALSE(read_push(kPush, "r2", publication));
  EXPECT_FALSE(read_push(kPush, "r", publication));
}

TEST(SdkLinesTest, APushMayNameItsEpoch) {
  SdkPublication publication;
  const std::string line =
      R"({"push":{"channel":"r1","pub":{"data":{"text":"m 1"},"offset":1,"epoch":"e"}}})";
  EXPECT_TRUE(read_push(line, "r1", publication));
}

TEST(SdkLinesTest, APushMustBeWhole) {
  SdkPublication publication;
  for (std::size_t end = 0; end < kPush.size(); ++end) {
    EXPECT_FALSE(read_push(kPush.substr(0, end), "r1", publication)) << end;
  }
  EXPECT_FALSE(read_push(std::string(kPush) + "}", "r1", publication));
}

TEST(SdkLinesTest, OtherPushesAreNoPublications) {
  SdkPublication publication;
  for (const std::string_view body :
       {R"("unsubscribe":{"code":2500})", R"("pub":{"data":{"text":"m 1"}})",
        R"("pub":{"data":"m 1","offset":1})", R"("pub":{"data":{"text":"m\u0020"},"offset":1})",
        R"("pub":{"data":{"text":"m 1","id":"x"},"offset":1})"}) {
    const std::string line = R"({"push":{"channel":"r1",)" + std::string(body) + "}}";
    EXPECT_FALSE(read_push(line, "r1", publication)) << line;
  }
}

model::Publication publication_of(std::string_view text, std::uint64_t offset) {
  model::Publication publication;
  publication.data = base::Frame::copy_of(R"({"text":")" + std::string(text) + R"("})");
  publication.offset = model::Offset{offset};
  publication.sender.client = "c";
  publication.sender.info = R"({"name":"}\"{"})";
  return publication;
}

TEST(SdkLinesTest, ReadsThePushesOfTheServer) {
  const std::string line = codec::wire::json_publication_push("r1", publication_of("m 1", 5));
  SdkPublication publication;
  ASSERT_TRUE(read_push(line, "r1", publication)) << line;
  EXPECT_EQ(publication.text, "m 1");
  EXPECT_EQ(publication.offset, 5U);
}

TEST(SdkLinesTest, ReadsTheReplyToOneWhoSubscribes) {
  codec::wire::SubscribeResult result;
  result.recoverable = result.positioned = true;
  result.position.epoch.value = "e";
  SdkSubscribed subscribed;
  ASSERT_TRUE(read_subscribed(codec::wire::json_reply(2, result), subscribed));
  EXPECT_EQ(subscribed.position.epoch, "e");
  EXPECT_EQ(subscribed.position.offset, 0U);
  EXPECT_FALSE(subscribed.recovered);
  EXPECT_FALSE(read_subscribed(R"({"id":2,"subscribe":{}})", subscribed));
}

TEST(SdkLinesTest, ReadsTheReplyToOneWhoRecovers) {
  codec::wire::SubscribeResult result;
  result.recoverable = result.positioned = result.recovered = result.was_recovering = true;
  result.position = {.epoch = {"e"}, .offset = model::Offset{8}};
  result.publications = {publication_of("m 1", 7), publication_of("m 2", 8)};
  const std::string line = codec::wire::json_reply(2, result);
  SdkSubscribed subscribed;
  ASSERT_TRUE(read_subscribed(line, subscribed)) << line;
  EXPECT_TRUE(subscribed.recovered);
  EXPECT_EQ(subscribed.position.offset, 8U);
  ASSERT_EQ(subscribed.publications.size(), 2U);
  EXPECT_EQ(subscribed.publications[0].text, "m 1");
  EXPECT_EQ(subscribed.publications[1].offset, 8U);
}

}  // namespace
}  // namespace palaver::bench::load
