// SPDX-License-Identifier: Apache-2.0
// NodeLinks: how the shards of a node reach each other: by posting to an executor, with the hub and
// the home that live there. Filled once before the shards run; everything it names outlives them.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/executor.h"
#include "base/strong.h"
#include "model/home_shard.h"

namespace palaver::rooms {

class Home;
class Hub;

struct ShardLink {
  base::Executor* executor = nullptr;
  Hub* hub = nullptr;    // used inside tasks of `executor` only
  Home* home = nullptr;  // likewise
};

struct NodeLinks {
  std::vector<ShardLink> shards;
  // Rooms with members, of all home shards: the only number that they share.
  std::atomic<std::uint32_t> rooms = 0;

  [[nodiscard]] const ShardLink& home_of(const model::RoomName& room) const {
    return at(model::home_shard(room, static_cast<unsigned>(shards.size())));
  }
  [[nodiscard]] const ShardLink& at(base::ShardId shard) const { return shards[shard.value]; }
};

}  // namespace palaver::rooms
