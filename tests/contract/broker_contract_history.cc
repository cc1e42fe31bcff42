// SPDX-License-Identifier: Apache-2.0
// The broker contract: what is kept of a room, and reading it.
#include <optional>

#include "model/recovery.h"
#include "tests/contract/broker_contract.h"

namespace palaver::tests::contract {
namespace {

using base::ErrorCode;
using broker::HistoryQuery;
using model::Offset;
using model::RoomName;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

constexpr auto kForward = HistoryQuery::Direction::kForward;
constexpr auto kReverse = HistoryQuery::Direction::kReverse;

TEST_P(BrokerContract, HistoryReadsInBothDirections) {
  const auto offsets = fill("room", 5);
  ASSERT_EQ(offsets.size(), 5U);
  struct Case {
    std::optional<Offset> since;
    std::size_t limit;
    HistoryQuery::Direction direction;
    Texts expected;
  };
  const Offset below{offsets.front().value - 1};
  const Offset above{offsets.back().value + 1};
  const Case cases[] = {
      {{}, 9, kForward, {"1", "2", "3", "4", "5"}},
      {{}, 2, kForward, {"1", "2"}},
      {{}, 0, kForward, {}},
      {Offset{0}, 9, kForward, {"1", "2", "3", "4", "5"}},
      {below, 2, kForward, {"1", "2"}},
      {offsets[1], 2, kForward, {"3", "4"}},
      {offsets[3], 9, kForward, {"5"}},
      {offsets[4], 9, kForward, {}},
      {above, 9, kForward, {}},
      {{}, 9, kReverse, {"5", "4", "3", "2", "1"}},
      {{}, 2, kReverse, {"5", "4"}},
      {{}, 0, kReverse, {}},
      {Offset{0}, 9, kReverse, {}},
      {offsets[0], 9, kReverse, {}},
      {offsets[1], 9, kReverse, {"1"}},
      {offsets[4], 2, kReverse, {"4", "3"}},
      {above, 9, kReverse, {"5", "4", "3", "2", "1"}},
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const Case& c = cases[i];
    const auto result =
        history(static_cast<unsigned>(i), "room",
                {.since = c.since, .limit = c.limit, .bytes_max = 0, .direction = c.direction});
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(data_of(result->entries), c.expected) << "case " << i;
    EXPECT_EQ(result->top.offset, offsets.back());
  }
}

TEST_P(BrokerContract, HistoryReadsBetweenOffsets) {
  if (!harness().abilities().time) GTEST_SKIP() << "time cannot be moved";
  const auto first = publish(0, "room", "1");
  harness().advance(milliseconds{50});
  const auto second = publish(0, "room", "2");
  ASSERT_GT(second->position.offset.value, first->position.offset.value + 2);
  const Offset between{first->position.offset.value + 1};
  EXPECT_EQ(data_of(history(0, "room", {.since = between, .limit = 9})->entries), Texts{"2"});
  EXPECT_EQ(
      data_of(history(0, "room", {.since = between, .limit = 9, .direction = kReverse})->entries),
      Texts{"1"});
  EXPECT_EQ(entry(0, "room", between).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(model::time_of(second->position.offset) - model::time_of(first->position.offset),
            milliseconds{50});
}

TEST_P(BrokerContract, HistoryStopsAtItsBytes) {
  for (const char* data : {"aaaa", "bbbb", "cccc"}) ASSERT_TRUE(publish(0, "room", data));
  const auto read = [this](std::size_t bytes_max, HistoryQuery::Direction direction) {
    return data_of(
        history(0, "room",
                {.since = {}, .limit = 9, .bytes_max = bytes_max, .direction = direction})
            ->entries);
  };
  EXPECT_EQ(read(0, kForward), (Texts{"aaaa", "bbbb", "cccc"}));
  EXPECT_EQ(read(12, kForward), (Texts{"aaaa", "bbbb", "cccc"}));
  EXPECT_EQ(read(11, kForward), (Texts{"aaaa", "bbbb"}));
  EXPECT_EQ(read(8, kReverse), (Texts{"cccc", "bbbb"}));
  EXPECT_EQ(read(7, kReverse), (Texts{"cccc"}));
  EXPECT_EQ(read(1, kForward), (Texts{"aaaa"}));
}

TEST_P(BrokerContract, HistoryCarriesWholeEntries) {
  ASSERT_TRUE(publish(0, "room", R"({"n":1})", "id", "bob"));
  const auto entries = all("room");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].sender, sender("bob"));
  EXPECT_EQ(entries[0].prev, Offset{0});
  EXPECT_EQ(entries[0].data.view(), R"({"n":1})");
}

TEST_P(BrokerContract, ReadingMakesNoRoom) {
  const auto result = history(0, "none", {.since = Offset{5}, .limit = 9});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->top, model::Position{});
  EXPECT_TRUE(result->entries.empty());
  EXPECT_EQ(entry(1, "none", Offset{5}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(positions(0, {"none"})->front(), model::Position{});
  EXPECT_TRUE(remove_history(0, "none").has_value());
  EXPECT_EQ(positions(0, {"none"})->front(), model::Position{});
}

TEST_P(BrokerContract, PositionsAnswerInTheOrderAsked) {
  std::vector<std::string> rooms;
  std::vector<model::Position> expected;
  for (int i = 0; i < 40; ++i) {
    rooms.push_back("room-" + std::to_string(i));
    if (i % 4 == 3) {
      expected.emplace_back();
      continue;
    }
    const auto result = publish(static_cast<unsigned>(i), rooms.back(), "x");
    expected.push_back(result->position);
  }
  rooms.push_back(rooms.front());
  expected.push_back(expected.front());
  for (unsigned n = 0; n < shards(); ++n) EXPECT_EQ(positions(n, rooms), expected);
  EXPECT_EQ(positions(0, {}), std::vector<model::Position>{});
}

TEST_P(BrokerContract, EntryIsFoundByItsOffset) {
  const auto offsets = fill("room", 3);
  ASSERT_TRUE(publish(0, "other", "x"));
  for (unsigned i = 0; i < 3; ++i) {
    const auto found = entry(i, "room", offsets[i]);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->data.view(), std::to_string(i + 1));
    EXPECT_EQ(found->offset, offsets[i]);
    EXPECT_EQ(found->prev, i == 0 ? Offset{0} : offsets[i - 1]);
    EXPECT_EQ(found->sender, sender("ann"));
  }
  for (const Offset none :
       {Offset{0}, Offset{offsets[0].value - 1}, Offset{offsets[2].value + 1}}) {
    EXPECT_EQ(entry(0, "room", none).error().code, ErrorCode::kNotFound);
  }
}

TEST_P(BrokerContract, ARoomKeepsItsNewestEntries) {
  base::Limits limits;
  limits.history_entries_max = 5;
  start(limits);
  const auto offsets = fill("room", 12);
  const auto kept = all("room");
  EXPECT_EQ(data_of(kept), (Texts{"8", "9", "10", "11", "12"}));
  EXPECT_TRUE(is_chain(kept, offsets[6]));
  EXPECT_EQ(entry(0, "room", offsets[6]).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(entry(0, "room", offsets[7]).has_value());
}

TEST_P(BrokerContract, EntriesGrowOld) {
  base::Limits limits;
  limits.history_age_max = minutes{10};
  start(limits);
  if (!harness().abilities().time) GTEST_SKIP() << "time cannot be moved";
  const auto first = publish(0, "room", "1");
  harness().advance(minutes{6});
  const auto second = publish(0, "room", "2");
  harness().advance(minutes{6});
  EXPECT_EQ(data_of(all("room")), Texts{"2"});
  EXPECT_EQ(all("room")[0].prev, first->position.offset);
  EXPECT_EQ(entry(0, "room", first->position.offset).error().code, ErrorCode::kNotFound);

  // Without any entry the room still knows where it is, and the chain goes on.
  harness().advance(minutes{6});
  EXPECT_TRUE(all("room").empty());
  EXPECT_EQ(history(0, "room", {.since = {}, .limit = 9})->top, second->position);
  const auto third = publish(0, "room", "3");
  EXPECT_EQ(third->position.epoch, first->position.epoch);
  EXPECT_EQ(all("room")[0].prev, second->position.offset);
}

TEST_P(BrokerContract, RoomsAtRestAreForgotten) {
  base::Limits limits;
  limits.history_age_max = minutes{10};
  limits.history_meta_ttl = hours{1};
  start(limits);
  if (!harness().abilities().time) GTEST_SKIP() << "time cannot be moved";
  const auto left = publish(0, "left", "1");
  const auto live = publish(0, "live", "1");
  ASSERT_TRUE(subscribe(0, "live"));
  harness().advance(minutes{50});
  EXPECT_EQ(positions(0, {"left", "live"}), (std::vector{left->position, live->position}));
  harness().advance(hours{1});
  EXPECT_EQ(positions(0, {"left", "live"}), (std::vector{model::Position{}, live->position}));
  EXPECT_NE(subscribe(0, "left")->epoch, left->position.epoch);
}

// The rule of recovery over a trimmed room: exactly those who missed nothing that is gone.
TEST_P(BrokerContract, RecoveryIsDecidedFromHistory) {
  base::Limits limits;
  limits.history_entries_max = 4;
  start(limits);
  const auto offsets = fill("room", 9);
  const model::Epoch epoch = positions(0, {"room"})->front().epoch;
  const auto recovered = [&](const model::Position& since) {
    const auto read = history(0, "room", {.since = since.offset, .limit = 1});
    return model::recovered_from(since, read->top,
                                 read->entries.empty() ? nullptr : &read->entries[0]);
  };
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    EXPECT_EQ(recovered({epoch, offsets[i]}), i >= 4) << i;
  }
  EXPECT_FALSE(recovered({epoch, Offset{0}}));
  EXPECT_FALSE(recovered({{}, Offset{0}}));
  EXPECT_FALSE(recovered({epoch, Offset{offsets.back().value + 1}}));
  EXPECT_FALSE(recovered({model::Epoch{"another"}, offsets.back()}));
}

TEST_P(BrokerContract, RemoveHistoryBeginsAnEpoch) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto before = publish(0, "room", "1", "id");
  ASSERT_TRUE(publish(0, "other", "x"));
  ASSERT_TRUE(remove_history(1, "room").has_value());
  const auto read = history(0, "room", {.since = {}, .limit = 9});
  EXPECT_TRUE(read->entries.empty());
  EXPECT_EQ(read->top.offset, Offset{0});
  EXPECT_FALSE(read->top.epoch.value.empty());
  EXPECT_NE(read->top.epoch, before->position.epoch);
  EXPECT_EQ(entry(0, "room", before->position.offset).error().code, ErrorCode::kNotFound);

  const auto after = publish(0, "room", "2", "id");
  EXPECT_FALSE(after->duplicate);
  EXPECT_EQ(after->position.epoch, read->top.epoch);
  EXPECT_GT(after->position.offset, before->position.offset);
  EXPECT_TRUE(is_chain(all("room"), Offset{0}));
  EXPECT_EQ(all("other").size(), 1U);
  harness().settle();
  ASSERT_EQ(sink(0).events.size(), 3U);
  EXPECT_EQ(sink(0).events[1].kind, Event::Kind::kLost);
  EXPECT_EQ(sink(0).events[1].room, "room");
  EXPECT_EQ(sink(0).events[2].epoch, after->position.epoch);
  EXPECT_EQ(sink(0).events[2].publication.prev, Offset{0});
}

}  // namespace
}  // namespace palaver::tests::contract
