// SPDX-License-Identifier: Apache-2.0
// Slots: what waits on a shard for answers from others, under small numbers that are used again.
// The numbers travel instead of the values: a completion never leaves its shard. Owned and used by
// one shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"

namespace palaver::broker {

// A call that waits for its answer, among those of the same kind and address.
using CallId = std::uint32_t;

// Calls of one shard that wait for an answer: the queue in front of a busy home shard. Beyond:
// kLimit.
inline constexpr std::size_t kCallsUnderWayMax = 65'536;

// The answer where kCallsUnderWayMax wait already.
[[nodiscard]] inline std::unexpected<base::Error> too_many_calls() {
  return base::fail(base::ErrorCode::kLimit, "too many calls of this shard are under way");
}

template <typename T>
class Slots {
 public:
  [[nodiscard]] CallId add(T value) {
    if (free_.empty()) {
      values_.push_back(std::move(value));
      return static_cast<CallId>(values_.size() - 1);
    }
    const CallId id = free_.back();
    free_.pop_back();
    values_[id] = std::move(value);
    return id;
  }
  [[nodiscard]] T& at(CallId id) { return values_.at(id); }
  [[nodiscard]] T take(CallId id) {
    free_.push_back(id);
    return std::exchange(values_.at(id), T{});
  }
  [[nodiscard]] std::size_t size() const { return values_.size() - free_.size(); }

 private:
  std::vector<T> values_;
  std::vector<CallId> free_;
};

}  // namespace palaver::broker
