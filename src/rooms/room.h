// SPDX-License-Identifier: Apache-2.0
// Room: the members that a shard has in a room, and the frames of this turn that they are owed. One
// audience for each encoding; the frames of an audience are its *run*. Plain data: owned by the
// shard's Hub, worked on by its Fanout.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/frame.h"
#include "model/publication.h"
#include "rooms/encoding.h"

namespace palaver::rooms {

struct Member {
  std::uint32_t slot = 0;
  std::uint32_t membership = 0;  // this room's index in the member's own list
  // Frames of the run that the member is not owed: it joined in mid-turn, or has them already.
  // Zero outside a turn.
  std::uint32_t from = 0;
};

struct Audience {
  std::vector<Member> members;
  std::vector<base::Frame> run;  // empty outside a turn
};

struct Room {
  explicit Room(model::RoomName room_name) : name(std::move(room_name)) {}

  [[nodiscard]] std::size_t member_count() const {
    std::size_t count = 0;
    for (const Audience& audience : audiences) count += audience.members.size();
    return count;
  }

  model::RoomName name;
  std::array<Audience, kEncodingCount> audiences;
  bool dirty = false;  // a run is not empty
};

}  // namespace palaver::rooms
