// SPDX-License-Identifier: Apache-2.0
// The bounds of the memory broker: what base/limits.h says about history and retries, gathered for
// this implementation, with those that only its engine has. Plain values; the node copies them.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/clock.h"
#include "base/limits.h"
#include "broker/room_bounds.h"

namespace palaver::broker::memory {

struct MemoryBrokerLimits {
  // Of a room, where no BoundsOf says otherwise: see RoomBounds.
  std::size_t entries_max = base::Limits{}.history_entries_max;
  base::Duration age_max = base::Limits{}.history_age_max;
  base::Duration meta_ttl = base::Limits{}.history_meta_ttl;
  // Memory of all rooms, entries and ids of the node. Each shard's partition has an equal share and
  // keeps it alone, since a common counter would be shared by threads. Beyond the share: whatever
  // is oldest in the partition is forgotten, an entry, an id, or a room that is at rest. Rooms with
  // subscribers count but stay: the hub bounds them.
  std::size_t bytes_max = base::Limits{}.history_bytes_max;

  base::Duration dedupe_window = base::kDedupeWindow;
  std::size_t dedupe_ids_max = base::kDedupeIdsMax;  // of a room; beyond: the oldest are forgotten
  std::size_t dedupe_id_bytes_max = base::kDedupeIdBytesMax;  // beyond: kInvalidArgument

  [[nodiscard]] RoomBounds room_bounds() const {
    return {.entries_max = entries_max, .age_max = age_max, .meta_ttl = meta_ttl};
  }
  [[nodiscard]] static MemoryBrokerLimits of(const base::Limits& limits) {
    MemoryBrokerLimits result;
    result.entries_max = limits.history_entries_max;
    result.age_max = limits.history_age_max;
    result.bytes_max = limits.history_bytes_max;
    result.meta_ttl = limits.history_meta_ttl;
    return result;
  }
};

// How late the memory of what is too old may come back: idle rooms are looked at so often, and not
// at all when nothing is kept.
inline constexpr std::chrono::seconds kSweepInterval{30};
// What one step of the sweep forgets at most; the next step is a task of its own, so that a burst
// of a week ago delays nobody.
inline constexpr std::size_t kSweepDropsMax = 1'024;

}  // namespace palaver::broker::memory
