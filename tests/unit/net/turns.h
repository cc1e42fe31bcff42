// SPDX-License-Identifier: Apache-2.0
// What the tests of Loop share: a TurnEnd that is a lambda, and a guard that ends a loop which
// would otherwise wait for ever.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "net/loop.h"

namespace palaver::net {

inline constexpr std::chrono::seconds kPatience{20};

template <typename Function>
class Turns final : public TurnEnd {
 public:
  explicit Turns(Function function) : function_(std::move(function)) {}
  [[nodiscard]] bool end_turn() override { return function_(); }

 private:
  Function function_;
};

// Runs the loop until a task stops it; a failure when none does in time.
template <typename Function>
void run_turns(Loop& loop, Function at_end) {
  loop.run_after(kPatience, [&loop] {
    ADD_FAILURE() << "nobody stopped the loop";
    loop.stop();
  });
  Turns turns(std::move(at_end));
  loop.run(turns);
}

inline void run_turns(Loop& loop) {
  run_turns(loop, [] { return false; });
}

}  // namespace palaver::net
