// SPDX-License-Identifier: Apache-2.0
// The bounds of a partition: bytes, age, rooms at rest; and a wall clock that misbehaves.
#include <gtest/gtest.h>
#include <malloc.h>

#include <deque>
#include <random>

#include "tests/unit/broker_memory/partition_fixture.h"

namespace palaver::broker::memory {
namespace {

using model::Offset;
using model::RoomName;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

TEST(PartitionBytes, OldestOfAllRoomsGoFirst) {
  MemoryBrokerLimits limits = boundless();
  limits.bytes_max = 64 * 1024;
  PartitionUnderTest test(limits);
  for (int i = 0; i < 100; ++i) {
    test.publish(i % 3 == 0 ? "a" : "b", std::string(1000, 'x'));
    ASSERT_LE(test.partition.usage().bytes, limits.bytes_max);
    test.cluster.advance(seconds{1});
  }
  const auto a = test.history("a").entries;
  const auto b = test.history("b").entries;
  EXPECT_EQ(a.size() + b.size(), test.partition.usage().entries);
  EXPECT_NEAR(static_cast<double>(a.size() + b.size()), 64.0 * 1024 / 1300, 6);
  EXPECT_NEAR(static_cast<double>(b.size()), 2.0 * static_cast<double>(a.size()), 2);
  EXPECT_NE(a.front().prev, Offset{0});
}

// Three kinds of rooms; none of their bounds is ever reached.
RoomBounds different_bounds(const RoomName& room) {
  RoomBounds bounds = boundless().room_bounds();
  bounds.age_max = hours{24 * (1 + room.value.back() % 3)};
  return bounds;
}

// The retained entries are always the newest ones of the partition, whatever room they are in.
void keep_the_newest_of_all(const BoundsOf& bounds_of) {
  for (unsigned seed = 0; seed < 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    MemoryBrokerLimits limits = boundless();
    limits.bytes_max = 20'000;
    PartitionUnderTest test(limits, seed, bounds_of);
    std::deque<std::pair<std::string, std::string>> published;  // room, data
    for (int i = 0; i < 400; ++i) {
      const std::string room = "room-" + std::to_string(random() % 7);
      std::string data = std::to_string(i) + std::string(random() % 900, '.');
      const std::string id = random() % 2 == 0 ? std::to_string(i) : "";
      test.publish(room, data, id);
      published.emplace_back(room, std::move(data));
      if (random() % 8 == 0 && !test.history(room).entries.empty()) {
        const auto kept = test.history(room).entries;
        const Offset target = kept[random() % kept.size()].offset;
        const auto told =
            test.partition.redact(RoomName{room}, {}, base::Frame::copy_of("told"), target,
                                  base::Frame::copy_of(std::string(random() % 2000, '-')), "");
        if (told) published.emplace_back(room, "told");  // else: redacted before
      }
      ASSERT_LE(test.partition.usage().bytes, limits.bytes_max);
      test.cluster.advance(milliseconds{1});
      while (published.size() > test.partition.usage().entries) published.pop_front();
      ASSERT_EQ(published.size(), test.partition.usage().entries);
    }
    std::size_t found = 0;
    for (int r = 0; r < 7; ++r) {
      const std::string room = "room-" + std::to_string(r);
      Texts expected;
      for (const auto& [in, data] : published) {
        if (in == room) expected.push_back(data);
      }
      Texts kept = test.data(room);
      ASSERT_EQ(kept.size(), expected.size());
      for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i].empty() || kept[i][0] == '-') continue;  // redacted
        EXPECT_EQ(kept[i], expected[i]);
        ++found;
      }
    }
    EXPECT_GT(found, 10U);
  }
}

TEST(PartitionBytes, RandomEntriesOfManyRooms) { keep_the_newest_of_all(nullptr); }

TEST(PartitionBytes, RandomEntriesOfRoomsWithBoundsOfTheirOwn) {
  keep_the_newest_of_all(different_bounds);
}

TEST(PartitionBytes, TheOldestRoomAtRestGoesWhateverItsBounds) {
  MemoryBrokerLimits limits = boundless();
  limits.bytes_max = 50'000;
  limits.entries_max = 0;
  PartitionUnderTest test(limits, 1, [&](const RoomName& room) {
    RoomBounds bounds = limits.room_bounds();
    if (room.value.back() % 2 == 0) bounds.meta_ttl = hours{1};
    return bounds;
  });
  std::size_t kept = 0;
  for (int i = 0; i < 1000; ++i) {
    test.publish("room-" + std::to_string(i), "x");
    ASSERT_LE(test.partition.usage().bytes, limits.bytes_max);
    kept = test.partition.usage().rooms;
    EXPECT_NE(test.position("room-" + std::to_string(i + 1 - static_cast<int>(kept))),
              model::Position{});
    test.cluster.advance(milliseconds{1});
  }
  EXPECT_GT(kept, 50U);
  EXPECT_LT(kept, 500U);
}

