// SPDX-License-Identifier: Apache-2.0
// FakeNetwork: sockets that take what a test lets them take: all, a part, nothing (-EAGAIN), or
// that break. It carries out a batch as a sender does and keeps what arrived. Descriptors are given
// out again, smallest first, like those of a kernel.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/send_op.h"

namespace palaver::tests::rooms {

class FakeNetwork {
 public:
  // What a socket answers to a send of `size` bytes: a count, or -errno. Unset: it takes all.
  using Answer = std::function<std::int64_t(int socket, std::size_t size)>;

  int open() {
    if (!free_.empty()) return free_.extract(free_.begin()).value();
    received_.emplace_back();
    return static_cast<int>(received_.size() - 1);
  }
  void close(int socket) {
    received_.at(socket).clear();
    free_.insert(socket);
  }
  [[nodiscard]] std::string& received(int socket) { return received_.at(socket); }

  void send(std::span<base::SendOp> ops, const Answer& answer = {}) {
    std::set<int> seen;
    for (base::SendOp& op : ops) {
      CHECK(op.size > 0, "a send has bytes");
      CHECK(!free_.contains(op.socket), "a send names an open socket");
      CHECK(seen.insert(op.socket).second, "a socket has one send in a turn");
      op.result = answer ? answer(op.socket, op.size) : static_cast<std::int64_t>(op.size);
      if (op.result > 0) receive(op, static_cast<std::size_t>(op.result));
    }
  }

 private:
  void receive(const base::SendOp& op, std::size_t size) {
    std::string all;
    if (op.iov_count == 0) {
      all.append(op.data, op.size);
    } else {
      for (const iovec& piece : std::span(op.iov, op.iov_count)) {
        all.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
      }
    }
    CHECK(all.size() == op.size, "a send's pieces are its size");
    received_[op.socket] += std::string_view(all).substr(0, size);
  }

  std::vector<std::string> received_;
  std::set<int> free_;
};

}  // namespace palaver::tests::rooms
