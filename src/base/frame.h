// SPDX-License-Identifier: Apache-2.0
// Frame: immutable bytes that any number of owners on any thread share, made once and never copied.
// It holds one or more units (a unit is what a peer must get whole: a WebSocket frame, a line); a
// joined Frame remembers where each unit ends, so that a writer that has to stop can finish the one
// it began. Copying a Frame costs one atomic increment; the fan-out path copies none per member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace palaver::base {

class Frame {
 public:
  Frame() = default;  // no bytes

  // One unit with these bytes, copied once. At most 4 GiB - 1.
  [[nodiscard]] static Frame copy_of(std::string_view bytes);
  // One unit of head followed by body: what an encoder has at hand (a frame header, a payload).
  [[nodiscard]] static Frame copy_of(std::string_view head, std::string_view body);
  // The units of `frames` in order, in one piece of memory. One frame alone is returned as it is.
  [[nodiscard]] static Frame join(std::span<const Frame> frames);

  [[nodiscard]] const char* data() const { return block_ ? block_->bytes.get() : nullptr; }
  [[nodiscard]] std::size_t size() const { return block_ ? block_->size : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::string_view view() const { return {data(), size()}; }

  [[nodiscard]] std::size_t unit_count() const;
  // The end of the unit that holds the byte at `offset`; `offset` itself if a unit begins there.
  // Range of `offset`: 0 to size().
  [[nodiscard]] std::size_t unit_end(std::size_t offset) const;
  // How many units end after `begin` and not after `end`. Range: begin <= end <= size().
  [[nodiscard]] std::size_t units_between(std::size_t begin, std::size_t end) const;

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::uint32_t size = 0;
    std::vector<std::uint32_t> unit_ends;  // empty: one unit
  };
  explicit Frame(std::shared_ptr<const Block> block) : block_(std::move(block)) {}

  std::shared_ptr<const Block> block_;
};

}  // namespace palaver::base
