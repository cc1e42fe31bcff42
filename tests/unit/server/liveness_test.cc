// SPDX-License-Identifier: Apache-2.0
// Liveness with a time of the test's own: pings once an interval and spread over it, places that
// move, deadlines in their order; against a naive model at the end.
#include "server/liveness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace palaver::server {
namespace {

using namespace std::chrono_literals;
using rooms::MemberId;

constexpr Liveness::Options kOptions{
    .ping_interval = 25s, .request_timeout = 10s, .idle_timeout = 60s, .close_timeout = 5s};

struct Swept {
  std::vector<MemberId> pings;
  std::vector<Liveness::Deadline> deadlines;
};

Swept sweep(Liveness& liveness, base::Instant now) {
  Swept swept;
  liveness.sweep(now, swept.pings, swept.deadlines);
  return swept;
}

std::size_t steps_of_an_interval(const Liveness& liveness, base::Duration interval) {
  return static_cast<std::size_t>(interval / liveness.step());
}

TEST(Liveness, StepsAreAFiftiethOfTheIntervalWithinBounds) {
  const std::vector<std::pair<base::Duration, base::Duration>> table = {
      {100ms, 10ms}, {500ms, 10ms}, {1s, 20ms}, {5s, 100ms}, {25s, 500ms}, {1h, 500ms},
  };
  for (const auto& [interval, step] : table) {
    Liveness::Options options = kOptions;
    options.ping_interval = interval;
    EXPECT_EQ(Liveness(options, 1).step(), step) << interval.count();
  }
}

TEST(Liveness, EachMemberIsDueOnceInEachInterval) {
  for (const base::Duration interval :
       {base::Duration{100ms}, base::Duration{777ms}, base::Duration{25s}}) {
    Liveness::Options options = kOptions;
    options.ping_interval = interval;
    Liveness liveness(options, 7);
    constexpr std::uint32_t kMembers = 300;
    for (std::uint32_t i = 0; i < kMembers; ++i) (void)liveness.add({i, 1});
    const std::size_t steps = steps_of_an_interval(liveness, interval);
    for (int round = 0; round < 3; ++round) {
      std::vector<int> pinged(kMembers, 0);
      for (std::size_t step = 0; step < steps; ++step) {
        for (const MemberId member : sweep(liveness, {}).pings) ++pinged.at(member.slot);
      }
      EXPECT_EQ(std::ranges::count(pinged, 1), kMembers) << interval.count();
    }
  }
}

TEST(Liveness, PingsAreSpreadOverTheInterval) {
  Liveness liveness(kOptions, 20260104);
  constexpr std::uint32_t kMembers = 50'000;
  for (std::uint32_t i = 0; i < kMembers; ++i) (void)liveness.add({i, 1});
  const std::size_t steps = steps_of_an_interval(liveness, kOptions.ping_interval);
  ASSERT_EQ(steps, 50U);
  for (std::size_t step = 0; step < steps; ++step) {
    // 1000 a step on average, with a deviation of 31.
    const std::size_t pings = sweep(liveness, {}).pings.size();
    EXPECT_GT(pings, 800U) << step;
    EXPECT_LT(pings, 1'200U) << step;
  }
}

TEST(Liveness, NodesWithOtherSeedsPingAtOtherTimes) {
  Liveness one(kOptions, 1);
  Liveness two(kOptions, 2);
  int same = 0;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    if (one.add({i, 1}).bucket == two.add({i, 1}).bucket) ++same;
  }
  EXPECT_LT(same, 200);
}

TEST(Liveness, WhoIsRemovedIsDueNoMore) {
  Liveness liveness(kOptions, 3);
  const Liveness::PingPlace place = liveness.add({4, 1});
  EXPECT_FALSE(liveness.remove(place).any);
  for (int step = 0; step < 100; ++step) EXPECT_TRUE(sweep(liveness, {}).pings.empty());
}

// Who holds which place, and who must be pinged: what a shard knows.
class PlacesModel {
 public:
  explicit PlacesModel(Liveness& liveness) : liveness_(liveness) {}

  void add(MemberId member) { places_[member.slot] = {member, liveness_.add(member)}; }
  void remove(std::uint32_t slot) {
    const auto found = places_.find(slot);
    ASSERT_NE(found, places_.end());
    const Liveness::PingPlace freed = found->second.place;
    places_.erase(found);
    const Liveness::Moved moved = liveness_.remove(freed);
    if (!moved.any) return;
    const auto mover = places_.find(moved.member.slot);
    ASSERT_NE(mover, places_.end()) << "somebody who is not there has moved";
    ASSERT_EQ(mover->second.member, moved.member);
    ASSERT_EQ(moved.place.bucket, freed.bucket);
    ASSERT_EQ(moved.place.index, freed.index);
    mover->second.place = moved.place;
  }
  [[nodiscard]] bool has(std::uint32_t slot) const { return places_.contains(slot); }
  [[nodiscard]] std::vector<std::uint32_t> slots() const {
    std::vector<std::uint32_t> slots;
    for (const auto& [slot, holder] : places_) slots.push_back(slot);
    return slots;
  }

