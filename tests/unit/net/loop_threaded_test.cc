// SPDX-License-Identifier: Apache-2.0
// Loops that run on threads of their own: posts from outside wake them, keep each poster's order,
// and stop() is heard.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "net/loop.h"
#include "tests/unit/net/turns.h"

namespace palaver::net {
namespace {

// A loop on a thread, stopped and joined with the object.
class RunningLoop {
 public:
  RunningLoop() : thread_([this] { run_turns(loop_, [this] { return ++turns_, false; }); }) {}
  ~RunningLoop() { loop_.stop(); }
  RunningLoop(const RunningLoop&) = delete;
  RunningLoop& operator=(const RunningLoop&) = delete;
  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] int turns() const { return turns_.load(); }

 private:
  Loop loop_;
  std::atomic<int> turns_ = 0;
  std::jthread thread_;  // last: joined before the loop goes
};

// The task has run within kPatience.
void expect_done(std::promise<void>& promise) {
  ASSERT_EQ(promise.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST(LoopThreaded, APostFromOutsideWakesIt) {
  RunningLoop running;
  for (int i = 0; i < 100; ++i) {
    std::promise<void> done;
    running.loop().post([&done] { done.set_value(); });
    expect_done(done);
  }
}

TEST(LoopThreaded, TasksRunOnTheLoopsThread) {
  RunningLoop running;
  std::promise<void> done;
  std::thread::id first;
  std::thread::id second;
  running.loop().post([&] {
    first = std::this_thread::get_id();
    running.loop().post([&] {
      second = std::this_thread::get_id();
      done.set_value();
    });
  });
  expect_done(done);
  EXPECT_NE(first, std::this_thread::get_id());
  EXPECT_EQ(first, second);
}

TEST(LoopThreaded, EachPostersTasksRunInOrder) {
  constexpr std::size_t kPosters = 4;
  constexpr std::size_t kTasks = 2'000;
  RunningLoop running;
  std::vector<std::size_t> next(kPosters, 0);  // the loop's
  std::size_t all = 0;                         // the loop's
  std::promise<void> done;
  std::vector<std::jthread> posters;
  for (std::size_t poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      for (std::size_t i = 0; i < kTasks; ++i) {
        running.loop().post([&, poster, i] {
          EXPECT_EQ(next[poster]++, i);
          if (++all == kPosters * kTasks) done.set_value();
        });
      }
    });
  }
  expect_done(done);
}

TEST(LoopThreaded, TwoLoopsPlayPingPong) {
  constexpr int kRounds = 2'000;
  RunningLoop here;
  RunningLoop there;
  std::promise<void> done;
  int rounds = 0;  // in turn the one's and the other's: the posts order them
  std::move_only_function<void()> ping = [&] {
    if (++rounds == kRounds) {
      done.set_value();
      return;
    }
    Loop& next = rounds % 2 == 0 ? here.loop() : there.loop();
    next.post([&] { ping(); });
  };
  here.loop().post([&] { ping(); });
  expect_done(done);
  EXPECT_EQ(rounds, kRounds);
}

TEST(LoopThreaded, StopFromOutsideEndsALoopAtRest) {
  for (int i = 0; i < 50; ++i) {
    RunningLoop running;
    if (i % 2 == 0) continue;  // perhaps before it runs
    std::promise<void> done;
    running.loop().post([&done] { done.set_value(); });
    expect_done(done);
  }
}

TEST(LoopThreaded, WhatIsPostedAroundTheStopIsRunOrDestroyed) {
  const auto owned = std::make_shared<std::atomic<int>>(0);
  constexpr int kTasks = 3'000;
  {
    RunningLoop running;
    std::jthread poster([&] {
      for (int i = 0; i < kTasks; ++i) running.loop().post([owned] { owned->fetch_add(1); });
    });
    running.loop().stop();
    poster.join();
  }
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_LE(owned->load(), kTasks);
}

}  // namespace
}  // namespace palaver::net
