// SPDX-License-Identifier: Apache-2.0
#include "rooms/inline_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::InlineList;

std::vector<long> all_of(const InlineList<long>& list) { return {list.begin(), list.end()}; }

TEST(InlineList, CostsWhatAVectorCosts) {
  struct Two {
    void* a;
    void* b;
  };
  EXPECT_EQ(sizeof(InlineList<Two>), sizeof(std::vector<Two>));
}

TEST(InlineList, BehavesLikeAVector) {
  constexpr unsigned kSeed = 20261124;
  SCOPED_TRACE(kSeed);
  std::mt19937 random{kSeed};
  InlineList<long> list;
  std::vector<long> model;
  for (int i = 0; i < 20'000; ++i) {
    const auto what = random() % 8;
    if (what < 4 && model.size() < 40) {
      const bool own = what == 0 && !model.empty();
      model.push_back(own ? model[0] : i);
      list.push_back(own ? list[0] : i);
    } else if (what < 7 && !model.empty()) {
      const std::size_t at = random() % model.size();
      model[at] = model.back();
      model.pop_back();
      list[at] = list.back();
      list.pop_back();
    } else if (what == 7) {
      InlineList<long> moved = std::move(list);
      list = std::move(moved);
    }
    ASSERT_EQ(all_of(list), model) << i;
    ASSERT_EQ(list.empty(), model.empty());
    ASSERT_EQ(list.size(), model.size());
  }
}

TEST(InlineList, AMovedFromListIsEmptyAndOfUse) {
  InlineList<long> list;
  for (long i = 0; i < 5; ++i) list.push_back(i);
  const InlineList<long> other = std::move(list);
  EXPECT_EQ(all_of(other).size(), 5U);
  EXPECT_TRUE(list.empty());  // NOLINT(bugprone-use-after-move): that is the question
  list.push_back(7);
  EXPECT_EQ(all_of(list), std::vector<long>{7});
}

}  // namespace
}  // namespace palaver::tests::rooms
