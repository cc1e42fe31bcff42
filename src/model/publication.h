// SPDX-License-Identifier: Apache-2.0
// What a room holds: plain values without behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/frame.h"
#include "base/strong.h"
#include "model/position.h"

namespace palaver::model {

// Valid UTF-8, 1 to 255 bytes. The wire says "channel".
using RoomName = base::Strong<struct RoomNameTag, std::string>;
// Whom the server takes the sender for: "article:17", "guest:…", a token's `sub`. "" is anonymous.
using UserId = base::Strong<struct UserIdTag, std::string>;

// Who published: stamped by the server, never taken from a message.
struct Sender {
  UserId user;
  std::string client;  // the connection's public id; empty for the API
  std::string info;    // JSON, or empty
  // JSON, or empty: what is known of it in this room alone (from its subscription's token).
  std::string room_info = {};
  friend bool operator==(const Sender&, const Sender&) = default;
};

enum class Retention : std::uint8_t {
  kHistory,    // ordered, stored, recoverable
  kEphemeral,  // live only: offset 0, outside the chain of `prev`, no dedupe (typing)
};

// What a publication is. Joins and leaves are ephemeral: presence keeps who is there, history does
// not. Their `sender` is the member, and they have no data.
enum class PublicationKind : std::uint8_t { kData, kJoin, kLeave };

// One entry of a room, or what passes through it. `data` is a JSON text (a chat message is
// {"text": …}); it is shared, never copied. `prev` is the offset of the entry before this one, 0
// for the first.
struct Publication {
  Offset offset;
  Offset prev;
  Sender sender;
  base::Frame data;
  PublicationKind kind = PublicationKind::kData;
  std::string tags = {};  // a JSON object of texts, or empty: a backend's notes beside the data
  // When it was said, where no offset tells: of what counts like an entry in a room whose broker
  // keeps nothing. Unset with offset 0: it passes by (typing, joins).
  std::optional<base::WallTime> said_at = {};
};

// Whether it is only for those who are there and keep up: typing, joins.
[[nodiscard]] inline bool is_passing(const Publication& publication) {
  return publication.offset == Offset{0} && !publication.said_at;
}

}  // namespace palaver::model
