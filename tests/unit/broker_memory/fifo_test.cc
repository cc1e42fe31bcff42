// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/fifo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace palaver::broker::memory {
namespace {

struct Number : FifoLink<Number> {
  explicit Number(int n) : value(n) {}
  int value;
};

std::vector<int> through(const Fifo<Number>& fifo) {
  std::vector<int> values;
  for (const Number* n = fifo.oldest(); n != nullptr; n = n->newer) values.push_back(n->value);
  return values;
}

TEST(Fifo, AgreesWithAList) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    Fifo<Number> fifo;
    std::vector<std::unique_ptr<Number>> model;
    for (int i = 0; i < 300; ++i) {
      if (model.empty() || random() % 5 < 3) {
        model.push_back(std::make_unique<Number>(i));
        fifo.push(*model.back());
      } else {
        const auto victim = model.begin() + static_cast<int>(random() % model.size());
        fifo.remove(**victim);
        model.erase(victim);
      }
      std::vector<int> expected;
      for (const auto& number : model) expected.push_back(number->value);
      ASSERT_EQ(through(fifo), expected) << "seed " << seed;
      ASSERT_EQ(fifo.empty(), model.empty());
    }
  }
}

TEST(OwningFifo, AgreesWithADeque) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    OwningFifo<Number> fifo;
    std::deque<int> model;
    for (int i = 0; i < 2000; ++i) {
      // Long phases of growing and of shrinking.
      const bool grow = random() % 10 < ((i / 200) % 2 == 0 ? 7U : 3U);
      if (model.empty() || grow) {
        EXPECT_EQ(fifo.push(std::make_unique<Number>(i)).value, i);
        model.push_back(i);
      } else {
        fifo.pop();
        model.pop_front();
      }
      ASSERT_EQ(fifo.size(), model.size()) << "seed " << seed;
      ASSERT_TRUE(std::ranges::equal(fifo.items(), model, {}, &Number::value)) << "seed " << seed;
      if (!model.empty()) {
        ASSERT_EQ(fifo.front().value, model.front());
      }
    }
  }
}

TEST(OwningFifo, RecordsStayWhereTheyAre) {
  OwningFifo<Number> fifo;
  const Number* const first = &fifo.push(std::make_unique<Number>(1));
  for (int i = 2; i < 100; ++i) fifo.push(std::make_unique<Number>(i));
  EXPECT_EQ(&fifo.front(), first);
  const Number* const last = fifo.items().back().get();
  while (fifo.size() > 1) fifo.pop();
  EXPECT_EQ(&fifo.front(), last);
}

}  // namespace
}  // namespace palaver::broker::memory
