// SPDX-License-Identifier: Apache-2.0
// The WebSocket half of Connection: frames in, the article session, the close handshake.
#include <optional>
#include <utility>

#include "codec/ws/frame.h"
#include "net/socket_options.h"
#include "server/connection.h"

namespace palaver::server {

using codec::ws::CloseCode;
using codec::ws::EventKind;

void Connection::on_session_bytes(std::span<char> input) {
  session_->ping_outstanding = false;  // whatever it is, the peer lives
  std::optional<base::Frame> pong;
  while (!doomed_ && phase_ != Phase::kLingering) {
    const auto event = session_->parser.next(input, context_.inflater);
    if (!event) break;
    // What comes too fast is read on, for the peer's Close, but has no effect any more.
    // A client session counts its publishes itself; its other commands wait for each other.
    const bool counted = !session_->client || event->kind != EventKind::kText;
    if (counted && !take_token()) {
      begin_close(Disconnect::kRate);
      session_->publishes_to_the_end = false;
    }
    // RFC 6455 section 5.5.3: of several pings the last one may be answered alone.
    if (event->kind == EventKind::kPing) {
      pong = codec::ws::encode_pong(event->payload);
    } else {
      on_event(*event);
    }
  }
  if (pong && phase_ == Phase::kOpen) {
    context_.fanout.send(member_, std::move(*pong), rooms::Fanout::Bound::kOutbox);
  }
}

void Connection::on_event(const codec::ws::Event& event) {
  switch (event.kind) {
    case EventKind::kText:
      on_text(event.payload);
      break;
    case EventKind::kBinary:
      begin_close(CloseCode::kUnsupportedData, "messages are text", Disconnect::kProtocol);
      break;
    case EventKind::kClose:
      on_peer_close(event.code);
      break;
    case EventKind::kError:
      session_->parser_failed = true;
      begin_close(event.code, event.payload, Disconnect::kProtocol);
      break;
    case EventKind::kPing:
    case EventKind::kPong:
      break;
  }
}

void Connection::on_text(std::string_view text) {
  if (phase_ != Phase::kOpen && !session_->publishes_to_the_end) return;
  ++context_.metrics.messages_received;
  if (session_->client) {
    session_->client->on_message(text);
  } else if (auto& article = session_->article) {
    if (!article->may_publish()) {
      begin_close(CloseCode::kPolicyViolation, "publishing is not allowed in this room",
                  Disconnect::kRights);
      return;
    }
    article->on_text(text, [&host = context_.host,
                            member = member_](base::Result<broker::PublishResult> result) {
      if (result) return;
      if (Connection* connection = host.find(member)) {
        connection->on_publish_failed(result.error());
      }
    });
  }
}

// The article's protocol has no word for "this message failed": the client is told to come again.
void Connection::on_publish_failed(const base::Error& error) {
  begin_close(CloseCode::kTryAgainLater, error.message, Disconnect::kUnavailable);
}

// Messages and control frames alike.
bool Connection::take_token() {
  const base::Limits& limits = context_.config.limits;
  return session_->messages.take(
      {.per_second = limits.messages_per_second, .burst = limits.messages_burst},
      context_.clock.now());
}

void Connection::on_peer_close(CloseCode code) {
  session_->peer_closed = true;
  if (phase_ == Phase::kOpen) {
    begin_close(code, {}, Disconnect::kByPeer);
  } else {
    context_.host.notify_flushed(member_);  // it answers ours: nothing else is awaited
  }
}

Connection::Close Connection::close_of(Disconnect why) const {
  const auto client = [](const codec::wire::DisconnectCode& row) {
    return Close{static_cast<CloseCode>(row.code), row.reason};
  };
  const bool article = !session_->client;
  switch (why) {
    case Disconnect::kSlow:
      if (!article) return client(codec::wire::kDisconnectSlow);
      return {CloseCode::kPolicyViolation, "too slow: messages wait unread"};
    case Disconnect::kRate:
      if (!article) return client(codec::wire::kDisconnectTooManyRequests);
      return {CloseCode::kPolicyViolation, "too many messages a second"};
    case Disconnect::kLost:  // a client session is unsubscribed instead
      return {CloseCode::kServiceRestart, "the room's continuity was lost"};
    case Disconnect::kDrain:
      if (!article) return client(codec::wire::kDisconnectShutdown);
      return {CloseCode::kServiceRestart, "the server is restarting"};
    default:
      return {CloseCode::kNormal, {}};
  }
}

void Connection::begin_close(Disconnect why) {
  const Close close = close_of(why);
  begin_close(close.code, close.reason, why);
}

void Connection::begin_close(CloseCode code, std::string_view reason, Disconnect disconnect) {
  if (phase_ != Phase::kOpen || doomed_) return;
  context_.metrics.count(disconnect);
  --context_.metrics.members;
  context_.host.stop_pings(session_->ping_place);
  session_->publishes_to_the_end =
      disconnect == Disconnect::kDrain || disconnect == Disconnect::kLost;
  // Members of a node that restarts come back at once: nobody is told that they left.
  using rooms::Announcement;
  const auto leave = disconnect == Disconnect::kDrain ? Announcement::kSilent : Announcement::kTold;
  if (session_->client) session_->client->stop(leave);
  if (session_->article) session_->article->stop(leave);
  phase_ = Phase::kClosing;
  // Own bound: it is the last frame of this connection.
  context_.fanout.send(member_, codec::ws::encode_close(code, reason), rooms::Fanout::Bound::kOwn);
  context_.hub.leave_all(member_);
  context_.host.notify_flushed(member_);
  set_deadline(DeadlineKind::kClose);
}

void Connection::on_overflowed() {
  if (phase_ == Phase::kOpen) begin_close(Disconnect::kSlow);
}

void Connection::on_lost(const model::RoomName& room) {
  if (phase_ != Phase::kOpen) return;
  if (session_->client) {
    session_->client->on_lost(room);
  } else {
    begin_close(Disconnect::kLost);
  }
}

void Connection::on_ping_due() {
  if (phase_ != Phase::kOpen || doomed_) return;
  if (session_->ping_outstanding) {
    context_.metrics.count(Disconnect::kDead);
    net::reset_on_close(socket_.native_handle());
    doom();
    return;
  }
  if (!check_expiry()) return;
  session_->ping_outstanding = true;
  ++context_.metrics.pings_sent;
  context_.fanout.send(member_, session_->client ? context_.json_ping : context_.ping,
                       rooms::Fanout::Bound::kOutbox);
}

bool Connection::check_expiry() {
  if (session_->client) {
    session_->client->check_expiry();
  } else {
    session_->article->check_expiry();
  }
  return phase_ == Phase::kOpen;
}

void Connection::on_moved(Liveness::PingPlace place) { session_->ping_place = place; }

rooms::ClientSession* Connection::client_session() {
  return session_ ? session_->client.get() : nullptr;
}

void Connection::say(std::string_view lines) {
  context_.fanout.send(member_, context_.framer.encode_text(lines, session_->compression),
                       rooms::Fanout::Bound::kOutbox);
}

void Connection::reserve() { context_.fanout.reserve(member_); }

void Connection::fill(std::string_view lines) {
  context_.fanout.fill(member_, context_.framer.encode_text(lines, session_->compression));
}

void Connection::on_connected() { ++deadline_serial_; }

void Connection::replay(const model::RoomName& room, const model::Publication& publication) {
  ++context_.metrics.replayed;
  context_.fanout.send(
      member_, context_.framer.encode_one(room, publication, json_encoding(session_->compression)),
      rooms::Fanout::Bound::kOwn);
}

void Connection::disconnect(const codec::wire::DisconnectCode& code) {
  begin_close(static_cast<CloseCode>(code.code), code.reason, Disconnect::kProtocol);
}

void Connection::on_idle() {
  if (phase_ == Phase::kOpen) wait_readable();
}

bool Connection::is_behind() {
  // A quarter, so that a recovery of the half that is allowed still fits, and live ones beside it.
  if (context_.fanout.owed_bytes(member_) <= context_.config.limits.outbox_bytes_max / 4) {
    return false;
  }
  context_.host.notify_flushed(member_);
  return true;
}

void Connection::finish_later() {
  context_.executor.post([find = finder()] {
    if (rooms::ClientSession* session = find()) session->finish();
  });
}

std::function<rooms::ClientSession*()> Connection::finder() {
  return [&host = context_.host, member = member_]() -> rooms::ClientSession* {
    Connection* connection = host.find(member);
    return connection == nullptr ? nullptr : connection->client_session();
  };
}

}  // namespace palaver::server
