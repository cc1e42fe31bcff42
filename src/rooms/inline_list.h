// SPDX-License-Identifier: Apache-2.0
// InlineList<T>: a vector whose first element has its place in the object itself: for lists that
// nearly always have one. For plain values only, without iterators that survive a change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace palaver::rooms {

template <typename T>
class InlineList {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) >= sizeof(T*));

 public:
  InlineList() = default;
  InlineList(InlineList&& other) noexcept { swap(other); }
  InlineList& operator=(InlineList&& other) noexcept {
    swap(other);
    return *this;
  }
  ~InlineList() {
    if (capacity_ > 1) delete[] heap();
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T* begin() { return capacity_ > 1 ? heap() : inside(); }
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
  [[nodiscard]] T* inside() { return reinterpret_cast<T*>(storage_); }
  [[nodiscard]] T* heap() const {
    T* pointer = nullptr;
    std::memcpy(&pointer, storage_, sizeof pointer);
    return pointer;
  }
  void grow() {
    T* const larger = new T[std::size_t{capacity_} * 2];
    std::memcpy(larger, begin(), size_ * sizeof(T));
    if (capacity_ > 1) delete[] heap();
    std::memcpy(storage_, &larger, sizeof larger);
    capacity_ *= 2;
  }
  void swap(InlineList& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  alignas(T) std::byte storage_[sizeof(T)]{};  // the element, or the pointer to them
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;
};

}  // namespace palaver::rooms