TEST(PartitionBytes, EverythingThatIsCountedIsGivenBack) {
  MemoryBrokerLimits limits = boundless();
  limits.age_max = limits.dedupe_window = limits.meta_ttl = hours{1};
  PartitionUnderTest test(limits);
  for (int i = 0; i < 500; ++i) {
    test.publish_as({.user = model::UserId{"somebody with a long name"},
                     .client = "c",
                     .info = std::string(100, 'i')},
                    "room-" + std::to_string(i % 50), std::string(300, 'x'), std::to_string(i));
  }
  EXPECT_EQ(test.partition.usage().rooms, 50U);
  EXPECT_EQ(test.partition.usage().ids, 500U);
  test.cluster.advance(hours{1});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);  // entries and ids
  EXPECT_EQ(test.partition.usage().entries, 0U);
  EXPECT_EQ(test.partition.usage().ids, 0U);
  EXPECT_TRUE(test.partition.ages());
  test.cluster.advance(hours{1});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);  // rooms
  EXPECT_EQ(test.partition.usage().rooms, 0U);
  EXPECT_EQ(test.partition.usage().bytes, 0U);
  EXPECT_FALSE(test.partition.ages());
}

TEST(PartitionBytes, AnEntryAboveTheBoundIsToldAndForgotten) {
  MemoryBrokerLimits limits = boundless();
  limits.bytes_max = 10'000;
  PartitionUnderTest test(limits);
  ASSERT_TRUE(test.partition.subscribe(RoomName{"room"}, kShard).has_value());
  const auto position = test.publish("room", std::string(20'000, 'x'), "id");
  EXPECT_FALSE(test.outgoing.empty());
  EXPECT_TRUE(test.history("room").entries.empty());
  EXPECT_EQ(test.position("room"), position);
  test.publish("room", "small");
  EXPECT_EQ(test.history("room").entries.front().prev, position.offset);
}

TEST(PartitionBytes, RoomsThatNobodyUsesMakeRoom) {
  MemoryBrokerLimits limits = boundless();
  limits.bytes_max = 50'000;
  limits.entries_max = 0;
  PartitionUnderTest test(limits);
  ASSERT_TRUE(test.partition.subscribe(RoomName{"live"}, kShard).has_value());
  const auto live = test.position("live");
  for (int i = 0; i < 1000; ++i) {
    test.publish("room-" + std::to_string(i), "x");
    ASSERT_LE(test.partition.usage().bytes, limits.bytes_max);
    test.cluster.advance(seconds{1});
  }
  EXPECT_EQ(test.position("room-0"), model::Position{});
  EXPECT_NE(test.position("room-999"), model::Position{});
  EXPECT_EQ(test.position("live"), live);
}

// The count is about what malloc really gave: a bound that is off by half would be none.
TEST(PartitionBytes, CountsWhatMallocGives) {
  const auto in_use = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  if (in_use() == 0) GTEST_SKIP() << "this malloc does not count";
  for (const std::size_t size : {20U, 200U, 2000U}) {
    for (const unsigned rooms : {1U, 5000U}) {
      PartitionUnderTest test(boundless());
      const std::size_t before = in_use();
      for (int i = 0; i < 10'000; ++i) {
        test.publish_as({.user = model::UserId{"user-" + std::to_string(i % 100)},
                         .client = "0123456789abcdef0123456789abcdef",
                         .info = {}},
                        "room-" + std::to_string(static_cast<unsigned>(i) % rooms),
                        std::string(size, 'x'), std::to_string(i));
      }
      const auto real = static_cast<double>(in_use() - before);
      const auto counted = static_cast<double>(test.partition.usage().bytes);
      EXPECT_LT(real, counted * 1.05) << size << " bytes, " << rooms << " rooms";
      EXPECT_GT(real, counted * 0.6) << size << " bytes, " << rooms << " rooms";
    }
  }
}

TEST(PartitionAge, SweepWorksInSteps) {
  MemoryBrokerLimits limits = boundless();
  limits.age_max = minutes{1};
  PartitionUnderTest test(limits);
  const std::size_t count = 2 * kSweepDropsMax + 10;
  for (std::size_t i = 0; i < count; ++i) test.publish("room", "x");
  test.cluster.advance(minutes{1} - milliseconds{1});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.partition.usage().entries, count);
  test.cluster.advance(milliseconds{1});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kMore);
  EXPECT_EQ(test.partition.usage().entries, count - kSweepDropsMax);
  // Reads do not wait for it.
  EXPECT_TRUE(test.history("room").entries.empty());
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
}

