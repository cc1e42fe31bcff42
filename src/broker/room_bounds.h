// SPDX-License-Identifier: Apache-2.0
// RoomBounds: how much of a room a broker keeps. Plain values, asked for by the room's name.
#pragma once

#include <cstddef>
#include <functional>

#include "base/clock.h"
#include "base/limits.h"
#include "model/publication.h"

namespace palaver::broker {

// What is kept of one room.
struct RoomBounds {
  // Entries and their age. Beyond: the room's oldest are forgotten. Entries are visible for exactly
  // age_max; their memory comes back within kSweepInterval.
  std::size_t entries_max = base::Limits{}.history_entries_max;
  base::Duration age_max = base::Limits{}.history_age_max;
  // Without subscribers, entries and ids it keeps its epoch and last offset for so long.
  base::Duration meta_ttl = base::Limits{}.history_meta_ttl;
  friend bool operator==(const RoomBounds&, const RoomBounds&) = default;
};

// The bounds of a room by its name, the same for as long as the process lives; called on any
// shard's thread, at several at once. It may answer a few different ones (a namespace each), not
// one for every room: a partition keeps queues for each, and looks at all of them to find its
// oldest.
using BoundsOf = std::function<RoomBounds(const model::RoomName& room)>;

}  // namespace palaver::broker
