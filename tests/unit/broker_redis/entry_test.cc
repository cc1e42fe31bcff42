// SPDX-License-Identifier: Apache-2.0
// Publications and senders as they lie in Redis: fields of any bytes, each kind of message, and all
// of it cut short or spoilt.
#include "broker/redis/entry.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace palaver::broker::redis {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using Kind = codec::resp::Reply::Kind;

// What a careless separator would trip over.
const std::vector<std::string>& nasty() {
  static const std::vector<std::string> kNasty = {"",
                                                  "a",
                                                  ":",
                                                  ",",
                                                  "\n",
                                                  " ",
                                                  "\0"s,
                                                  "3:abc,",
                                                  ":,:,",
                                                  "5:",
                                                  "0:,",
                                                  "12:a",
                                                  "\r\n\n",
                                                  "räume💬",
                                                  "\xFF\xFE",
                                                  R"({"name":"Ann, the 1st:\n"})",
                                                  std::string(1000, ',')};
  return kNasty;
}

std::optional<std::vector<std::string>> fields_of(std::string_view packed) {
  std::vector<std::string> fields;
  while (!packed.empty()) {
    const auto field = unpack(packed);
    if (!field) return std::nullopt;
    fields.emplace_back(*field);
  }
  return fields;
}

codec::resp::Reply text(std::string_view value) {
  codec::resp::Reply reply;
  reply.kind = Kind::kText;
  reply.text = value;
  return reply;
}

const model::Sender kAnn{.user = {"ann"}, .client = "c1", .info = "{}", .room_info = "[]"};

TEST(Pack, LiteralBytes) {
  std::string out;
  pack(out, "ann");
  pack(out, "");
  pack(out, "ä:,");
  EXPECT_EQ(out, "3:ann,0:,4:ä:,,");
  EXPECT_EQ(fields_of(out), (std::vector<std::string>{"ann", "", "ä:,"}));
}

TEST(Pack, AnyBytesComeBack) {
  std::string out;
  for (const std::string& field : nasty()) pack(out, field);
  EXPECT_EQ(fields_of(out), nasty());
}

TEST(Unpack, TakesOneWholeField) {
  std::string_view in = "3:ann,2:c1,rest";
  EXPECT_EQ(unpack(in), "ann");
  EXPECT_EQ(unpack(in), "c1");
  EXPECT_EQ(in, "rest");
  EXPECT_FALSE(unpack(in));
  EXPECT_EQ(in, "rest") << "what is none stays where it is";
}

TEST(Unpack, RefusesTheRest) {
  for (std::string_view in : {"",
                              ":",
                              ",",
                              "3",
                              "3:",
                              "3:ann",
                              "3:an,",
                              "3:anna",
                              "2:ann,",
                              "4:ann,",
                              "-1:a,",
                              "+3:ann,",
                              " 3:ann,",
                              "3 :ann,",
                              "0x3:ann,",
                              "ann",
                              "a:a,",
                              ":ann,",
                              "18446744073709551615:a,",
                              "18446744073709551614:a,",
                              "99999999999999999999:a,",
                              "1:,"}) {
    const std::string_view before = in;
    EXPECT_FALSE(unpack(in)) << before;
    EXPECT_EQ(in, before);
  }
}

TEST(Unpack, CutAtEveryByte) {
  std::string whole;
  for (const std::string& field : nasty()) pack(whole, field);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    // Memory of its own, so that a look beyond it is found.
    const std::vector<char> piece(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
    std::string_view in(piece.data(), piece.size());
    std::size_t i = 0;
    while (const auto field = unpack(in)) EXPECT_EQ(*field, nasty().at(i++)) << cut;
    EXPECT_LT(i, nasty().size()) << cut;
  }
}

TEST(Sender, LiteralBytes) {
  EXPECT_EQ(pack_sender(kAnn), "3:ann,2:c1,2:{},2:[],");
  EXPECT_EQ(pack_sender({}), "0:,0:,0:,0:,");
  EXPECT_EQ(pack_header(kAnn, R"({"a":"b"})"), R"(21:3:ann,2:c1,2:{},2:[],,9:{"a":"b"},)");
  EXPECT_EQ(unpack_sender("3:ann,2:c1,2:{},2:[],"), kAnn);
  EXPECT_EQ(unpack_sender("3:ann,2:c1,2:{},2:[],5:later,"), kAnn) << "a later version's field";
}

TEST(Sender, AnyBytesInEachFieldComeBack) {
  for (const std::string& value : nasty()) {
    for (int field = 0; field < 5; ++field) {
      model::Sender sender = kAnn;
      if (field == 0 || field == 4) sender.user.value = value;
      if (field == 1 || field == 4) sender.client = value;
      if (field == 2 || field == 4) sender.info = value;
      if (field == 3 || field == 4) sender.room_info = value;
      EXPECT_EQ(unpack_sender(pack_sender(sender)), sender) << field << ' ' << value;
    }
  }
}

