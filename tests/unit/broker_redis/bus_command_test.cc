// SPDX-License-Identifier: Apache-2.0
// Commands between nodes: each kind, whole, cut at every byte, and as another version may send it.
#include "broker/redis/bus_command.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/redis/entry.h"

namespace palaver::broker::redis {
namespace {

using namespace std::string_literals;

const std::string kNasty = "3:a,\n\0 räume💬"s;

Whom whom() { return {.user = {"ann"}, .client = "c1", .session = "s1"}; }

DisconnectCommand disconnect() {
  return {.whom = whom(), .code = 3000, .reason = "bye", .spared = {"c2", "", kNasty}};
}
SubscribeCommand subscribe() {
  return {.whom = whom(),
          .room = {"room"},
          .info = "{}",
          .data = kNasty,
          .expires_at = 1'800'000'000,
          .since = model::Position{{"e1"}, {12}}};
}
UnsubscribeCommand unsubscribe() {
  return {.whom = whom(), .room = {kNasty}, .code = 2500, .reason = "so"};
}
RefreshCommand refresh() {
  return {.whom = whom(), .expired = true, .expires_at = -1, .info = "{}"};
}
SendCommand send() { return {.whom = whom(), .data = "[1,2]"}; }
BlockCommand block() { return {.user = {kNasty}, .until = 1'800'000'000}; }
UnblockCommand unblock() { return {.user = {"ann"}}; }

std::vector<NodeCommand> full() {
  return {disconnect(), subscribe(), unsubscribe(), refresh(), send(), block(), unblock()};
}

template <typename Command>
Command back(const Command& command) {
  const auto unpacked = unpack_command(pack_command(command));
  EXPECT_TRUE(unpacked && std::holds_alternative<Command>(*unpacked));
  return unpacked ? std::get<Command>(*unpacked) : Command{};
}

void expect_whom(const Whom& seen, const Whom& expected) {
  EXPECT_EQ(seen.user, expected.user);
  EXPECT_EQ(seen.client, expected.client);
  EXPECT_EQ(seen.session, expected.session);
}

std::string packed(const std::vector<std::string>& fields) {
  std::string out;
  for (const std::string& field : fields) pack(out, field);
  return out;
}

TEST(BusCommand, LiteralBytes) {
  EXPECT_EQ(pack_command(disconnect()),
            "10:disconnect,3:ann,2:c1,2:s1,4:3000,3:bye,1:3,2:c2,0:,17:" + kNasty + ",");
  EXPECT_EQ(pack_command(subscribe()), "9:subscribe,3:ann,2:c1,2:s1,4:room,2:{},17:" + kNasty +
                                           ",1:1,10:1800000000,1:1,2:e1,2:12,");
  EXPECT_EQ(pack_command(unsubscribe()),
            "11:unsubscribe,3:ann,2:c1,2:s1,17:" + kNasty + ",4:2500,2:so,");
  EXPECT_EQ(pack_command(refresh()), "7:refresh,3:ann,2:c1,2:s1,2:{},1:1,1:1,2:-1,");
  EXPECT_EQ(pack_command(send()), "4:send,3:ann,2:c1,2:s1,5:[1,2],");
  EXPECT_EQ(pack_command(block()), "5:block,17:" + kNasty + ",1:1,10:1800000000,");
  EXPECT_EQ(pack_command(unblock()), "7:unblock,3:ann,");
  EXPECT_EQ(pack_command(BlockCommand{}), "5:block,0:,1:0,");
}

TEST(BusCommand, DisconnectComesBack) {
  const DisconnectCommand seen = back(disconnect());
  expect_whom(seen.whom, whom());
  EXPECT_EQ(seen.code, 3000U);
  EXPECT_EQ(seen.reason, "bye");
  EXPECT_EQ(seen.spared, disconnect().spared);
  EXPECT_TRUE(back(DisconnectCommand{}).spared.empty());
  DisconnectCommand most;
  most.code = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(back(most).code, most.code);
}

TEST(BusCommand, SubscribeComesBack) {
  const SubscribeCommand seen = back(subscribe());
  expect_whom(seen.whom, whom());
  EXPECT_EQ(seen.room.value, "room");
  EXPECT_EQ(seen.info, "{}");
  EXPECT_EQ(seen.data, kNasty);
  EXPECT_EQ(seen.expires_at, 1'800'000'000);
  EXPECT_EQ(seen.since, (model::Position{{"e1"}, {12}}));
  const SubscribeCommand empty = back(SubscribeCommand{});
  expect_whom(empty.whom, {});
  EXPECT_FALSE(empty.expires_at);
  EXPECT_FALSE(empty.since);
}

TEST(BusCommand, UnsubscribeComesBack) {
  const UnsubscribeCommand seen = back(unsubscribe());
  expect_whom(seen.whom, whom());
  EXPECT_EQ(seen.room.value, kNasty);
  EXPECT_EQ(seen.code, 2500U);
  EXPECT_EQ(seen.reason, "so");
}

TEST(BusCommand, RefreshComesBack) {
  const RefreshCommand seen = back(refresh());
  expect_whom(seen.whom, whom());
  EXPECT_TRUE(seen.expired);
  EXPECT_EQ(seen.expires_at, -1);
  EXPECT_EQ(seen.info, "{}");
  const RefreshCommand empty = back(RefreshCommand{});
  EXPECT_FALSE(empty.expired);
  EXPECT_FALSE(empty.expires_at);
}

TEST(BusCommand, SendComesBack) {
  const SendCommand seen = back(send());
  expect_whom(seen.whom, whom());
  EXPECT_EQ(seen.data, "[1,2]");
}

TEST(BusCommand, BlocksComeBack) {
  EXPECT_EQ(back(block()).user.value, kNasty);
  EXPECT_EQ(back(block()).until, 1'800'000'000);
  EXPECT_FALSE(back(BlockCommand{}).until);
  for (const std::int64_t until :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(back(BlockCommand{.user = {"ann"}, .until = until}).until, until);
  }
  EXPECT_EQ(back(unblock()).user.value, "ann");
}

TEST(BusCommand, CutAtEveryByteIsIgnored) {
  for (const NodeCommand& command : full()) {
    const std::string whole = pack_command(command);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      // Memory of its own, so that a look beyond it is found.
      const std::vector<char> piece(whole.data(), whole.data() + cut);
      EXPECT_FALSE(unpack_command({piece.data(), piece.size()})) << whole << " cut at " << cut;
    }
  }
}

TEST(BusCommand, ALaterVersionsFieldIsIgnored) {
  for (const NodeCommand& command : full()) {
    const std::string whole = pack_command(command);
    const auto seen = unpack_command(whole + "5:later,");
    ASSERT_TRUE(seen) << whole;
    EXPECT_EQ(pack_command(*seen), whole);
  }
}

TEST(BusCommand, UnknownKindsAreIgnored) {
  for (const std::string kind : {"", "later", "Block", "block ", "blocks", "unbloc"}) {
    EXPECT_FALSE(unpack_command(packed({kind, "ann", "0"}))) << kind;
    EXPECT_FALSE(unpack_command(packed({kind}))) << kind;
  }
  EXPECT_FALSE(unpack_command(""));
  EXPECT_FALSE(unpack_command("block"));
  EXPECT_TRUE(unpack_command(packed({"block", "ann", "0"})));
}

TEST(BusCommand, WhatIsNoNumberIsIgnored) {
  for (const std::string number :
       {"", "x", "1x", " 1", "+1", "1.0", "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_FALSE(unpack_command(packed({"block", "ann", "1", number}))) << number;
  }
  for (const std::string code : {"", "x", "-1", "4294967296"}) {
    EXPECT_FALSE(unpack_command(packed({"unsubscribe", "", "", "", "room", code, ""}))) << code;
  }
  for (const std::string flag : {"", "x", "-1", "256"}) {
    EXPECT_FALSE(unpack_command(packed({"block", "ann", flag, "1"}))) << flag;
  }
}

// A number alone takes no memory: a list ends with the message, however long it says it is.
TEST(BusCommand, AListIsNotLongerThanItsMessage) {
  for (const std::string size : {"2", "1000000000000", "9223372036854775807", "-1", "x", ""}) {
    EXPECT_FALSE(unpack_command(packed({"disconnect", "ann", "", "", "0", "", size, "c2"})))
        << size;
  }
  EXPECT_TRUE(unpack_command(packed({"disconnect", "ann", "", "", "0", "", "1", "c2"})));
}

}  // namespace
}  // namespace palaver::broker::redis
