// SPDX-License-Identifier: Apache-2.0
// Acceptor: takes new connections from one listening socket, on one loop (shard 0), and gives them
// away as bare descriptors. Owned by server::Node. It never reads, writes or counts connections.
#pragma once

#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <string>

#include "net/loop.h"

namespace palaver::net {

// The numeric address of a peer, without port; IPv4 in its own notation also on a dual-stack
// socket.
[[nodiscard]] std::string address_text(const sockaddr_storage& address);

class AcceptObserver {
 public:
  virtual ~AcceptObserver() = default;
  // `socket` is non-blocking, close-on-exec and the observer's to close.
  virtual void on_accept(int socket, const sockaddr_storage& peer) = 0;
  // No descriptor is free (EMFILE, ENFILE, ENOMEM, ENOBUFS): accepting pauses for kAcceptPause.
  virtual void on_accept_paused(int error) = 0;
};

class Acceptor {
 public:
  // Owns `listening_socket`. `loop` and `observer` outlive the acceptor. Made on the loop's thread
  // or before it runs; destroyed when it runs no more, since a pause may be under way.
  Acceptor(Loop& loop, int listening_socket, AcceptObserver& observer);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  void wait();
  void accept_waiting();

  Loop& loop_;
  boost::asio::posix::stream_descriptor listener_;
  AcceptObserver& observer_;
};

}  // namespace palaver::net
