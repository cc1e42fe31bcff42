// SPDX-License-Identifier: Apache-2.0
// Acceptor on a real listening socket, and the texts of addresses.
#include "net/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "net/socket_options.h"
#include "tests/unit/net/sockets.h"
#include "tests/unit/net/turns.h"

namespace palaver::net {
namespace {

sockaddr_storage ipv4(const char* text) {
  sockaddr_storage address{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(4711);
  EXPECT_EQ(::inet_pton(AF_INET, text, &v4.sin_addr), 1);
  return address;
}

sockaddr_storage ipv6(const char* text) {
  sockaddr_storage address{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(4711);
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
  return address;
}

TEST(AddressText, IsNumericAndWithoutPort) {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "203.0.113.7"}) {
    EXPECT_EQ(address_text(ipv4(text)), text);
  }
  for (const char* text : {"::1", "::", "2001:db8::17", "fe80::1"}) {
    EXPECT_EQ(address_text(ipv6(text)), text);
  }
}

TEST(AddressText, Ipv4OnADualStackSocketIsIpv4) {
  EXPECT_EQ(address_text(ipv6("::ffff:203.0.113.7")), "203.0.113.7");
  EXPECT_EQ(address_text(ipv6("::ffff:255.128.0.1")), "255.128.0.1");
}

TEST(AddressText, OtherFamiliesHaveNone) {
  sockaddr_storage local{};
  local.ss_family = AF_UNIX;
  EXPECT_EQ(address_text(local), "");
  EXPECT_EQ(address_text({}), "");
}

// A listening socket on 127.0.0.1 with its acceptor, and what it reports.
class AcceptorTest : public testing::Test, protected AcceptObserver {
 protected:
  AcceptorTest()
      : listening_(listen_on({.host = "127.0.0.1", .port = 0}).value_or(-1)),
        port_(local_port(listening_)),
        acceptor_(loop_, listening_, *this) {}

  void on_accept(int socket, const sockaddr_storage& peer) override {
    accepted_.emplace_back(socket);
    peers_.push_back(address_text(peer));
    if (on_first_ && accepted_.size() == 1) on_first_();
    if (accepted_.size() == awaited_) loop_.stop();
  }
  void on_accept_paused(int error) override {
    pauses_.push_back(error);
    if (on_pause_) on_pause_();
  }
  void connect(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      clients_.push_back(connect_to("127.0.0.1", port_));
      ASSERT_GE(clients_.back().get(), 0);
    }
  }
  void run(Loop& loop) {
    run_turns(loop, [this] {
      accepted_at_turn_end_.push_back(accepted_.size());
      return false;
    });
  }
  void run_until_accepted(std::size_t count) {
    awaited_ = count;
    run(loop_);
    EXPECT_EQ(accepted_.size(), count);
  }
  // UBSan looks at the type of an object that it meets first through a pipe, and takes it for a
  // wrong one where no descriptor is free: each type that a loop uses is met before that.
  void meet_types() {
    Loop loop;
    loop.run_after({}, [&loop] { loop.stop(); });
    run(loop);
    on_accept_paused(0);
    pauses_.clear();
    accepted_at_turn_end_.clear();
  }

  Loop loop_;
  int listening_;
  std::uint16_t port_;
  Acceptor acceptor_;
  std::size_t awaited_ = 0;
  std::vector<Descriptor> clients_;
  std::vector<Descriptor> accepted_;
  std::vector<std::string> peers_;
  std::vector<int> pauses_;
  std::vector<std::size_t> accepted_at_turn_end_;
  std::move_only_function<void()> on_first_;
  std::move_only_function<void()> on_pause_;
};

TEST_F(AcceptorTest, GivesAwaySocketsWithTheRightOptions) {
  connect(3);
  run_until_accepted(3);
  for (const Descriptor& socket : accepted_) {
    EXPECT_TRUE(::fcntl(socket.get(), F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC);
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
    EXPECT_NE(value, 0);
    size = sizeof value;
    EXPECT_EQ(::getsockopt(socket.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &size), 0);
    EXPECT_EQ(value, base::kKernelUnsentBytesMax);
  }
  EXPECT_EQ(peers_, std::vector<std::string>(3, "127.0.0.1"));
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(AcceptorTest, AStormIsTakenInSeveralEvents) {
  connect(200);
  run_until_accepted(200);
  EXPECT_GE(accepted_at_turn_end_.size(), 1U);
  for (const Descriptor& socket : accepted_) EXPECT_GE(socket.get(), 0);
}

TEST_F(AcceptorTest, GoesOnAfterConnectionsThatWentAway) {
  connect(1);
  reset_on_close(clients_.back().get());
  clients_.clear();
  connect(1);
  run_until_accepted(2);
}

// No descriptor is free for as long as this lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int free = ::dup(STDERR_FILENO);
    ::close(free);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(free);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  ~NoDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(AcceptorTest, PausesWithoutFreeDescriptorsAndRecovers) {
  meet_types();
  connect(3);
  std::optional<NoDescriptors> none;
  base::Instant began{};
  on_first_ = [&] {
    began = loop_.now();
    none.emplace();
  };
  on_pause_ = [&] {
    EXPECT_EQ(accepted_.size(), 1U);
    if (pauses_.size() == 2) none.reset();
  };
  run_until_accepted(3);
  EXPECT_EQ(pauses_, (std::vector<int>{EMFILE, EMFILE}));
  EXPECT_GE(loop_.now() - began, 2 * base::kAcceptPause);
  EXPECT_LE(accepted_at_turn_end_.size(), 10U) << "it waits, and does not spin";
}

TEST(AcceptorEnd, ClosesItsListeningSocket) {
  struct : AcceptObserver {
    void on_accept(int socket, const sockaddr_storage& /*peer*/) override { ::close(socket); }
    void on_accept_paused(int /*error*/) override {}
  } observer;
  const int listening = listen_on({.host = "127.0.0.1", .port = 0}).value_or(-1);
  const std::uint16_t port = local_port(listening);
  {
    Loop loop;
    const Acceptor acceptor(loop, listening, observer);
    EXPECT_GE(connect_to("127.0.0.1", port).get(), 0);
  }
  EXPECT_LT(connect_to("127.0.0.1", port).get(), 0);
}

}  // namespace
}  // namespace palaver::net
