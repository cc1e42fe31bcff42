// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/net/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "net/socket_options.h"

namespace palaver::net {

namespace {

constexpr int kPatienceMs = 10'000;

void set_non_blocking(int socket) {
  EXPECT_EQ(::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK), 0);
}

}  // namespace

void Descriptor::reset() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

Pair local_pair() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  set_non_blocking(ends[0]);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Pair tcp_pair() {
  const auto listening = listen_on({.host = "127.0.0.1", .port = 0});
  EXPECT_TRUE(listening);
  const Descriptor listener(listening.value_or(-1));
  Pair pair;
  pair.far = connect_to("127.0.0.1", local_port(listener.get()));
  EXPECT_TRUE(wait_for(listener.get(), POLLIN));
  pair.near = Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  EXPECT_GE(pair.near.get(), 0);
  return pair;
}

Descriptor connect_to(const std::string& address, std::uint16_t port) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(sockaddr_in);
  if (address.contains(':')) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(peer);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr), 1);
    size = sizeof(sockaddr_in6);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(peer);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET, address.c_str(), &v4.sin_addr), 1);
  }
  Descriptor socket(::socket(peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&peer), size) != 0) return {};
  return socket;
}

void set_buffers(const Pair& pair, int bytes) {
  EXPECT_EQ(::setsockopt(pair.near.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
  EXPECT_EQ(::setsockopt(pair.far.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
}

void fill(int socket) {
  const std::string bytes(64 * 1024, 'f');
  ssize_t sent = 0;
  while (sent >= 0) sent = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  EXPECT_EQ(errno, EAGAIN);
  // To the last byte: a short message may still fit where a long one did not.
  while (::send(socket, "f", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) {
  }
}

std::string read_now(int socket, std::size_t bytes_max) {
  std::string all;
  std::array<char, 64 * 1024> piece{};
  while (all.size() < bytes_max) {
    const std::size_t room = std::min(piece.size(), bytes_max - all.size());
    const ssize_t size = ::recv(socket, piece.data(), room, MSG_DONTWAIT);
    if (size <= 0) break;
    all.append(piece.data(), static_cast<std::size_t>(size));
  }
  return all;
}

bool wait_for(int socket, short events) {
  pollfd waiting{.fd = socket, .events = events, .revents = 0};
  return ::poll(&waiting, 1, kPatienceMs) == 1 && (waiting.revents & events) != 0;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace palaver::net
