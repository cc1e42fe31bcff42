// SPDX-License-Identifier: Apache-2.0
#include "net/acceptor.h"

#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>

#include "base/limits.h"

namespace palaver::net {

namespace {

// Accepted in one event: a storm of connections must not hold up the shard's other work.
constexpr int kAcceptsPerEvent = 64;

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

}  // namespace

std::string address_text(const sockaddr_storage& address) {
  sockaddr_storage numeric = address;
  socklen_t size = sizeof(sockaddr_in6);
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      const auto& bytes = v6.sin6_addr.s6_addr;
      v4.sin_addr.s_addr = htonl(static_cast<std::uint32_t>(bytes[12]) << 24 |
                                 static_cast<std::uint32_t>(bytes[13]) << 16 |
                                 static_cast<std::uint32_t>(bytes[14]) << 8 | bytes[15]);
      numeric = {};
      reinterpret_cast<sockaddr_in&>(numeric) = v4;
    }
  }
  if (numeric.ss_family == AF_INET) {
    size = sizeof(sockaddr_in);
  } else if (numeric.ss_family != AF_INET6) {
    return {};  // getnameinfo would call a local socket "localhost"
  }
  std::array<char, NI_MAXHOST> text{};
  const int error = ::getnameinfo(reinterpret_cast<const sockaddr*>(&numeric), size, text.data(),
                                  text.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? std::string(text.data()) : std::string();
}

Acceptor::Acceptor(Loop& loop, int listening_socket, AcceptObserver& observer)
    : loop_(loop), listener_(loop.context(), listening_socket), observer_(observer) {
  wait();
}

void Acceptor::wait() {
  listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (error) return;  // the acceptor is being destroyed
                         loop_.touch();
                         accept_waiting();
                       });
}

void Acceptor::accept_waiting() {
  for (int accepted = 0; accepted < kAcceptsPerEvent; ++accepted) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int socket = ::accept4(listener_.native_handle(), reinterpret_cast<sockaddr*>(&peer),
                                 &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      observer_.on_accept(socket, peer);
      continue;
    }
    const int error = errno;
    if (out_of_resources(error)) {
      observer_.on_accept_paused(error);
      loop_.run_after(base::kAcceptPause, [this] { accept_waiting(); });
      return;
    }
    // EAGAIN: nobody waits. The rest are errors of one connection that went away, or of its network
    // (accept(2)): the next one may be fine.
    if (error == EAGAIN) break;
  }
  wait();
}

}  // namespace palaver::net
