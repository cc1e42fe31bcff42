// SPDX-License-Identifier: Apache-2.0
#include "server/connection.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "net/socket_options.h"

namespace palaver::server {

namespace {

constexpr std::string_view kApiPath = "/api/";

}  // namespace

Connection::Connection(ConnectionContext& context, Socket socket, rooms::MemberId member,
                       Arrival arrival)
    : context_(context), socket_(std::move(socket)), member_(member) {
  const base::Limits& limits = context_.config.limits;
  http_ = std::make_unique<HttpState>(HttpState{
      .parser = codec::http::RequestParser(
          {.header_bytes_max = limits.header_bytes_max,
           .body_bytes_max = base::kHttpBodyBytesMax,
           .large_target = context_.config.api_key.empty() ? std::string_view() : kApiPath,
           .large_body_bytes_max = base::kApiBodyBytesMax}),
      .arrival = std::move(arrival),
      .leftover = {},
      .idle_since = context_.clock.now(),
      .upgrade = nullptr,
      .client_upgrade = nullptr,
      .subprotocol = {},
  });
}

Connection::~Connection() {
  if (phase_ == Phase::kOpen) {
    context_.host.stop_pings(session_->ping_place);
    --context_.metrics.members;
  }
  if (admitted_) context_.host.release(*admitted_);
}

void Connection::start() {
  set_deadline(DeadlineKind::kRequest);
  wait_readable();
}

void Connection::wait_readable() {
  if (reading_ || doomed_) return;
  reading_ = true;
  socket_.async_wait(Socket::wait_read, [&host = context_.host,
                                         member = member_](const boost::system::error_code& error) {
    if (error) return;  // closed meanwhile
    if (Connection* connection = host.find(member)) connection->on_readable();
  });
}

void Connection::on_blocked() {
  if (doomed_) return;
  socket_.async_wait(Socket::wait_write, [&host = context_.host, member = member_](
                                             const boost::system::error_code& error) {
    if (error) return;
    if (Connection* connection = host.find(member)) connection->on_writable();
  });
}

void Connection::on_writable() { context_.fanout.resume(member_); }

void Connection::on_readable() {
  reading_ = false;
  if (doomed_) return;
  const auto buffer = context_.read_buffer;
  const ssize_t size = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      wait_readable();
    } else {
      on_broken();
    }
    return;
  }
  if (size == 0) {
    on_end_of_stream();
    return;
  }
  context_.metrics.bytes_received += static_cast<std::uint64_t>(size);
  const auto bytes = buffer.first(static_cast<std::size_t>(size));
  switch (phase_) {
    case Phase::kHttp:
      on_http_bytes({bytes.data(), bytes.size()});
      break;
    case Phase::kOpen:
    case Phase::kClosing:
      on_session_bytes(bytes);
      break;
    case Phase::kAnswering:
    case Phase::kJoining:
    case Phase::kLingering:
      break;
  }
  read_more_or_wait();
}

void Connection::read_more_or_wait() {
  if (phase_ == Phase::kAnswering || phase_ == Phase::kJoining) return;
  const rooms::ClientSession* client = client_session();
  if (client == nullptr || !client->busy() || phase_ != Phase::kOpen) wait_readable();
}

void Connection::on_end_of_stream() {
  if (phase_ == Phase::kOpen) context_.metrics.count(Disconnect::kByPeer);
  doom();
}

void Connection::on_broken() {
  if (phase_ == Phase::kOpen) context_.metrics.count(Disconnect::kByPeer);
  doom();
}

void Connection::doom() {
  if (std::exchange(doomed_, true)) return;
  context_.host.doom(member_);
}

void Connection::set_deadline(DeadlineKind kind) {
  ++deadline_serial_;
  context_.host.set_deadline({member_, deadline_serial_, kind});
}

void Connection::on_deadline(const Liveness::Deadline& deadline) {
  if (doomed_) return;
  if (deadline.kind == DeadlineKind::kIdle) {
    idle_deadline_ = false;
    if (!http_ || (phase_ != Phase::kHttp && phase_ != Phase::kAnswering)) return;
    if (context_.clock.now() - http_->idle_since < context_.config.limits.http_idle_timeout) {
      idle_deadline_ = true;  // it was busy meanwhile
      context_.host.set_deadline({member_, 0, DeadlineKind::kIdle});
      return;
    }
  } else if (deadline.serial != deadline_serial_) {
    return;
  } else if (phase_ == Phase::kOpen) {
    disconnect(codec::wire::kDisconnectStale);  // it never sent a connect command
    return;
  }
  net::reset_on_close(socket_.native_handle());
  doom();
}

// Everything is said: the peer sees the end of our stream, and what it still sends is read, since a
// socket that is closed with unread bytes resets the connection and may take our last words along.
void Connection::linger() {
  phase_ = Phase::kLingering;
  ::shutdown(socket_.native_handle(), SHUT_WR);
  set_deadline(DeadlineKind::kClose);
  wait_readable();
}

void Connection::on_flushed() {
  if (doomed_) return;
  switch (phase_) {
    case Phase::kAnswering:
      after_response();
      break;
    case Phase::kOpen:
      // The handshake is answered; what came before that is the session's first input.
      if (const auto early = std::move(session_->early)) on_session_bytes(*early);
      if (session_->client) session_->client->go_on();
      read_more_or_wait();
      break;
    case Phase::kClosing:
      if (session_->peer_closed) {
        doom();
      } else if (session_->parser_failed) {
        linger();
      }
      break;
    case Phase::kHttp:
    case Phase::kJoining:
    case Phase::kLingering:
      break;
  }
}

void Connection::drain() {
  if (phase_ == Phase::kOpen) {
    begin_close(Disconnect::kDrain);
  }
}

}  // namespace palaver::server
