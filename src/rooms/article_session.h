// SPDX-License-Identifier: Apache-2.0
// ArticleSession: a member by the article's protocol, after its handshake: one room, one sender;
// what it writes is published, what is published it gets. Owned by its connection, used on its
// shard. It knows no socket and keeps no message.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "auth/authenticator.h"
#include "broker/broker.h"
#include "broker/node_bus.h"
#include "model/publication.h"
#include "rooms/client_id.h"
#include "rooms/session_services.h"
#include "rooms/users.h"

namespace palaver::rooms {

class ArticleSession final : public UserSession {
 public:
  enum class Publishing : std::uint8_t { kAllowed, kForbidden };
  struct Options {
    model::RoomName room;
    model::Sender sender;
    auth::Expiry expires_at;
    Publishing publishing{};
  };

  // The member is in its room: others learn of it. Host and services outlive the session.
  ArticleSession(Options options, SessionHost& host, const SessionServices& services);
  ~ArticleSession() override { stop(Announcement::kTold); }
  ArticleSession(const ArticleSession&) = delete;
  ArticleSession& operator=(const ArticleSession&) = delete;

  [[nodiscard]] const model::RoomName& room() const { return room_; }
  [[nodiscard]] bool may_publish() const { return publishing_ == Publishing::kAllowed; }

  // `text`: a message's valid UTF-8; an empty one is ignored, as the article's server does. `done`
  // follows unless it was ignored; the message itself comes back through the room. Only where
  // may_publish().
  void on_text(std::string_view text, broker::Completion<broker::PublishResult> done);
  // Ends the connection when its token has run out; called now and then.
  void check_expiry();
  // The connection is closing: the room is left.
  void stop(Announcement leave);

  // UserSession.
  [[nodiscard]] const model::UserId& user() const override { return user_; }
  [[nodiscard]] std::string_view client() const override { return client_.view(); }
  void obey(const broker::NodeCommand& command) override;

 private:
  // What only a token brings: most of these clients have none.
  struct FromToken {
    std::string info;
    auth::Expiry expires_at;
  };

  [[nodiscard]] model::Sender sender() const;
  void set_expiry(auth::Expiry expires_at);

  const model::RoomName room_;
  const model::UserId user_;
  std::unique_ptr<FromToken> from_token_;
  SessionHost& host_;
  const SessionServices& services_;
  const ClientId client_;
  const Publishing publishing_;
  bool stopped_ = false;
};

}  // namespace palaver::rooms
