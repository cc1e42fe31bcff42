// SPDX-License-Identifier: Apache-2.0
// Publisher: the chat's policy between a session and Broker::publish. It knows who may edit, delete
// and react, and publishes in the way that the kind asks for. One a shard, used on its thread; it
// keeps nothing between two calls.
//
// The author of an entry never changes, so that looking first and publishing then is safe; that the
// entry is still there is the broker's to check, in the step that publishes.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "auth/authenticator.h"
#include "base/frame.h"
#include "broker/broker.h"
#include "chat/act.h"
#include "codec/wire/codes.h"
#include "model/publication.h"

namespace palaver::chat {

struct Author {
  model::Sender sender;
  auth::Role role{};
};

struct Post {
  Act act;
  base::Frame data;
  // Instead of the act's: what a retry of the same publish is known by.
  std::string id = {};
  std::string tags = {};  // see model::Publication
  // kEphemeral: nobody who comes later sees it. Typing always is.
  model::Retention retention = model::Retention::kHistory;
};

class Publisher {
 public:
  using Outcome = std::expected<broker::PublishResult, codec::wire::CommandError>;
  using Done = std::move_only_function<void(Outcome)>;

  explicit Publisher(broker::Broker& broker) : broker_(broker) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // `done` comes later, on this shard, unless the broker is stopped before. Not for kGone.
  void publish(const model::RoomName& room, Author author, Post post, Done done);

 private:
  void publish_about(const model::RoomName& room, model::Offset target, Author author, Post post,
                     Done done);

  broker::Broker& broker_;
};

}  // namespace palaver::chat
