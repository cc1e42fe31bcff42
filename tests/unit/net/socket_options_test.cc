// SPDX-License-Identifier: Apache-2.0
// listen_on and its errors, local_port, reset_on_close.
#include "net/socket_options.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "tests/unit/net/sockets.h"

namespace palaver::net {
namespace {

bool has_ipv6() {
  const auto socket = listen_on({.host = "::1", .port = 0});
  if (!socket) return false;
  const Descriptor closed_at_once(*socket);
  return true;
}

TEST(ListenOn, GivesASocketThatListens) {
  const auto socket = listen_on({.host = "127.0.0.1", .port = 0});
  ASSERT_TRUE(socket);
  const Descriptor listener(*socket);
  EXPECT_TRUE(::fcntl(listener.get(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(listener.get(), F_GETFD) & FD_CLOEXEC);
  EXPECT_NE(local_port(listener.get()), 0);
  EXPECT_GE(connect_to("127.0.0.1", local_port(listener.get())).get(), 0);
}

TEST(ListenOn, APortThatIsInUseIsAnErrorWithAddressAndReason) {
  const Descriptor listener(listen_on({.host = "127.0.0.1", .port = 0}).value_or(-1));
  const std::uint16_t port = local_port(listener.get());
  const std::size_t before = open_descriptors();
  const auto second = listen_on({.host = "127.0.0.1", .port = port});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::kSystem);
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1, port " + std::to_string(port) +
                                        ": Address already in use");
  const auto all = listen_on({.host = "", .port = port});
  ASSERT_FALSE(all) << "its IPv4 half is taken";
  EXPECT_EQ(all.error().message, "cannot listen on all addresses, port " + std::to_string(port) +
                                     ": Address already in use");
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ListenOn, APortIsFreeAgainOnceItsSocketIsClosed) {
  Descriptor listener(listen_on({.host = "127.0.0.1", .port = 0}).value_or(-1));
  const std::uint16_t port = local_port(listener.get());
  Descriptor client = connect_to("127.0.0.1", port);
  listener.reset();
  client.reset();
  const Descriptor again(listen_on({.host = "127.0.0.1", .port = port}).value_or(-1));
  EXPECT_GE(again.get(), 0);
}

TEST(ListenOn, HostsThatAreNoneAreErrorsThatNameThem) {
  // Labels that are empty: refused without a question to any name server.
  for (const std::string host : {"no..host", "..", "127.0.0.1.."}) {
    const auto socket = listen_on({.host = host, .port = 0});
    ASSERT_FALSE(socket) << host;
    EXPECT_EQ(socket.error().code, base::ErrorCode::kInvalidArgument);
    EXPECT_TRUE(socket.error().message.starts_with("cannot listen on host '" + host + "': "))
        << socket.error().message;
  }
}

TEST(ListenOn, AnAddressOfAnotherMachineIsAnError) {
  const auto socket = listen_on({.host = "203.0.113.7", .port = 0});  // RFC 5737: nobody's
  ASSERT_FALSE(socket);
  EXPECT_TRUE(socket.error().message.starts_with("cannot listen on 203.0.113.7, port 0: "));
}

TEST(ListenOn, WithoutAHostItServesBothFamilies) {
  const Descriptor listener(listen_on({.host = "", .port = 0}).value_or(-1));
  ASSERT_GE(listener.get(), 0);
  const std::uint16_t port = local_port(listener.get());
  EXPECT_GE(connect_to("127.0.0.1", port).get(), 0);
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine: its half is not looked at";
  EXPECT_GE(connect_to("::1", port).get(), 0);
}

TEST(ListenOn, AnIpv6HostServesIpv6Only) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  const Descriptor listener(listen_on({.host = "::1", .port = 0}).value_or(-1));
  const std::uint16_t port = local_port(listener.get());
  EXPECT_NE(port, 0);
  EXPECT_GE(connect_to("::1", port).get(), 0);
  EXPECT_LT(connect_to("127.0.0.1", port).get(), 0);
}

TEST(ListenOn, ANameOfThisMachineWorks) {
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) {
    GTEST_SKIP() << "this machine has no address for localhost";
  }
  ::freeaddrinfo(found);
  const auto socket = listen_on({.host = "localhost", .port = 0});
  ASSERT_TRUE(socket) << socket.error().message;
  const Descriptor listener(*socket);
  EXPECT_NE(local_port(listener.get()), 0);
}

TEST(LocalPort, IsZeroForWhatIsNotBound) { EXPECT_EQ(local_port(-1), 0); }

TEST(ResetOnClose, ThePeerSeesAReset) {
  Pair pair = tcp_pair();
  ASSERT_EQ(::send(pair.near.get(), "unsent", 6, MSG_NOSIGNAL), 6);
  reset_on_close(pair.near.get());
  pair.near.reset();
  ASSERT_TRUE(wait_for(pair.far.get(), POLLERR | POLLHUP));
  char byte = 0;
  while (::recv(pair.far.get(), &byte, 1, MSG_DONTWAIT) > 0) {
  }
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace palaver::net
