// SPDX-License-Identifier: Apache-2.0
// Two queues for records that age. Fifo threads the records of a whole partition, oldest first,
// through the records themselves and owns none: any of them leaves in O(1). OwningFifo owns those
// of one room, gives them back from the front only, and lets them be searched by position.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"

namespace palaver::broker::memory {

// The base class of what a Fifo<T> holds; at most one Fifo at a time.
template <typename T>
struct FifoLink {
  T* older = nullptr;
  T* newer = nullptr;
};

template <typename T>
class Fifo {
 public:
  [[nodiscard]] bool empty() const { return oldest_ == nullptr; }
  [[nodiscard]] T* oldest() const { return oldest_; }  // null: empty

  void push(T& record) {
    record.older = newest_;
    record.newer = nullptr;
    (newest_ ? newest_->newer : oldest_) = &record;
    newest_ = &record;
  }
  // `record` is in this queue.
  void remove(T& record) {
    (record.older ? record.older->newer : oldest_) = record.newer;
    (record.newer ? record.newer->older : newest_) = record.older;
    record.older = record.newer = nullptr;
  }

 private:
  T* oldest_ = nullptr;
  T* newest_ = nullptr;
};

// Records stay where they are in memory until they are popped.
template <typename T>
class OwningFifo {
 public:
  // Memory of the queue itself for one record, at worst: the vector doubles, and half of it may be
  // popped slots.
  static constexpr std::size_t kSlotBytes = 4 * sizeof(std::unique_ptr<T>);

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return slots_.size() - popped_; }
  // Oldest first.
  [[nodiscard]] std::span<const std::unique_ptr<T>> items() const {
    return std::span(slots_).subspan(popped_);
  }
  [[nodiscard]] T& front() const {
    CHECK(!empty(), "a front needs an item");
    return *slots_[popped_];
  }

  T& push(std::unique_ptr<T> record) { return *slots_.emplace_back(std::move(record)); }
  void pop() {
    CHECK(!empty(), "a pop needs an item");
    slots_[popped_++].reset();
    if (popped_ * 2 >= slots_.size()) compact();
  }

 private:
  // Moves at most as many records as were popped since the last time: O(1) for each.
  void compact() {
    std::vector<std::unique_ptr<T>> kept;
    if (!empty()) {
      kept.reserve(2 * size());
      for (std::size_t i = popped_; i < slots_.size(); ++i) kept.push_back(std::move(slots_[i]));
    }
    slots_ = std::move(kept);
    popped_ = 0;
  }

  std::vector<std::unique_ptr<T>> slots_;
  std::size_t popped_ = 0;  // slots at the front without a record
};

}  // namespace palaver::broker::memory