TEST(PartitionAge, RoomAtRestIsForgottenAfterItsTime) {
  MemoryBrokerLimits limits = boundless();
  limits.meta_ttl = hours{2};
  PartitionUnderTest test(limits);
  const auto first = test.partition.subscribe(RoomName{"room"}, kShard);
  test.cluster.advance(hours{5});
  ASSERT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.position("room"), *first);
  test.partition.unsubscribe(RoomName{"room"}, kShard);
  test.cluster.advance(hours{1});
  ASSERT_EQ(test.partition.subscribe(RoomName{"room"}, kShard), first);  // begins anew
  test.partition.unsubscribe_all(kShard);
  test.cluster.advance(hours{2} - seconds{1});
  ASSERT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.position("room"), *first);
  test.cluster.advance(seconds{1});
  ASSERT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.position("room"), model::Position{});
  EXPECT_NE(test.partition.subscribe(RoomName{"room"}, kShard)->epoch, first->epoch);
}

TEST(PartitionAge, RoomsGrowOldByTheirOwnBounds) {
  MemoryBrokerLimits limits = boundless();
  limits.meta_ttl = hours{2};
  int asked = 0;
  PartitionUnderTest test(limits, 1, [&](const RoomName& room) {
    ++asked;
    RoomBounds bounds = limits.room_bounds();
    if (room.value == "short") bounds = {1, minutes{1}, minutes{10}};
    if (room.value == "long") bounds.age_max = hours{1};
    return bounds;
  });
  // The one that lives longest is the first in time: it must not keep the others.
  for (const char* room : {"long", "short", "short", "other"}) test.publish(room, "1");
  EXPECT_EQ(test.data("short"), Texts{"1"});
  test.cluster.advance(minutes{1});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.partition.usage().entries, 2U);
  EXPECT_TRUE(test.data("short").empty());
  test.cluster.advance(minutes{10});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.position("short"), model::Position{});
  EXPECT_EQ(test.partition.usage().rooms, 2U);
  test.cluster.advance(hours{1});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.partition.usage().entries, 1U);
  EXPECT_EQ(test.data("other"), Texts{"1"});
  EXPECT_EQ(asked, 3) << "asked when a room is made, and only then";
  test.publish("short", "2");
  EXPECT_EQ(asked, 4);
}

// What is left when a step ends may be of any group.
TEST(PartitionAge, SweepWorksInStepsThroughAllBounds) {
  PartitionUnderTest test(boundless(), 1, [](const RoomName& room) {
    RoomBounds bounds = boundless().room_bounds();
    bounds.age_max = minutes{1 + room.value.back() % 4};
    bounds.meta_ttl = minutes{1};
    return bounds;
  });
  const std::size_t count = 2 * kSweepDropsMax + 10;
  for (std::size_t i = 0; i < count; ++i) test.publish("room-" + std::to_string(i % 7), "x");
  test.cluster.advance(minutes{5});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kMore);
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kMore);
  EXPECT_EQ(test.partition.usage().entries, 10U);
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.partition.usage().entries, 0U);
  EXPECT_EQ(test.partition.usage().rooms, 7U);
  test.cluster.advance(minutes{1});
  EXPECT_EQ(test.partition.sweep(), Partition::Sweep::kDone);
  EXPECT_EQ(test.partition.usage().rooms, 0U);
  EXPECT_EQ(test.partition.usage().bytes, 0U);
  EXPECT_FALSE(test.partition.ages());
}

TEST(PartitionClock, OffsetsRiseWhenTheWallGoesBack) {
  PartitionUnderTest test(boundless());
  Offset last = test.publish("room", "1").offset;
  EXPECT_EQ(model::time_of(last), test.cluster.wall_now());
  EXPECT_EQ(last.value % model::kOffsetsPerMillisecond, 100U);
  for (const auto jump : {-hours{24}, hours{1}, -hours{24 * 365 * 3}}) {
    test.cluster.jump_wall(jump);
    const Offset next = test.publish("room", "x").offset;
    EXPECT_EQ(next.value, last.value + 1);
    last = next;
  }
  // Through an epoch too.
  ASSERT_TRUE(test.partition.remove_history(RoomName{"room"}).has_value());
  EXPECT_EQ(test.position("room").offset, Offset{0});
  EXPECT_EQ(test.publish("room", "x").offset.value, last.value + 1);
  EXPECT_EQ(test.history("room").entries.front().prev, Offset{0});
}

TEST(PartitionClock, AJumpOfTheWallForgetsNothing) {
  MemoryBrokerLimits limits = boundless();
  limits.age_max = limits.dedupe_window = hours{1};
  PartitionUnderTest test(limits);
  const auto first = test.publish("room", "1", "id");
  test.cluster.jump_wall(hours{24 * 30});
  EXPECT_EQ(test.data("room"), Texts{"1"});
  EXPECT_EQ(test.publish("room", "1", "id"), first);
  test.cluster.jump_wall(-hours{24 * 60});
  test.cluster.advance(hours{1});
  EXPECT_EQ(test.data("room"), Texts{});
}

}  // namespace
}  // namespace palaver::broker::memory
