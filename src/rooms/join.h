// SPDX-License-Identifier: Apache-2.0
// What a member asks for when it joins a room, and what it is told. Plain values that travel
// between the member's shard (Hub) and the room's home shard (Home).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/strong.h"
#include "model/position.h"
#include "model/publication.h"
#include "rooms/encoding.h"

namespace palaver::rooms {

struct JoinOptions {
  enum class Replay {
    kNone,
    kLast,   // the newest `last` entries, at most kReplayEntriesMax and kReplayBytesMax
    kSince,  // everything after `since`, or "not recovered"
  };
  Replay replay = Replay::kNone;
  std::size_t last = 0;
  model::Position since;
};

struct Joined {
  // Live publications continue here: the next one's `prev` is this offset.
  model::Position position;
  // Only for Replay::kSince: nothing is missing between `since` and the position. If false, there
  // are no publications.
  bool recovered = false;
  std::vector<model::Publication> replay;  // oldest first
};

struct JoinRequest {
  model::RoomName room;
  base::ShardId shard;       // where the member lives
  std::uint64_t ticket = 0;  // the hub's name for this request
  Encoding encoding{};
  JoinOptions options;
};

}  // namespace palaver::rooms
