// SPDX-License-Identifier: Apache-2.0
// ClientSession: a client of the Centrifuge protocol, from its connect command on: commands in,
// replies out. It decides what a client may have and asks the hub and the broker for it; it knows
// no socket, no frame and no clock. Owned by its connection, used on its shard.
//
// Commands run strictly one after the other: while one waits for the broker, the next ones wait
// too, and the connection reads no further.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "broker/broker.h"
#include "codec/wire/codes.h"
#include "codec/wire/command.h"
#include "codec/wire/reply.h"
#include "rooms/hub.h"
#include "rooms/outbox.h"

namespace palaver::rooms {

class ClientSession;

// What a session needs of its connection.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  // Lines (joined by LF) for the client, behind everything that it is owed by now.
  virtual void say(std::string_view lines) = 0;
  // A publication of the past, behind everything that the client is owed by now.
  virtual void replay(const model::RoomName& room, const model::Publication& publication) = 0;
  // The connection ends; the session is used no more.
  virtual void disconnect(const codec::wire::DisconnectCode& code) = 0;
  // Whether the client may publish once more now.
  [[nodiscard]] virtual bool take_token() = 0;
  // The session is not busy() any more.
  virtual void on_idle() = 0;
  // Calls the session's finish() in a task of its own, if it is still there.
  virtual void finish_later() = 0;
  // For completions that come later: the session if it is still there.
  [[nodiscard]] virtual std::function<ClientSession*()> finder() = 0;
};

class ClientSession {
 public:
  struct Options {
    MemberId member;
    Encoding encoding{};
    std::string client;          // the connection's public id
    std::uint32_t ping_seconds;  // what the client is told
  };

  // Everything outlives the session.
  ClientSession(Options options, SessionHost& host, Hub& hub, broker::Broker& broker);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // One message of the client: lines of commands, valid UTF-8.
  void on_message(std::string_view frame);
  // The room's continuity was lost: the client is unsubscribed and told to come again.
  void on_lost(const model::RoomName& room);
  // A command waits; nothing should be read.
  [[nodiscard]] bool busy() const { return busy_; }
  // The command that had to wait is done.
  void finish();
  // The connection is closing: nothing is said any more, no command runs.
  void stop();

 private:
  void run();
  void execute(codec::wire::Command command);
  void flush();
  void end(const codec::wire::DisconnectCode& code);
  template <typename Result>
  void reply(std::uint32_t id, const Result& result);
  void refuse(std::uint32_t id, const codec::wire::CommandError& error);
  void say_line(std::string_view line);
  // False: refused.
  [[nodiscard]] bool check_channel(std::uint32_t id, const std::string& channel);

  void on(std::uint32_t id, const codec::wire::Pong& pong);
  void on(std::uint32_t id, const codec::wire::ConnectRequest& request);
  void on(std::uint32_t id, const codec::wire::SubscribeRequest& request);
  void on(std::uint32_t id, const codec::wire::UnsubscribeRequest& request);
  void on(std::uint32_t id, const codec::wire::PublishRequest& request);
  void on(std::uint32_t id, const codec::wire::PresenceRequest& request);
  void on(std::uint32_t id, const codec::wire::PresenceStatsRequest& request);
  void on(std::uint32_t id, const codec::wire::HistoryRequest& request);
  void on(std::uint32_t id, const codec::wire::PingRequest& request);
  void on(std::uint32_t id, const codec::wire::SendRequest& request);
  void on(std::uint32_t id, const codec::wire::RpcRequest& request);
  void on(std::uint32_t id, const codec::wire::RefreshRequest& request);
  void on(std::uint32_t id, const codec::wire::SubRefreshRequest& request);

  Hub::Answer on_joined(std::uint32_t id, const codec::wire::SubscribeRequest& request,
                        base::Result<Joined> joined);
  void on_history(std::uint32_t id, const codec::wire::HistoryRequest& request,
                  base::Result<broker::History> history);

  const Options options_;
  SessionHost& host_;
  Hub& hub_;
  broker::Broker& broker_;
  bool connected_ = false;
  bool busy_ = false;
  bool ended_ = false;
  std::deque<codec::wire::Command> waiting_;
  std::string lines_;  // said and not yet given to the host
  std::unordered_set<std::string> subscriptions_;
};

}  // namespace palaver::rooms
