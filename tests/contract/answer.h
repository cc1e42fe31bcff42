// SPDX-License-Identifier: Apache-2.0
// Answer: where a contract test waits for a call's completion. It outlives the completion.
#pragma once

#include <gtest/gtest.h>

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

}  // namespace palaver::tests::contract
