// SPDX-License-Identifier: Apache-2.0
// Strong<Tag, Rep>: a number or string that cannot be mixed up with another of the same
// representation. It compares and hashes like its value, and is read with `.value`.
#pragma once

#include <compare>
#include <functional>

namespace palaver::base {

template <typename Tag, typename Rep>
struct Strong {
  Rep value{};
  friend auto operator<=>(const Strong&, const Strong&) = default;
  friend bool operator==(const Strong&, const Strong&) = default;
};

// The shard (thread and loop) of this node: 0 to shards - 1.
using ShardId = Strong<struct ShardTag, unsigned>;

}  // namespace palaver::base

template <typename Tag, typename Rep>
struct std::hash<palaver::base::Strong<Tag, Rep>> {
  std::size_t operator()(const palaver::base::Strong<Tag, Rep>& strong) const noexcept {
    return std::hash<Rep>{}(strong.value);
  }
};
