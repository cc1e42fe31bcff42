// SPDX-License-Identifier: Apache-2.0
// Framer: the bytes of a publication for each class of members, deflated only where that saves, and
// shared where they are the same.
#include "server/framer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "chat/article.h"
#include "chat/message.h"
#include "codec/wire/json_reply.h"

namespace palaver::server {
namespace {

using rooms::Encoding;
using rooms::EncodingSet;
using rooms::index_of;

constexpr EncodingSet kNobody{false, false};
const model::RoomName kRoom{"room"};
constexpr EncodingSet kPlain{true, false};
constexpr EncodingSet kDeflated{false, true};
constexpr EncodingSet kBoth{true, true};

model::Publication message(std::string_view text) {
  model::Publication publication;
  publication.offset = model::next_offset({}, model::kOffsetOrigin, 0);
  publication.sender.user = chat::article_user(7);
  publication.data = chat::text_message(text);
  return publication;
}

std::string line(std::string_view text) {
  return "[2026-01-01 00:00:00] " + std::string(text) + " (7)";
}

// A frame of a server, taken apart.
struct Parts {
  unsigned first = 0;
  std::string payload;
};

Parts parts_of(const base::Frame& frame) {
  const std::string_view bytes = frame.view();
  EXPECT_GE(bytes.size(), 2U);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes.at(i)); };
  std::size_t header = 2;
  std::size_t size = byte(1);
  if (size == 126) {
    size = static_cast<std::size_t>(byte(2) << 8 | byte(3));
    header = 4;
  } else if (size == 127) {
    size = 0;
    for (std::size_t i = 2; i < 10; ++i) size = size << 8 | byte(i);
    header = 10;
  }
  EXPECT_EQ(bytes.size(), header + size);
  return {byte(0), std::string(bytes.substr(header))};
}

std::string inflated(const base::Frame& frame) {
  const Parts parts = parts_of(frame);
  EXPECT_EQ(parts.first, 0xC1U) << "FIN, RSV1, text";
  codec::ws::Inflater inflater;
  const auto text = inflater.inflate(parts.payload, 1 << 20);
  EXPECT_TRUE(text);
  return std::string(text.value_or(""));
}

TEST(Framer, APlainFrameHasTheLine) {
  Framer framer;
  const auto frames = framer.encode(kRoom, message("hello"), kPlain);
  const Parts parts = parts_of(frames[index_of(Encoding::kArticle)]);
  EXPECT_EQ(parts.first, 0x81U) << "FIN, text";
  EXPECT_EQ(parts.payload, line("hello"));
  EXPECT_EQ(frames[index_of(Encoding::kArticle)].unit_count(), 1U);
  EXPECT_TRUE(frames[index_of(Encoding::kArticleDeflated)].empty());
}

// Without an offset it passes by, unless it was said where nothing is kept.
TEST(Framer, WhatWasSaidWithoutAnOffsetIsALineAndWhatPassesIsNone) {
  Framer framer;
  model::Publication said = message("hello");
  said.offset = {};
  EXPECT_TRUE(framer.encode_one(kRoom, said, Encoding::kArticle).empty());
  EXPECT_FALSE(framer.encode_one(kRoom, said, Encoding::kJson).empty());
  said.said_at = model::kOffsetOrigin;
  EXPECT_EQ(parts_of(framer.encode_one(kRoom, said, Encoding::kArticle)).payload, line("hello"));
  EXPECT_EQ(parts_of(framer.encode_one(kRoom, said, Encoding::kJson)).payload,
            codec::wire::json_publication_push("room", said));
}

