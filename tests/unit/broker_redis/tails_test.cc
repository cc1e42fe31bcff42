// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/tails.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

namespace palaver::broker::redis {
namespace {

using Offsets = std::vector<std::uint64_t>;

constexpr base::Instant kNow{std::chrono::hours{1}};
constexpr base::Instant kLater = kNow + std::chrono::minutes{1};

model::Publication entry(std::uint64_t offset, std::uint64_t prev, std::size_t bytes = 10) {
  model::Publication publication;
  publication.offset = model::Offset{offset};
  publication.prev = model::Offset{prev};
  publication.data = base::Frame::copy_of(std::string(bytes, 'x'));
  return publication;
}

HistoryQuery since(std::uint64_t offset,
                   std::size_t limit = std::numeric_limits<std::size_t>::max(),
                   std::size_t bytes_max = 0) {
  HistoryQuery query;
  query.since = model::Offset{offset};
  query.limit = limit;
  query.bytes_max = bytes_max;
  return query;
}

// Empty and unset are told apart by a 0.
Offsets answer(const Tails& tails, const HistoryQuery& query, base::Instant now = kNow) {
  const auto entries = tails.after("a", query, now);
  if (!entries) return {0};
  Offsets offsets;
  for (const auto& each : *entries) offsets.push_back(each.offset.value);
  return offsets;
}

// 10, 20, … of the room "a", behind 5.
void fill(Tails& tails, unsigned count, std::size_t entries_max = 100, std::size_t bytes = 10) {
  for (std::uint64_t i = 1; i <= count; ++i) {
    tails.push("a", entry(10 * i, i == 1 ? 5 : 10 * (i - 1), bytes), kLater, entries_max);
  }
}

TEST(Tails, AnswerFromEachPositionThatTheyHold) {
  Tails tails;
  fill(tails, 3);
  EXPECT_EQ(answer(tails, since(5)), (Offsets{10, 20, 30}));
  EXPECT_EQ(answer(tails, since(20)), (Offsets{30}));
  for (const std::uint64_t unknown : {0U, 4U, 6U, 19U, 21U, 30U, 31U}) {
    EXPECT_EQ(answer(tails, since(unknown)), (Offsets{0})) << unknown;
  }
  EXPECT_FALSE(tails.after("b", since(5), kNow));
  EXPECT_FALSE(tails.after("a", {}, kNow)) << "without a position Redis is asked";
}

TEST(Tails, AnswerWithinTheBoundsOfTheQuery) {
  Tails tails;
  fill(tails, 4);
  EXPECT_EQ(answer(tails, since(5, 2)), (Offsets{10, 20}));
  EXPECT_EQ(answer(tails, since(5, 9, 20)), (Offsets{10, 20}));
  EXPECT_EQ(answer(tails, since(5, 9, 19)), (Offsets{10}));
  EXPECT_EQ(answer(tails, since(5, 9, 1)), (Offsets{10})) << "one is always given";
}

TEST(Tails, AHoleBeginsThemAnew) {
  Tails tails;
  fill(tails, 3);
  tails.push("a", entry(50, 40), kLater, 100);
  EXPECT_EQ(answer(tails, since(5)), (Offsets{0}));
  EXPECT_EQ(answer(tails, since(40)), (Offsets{50}));
}

TEST(Tails, KeepAsManyAsTheRoom) {
  Tails tails;
  fill(tails, 5, 2);
  EXPECT_EQ(answer(tails, since(20)), (Offsets{0}));
  EXPECT_EQ(answer(tails, since(30)), (Offsets{40, 50}));
  fill(tails, 1, 0);
  EXPECT_EQ(answer(tails, since(30)), (Offsets{40, 50})) << "a room that keeps nothing has no tail";
}

TEST(Tails, KeepNoMoreThanTheirBoundOfARoom) {
  Tails tails;
  fill(tails, base::kTailEntriesMax, 10'000);
  EXPECT_NE(answer(tails, since(5)), (Offsets{0}));
  const std::uint64_t last = 10 * base::kTailEntriesMax;
  tails.push("a", entry(last + 10, last), kLater, 10'000);
  EXPECT_EQ(answer(tails, since(5)), (Offsets{0}));
  EXPECT_EQ(answer(tails, since(last)), (Offsets{last + 10}));
}

TEST(Tails, WhatIsTooOldIsNotGiven) {
  Tails tails;
  fill(tails, 2);
  EXPECT_EQ(answer(tails, since(5), kLater), (Offsets{0}));
  tails.push("a", entry(30, 20), kLater + std::chrono::minutes{1}, 100);
  EXPECT_EQ(answer(tails, since(20), kLater), (Offsets{30}));
  tails.expire(kLater);
  EXPECT_EQ(answer(tails, since(20), kLater), (Offsets{30}));
  tails.expire(kLater + std::chrono::minutes{1});
  EXPECT_EQ(tails.bytes(), 0U);
}

TEST(Tails, AreDroppedWhole) {
  Tails tails;
  fill(tails, 3);
  tails.drop("a");
  tails.drop("a");
  EXPECT_EQ(answer(tails, since(5)), (Offsets{0}));
  EXPECT_EQ(tails.bytes(), 0U);
  fill(tails, 1);
  EXPECT_EQ(answer(tails, since(5)), (Offsets{10}));
}

TEST(Tails, TheOldestOfAllRoomsGoFirst) {
  Tails tails(10'000);
  tails.push("b", entry(1, 0), kLater, 100);
  fill(tails, 3, 100, 1'000);
  EXPECT_TRUE(tails.after("b", since(0), kNow));
  for (std::uint64_t i = 4; i <= 7; ++i) {
    tails.push("a", entry(10 * i, 10 * (i - 1), 1'000), kLater, 100);
  }
  EXPECT_LE(tails.bytes(), 10'000U);
  EXPECT_FALSE(tails.after("b", since(0), kNow));
  EXPECT_EQ(answer(tails, since(5)), (Offsets{0}));
  EXPECT_EQ(answer(tails, since(60)), (Offsets{70}));
}

TEST(Tails, ABusyRoomDoesNotDriveOutAQuietOne) {
  Tails tails;
  tails.push("b", entry(1, 0), kLater, 100);
  for (std::uint64_t i = 1; i <= 20'000; ++i) tails.push("a", entry(i, i - 1), kLater, 5);
  EXPECT_TRUE(tails.after("b", since(0), kNow));
  EXPECT_EQ(answer(tails, since(19'995)).size(), 5U);
}

}  // namespace
}  // namespace palaver::broker::redis