 private:
  struct Holder {
    MemberId member;
    Liveness::PingPlace place;
  };
  Liveness& liveness_;
  std::map<std::uint32_t, Holder> places_;
};

TEST(Liveness, IsTheModelUnderRandomJoinsAndLeaves) {
  constexpr unsigned kSeed = 20260105;
  SCOPED_TRACE(kSeed);
  std::mt19937 random{kSeed};
  Liveness::Options options = kOptions;
  options.ping_interval = 200ms;
  Liveness liveness(options, kSeed);
  PlacesModel model(liveness);
  const std::size_t steps = steps_of_an_interval(liveness, options.ping_interval);
  for (std::uint32_t round = 1; round <= 300; ++round) {
    for (int change = 0; change < 40; ++change) {
      const auto slot = static_cast<std::uint32_t>(random() % 200);
      if (model.has(slot)) {
        model.remove(slot);
      } else {
        model.add({slot, round});
      }
      if (HasFatalFailure()) return;
    }
    std::vector<std::uint32_t> pinged;
    for (std::size_t step = 0; step < steps; ++step) {
      for (const MemberId member : sweep(liveness, {}).pings) pinged.push_back(member.slot);
    }
    std::ranges::sort(pinged);
    ASSERT_EQ(pinged, model.slots());
  }
}

TEST(Liveness, DeadlinesPassInTheirOrderAndNotBefore) {
  Liveness liveness(kOptions, 5);
  const base::Instant start{1h};
  liveness.set_deadline(start, {{1, 1}, 11, DeadlineKind::kRequest});
  liveness.set_deadline(start + 1s, {{2, 1}, 22, DeadlineKind::kRequest});
  liveness.set_deadline(start + 1s, {{3, 1}, 33, DeadlineKind::kRequest});
  EXPECT_TRUE(sweep(liveness, start).deadlines.empty());
  EXPECT_TRUE(sweep(liveness, start + 10s - 1ns).deadlines.empty());
  const auto first = sweep(liveness, start + 10s).deadlines;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].member, (MemberId{1, 1}));
  EXPECT_EQ(first[0].serial, 11U);
  EXPECT_EQ(first[0].kind, DeadlineKind::kRequest);
  const auto rest = sweep(liveness, start + 1h).deadlines;
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[0].serial, 22U);
  EXPECT_EQ(rest[1].serial, 33U);
  EXPECT_TRUE(sweep(liveness, start + 2h).deadlines.empty()) << "each once";
}

TEST(Liveness, EachKindOfDeadlineHasItsOwnTime) {
  Liveness liveness(kOptions, 6);
  const base::Instant start{1h};
  liveness.set_deadline(start, {{1, 1}, 1, DeadlineKind::kIdle});
  liveness.set_deadline(start, {{1, 1}, 2, DeadlineKind::kRequest});
  liveness.set_deadline(start, {{1, 1}, 3, DeadlineKind::kClose});
  const auto serials = [&](base::Duration passed) {
    std::vector<std::uint32_t> all;
    for (const auto& deadline : sweep(liveness, start + passed).deadlines) {
      all.push_back(deadline.serial);
    }
    return all;
  };
  using Serials = std::vector<std::uint32_t>;
  EXPECT_EQ(serials(5s - 1ns), Serials{});
  EXPECT_EQ(serials(5s), Serials{3});
  EXPECT_EQ(serials(10s), Serials{2});
  EXPECT_EQ(serials(60s - 1ns), Serials{});
  EXPECT_EQ(serials(60s), Serials{1});
}

TEST(Liveness, DeadlinesAreTheModelUnderRandomTimes) {
  constexpr unsigned kSeed = 20260106;
  SCOPED_TRACE(kSeed);
  std::mt19937 random{kSeed};
  Liveness liveness(kOptions, kSeed);
  const std::vector<base::Duration> timeouts = {10s, 60s, 5s};  // by kind
  std::multimap<base::Instant, std::uint32_t> model;
  base::Instant now{1h};
  for (std::uint32_t serial = 0; serial < 20'000; ++serial) {
    now += std::chrono::milliseconds{random() % 400};
    const auto kind = static_cast<DeadlineKind>(random() % 3);
    liveness.set_deadline(now, {{serial, 1}, serial, kind});
    model.emplace(now + timeouts[static_cast<std::size_t>(kind)], serial);
    if (random() % 4 != 0) continue;
    std::vector<std::uint32_t> passed;
    for (const auto& deadline : sweep(liveness, now).deadlines) passed.push_back(deadline.serial);
    std::vector<std::uint32_t> expected;
    const auto end = model.upper_bound(now);
    for (auto entry = model.begin(); entry != end; ++entry) expected.push_back(entry->second);
    model.erase(model.begin(), end);
    std::ranges::sort(passed);
    std::ranges::sort(expected);
    ASSERT_EQ(passed, expected);
  }
}

}  // namespace
}  // namespace palaver::server
