// SPDX-License-Identifier: Apache-2.0
// ClientSession: a client of the Centrifuge protocol, from its connect command on: commands in,
// replies out. It decides what a client may have and asks the hub and the broker for it; it knows
// no socket and no frame. Owned by its connection, used on its shard.
//
// Commands run strictly one after the other: while one waits for the broker, the next ones wait
// too, and the connection reads no further.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/token_bucket.h"
#include "broker/broker.h"
#include "broker/node_bus.h"
#include "chat/act.h"
#include "codec/wire/codes.h"
#include "codec/wire/command.h"
#include "codec/wire/json_reply.h"
#include "codec/wire/reply.h"
#include "rooms/client_id.h"
#include "rooms/hub.h"
#include "rooms/namespaces.h"
#include "rooms/outbox.h"
#include "rooms/session_services.h"
#include "rooms/users.h"

namespace palaver::rooms {

class ClientSession;

// What a session needs of its connection.
class ClientHost : public SessionHost {
 public:
  // Lines (joined by LF) for the client, behind everything that it is owed by now.
  virtual void say(std::string_view lines) = 0;
  // Keeps the place of lines that come later: what is said or comes live meanwhile waits for them.
  virtual void reserve() = 0;
  virtual void fill(std::string_view lines) = 0;
  // A publication of the past, behind everything that the client is owed by now.
  virtual void replay(const model::RoomName& room, const model::Publication& publication) = 0;
  // The connect command was taken.
  virtual void on_connected() = 0;
  // Whether the client may publish once more now.
  [[nodiscard]] virtual bool take_token() = 0;
  // The session is not busy() any more.
  virtual void on_idle() = 0;
  // The client has so much unread that nothing more should be said now; when all of it has gone,
  // the session's go_on() follows.
  [[nodiscard]] virtual bool is_behind() = 0;
  // Calls the session's finish() in a task of its own, if it is still there.
  virtual void finish_later() = 0;
  // For completions that come later: the session if it is still there.
  [[nodiscard]] virtual std::function<ClientSession*()> finder() = 0;
};

class ClientSession final : public UserSession {
 public:
  struct Options {
    MemberId member;
    Encoding encoding{};
    Encoding joins_encoding{};   // the same with joins and leaves
    ClientId client;             // the connection's public id
    std::uint32_t ping_seconds;  // what the client is told
  };

  ClientSession(Options options, ClientHost& host, const SessionServices& services);
  ~ClientSession() override { stop(Announcement::kTold); }
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // One message of the client: lines of commands, valid UTF-8.
  void on_message(std::string_view frame);
  // The room's continuity was lost: the client is unsubscribed and told to come again.
  void on_lost(const model::RoomName& room);
  // The same where nothing is kept, for a client that asked for positions or recovery; others stay
  // as they are.
  void on_interrupted(const model::RoomName& room);
  // Ends what is past its time, kExpiryGrace after it; called now and then.
  void check_expiry();
  [[nodiscard]] bool connected() const { return connected_; }
  // A command waits; nothing should be read.
  [[nodiscard]] bool busy() const { return busy_ || (work_ && !work_->waiting.empty()); }
  // The client has read what it was behind with.
  void go_on();
  // The command that had to wait is done.
  void finish();
  // The connection is closing: nothing is said any more, no command runs, the rooms are left.
  void stop(Announcement leave);

  // UserSession.
  [[nodiscard]] const model::UserId& user() const override { return who_.user; }
  [[nodiscard]] std::string_view client() const override { return options_.client.view(); }
  void obey(const broker::NodeCommand& command) override;

 private:
  enum class Side : std::uint8_t { kClient, kServer };  // who asked for it
  struct Subscription {
    std::string room;
    std::unique_ptr<auth::Grant> grant = {};  // null: none was needed
    base::Instant typing_next = {};           // when the client may say again that it types
    Side side{};
    Announcement announced = {};  // of its join; its leave goes the same way
    bool minds_gaps = false;      // it asked for what tells of them

    [[nodiscard]] auth::Expiry expires_at() const {
      return grant ? grant->expires_at : std::nullopt;
    }
    // JSON, or empty: beside the member's own in this room.
    [[nodiscard]] std::string info() const { return grant ? grant->info : std::string(); }
  };
  static constexpr base::TokenBucket::Rate kAnnouncements{
      .per_second = base::kAnnouncementsPerSecond, .burst = base::kAnnouncementsBurst};
  // What stays of the identity that its token gave it.
  struct Who {
    model::UserId user;
    std::string info;
    auth::Expiry expires_at;
    auth::Standing standing{};
    auth::Role role{};
  };
  // What there is only while something happens.
  struct Work {
    std::vector<codec::wire::Command> waiting;
    std::string lines;                 // said and not yet given to the host
    std::vector<std::string> joining;  // rooms whose join is under way
  };
  // A connect command whose server-side subscriptions are being made.
  struct Connecting;

