// SPDX-License-Identifier: Apache-2.0
// SendOp: one socket's share of a batch of sends. rooms/ fills a batch, a sender (net/ or a test's
// network) carries it out and writes the results, rooms/ reads them. The bytes belong to whoever
// filled the batch and outlive the send.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace palaver::base {

struct SendOp {
  int socket = -1;              // a descriptor, or a test's name for one
  std::uint32_t iov_count = 0;  // 0: `data` and `size` say what to send; else `iov` does
  union {
    const char* data = nullptr;
    const iovec* iov;
  };
  std::size_t size = 0;  // bytes in all; never 0
  // Bytes taken by the kernel (may be fewer than `size`: the socket is full), or -errno: -EAGAIN
  // for a socket that was full already, anything else for a socket that is broken.
  std::int64_t result = 0;
};

}  // namespace palaver::base
