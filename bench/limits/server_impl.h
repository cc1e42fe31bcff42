// SPDX-License-Identifier: Apache-2.0
// The body of Server<Sender>; included by server.h only. Connections are pinged in buckets by their
// descriptor, one bucket each half second, so that the pings are spread as evenly as can be.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

#include "bench/limits/server.h"

namespace palaver::bench::limits {

inline constexpr std::size_t kReadBufferBytes = 64 * 1024;
inline constexpr std::size_t kTurnEventsMax = 1024;
inline constexpr std::chrono::milliseconds kPingStep{500};

[[nodiscard]] inline base::Error system_error(const char* what) {
  return {base::ErrorCode::kSystem, std::string(what) + ": " + std::strerror(errno)};
}

template <Sender S>
Server<S>::Server(ServerOptions options, S& sender)
    : options_(std::move(options)),
      sender_(sender),
      buffer_(std::make_unique_for_overwrite<char[]>(kReadBufferBytes)) {}

template <Sender S>
base::Error Server<S>::run() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  if (inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) {
    return {base::ErrorCode::kInvalidArgument, "not an IPv4 address: " + options_.host};
  }
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("bind");
  }
  if (listen(listener_, SOMAXCONN) != 0) return system_error("listen");
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &interest) != 0) return system_error("epoll_ctl");

  using Clock = std::chrono::steady_clock;
  auto next_ping = Clock::now() + kPingStep;
  std::array<epoll_event, kTurnEventsMax> events;
  while (true) {
    int wait_ms = -1;
    if (options_.ping_interval_s != 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ping - Clock::now());
      wait_ms = left.count() > 0 ? static_cast<int>(left.count()) : 0;
    }
    const int count = epoll_wait(epoll_, events.data(), kTurnEventsMax, wait_ms);
    if (count < 0 && errno != EINTR) return system_error("epoll_wait");
    for (int i = 0; i < count; ++i) {
      void* const data = events[static_cast<std::size_t>(i)].data.ptr;
      data == nullptr ? on_listener() : on_readable(*static_cast<Connection*>(data));
    }
    flush();
    if (options_.ping_interval_s != 0 && Clock::now() >= next_ping) {
      next_ping += kPingStep;
      ping_next_bucket();
    }
  }
}

template <Sender S>
void Server<S>::on_listener() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno != EAGAIN) std::perror("accept4");
      return;
    }
    const auto index = static_cast<std::size_t>(fd);
    if (connections_.size() <= index) connections_.resize(index + 1);
    connections_[index] = std::make_unique<Connection>();
    connections_[index]->fd = fd;
    epoll_event interest{.events = EPOLLIN, .data = {.ptr = connections_[index].get()}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest) != 0) std::perror("epoll_ctl");
  }
}

template <Sender S>
void Server<S>::on_readable(Connection& connection) {
  const std::size_t kept = connection.rest.size();
  if (kept != 0) std::memcpy(buffer_.get(), connection.rest.data(), kept);
  const ssize_t got = recv(connection.fd, buffer_.get() + kept, kReadBufferBytes - kept, 0);
  if (got <= 0) {
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    return drop(connection);
  }
  const std::size_t size = kept + static_cast<std::size_t>(got);
  const std::size_t used = take(connection, buffer_.get(), size);
  if (used == std::string::npos) return drop(connection);
  if (used != size || kept != 0) connection.rest.assign(buffer_.get() + used, size - used);
}

// Returns how many bytes were complete; npos: not what our client would send.
template <Sender S>
std::size_t Server<S>::take(Connection& connection, char* bytes, std::size_t size) {
  std::size_t used = 0;
  if (connection.room == nullptr) {
    if (!upgrade(connection, {bytes, size}, used)) return std::string::npos;
    if (connection.room == nullptr) return 0;
  }
  ClientFrame frame;
  while (used < size) {
    const ReadStatus status = read_client_frame(bytes + used, size - used, frame);
    if (status == ReadStatus::kIncomplete) break;
    if (status == ReadStatus::kRefused) return std::string::npos;
    used += frame.size;
    if (frame.opcode == 1 && !frame.payload.empty()) publish(connection, frame.payload);
    if (frame.opcode == 8) return std::string::npos;
  }
  return used;
}

template <Sender S>
bool Server<S>::upgrade(Connection& connection, std::string_view bytes, std::size_t& used) {
  Upgrade wanted;
  const ReadStatus status = read_upgrade(bytes, wanted);
  if (status != ReadStatus::kComplete) return status == ReadStatus::kIncomplete;
  const ssize_t sent =
      send(connection.fd, wanted.response.data(), wanted.response.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(wanted.response.size())) return false;

  std::unique_ptr<Room>& room = rooms_[wanted.room];
  if (!room) room = std::make_unique<Room>();
  connection.room = room.get();
  connection.client_id = std::move(wanted.client_id);
  connection.place = room->members.size();
  room->members.push_back(&connection);
  used = wanted.request_bytes;
  return true;
}

template <Sender S>
void Server<S>::publish(Connection& connection, std::string_view message) {
  Room& room = *connection.room;
  append_line_frame(room.run, stamp(), message, connection.client_id);
  if (std::exchange(room.is_dirty, true)) return;
  dirty_.push_back(&room);
}

template <Sender S>
void Server<S>::flush() {
  if (dirty_.empty()) return;
  for (const Room* room : dirty_) {
    for (const Connection* member : room->members) sends_.push_back({member->fd, room->run});
  }
  send_now(sends_);
  for (Room* room : dirty_) {
    room->run.clear();
    room->is_dirty = false;
  }
  dirty_.clear();
  sends_.clear();
}

template <Sender S>
void Server<S>::ping_next_bucket() {
  const std::size_t buckets = options_.ping_interval_s * 1000 / kPingStep.count();
  for (std::size_t fd = bucket_; fd < connections_.size(); fd += buckets) {
    const Connection* connection = connections_[fd].get();
    if (connection == nullptr || connection->room == nullptr) continue;
    sends_.push_back({connection->fd, kPingFrame});
  }
  bucket_ = (bucket_ + 1) % buckets;
  send_now(sends_);
  sends_.clear();
}

template <Sender S>
void Server<S>::send_now(std::span<const Send> sends) {
  sender_.send_all(sends, failed_);
  for (const int fd : failed_) {
    std::fprintf(stderr, "a member did not take its bytes at once\n");
    drop(*connections_[static_cast<std::size_t>(fd)]);
  }
  failed_.clear();
}

// A room stays when its last member leaves: there are as many as the load generator names.
template <Sender S>
void Server<S>::drop(Connection& connection) {
  if (connection.room != nullptr) {
    std::vector<Connection*>& members = connection.room->members;
    members.back()->place = connection.place;
    members[connection.place] = members.back();
    members.pop_back();
  }
  const int fd = connection.fd;
  connections_[static_cast<std::size_t>(fd)].reset();
  close(fd);
}

template <Sender S>
std::string_view Server<S>::stamp() {
  const std::time_t now = std::time(nullptr);
  if (now != stamp_second_) {
    stamp_second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "[%Y-%m-%d %H:%M:%S]", &parts);
    stamp_.assign(text.data(), size);
  }
  return stamp_;
}

}  // namespace palaver::bench::limits
