// SPDX-License-Identifier: Apache-2.0
// Loop on one thread: what a turn is, in which order tasks run, when it waits and how it ends.
#include "net/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>
#include <vector>

#include "base/limits.h"
#include "tests/unit/net/turns.h"

namespace palaver::net {
namespace {

using namespace std::chrono_literals;

TEST(Loop, TasksRunInOrderAndNeverInsideThePost) {
  Loop loop;
  std::vector<int> ran;
  loop.post([&] {
    ran.push_back(1);
    loop.post([&] {
      ran.push_back(3);
      loop.post([&] { loop.stop(); });
    });
    ran.push_back(2);
  });
  EXPECT_TRUE(ran.empty());
  run_turns(loop);
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST(Loop, ManyTasksOfOnePosterKeepTheirOrder) {
  Loop loop;
  std::vector<int> ran;
  constexpr int kTasks = 1'000;
  loop.post([&] {
    for (int i = 0; i < kTasks; ++i) loop.post([&ran, i] { ran.push_back(i); });
    loop.post([&] { loop.stop(); });
  });
  run_turns(loop);
  EXPECT_EQ(ran.size(), static_cast<std::size_t>(kTasks));
  EXPECT_TRUE(std::ranges::is_sorted(ran));
}

TEST(Loop, TheTurnEndsAfterItsEventsAndTasks) {
  Loop loop;
  std::vector<char> order;
  loop.post([&] {
    order.push_back('a');
    // A task of this turn, and work of the next.
    loop.post([&] { order.push_back('b'); });
    boost::asio::post(loop.context(), [&] {
      order.push_back('c');
      loop.post([&] {
        order.push_back('d');
        loop.stop();
      });
    });
  });
  run_turns(loop, [&] {
    order.push_back('|');
    return false;
  });
  EXPECT_EQ(std::string(order.begin(), order.end()), "ab|cd|");
}

TEST(Loop, ATurnTakesABoundedNumberOfEvents) {
  Loop loop;
  constexpr std::size_t kEvents = 1'000;
  std::size_t in_turn = 0;
  std::size_t most = 0;
  std::size_t all = 0;
  std::size_t turns = 0;
  for (std::size_t i = 0; i < kEvents; ++i) {
    boost::asio::post(loop.context(), [&] {
      ++in_turn;
      if (++all == kEvents) loop.stop();
    });
  }
  run_turns(loop, [&] {
    most = std::max(most, in_turn);
    in_turn = 0;
    ++turns;
    return false;
  });
  EXPECT_EQ(all, kEvents);
  EXPECT_EQ(most, base::kTurnEventsMax);
  EXPECT_GE(turns, kEvents / base::kTurnEventsMax);
}

// A task that posts itself again and again.
void repeat(Loop& loop, int& runs) {
  ++runs;
  loop.post([&] { repeat(loop, runs); });
}

TEST(Loop, TasksThatPostTasksDoNotHoldUpTheTurn) {
  Loop loop;
  int runs = 0;
  int before = 0;
  int most = 0;
  int turns = 0;
  bool event = false;
  loop.post([&] { repeat(loop, runs); });
  boost::asio::post(loop.context(), [&] { event = true; });
  run_turns(loop, [&] {
    most = std::max(most, runs - before);
    before = runs;
    if (++turns == 10) loop.stop();
    return false;
  });
  EXPECT_TRUE(event);
  EXPECT_GE(runs, 10) << "it goes on in the next turn, without an event";
  EXPECT_LE(most, 16);
}

TEST(Loop, ATurnWithWorkLeftIsFollowedByAnother) {
  Loop loop;
  int turns = 0;
  run_turns(loop, [&] {
    if (++turns == 5) loop.stop();
    return true;  // no event is under way: else this would wait
  });
  EXPECT_EQ(turns, 5);
}

TEST(Loop, AtRestItWaits) {
  Loop loop;
  int turns = 0;
  loop.run_after(200ms, [&] { loop.stop(); });
  run_turns(loop, [&] {
    ++turns;
    return false;
  });
  EXPECT_LE(turns, 5);
}

TEST(Loop, DelayedTasksRunInTheOrderOfTheirTimes) {
  Loop loop;
  std::vector<int> ran;
  const base::Instant began = loop.now();
  const auto after = [&](base::Duration delay, int name) {
    loop.run_after(delay, [&, delay, name] {
      EXPECT_GE(loop.now() - began, delay);
      ran.push_back(name);
      if (ran.size() == 4) loop.stop();
    });
  };
  after(60ms, 4);
  after(1ms, 2);
  after(30ms, 3);
  after(0ms, 1);
  EXPECT_TRUE(ran.empty());
  run_turns(loop);
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3, 4}));
}

