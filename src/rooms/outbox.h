// SPDX-License-Identifier: Apache-2.0
// Outbox: what one connection is still owed, in order: shared frames and how far each has been
// sent. At rest it owns no memory beside itself. Owned by the shard's Fanout; it never touches a
// socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/frame.h"
#include "base/send_op.h"

namespace palaver::rooms {

// The connection's place in its shard's tables. A slot is used again; its generation then differs.
struct MemberId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend bool operator==(const MemberId&, const MemberId&) = default;
};

class Outbox {
 public:
  // Bytes that are queued and not yet taken by the kernel.
  [[nodiscard]] std::size_t bytes() const { return backlog_ ? backlog_->bytes : 0; }
  [[nodiscard]] bool empty() const { return backlog_ == nullptr; }

  // Units of which something is still to be sent.
  [[nodiscard]] std::size_t unit_count() const;
  // Queues the bytes of `frame` from `offset` on (0 to its size; nothing when it is the size).
  void push(base::Frame frame, std::size_t offset = 0);
  // Keeps a place for one frame that is not known yet: nothing that is pushed later is sent before
  // fill() has put it there. At most one place at a time.
  void reserve();
  // Not empty. False: the place was dropped meanwhile, and the frame is not sent.
  [[nodiscard]] bool fill(base::Frame frame);
  // Appends what to send next, at most `bytes_max` bytes and `pieces_max` pieces, to `out`; returns
  // the bytes. The pointers hold until the outbox changes.
  std::size_t gather(std::vector<iovec>& out, std::size_t bytes_max, std::size_t pieces_max) const;
  // The kernel took this many bytes of what gather() gave.
  void consume(std::size_t bytes);
  // Forgets all units that have not begun; the one that has begun stays, up to its end. Returns how
  // many units were dropped.
  std::size_t drop_unbegun();
  void clear() { backlog_.reset(); }

 private:
  struct Piece {
    base::Frame frame;     // empty: a reserved place
    std::uint32_t offset;  // next byte to send
    std::uint32_t end;     // its end: the frame's size, or a unit's end after drop_unbegun()
  };
  struct Backlog {
    std::vector<Piece> pieces;
    std::size_t head = 0;  // pieces before it are sent
    std::size_t bytes = 0;
  };

  std::unique_ptr<Backlog> backlog_;
};

}  // namespace palaver::rooms
