// SPDX-License-Identifier: Apache-2.0
// ArticleSession: a member by the article's protocol, after its handshake: one room, one sender;
// what it writes is published, what is published it gets. Owned by its connection, used on its
// shard. It knows no socket and keeps no message.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "auth/authenticator.h"
#include "broker/broker.h"
#include "model/publication.h"

namespace palaver::rooms {

class ArticleSession {
 public:
  enum class Publishing : std::uint8_t { kAllowed, kForbidden };
  struct Options {
    model::RoomName room;
    model::Sender sender;
    auth::Expiry expires_at;
    Publishing publishing{};
  };

  ArticleSession(Options options, broker::Broker& broker)
      : options_(std::move(options)), broker_(&broker) {}

  [[nodiscard]] const model::RoomName& room() const { return options_.room; }
  [[nodiscard]] bool may_publish() const { return options_.publishing == Publishing::kAllowed; }
  // Its token has run out at this time, seconds since 1970.
  [[nodiscard]] bool expired(std::int64_t now) const {
    return options_.expires_at && now >= *options_.expires_at;
  }

  // `text`: a message's valid UTF-8; an empty one is ignored, as the article's server does. `done`
  // follows unless it was ignored; the message itself comes back through the room. Only where
  // may_publish().
  void on_text(std::string_view text, broker::Completion<broker::PublishResult> done);

 private:
  Options options_;
  broker::Broker* broker_;
};

}  // namespace palaver::rooms
