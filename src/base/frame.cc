// SPDX-License-Identifier: Apache-2.0
#include "base/frame.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.h"

namespace palaver::base {

Frame Frame::copy_of(std::string_view bytes) { return copy_of(bytes, {}); }

Frame Frame::copy_of(std::string_view head, std::string_view body) {
  const std::size_t size = head.size() + body.size();
  CHECK(size <= std::numeric_limits<std::uint32_t>::max(), "a frame has less than 4 GiB");
  if (size == 0) return {};
  auto block = std::make_shared<Block>();
  block->bytes = std::make_unique_for_overwrite<char[]>(size);
  block->size = static_cast<std::uint32_t>(size);
  if (!head.empty()) std::memcpy(block->bytes.get(), head.data(), head.size());
  if (!body.empty()) std::memcpy(block->bytes.get() + head.size(), body.data(), body.size());
  return Frame(std::move(block));
}

Frame Frame::join(std::span<const Frame> frames) {
  if (frames.size() == 1) return frames.front();
  std::size_t size = 0;
  std::size_t units = 0;
  for (const Frame& frame : frames) {
    size += frame.size();
    units += frame.unit_count();
  }
  CHECK(size <= std::numeric_limits<std::uint32_t>::max(), "a frame has less than 4 GiB");
  if (size == 0) return {};
  auto block = std::make_shared<Block>();
  block->bytes = std::make_unique_for_overwrite<char[]>(size);
  block->size = static_cast<std::uint32_t>(size);
  block->unit_ends.reserve(units);
  std::uint32_t at = 0;
  for (const Frame& frame : frames) {
    if (frame.empty()) continue;
    std::memcpy(block->bytes.get() + at, frame.data(), frame.size());
    for (const std::uint32_t end : frame.block_->unit_ends) block->unit_ends.push_back(at + end);
    at += frame.block_->size;
    if (frame.block_->unit_ends.empty()) block->unit_ends.push_back(at);
  }
  return Frame(std::move(block));
}

std::size_t Frame::unit_count() const {
  if (empty()) return 0;
  return block_->unit_ends.empty() ? 1 : block_->unit_ends.size();
}

std::size_t Frame::unit_end(std::size_t offset) const {
  CHECK(offset <= size(), "an offset is within its frame");
  if (offset == 0 || offset == size()) return offset;
  const auto& ends = block_->unit_ends;
  if (ends.empty()) return size();
  return *std::ranges::lower_bound(ends, offset);
}

std::size_t Frame::units_between(std::size_t begin, std::size_t end) const {
  CHECK(begin <= end && end <= size(), "a range is within its frame");
  if (empty()) return 0;
  const auto& ends = block_->unit_ends;
  if (ends.empty()) return begin < end && end == size() ? 1 : 0;
  const auto first = std::ranges::upper_bound(ends, begin);
  return static_cast<std::size_t>(std::ranges::upper_bound(first, ends.end(), end) - first);
}

}  // namespace palaver::base
