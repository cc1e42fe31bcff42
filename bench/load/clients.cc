// SPDX-License-Identifier: Apache-2.0
// Edge-triggered: a receive that leaves room in the buffer has emptied the socket (epoll(7)), so an
// event usually costs one recv(). Sockets end with a reset, which leaves no TIME_WAIT behind.
#include "bench/load/clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "bench/load/websocket.h"

namespace palaver::bench::load {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kEventsMax = 512;

std::string reason_of(int error) { return std::strerror(error); }

}  // namespace

Nanos now_nanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<Nanos>(now.tv_sec) * 1'000'000'000 + static_cast<Nanos>(now.tv_nsec);
}

Clients::Clients(Target target, ClientEvents& events)
    : target_(std::move(target)),
      events_(events),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {
  CHECK(epoll_fd_ >= 0, "no epoll instance");
}

Clients::~Clients() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  for (const Client& client : clients_) {
    if (client.fd < 0) continue;
    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client.fd);
  }
  close(epoll_fd_);
}

void Clients::open(std::vector<Place> places) {
  std::ranges::move(places, std::back_inserter(places_));
  clients_.resize(places_.size());
  connect_more();
}

void Clients::connect_more() {
  while (failure_.empty() && next_ < clients_.size() && connecting_ < target_.connect_in_flight) {
    ++connecting_;
    begin_connect(next_++);
  }
}

void Clients::begin_connect(ClientIndex index) {
  Client& client = clients_[index];
  client.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client.fd < 0) return fail(index, "socket: " + reason_of(errno));
  const int on = 1;
  setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(places_[index].port);
  if (inet_pton(AF_INET, target_.host.c_str(), &server.sin_addr) != 1) {
    return fail(index, "not an IPv4 address: " + target_.host);
  }
  if (target_.source_addresses > 1 && target_.host.starts_with("127.")) {
    setsockopt(client.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index % target_.source_addresses);
    if (bind(client.fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
      return fail(index, "bind: " + reason_of(errno));
    }
  }
  client.state = State::kConnecting;
  client.started = now_nanos();
  if (connect(client.fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 &&
      errno != EINPROGRESS) {
    return fail(index, "connect: " + reason_of(errno));
  }
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u32 = index;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, client.fd, &event) != 0) {
    fail(index, "epoll_ctl: " + reason_of(errno));
  }
}