TEST(Framer, OnlyWhatIsWantedIsMade) {
  Framer framer;
  const std::string text(1'000, 'a');
  for (const EncodingSet wanted : {kNobody, kPlain, kDeflated, kBoth}) {
    const auto frames = framer.encode(kRoom, message(text), wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(frames[i].empty(), !wanted[i]);
  }
}

TEST(Framer, ALongTextIsDeflatedForThoseWhoCan) {
  Framer framer;
  const std::string text(2'000, 'a');
  const auto frames = framer.encode(kRoom, message(text), kBoth);
  const base::Frame& plain = frames[index_of(Encoding::kArticle)];
  const base::Frame& deflated = frames[index_of(Encoding::kArticleDeflated)];
  EXPECT_EQ(parts_of(plain).payload, line(text));
  EXPECT_LT(deflated.size(), plain.size() / 10);
  EXPECT_EQ(inflated(deflated), line(text));
}

TEST(Framer, WhereDeflatingDoesNotSaveBothShareOneFrame) {
  Framer framer;
  std::mt19937 random{20260107};
  std::string noise;
  for (int i = 0; i < 1'000; ++i) noise += static_cast<char>('!' + random() % 94);
  // Noise of 94 characters still shrinks by a few bits each: it is the short text that shares.
  for (const std::string& text : {std::string("hello"), std::string("aaaaaaaaaaaaaaaaaaaa")}) {
    const auto frames = framer.encode(kRoom, message(text), kBoth);
    EXPECT_EQ(frames[0].data(), frames[1].data()) << "one frame, not two";
    EXPECT_EQ(parts_of(frames[0]).payload, line(text));
    const auto alone = framer.encode(kRoom, message(text), kDeflated);
    EXPECT_EQ(alone[index_of(Encoding::kArticleDeflated)].view(), frames[0].view());
  }
  const auto frames = framer.encode(kRoom, message(noise), kBoth);
  EXPECT_LE(frames[index_of(Encoding::kArticleDeflated)].size(), frames[0].size());
}

TEST(Framer, DeflatesEachMessageForItself) {
  Framer framer;
  for (int i = 0; i < 20; ++i) {
    const std::string text = std::to_string(i) + std::string(500, static_cast<char>('a' + i));
    EXPECT_EQ(inflated(framer.encode_one(kRoom, message(text), Encoding::kArticleDeflated)),
              line(text));
  }
}

TEST(Framer, EncodeOneIsEncode) {
  Framer framer;
  for (const std::string& text : {std::string("hello"), std::string(70'000, 'x')}) {
    const auto frames = framer.encode(kRoom, message(text), kBoth);
    for (const Encoding encoding : {Encoding::kArticle, Encoding::kArticleDeflated}) {
      EXPECT_EQ(framer.encode_one(kRoom, message(text), encoding).view(),
                frames[index_of(encoding)].view());
    }
  }
}

TEST(Framer, WhatIsNoMessageHasNoFrame) {
  Framer framer;
  for (const std::string_view data : {"{}", "5", R"({"text":5})", R"({"reaction":"+1"})", ""}) {
    model::Publication publication = message("");
    publication.data = base::Frame::copy_of(data);
    for (const base::Frame& frame : framer.encode(kRoom, publication, kBoth))
      EXPECT_TRUE(frame.empty());
  }
}

TEST(Framer, JsonMembersGetThePushWhateverTheDataIs) {
  Framer framer;
  model::Publication publication = message(std::string(300, 'x'));
  const EncodingSet all{true, true, true, true};
  for (const std::string_view data : {R"({"text":"hi"})", "5", R"({"kind":"typing"})"}) {
    publication.data = base::Frame::copy_of(data);
    const std::string push = codec::wire::json_publication_push("room", publication);
    const auto frames = framer.encode(kRoom, publication, all);
    const Parts plain = parts_of(frames[index_of(Encoding::kJson)]);
    EXPECT_EQ(plain.first, 0x81U) << "FIN, text";
    EXPECT_EQ(plain.payload, push);
    EXPECT_FALSE(frames[index_of(Encoding::kJsonDeflated)].empty());
  }
  const std::string lines = "{}\n" + std::string(500, 'y');
  EXPECT_EQ(parts_of(framer.encode_text(lines, codec::ws::Compression::kNone)).payload, lines);
  EXPECT_EQ(inflated(framer.encode_text(lines, codec::ws::Compression::kDeflate)), lines);
}

TEST(JsonEncoding, FollowsTheNegotiation) {
  EXPECT_EQ(json_encoding(codec::ws::Compression::kNone), Encoding::kJson);
  EXPECT_EQ(json_encoding(codec::ws::Compression::kDeflate), Encoding::kJsonDeflated);
}

TEST(ArticleEncoding, FollowsTheNegotiation) {
  EXPECT_EQ(article_encoding(codec::ws::Compression::kNone), Encoding::kArticle);
  EXPECT_EQ(article_encoding(codec::ws::Compression::kDeflate), Encoding::kArticleDeflated);
}

}  // namespace
}  // namespace palaver::server