  [[nodiscard]] Work& work();
  void rest();
  void run();
  void execute(const codec::wire::Command& command);
  void flush();
  void end(const codec::wire::DisconnectCode& code);
  template <typename Result>
  void reply(std::uint32_t id, const Result& result) {
    say_line(codec::wire::json_reply(id, result));
  }
  // Makes the session busy: a completion that finds the session again, has `act(session, result)`
  // say what came of it, and lets the next command run.
  template <typename Act>
  auto when_done(Act act) {
    busy_ = true;
    return [find = host_.finder(), act = std::move(act)](auto result) {
      ClientSession* const session = find();
      if (session == nullptr) return;
      act(*session, std::move(result));
      session->finish();
    };
  }
  void refuse(std::uint32_t id, const codec::wire::CommandError& error);
  void refuse(std::uint32_t id, auth::Refusal refusal);        // of a connection's token
  void refuse_grant(std::uint32_t id, auth::Refusal refusal);  // of a subscription's token
  void say_line(std::string_view line);

  [[nodiscard]] Subscription* find(std::string_view room);
  // It is in the room, or will be.
  [[nodiscard]] bool has(const std::string& room);
  [[nodiscard]] bool is_full() const;
  [[nodiscard]] std::int64_t seconds_now() const;
  [[nodiscard]] codec::wire::Expiry expiry_of(const auth::Expiry& expires_at) const;
  // Why a room of this name cannot be.
  [[nodiscard]] std::optional<codec::wire::CommandError> room_error(
      const std::string& channel) const;
  // The options of the room, or null: refused.
  [[nodiscard]] const RoomOptions* check_channel(std::uint32_t id, const std::string& channel);
  // Whether the client may ask for one more thing that costs. False: refused.
  [[nodiscard]] bool check_rate(std::uint32_t id);
  // False: refused.
  [[nodiscard]] bool check_right(std::uint32_t id, const Right& right, const std::string& channel);
  // What lets the client into the room. Nothing: refused, or ended.
  [[nodiscard]] std::optional<auth::Grant> check_subscribe(
      std::uint32_t id, const codec::wire::SubscribeRequest& request, const RoomOptions& options);

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

  void begin_connect(std::uint32_t id, const codec::wire::ConnectRequest& request,
                     const auth::Identity& identity);
  void join_next(const std::shared_ptr<Connecting>& connecting);
  void join(const codec::wire::SubscribeRequest& request, Hub::JoinDone done);
  // The client is in the room. Of the replay the result gets at most `bytes`, which become fewer,
  // and `rest` what did not fit.
  [[nodiscard]] codec::wire::SubscribeResult enter(const codec::wire::SubscribeRequest& request,
                                                   Subscription subscription, Joined joined,
                                                   std::size_t& bytes,
                                                   std::vector<model::Publication>& rest);
  Hub::Answer on_joined(std::uint32_t id, const codec::wire::SubscribeRequest& request,
                        const auth::Grant& grant, base::Result<Joined> joined);
  // Others see it from now on, presence too.
  void set_info(std::string info);
  // As others in the room see the client.
  // Null: of a room that it is not in.
  [[nodiscard]] model::Sender member_of(const Subscription* subscription) const;
  // The client is told.
  void leave(const std::string& room, const codec::wire::UnsubscribeCode& code);
  void forget(const std::string& room);
  // Why this cannot be published here and now.
  [[nodiscard]] std::optional<codec::wire::CommandError> check_act(const std::string& channel,
                                                                   const RoomOptions& options,
                                                                   const chat::Act& act);
  // False: refused.
  [[nodiscard]] bool check_presence(std::uint32_t id, const std::string& channel);
  void on_presence(std::uint32_t id, base::Result<std::vector<model::Sender>> members);
  void on_history(std::uint32_t id, const codec::wire::HistoryRequest& request,
                  base::Result<broker::History> history);

  // client_session_users.cc
  void carry_out(const broker::DisconnectCommand& command);
  void carry_out(const broker::SubscribeCommand& command);
  void carry_out(const broker::UnsubscribeCommand& command);
  void carry_out(const broker::RefreshCommand& command);
  void carry_out(const broker::SendCommand& command);
  void carry_out(const broker::BlockCommand& command);
  void carry_out(const broker::UnblockCommand& command);
  Hub::Answer on_server_joined(const broker::SubscribeCommand& command,
                               base::Result<Joined> joined);
  // Sends the command to all nodes, and answers when it is done.
  void command_nodes(std::uint32_t id, broker::NodeCommand command);

  const Options options_;
  ClientHost& host_;
  const SessionServices& services_;
  Who who_;
  base::TokenBucket announcements_;  // a client that comes and goes must not fill its rooms with it
  bool connected_ = false;
  bool busy_ = false;
  bool ended_ = false;
  std::vector<Subscription> subscriptions_;
  std::unique_ptr<Work> work_;  // null at rest
};

}  // namespace palaver::rooms
