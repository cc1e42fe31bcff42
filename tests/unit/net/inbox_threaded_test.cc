// SPDX-License-Identifier: Apache-2.0
// Inbox under several posting threads: every task arrives once, each thread's in its order, and no
// push that finds the inbox empty keeps silent about it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "net/inbox.h"

namespace palaver::net {
namespace {

TEST(InboxThreaded, EachThreadsTasksArriveOnceAndInOrder) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kTasks = 5'000;
  Inbox inbox;
  std::atomic<std::size_t> wakes = 0;
  std::vector<std::size_t> next(kThreads, 0);  // the taker's alone
  std::size_t takes = 0;
  {
    std::vector<std::jthread> posters;
    for (std::size_t poster = 0; poster < kThreads; ++poster) {
      posters.emplace_back([&, poster] {
        for (std::size_t i = 0; i < kTasks; ++i) {
          const bool wake = inbox.push([&next, poster, i] {
            EXPECT_EQ(next[poster], i);
            next[poster] = i + 1;
          });
          if (wake) wakes.fetch_add(1);
        }
      });
    }
    std::vector<base::Task> tasks;
    for (std::size_t done = 0; done < kThreads * kTasks; done += tasks.size()) {
      tasks.clear();
      inbox.take(tasks);
      if (!tasks.empty()) ++takes;
      for (base::Task& task : tasks) task();
      std::this_thread::yield();
    }
  }
  for (const std::size_t count : next) EXPECT_EQ(count, kTasks);
  EXPECT_EQ(wakes.load(), takes);
}

}  // namespace
}  // namespace palaver::net
