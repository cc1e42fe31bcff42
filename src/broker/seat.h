// SPDX-License-Identifier: Apache-2.0
// Seat: who serves a shard now. One sits there at a time, and each has another number, so that what
// was meant for one that has left never reaches its successor. Owned and used by one shard.
#pragma once

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "base/strong.h"

namespace palaver::broker {

// Who sits, or sat, on a shard.
struct Address {
  base::ShardId shard;
  std::uint32_t instance = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

template <typename T>
class Seat {
 public:
  // Answers the number of `who`, who stays until leave(). Nobody is there.
  [[nodiscard]] std::uint32_t take(T& who) {
    CHECK(who_ == nullptr, "a shard has one at a time");
    who_ = &who;
    return ++instance_;
  }
  // Of the one who is there.
  void leave(std::uint32_t instance) {
    CHECK(at(instance) != nullptr, "who leaves was there");
    who_ = nullptr;
  }
  // Null: nobody, or another.
  [[nodiscard]] T* at(std::uint32_t instance) const {
    return instance == instance_ ? who_ : nullptr;
  }
  // Null: nobody.
  [[nodiscard]] T* now() const { return who_; }

 private:
  T* who_ = nullptr;
  std::uint32_t instance_ = 0;
};

}  // namespace palaver::broker