TEST(Sender, CutAtEveryByteIsNone) {
  const std::string whole = pack_sender(kAnn);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(unpack_sender(std::string_view(whole).substr(0, cut))) << cut;
  }
}

// Sender, tags and data as a script puts them behind the first line.
std::string with_body(std::string_view line, std::string_view behind = "") {
  const std::string header = pack_header(kAnn, "{\"t\":\"1\"}");
  return std::string(line) + ' ' + std::to_string(header.size()) + std::string(behind) + '\n' +
         header + "{\"text\":\"a\nb\"}";
}

void expect_body(const model::Publication& publication) {
  EXPECT_EQ(publication.sender, kAnn);
  EXPECT_EQ(publication.tags, "{\"t\":\"1\"}");
  EXPECT_EQ(publication.data.view(), "{\"text\":\"a\nb\"}");
}

TEST(ParseLive, Entry) {
  const auto live = parse_live(with_body("Pe1 12 11"));
  ASSERT_TRUE(live);
  EXPECT_EQ(live->kind, Live::Kind::kEntry);
  EXPECT_EQ(live->epoch.value, "e1");
  EXPECT_EQ(live->publication.offset.value, 12U);
  EXPECT_EQ(live->publication.prev.value, 11U);
  EXPECT_EQ(live->publication.kind, model::PublicationKind::kData);
  EXPECT_TRUE(live->redacted.empty());
  expect_body(live->publication);
}

TEST(ParseLive, Redaction) {
  const auto live = parse_live(with_body("Re1 12 0", " 3,9007199254740991,5"));
  ASSERT_TRUE(live);
  EXPECT_EQ(live->kind, Live::Kind::kRedaction);
  EXPECT_EQ(live->epoch.value, "e1");
  EXPECT_EQ(live->publication.offset.value, 12U);
  EXPECT_EQ(live->publication.prev.value, 0U);
  EXPECT_EQ(live->redacted, (std::vector<model::Offset>{{3}, {9007199254740991}, {5}}));
  expect_body(live->publication);
  const auto none = parse_live(with_body("Re1 12 0", " "));
  ASSERT_TRUE(none) << "all its targets had gone";
  EXPECT_TRUE(none->redacted.empty());
}

TEST(ParseLive, Ephemeral) {
  for (const auto kind : {model::PublicationKind::kData, model::PublicationKind::kJoin,
                          model::PublicationKind::kLeave}) {
    const auto live = parse_live(with_body("E" + std::to_string(static_cast<int>(kind))));
    ASSERT_TRUE(live);
    EXPECT_EQ(live->kind, Live::Kind::kEphemeral);
    EXPECT_EQ(live->publication.kind, kind);
    EXPECT_EQ(live->publication.offset.value, 0U);
    EXPECT_EQ(live->epoch.value, "");
    expect_body(live->publication);
  }
}

TEST(ParseLive, Lost) {
  const auto live = parse_live("Le2\n");
  ASSERT_TRUE(live);
  EXPECT_EQ(live->kind, Live::Kind::kLost);
  EXPECT_EQ(live->epoch.value, "e2");
}

TEST(ParseLive, RefusesTheRest) {
  for (const std::string& message :
       {""s, "\n"s, "\nPe1 2 1 0"s, "X"s, "pe1 2 1 0\n"s, " Pe1 2 1 0\n"s,
        // Headers that are none, and longer than the message.
        "P"s, "P\n"s, "Pe1\n"s, "Pe1 2\n"s, "Pe1 2 1\n"s, "Pe1 2 1 0\n"s, "Pe1 2 1 1\n"s,
        "Pe1 2 1 99\n1:a,"s, "Pe1 2 1 18446744073709551615\n1:a,"s, "Pe1 2 1 -1\n1:a,"s,
        "Pe1 2 1 4\n1:a,data"s, "Pe1 2 1 8\n1:a,0:,x"s, "Pe1 2 1 7\n1:a,0:,"s,
        // Offsets that are none.
        with_body("Pe1 x 1"), with_body("Pe1 -2 1"), with_body("Pe1 2 "), with_body("Pe1 2 1.5"),
        with_body("Pe1  2 1"), with_body("Pe1 9007199254740992 1"),
        with_body("Pe1 2 9007199254740992"), with_body("Pe1 2 1e3"), with_body("Pe1 2"),
        // Lists that are none.
        with_body("Re1 2 1", " x"), with_body("Re1 2 1", " 1,,2"), with_body("Re1 2 1", " ,"),
        with_body("Re1 2 1", " 1 2"), with_body("Re1 2 1", " 1,9007199254740992"),
        with_body("Re1 2 1", " -1"),
        // Kinds that are none.
        "E"s, "E\n"s, "E0\n"s, "E0 \n"s, with_body("E3"), with_body("E-1"), with_body("E256"),
        with_body("E4294967296"), with_body("Ex"), with_body("E"), with_body("E0 0")}) {
    EXPECT_FALSE(parse_live(message)) << message;
  }
}

