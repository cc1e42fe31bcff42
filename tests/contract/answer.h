// SPDX-License-Identifier: Apache-2.0
// Answer: where a contract test waits for a call's completion. It outlives the completion.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>

#include "base/result.h"
#include "broker/completion.h"

namespace palaver::tests::contract {

// A call's answer, once it came. Fails the test if it comes twice or inside the call.
template <typename T>
class Answer {
 public:
  [[nodiscard]] broker::Completion<T> completion() {
    return [this](base::Result<T> result) {
      EXPECT_FALSE(inside_call_) << "a completion ran inside its call";
      EXPECT_FALSE(result_.has_value()) << "a completion ran twice";
      result_ = std::move(result);
      if (then) then();
    };
  }
  void call_returned() { inside_call_ = false; }
  [[nodiscard]] bool came() const { return result_.has_value(); }
  [[nodiscard]] const base::Result<T>& result() const { return *result_; }

  std::function<void()> then;

 private:
  bool inside_call_ = true;
  std::optional<base::Result<T>> result_;
};

// Runs `method(completion)` on the harness' shard and waits for the answer.
template <typename T, typename Harness, typename Method>
base::Result<T> answer_on(Harness& harness, unsigned shard, Method method) {
  Answer<T> answer;
  harness.post(shard, [&] {
    method(answer.completion());
    answer.call_returned();
  });
  if (!harness.run_until([&] { return answer.came(); })) {
    ADD_FAILURE() << "no answer came";
    std::abort();  // the completion points into this frame
  }
  return answer.result();
}

}  // namespace palaver::tests::contract
