// SPDX-License-Identifier: Apache-2.0
// The few socket calls that Asio has no words for. All take descriptors that the caller owns.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace palaver::net {

struct ListenOptions {
  std::string host;        // empty: all addresses, IPv6 and IPv4 on one socket where possible
  std::uint16_t port = 0;  // 0: any free one
};

// A listening, non-blocking, close-on-exec TCP socket. What is set here is inherited by accepted
// sockets: TCP_NODELAY, and TCP_NOTSENT_LOWAT of kKernelUnsentBytesMax, without which the kernel
// hides megabytes of a slow member's backlog. The error's text has address and reason.
[[nodiscard]] base::Result<int> listen_on(const ListenOptions& options);

// The port that a listening socket is bound to.
[[nodiscard]] std::uint16_t local_port(int socket);

// close() will reset the connection instead of sending what is left.
void reset_on_close(int socket);

}  // namespace palaver::net