TEST(Loop, EqualDelaysKeepTheOrderOfTheirCalls) {
  Loop loop;
  std::vector<int> ran;
  constexpr int kTasks = 200;
  for (int i = 0; i < kTasks; ++i) {
    loop.run_after(5ms, [&, i] {
      ran.push_back(i);
      if (i == kTasks - 1) loop.stop();
    });
  }
  run_turns(loop);
  EXPECT_EQ(ran.size(), static_cast<std::size_t>(kTasks));
  EXPECT_TRUE(std::ranges::is_sorted(ran));
}

TEST(Loop, StopFinishesTheTurnUnderWay) {
  Loop loop;
  bool second = false;
  int ends = 0;
  loop.post([&] {
    loop.stop();
    loop.post([&] { second = true; });
  });
  run_turns(loop, [&] {
    ++ends;
    return true;
  });
  EXPECT_TRUE(second);
  EXPECT_EQ(ends, 1);
}

TEST(Loop, StoppedBeforeItRunsItRunsNothing) {
  Loop loop;
  const auto owned = std::make_shared<int>(0);
  bool ran = false;
  loop.post([&ran, owned] { ran = true; });
  loop.stop();
  run_turns(loop, [] {
    ADD_FAILURE() << "a turn";
    return false;
  });
  EXPECT_FALSE(ran);
  EXPECT_EQ(owned.use_count(), 1) << "destroyed when run() returns";
}

TEST(Loop, TasksAfterTheStopAreDestroyedNotRun) {
  const auto owned = std::make_shared<int>(0);
  bool ran = false;
  {
    Loop loop;
    loop.run_after(1h, [&ran, owned] { ran = true; });
    loop.post([&] { loop.stop(); });
    run_turns(loop);
    loop.post([&ran, owned] { ran = true; });
    loop.run_after(0ms, [&ran, owned] { ran = true; });
    EXPECT_EQ(owned.use_count(), 4);
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(owned.use_count(), 1);
}

// Posts when it is destroyed, as an owner that says goodbye does.
struct LastWord {
  explicit LastWord(Loop& owner) : loop(&owner) {}
  LastWord(LastWord&& other) noexcept : loop(std::exchange(other.loop, nullptr)) {}
  LastWord& operator=(LastWord&&) = delete;
  ~LastWord() {
    if (loop != nullptr) loop->post([] { ADD_FAILURE() << "run after the stop"; });
  }
  Loop* loop;
};

TEST(Loop, TasksMayPostWhileTheyAreDestroyed) {
  Loop loop;
  for (int i = 0; i < 100; ++i) {
    loop.post([word = LastWord(loop)] { ADD_FAILURE() << "run after the stop"; });
  }
  loop.stop();
  run_turns(loop);
}

TEST(Loop, TurnBeganIsTheFirstTouchOfTheTurn) {
  Loop loop;
  base::Instant began;
  loop.run_after(5ms, [&] {
    began = loop.turn_began();
    EXPECT_LE(began, loop.now());
    loop.touch();
    EXPECT_EQ(loop.turn_began(), began);
    loop.post([&] {
      EXPECT_EQ(loop.turn_began(), began) << "the same turn";
      loop.run_after(5ms, [&] {
        EXPECT_GT(loop.turn_began(), began);
        loop.stop();
      });
    });
  });
  run_turns(loop);
}

TEST(Loop, ClocksAgreeWithTheSystem) {
  const Loop loop;
  const base::WallTime before = system_wall_now();
  const base::WallTime now = loop.wall_now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, system_wall_now());
  const base::Instant first = loop.now();
  EXPECT_LE(first, loop.now());
}

}  // namespace
}  // namespace palaver::net