// A message is never taken for one with another sender or place; only its data may be shorter,
// whose end nothing marks.
TEST(ParseLive, CutAtEveryByte) {
  for (const std::string& whole :
       {with_body("Pe1 12 11"), with_body("Re1 12 11", " 3,5"), with_body("E1")}) {
    const auto expected = parse_live(whole);
    ASSERT_TRUE(expected);
    const std::size_t data_at = whole.size() - expected->publication.data.view().size();
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      const std::vector<char> piece(whole.begin(),
                                    whole.begin() + static_cast<std::ptrdiff_t>(cut));
      const auto live = parse_live({piece.data(), piece.size()});
      EXPECT_EQ(live.has_value(), cut >= data_at) << cut;
      if (!live) continue;
      EXPECT_EQ(live->publication.sender, kAnn);
      EXPECT_EQ(live->publication.offset, expected->publication.offset);
      EXPECT_EQ(live->redacted, expected->redacted);
      EXPECT_EQ(live->publication.data.view(), whole.substr(data_at, cut - data_at));
    }
  }
}

TEST(EphemeralMessage, LiteralBytes) {
  EXPECT_EQ(ephemeral_message(model::PublicationKind::kLeave, {}, "", "x"),
            "E2 19\n12:0:,0:,0:,0:,,0:,x");
}

TEST(EphemeralMessage, AnyBytesComeBack) {
  for (const auto kind : {model::PublicationKind::kData, model::PublicationKind::kJoin,
                          model::PublicationKind::kLeave}) {
    for (const std::string& value : nasty()) {
      const model::Sender sender{
          .user = {value}, .client = value, .info = value, .room_info = value};
      const auto live = parse_live(ephemeral_message(kind, sender, value, value));
      ASSERT_TRUE(live) << value;
      EXPECT_EQ(live->kind, Live::Kind::kEphemeral);
      EXPECT_EQ(live->publication.kind, kind);
      EXPECT_EQ(live->publication.sender, sender);
      EXPECT_EQ(live->publication.tags, value);
      EXPECT_EQ(live->publication.data.view(), value);
    }
  }
}

TEST(ParseOffset, BoundsAndOneBeyond) {
  EXPECT_EQ(parse_offset("0"), model::Offset{0});
  EXPECT_EQ(parse_offset("9007199254740991"), model::Offset{9007199254740991});
  for (const std::string_view wrong : {"", "9007199254740992", "18446744073709551616", "-1", "+1",
                                       " 1", "1 ", "1-0", "1.0", "1e3"}) {
    EXPECT_FALSE(parse_offset(wrong)) << wrong;
  }
}

TEST(ParsePosition, EpochThenOffset) {
  const std::vector<codec::resp::Reply> reply = {text("e1"), text("12"), text("more")};
  EXPECT_EQ(parse_position(reply), (model::Position{{"e1"}, {12}}));
  EXPECT_FALSE(parse_position({}));
  EXPECT_FALSE(parse_position(std::span(reply).first(1)));
  EXPECT_FALSE(parse_position(std::span(reply).subspan(1))) << "no number";
}

TEST(ParseEntries, LeavesOutWhatIsNone) {
  const std::string header = pack_header(kAnn, "{}");
  const std::vector<codec::resp::Reply> reply = {
      text("2"), text("0"), text(header),     text("first"),  //
      text("x"), text("2"), text(header),     text("no offset"),
      text("4"), text("-"), text(header),     text("no prev"),  //
      text("5"), text("4"), text("3:spoilt"), text("no sender"),
      text("6"), text("5"), text(header),     text(""),  //
      text("7"), text("6"), text(header)};
  const auto entries = parse_entries(reply);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].offset.value, 2U);
  EXPECT_EQ(entries[0].prev.value, 0U);
  EXPECT_EQ(entries[0].sender, kAnn);
  EXPECT_EQ(entries[0].tags, "{}");
  EXPECT_EQ(entries[0].data.view(), "first");
  EXPECT_EQ(entries[1].offset.value, 6U);
  EXPECT_EQ(entries[1].data.view(), "");
  EXPECT_TRUE(parse_entries({}).empty());
}

}  // namespace
}  // namespace palaver::broker::redis