base::Result<void> Clients::turn(Nanos wait_max) {
  std::array<epoll_event, kEventsMax> events;
  const timespec wait{.tv_sec = static_cast<time_t>(wait_max / 1'000'000'000),
                      .tv_nsec = static_cast<long>(wait_max % 1'000'000'000)};
  const int count = epoll_pwait2(epoll_fd_, events.data(), kEventsMax, &wait, nullptr);
  if (count < 0 && errno != EINTR) {
    return base::fail(base::ErrorCode::kSystem, "epoll_pwait2: " + reason_of(errno));
  }
  for (int i = 0; i < count && failure_.empty(); ++i) {
    on_event(events[static_cast<std::size_t>(i)].data.u32,
             events[static_cast<std::size_t>(i)].events);
  }
  if (!failure_.empty()) return base::fail(base::ErrorCode::kUnavailable, failure_);
  return {};
}

void Clients::on_event(ClientIndex index, std::uint32_t events) {
  if (clients_[index].state == State::kConnecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    on_connected(index);
    if (!failure_.empty()) return;
  }
  const bool until_end = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (until_end || (events & EPOLLIN) != 0) read(index, until_end);
}

void Clients::on_connected(ClientIndex index) {
  Client& client = clients_[index];
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(client.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(index, "connect: " + reason_of(error));
  client.state = State::kHandshake;
  const Place& place = places_[index];
  send_frame(index, handshake_request(target_.host + ":" + std::to_string(place.port), place.path));
}

void Clients::read(ClientIndex index, bool until_end) {
  Client& client = clients_[index];
  while (failure_.empty()) {
    const std::size_t kept = client.rest.size();
    if (kept != 0) std::memcpy(buffer_.get(), client.rest.data(), kept);
    const ssize_t got = recv(client.fd, buffer_.get() + kept, kBufferBytes - kept, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      return fail(index, "lost: " + reason_of(errno));
    }
    if (got == 0) return fail(index, "lost: the server closed the connection");

    const std::size_t size = kept + static_cast<std::size_t>(got);
    const std::size_t used = take(index, {buffer_.get(), size}, now_nanos());
    if (!failure_.empty()) return;
    if (used != size || kept != 0) client.rest.assign(buffer_.get() + used, size - used);
    if (size < kBufferBytes && !until_end) return;
  }
}

std::size_t Clients::take(ClientIndex index, std::string_view bytes, Nanos now) {
  std::size_t used = 0;
  if (clients_[index].state == State::kHandshake) {
    used = take_handshake(index, bytes, now);
    if (used == 0) return 0;
  }
  ServerFrame frame;
  while (failure_.empty() && used < bytes.size()) {
    const ParseStatus status = parse_server_frame(bytes.substr(used), frame);
    if (status == ParseStatus::kIncomplete) break;
    if (status == ParseStatus::kRefused) {
      fail(index, "sent a frame that this client does not understand");
      break;
    }
    used += frame.size;
    switch (frame.opcode) {
      case Opcode::kText:
        events_.on_text(index, frame.payload, now);
        break;
      case Opcode::kPong:
        break;
      case Opcode::kPing:
        count_ping(index);
        frame_.clear();
        append_client_frame(frame_, Opcode::kPong, frame.payload, mask_ += 0x9e3779b9);
        send_frame(index, frame_);
        break;
      case Opcode::kClose: {
        std::string text = "closed by the server";
        if (frame.payload.size() >= 2) {
          const auto high = static_cast<std::uint8_t>(frame.payload[0]);
          const auto low = static_cast<std::uint8_t>(frame.payload[1]);
          text += " with " + std::to_string(high * 256 + low) + " " +
                  std::string(frame.payload.substr(2));
        }
        fail(index, text);
        break;
      }
    }
  }
  return used;
}

std::size_t Clients::take_handshake(ClientIndex index, std::string_view bytes, Nanos now) {
  std::size_t size = 0;
  const ParseStatus status = parse_handshake(bytes, size);
  if (status == ParseStatus::kIncomplete) return 0;
  if (status == ParseStatus::kRefused) {
    fail(index, "no upgrade: " + std::string(bytes.substr(0, 200)));
    return 0;
  }
  clients_[index].state = State::kOpen;
  handshakes_.record(now - clients_[index].started);
  ++opened_;
  --connecting_;
  connect_more();
  events_.on_open(index);
  return size;
}

base::Result<void> Clients::send_text(ClientIndex client, std::string_view text) {
  frame_.clear();
  append_client_frame(frame_, Opcode::kText, text, mask_ += 0x9e3779b9);
  send_frame(client, frame_);
  if (!failure_.empty()) return base::fail(base::ErrorCode::kUnavailable, failure_);
  return {};
}

void Clients::send_frame(ClientIndex index, std::string_view frame) {
  const ssize_t sent = send(clients_[index].fd, frame.data(), frame.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(frame.size())) return;
  fail(index, sent < 0 ? "send: " + reason_of(errno) : "send: the server has stopped reading");
}

void Clients::count_ping(ClientIndex client) {
  ++pings_;
  ++clients_[client].pings;
}

std::uint32_t Clients::pings_of_the_poorest() const {
  const auto poorest = std::ranges::min_element(clients_, {}, &Client::pings);
  return poorest == clients_.end() ? 0 : poorest->pings;
}

void Clients::fail(ClientIndex index, const std::string& what) {
  if (failure_.empty()) failure_ = "client " + std::to_string(index + 1) + ": " + what;
}

}  // namespace palaver::bench::load
