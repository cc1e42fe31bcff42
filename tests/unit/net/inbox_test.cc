// SPDX-License-Identifier: Apache-2.0
// Inbox: order, and when the loop has to be woken.
#include "net/inbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace palaver::net {
namespace {

TEST(Inbox, OnlyTheFirstPushWakes) {
  Inbox inbox;
  std::vector<base::Task> tasks;
  EXPECT_TRUE(inbox.push([] {}));
  EXPECT_FALSE(inbox.push([] {}));
  EXPECT_FALSE(inbox.push([] {}));
  inbox.take(tasks);
  EXPECT_EQ(tasks.size(), 3U);
  EXPECT_TRUE(inbox.push([] {})) << "taken: empty again";
}

TEST(Inbox, TakeAppendsInOrder) {
  Inbox inbox;
  std::vector<int> ran;
  std::vector<base::Task> tasks;
  tasks.emplace_back([&] { ran.push_back(0); });
  for (int i = 1; i <= 3; ++i) (void)inbox.push([&ran, i] { ran.push_back(i); });
  inbox.take(tasks);
  for (int i = 4; i <= 5; ++i) (void)inbox.push([&ran, i] { ran.push_back(i); });
  inbox.take(tasks);
  EXPECT_TRUE(ran.empty()) << "taking runs nothing";
  for (base::Task& task : tasks) task();
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST(Inbox, TakingFromAnEmptyOneChangesNothing) {
  Inbox inbox;
  std::vector<base::Task> tasks;
  inbox.take(tasks);
  EXPECT_TRUE(tasks.empty());
  tasks.emplace_back([] {});
  inbox.take(tasks);
  EXPECT_EQ(tasks.size(), 1U);
}

TEST(Inbox, TasksThatNobodyTakesAreDestroyed) {
  const auto owned = std::make_shared<int>(0);
  {
    Inbox inbox;
    (void)inbox.push([owned] {});
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace palaver::net
