// SPDX-License-Identifier: Apache-2.0
#include "net/socket_options.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/limits.h"

namespace palaver::net {

namespace {

// The kernel caps it at net.core.somaxconn.
constexpr int kListenBacklog = 4096;

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

base::Result<AddressList> addresses_of(const ListenOptions& options, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(options.port);
  const char* host = options.host.empty() ? nullptr : options.host.c_str();
  const int error = ::getaddrinfo(host, port.c_str(), &hints, &list);
  if (error != 0) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "cannot listen on host '" + options.host + "': " + ::gai_strerror(error));
  }
  return AddressList(list, &::freeaddrinfo);
}

void set_int(int socket, int level, int name, int value) {
  // Best effort: a kernel without the option serves just as correctly.
  (void)::setsockopt(socket, level, name, &value, sizeof value);
}

base::Result<int> listen_at(const addrinfo& address, const ListenOptions& options) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) {
    const auto code =
        errno == EAFNOSUPPORT ? base::ErrorCode::kUnavailable : base::ErrorCode::kSystem;
    return base::fail(code, std::string("socket: ") + std::strerror(errno));
  }
  set_int(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  set_int(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_int(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, base::kKernelUnsentBytesMax);
  if (address.ai_family == AF_INET6) {
    set_int(socket, IPPROTO_IPV6, IPV6_V6ONLY, options.host.empty() ? 0 : 1);
  }
  if (::bind(socket, address.ai_addr, address.ai_addrlen) == 0 &&
      ::listen(socket, kListenBacklog) == 0) {
    return socket;
  }
  const int error = errno;
  ::close(socket);
  const auto code =
      error == EADDRNOTAVAIL ? base::ErrorCode::kUnavailable : base::ErrorCode::kSystem;
  const std::string host = options.host.empty() ? "all addresses" : options.host;
  return base::fail(code, "cannot listen on " + host + ", port " + std::to_string(options.port) +
                              ": " + std::strerror(error));
}

}  // namespace

base::Result<int> listen_on(const ListenOptions& options) {
  // All addresses: the IPv6 wildcard serves IPv4 too; a host without IPv6 has the IPv4 one only.
  const int first_family = options.host.empty() ? AF_INET6 : AF_UNSPEC;
  auto addresses = addresses_of(options, first_family);
  if (addresses) {
    auto socket = listen_at(**addresses, options);
    const bool no_ipv6 = !socket && socket.error().code == base::ErrorCode::kUnavailable;
    if (!options.host.empty() || !no_ipv6) return socket;
  } else if (!options.host.empty()) {
    return std::unexpected(addresses.error());
  }
  addresses = addresses_of(options, AF_INET);
  if (!addresses) return std::unexpected(addresses.error());
  return listen_at(**addresses, options);
}

std::uint16_t local_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void reset_on_close(int socket) {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(socket, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

}  // namespace palaver::net
