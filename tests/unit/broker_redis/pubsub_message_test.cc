// SPDX-License-Identifier: Apache-2.0
// What nodes in the mode `pubsub` tell each other on a room's own channel.
#include "broker/redis/pubsub_message.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "broker/redis/entry.h"

namespace palaver::broker::redis {
namespace {

using Kind = PubsubMessage::Kind;

model::Publication publication(model::PublicationKind kind = model::PublicationKind::kData) {
  model::Publication made;
  made.sender = {.user = {"ann"}, .client = "c1", .info = R"({"name":"Änn"})", .room_info = "7"};
  made.kind = kind;
  made.tags = R"({"a":"b"})";
  if (kind == model::PublicationKind::kData) made.data = base::Frame::copy_of("{\"text\":\"\n\"}");
  return made;
}

TEST(PubsubMessage, ComesOutAsItWentIn) {
  struct Row {
    Kind kind;
    std::string_view payload;
    model::PublicationKind what = model::PublicationKind::kData;
  };
  const std::vector<Row> table = {{Kind::kPassing, ""},
                                  {Kind::kPassing, "", model::PublicationKind::kJoin},
                                  {Kind::kPassing, "", model::PublicationKind::kLeave},
                                  {Kind::kAlone, ""},
                                  {Kind::kNote, "{\"a\": \"5:b,\"}\n"}};
  for (const Row& row : table) {
    const model::Publication sent = publication(row.what);
    const auto message = parse_pubsub(pack_pubsub(row.kind, row.payload, sent));
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->kind, row.kind);
    EXPECT_EQ(message->payload, row.payload);
    EXPECT_EQ(message->publication.sender, sent.sender);
    EXPECT_EQ(message->publication.kind, sent.kind);
    EXPECT_EQ(message->publication.tags, sent.tags);
    EXPECT_EQ(message->publication.data.view(), sent.data.view());
    EXPECT_EQ(message->publication.offset, model::Offset{});
    EXPECT_FALSE(message->publication.said_at);
  }
}

TEST(PubsubMessage, IsNothingThatNodesWithStreamsSay) {
  const std::string header = pack_header({}, "");
  const std::string body = ' ' + std::to_string(header.size()) + '\n' + header + "{}";
  const std::vector<std::string> table = {
      "P" + std::string("epoch 5 4") + body,
      "R" + std::string("epoch 5 4") + body.substr(0, body.find('\n')) + " 3\n" + header + "{}",
      "Lepoch",
  };
  for (const std::string& message : table) {
    ASSERT_TRUE(parse_live(message).has_value()) << message;
    EXPECT_FALSE(parse_pubsub(message)) << message;
    EXPECT_FALSE(parse_pubsub("N0:," + message)) << message;
  }
}

TEST(PubsubMessage, IsWholeOrNothing) {
  const std::string join =
      pack_pubsub(Kind::kPassing, "", publication(model::PublicationKind::kJoin));
  for (const std::string& message : {std::string(), std::string("N"), std::string("N3:ab,"),
                                     std::string("hello"), "N0:," + join, "N1:x," + join}) {
    EXPECT_FALSE(parse_pubsub(message)) << message;
  }
  const std::string note = pack_pubsub(Kind::kNote, "payload", publication());
  const std::size_t data = publication().data.size();
  for (std::size_t size = 0; size < note.size() - data; ++size) {
    EXPECT_FALSE(parse_pubsub(std::string_view(note).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace palaver::broker::redis
