// SPDX-License-Identifier: Apache-2.0
#include "rooms/outbox.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace palaver::rooms {

namespace {

// Sent pieces are dropped from the vector in blocks, so that a long backlog is not moved each time.
constexpr std::size_t kCompactAt = 64;

}  // namespace

void Outbox::push(base::Frame frame, std::size_t offset) {
  CHECK(offset <= frame.size(), "an offset is within its frame");
  if (offset == frame.size()) return;
  if (!backlog_) backlog_ = std::make_unique<Backlog>();
  backlog_->bytes += frame.size() - offset;
  const auto end = static_cast<std::uint32_t>(frame.size());
  backlog_->pieces.push_back({std::move(frame), static_cast<std::uint32_t>(offset), end});
}

void Outbox::reserve() {
  if (!backlog_) backlog_ = std::make_unique<Backlog>();
  backlog_->pieces.push_back({.frame = {}, .offset = 0, .end = 0});
}

bool Outbox::fill(base::Frame frame) {
  CHECK(!frame.empty(), "an empty frame would hold its place for ever");
  if (!backlog_) return false;
  for (std::size_t i = backlog_->head; i < backlog_->pieces.size(); ++i) {
    Piece& piece = backlog_->pieces[i];
    if (!piece.frame.empty()) continue;
    piece.end = static_cast<std::uint32_t>(frame.size());
    backlog_->bytes += frame.size();
    piece.frame = std::move(frame);
    return true;
  }
  return false;
}

std::size_t Outbox::gather(std::vector<iovec>& out, std::size_t bytes_max,
                           std::size_t pieces_max) const {
  if (!backlog_) return 0;
  std::size_t bytes = 0;
  const auto& pieces = backlog_->pieces;
  for (std::size_t i = backlog_->head; i < pieces.size() && bytes < bytes_max; ++i) {
    if (i - backlog_->head == pieces_max) break;
    const Piece& piece = pieces[i];
    if (piece.frame.empty()) break;
    const std::size_t size = std::min<std::size_t>(piece.end - piece.offset, bytes_max - bytes);
    out.push_back({const_cast<char*>(piece.frame.data()) + piece.offset, size});  // only read
    bytes += size;
  }
  return bytes;
}

void Outbox::consume(std::size_t bytes) {
  if (bytes == 0) return;
  CHECK(backlog_ && bytes <= backlog_->bytes, "no more is sent than is owed");
  Backlog& backlog = *backlog_;
  backlog.bytes -= bytes;
  while (bytes > 0) {
    Piece& piece = backlog.pieces[backlog.head];
    const std::size_t size = std::min<std::size_t>(piece.end - piece.offset, bytes);
    piece.offset += static_cast<std::uint32_t>(size);
    bytes -= size;
    if (piece.offset < piece.end) break;
    piece.frame = {};
    ++backlog.head;
  }
  if (backlog.head == backlog.pieces.size()) {
    backlog_.reset();
  } else if (backlog.head >= kCompactAt && backlog.head * 2 >= backlog.pieces.size()) {
    backlog.pieces.erase(backlog.pieces.begin(),
                         backlog.pieces.begin() + static_cast<std::ptrdiff_t>(backlog.head));
    backlog.head = 0;
  }
}

std::size_t Outbox::unit_count() const {
  if (!backlog_) return 0;
  std::size_t units = 0;
  for (std::size_t i = backlog_->head; i < backlog_->pieces.size(); ++i) {
    const Piece& piece = backlog_->pieces[i];
    units += piece.frame.units_between(piece.offset, piece.end);
  }
  return units;
}

std::size_t Outbox::drop_unbegun() {
  if (!backlog_) return 0;
  Backlog& backlog = *backlog_;
  const std::size_t units = unit_count();
  Piece& first = backlog.pieces[backlog.head];
  const auto end = static_cast<std::uint32_t>(first.frame.unit_end(first.offset));
  if (end == first.offset) {
    backlog_.reset();
    return units;
  }
  first.end = std::min(first.end, end);
  backlog.bytes = first.end - first.offset;
  backlog.pieces.erase(backlog.pieces.begin() + static_cast<std::ptrdiff_t>(backlog.head) + 1,
                       backlog.pieces.end());
  return units - 1;
}

}  // namespace palaver::rooms
