// SPDX-License-Identifier: Apache-2.0
// SendLoop: the Sender that calls send() for each socket. What a server without io_uring cannot
// beat.
#pragma once

#include <sys/socket.h>

#include <span>
#include <vector>

#include "bench/limits/server.h"

namespace palaver::bench::limits {

class SendLoop {
 public:
  void send_all(std::span<const Send> sends, std::vector<int>& failed) {
    for (const auto& [fd, bytes] : sends) {
      const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent != static_cast<ssize_t>(bytes.size())) failed.push_back(fd);
    }
  }
};

}  // namespace palaver::bench::limits
