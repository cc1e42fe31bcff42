// SPDX-License-Identifier: Apache-2.0
// What nodes in the mode `pubsub` tell each other on a room's own channel, beside the article's
// payload on the channel that is named like the room: what the payload has no word for, and, before
// a payload that says less than the publication, all of the publication. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/publication.h"

namespace palaver::broker::redis {

struct PubsubMessage {
  enum class Kind {
    kPassing,  // typing, joins: ephemeral
    kAlone,    // data that is no message; it counts like one among the nodes
    kNote,     // the publication that `payload` stands for, which follows
  };
  Kind kind{};
  std::string payload;
  model::Publication publication;
};

// `publication` has no offset. `payload` is for notes alone, which have one.
[[nodiscard]] std::string pack_pubsub(PubsubMessage::Kind kind, std::string_view payload,
                                      const model::Publication& publication);
[[nodiscard]] std::optional<PubsubMessage> parse_pubsub(std::string_view message);

}  // namespace palaver::broker::redis
