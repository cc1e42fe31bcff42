// SPDX-License-Identifier: Apache-2.0
// ArticleSession: a member by the article's protocol, after its handshake: one room, one client id;
// what it writes is published, what is published it gets. Owned by its connection, used on its
// shard. It knows no socket and keeps no message.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/broker.h"
#include "model/publication.h"

namespace palaver::rooms {

class ArticleSession {
 public:
  ArticleSession(model::RoomName room, std::int64_t client_id, broker::Broker& broker)
      : room_(std::move(room)), client_id_(client_id), broker_(&broker) {}

  [[nodiscard]] const model::RoomName& room() const { return room_; }

  // `text`: a message's valid UTF-8; an empty one is ignored, as the article's server does. `done`
  // follows unless it was ignored; the message itself comes back through the room.
  void on_text(std::string_view text, broker::Completion<broker::PublishResult> done);

 private:
  model::RoomName room_;
  std::int64_t client_id_;
  broker::Broker* broker_;
};

}  // namespace palaver::rooms
