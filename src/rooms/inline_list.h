// SPDX-License-Identifier: Apache-2.0
// InlineList<T>: a vector whose first element has its place in the object itself: for lists that
// nearly always have one. For plain values only, without iterators that survive a change.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace palaver::rooms {

template <typename T>
class InlineList {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  InlineList() = default;
  InlineList(InlineList&& other) noexcept { swap(other); }
  InlineList& operator=(InlineList&& other) noexcept {
    swap(other);
    return *this;
  }
  ~InlineList() {
    if (capacity_ > 1) delete[] storage_.many;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T* begin() { return capacity_ > 1 ? storage_.many : &storage_.one; }
  [[nodiscard]] T* end() { return begin() + size_; }
  [[nodiscard]] const T* begin() const { return const_cast<InlineList*>(this)->begin(); }
  [[nodiscard]] const T* end() const { return begin() + size_; }
  [[nodiscard]] T& operator[](std::size_t index) { return begin()[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return begin()[index]; }
  [[nodiscard]] T& back() { return end()[-1]; }

  void push_back(const T& value) {
    const T copy = value;  // it may be one of ours
    if (size_ == capacity_) grow();
    begin()[size_++] = copy;
  }
  // Not when it is empty.
  void pop_back() { --size_; }

 private:
  union Storage {
    Storage() : many(nullptr) {}
    T one;
    T* many;
  };

  void grow() {
    T* const larger = new T[std::size_t{capacity_} * 2];
    std::copy(begin(), end(), larger);
    if (capacity_ > 1) delete[] storage_.many;
    storage_.many = larger;
    capacity_ *= 2;
  }
  void swap(InlineList& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  Storage storage_;  // the one element, or, where there is room for more, all of them
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;
};

}  // namespace palaver::rooms
