// SPDX-License-Identifier: Apache-2.0
// The names of what lies in Redis. All of a room begins with its partition's hash tag, so that a
// script finds everything of a room in one slot of a cluster; the number of partitions is fixed,
// since it is part of the names.
#pragma once

#include <array>
#include <bitset>
#include <string>

#include "model/publication.h"

namespace palaver::broker::redis {

// Of rooms.
inline constexpr unsigned kPartitions = 128;
// Of what belongs to all nodes: see node_key().
inline constexpr unsigned kNodesPartition = kPartitions;
inline constexpr unsigned kAllPartitions = kPartitions + 1;

using PartitionSet = std::bitset<kAllPartitions>;

// 0 to kPartitions - 1.
[[nodiscard]] unsigned partition_of(const model::RoomName& room);

// "palaver:{17}": before everything of a partition, and the slot's tag.
[[nodiscard]] std::string prefix_of(unsigned partition);

struct RoomKeys {
  explicit RoomKeys(const model::RoomName& room);

  std::string channel;  // where it is published
  std::string meta;     // epoch and last offset
  // meta, stream, ids of two generations, redacted entries, and who is about whom: in the order in
  // which the scripts take them.
  [[nodiscard]] std::array<std::string, 6> all() const;

 private:
  std::string prefix_;
  std::string room_;
};

[[nodiscard]] std::string channel_of(const model::RoomName& room);
// The members of a room by client.
[[nodiscard]] std::string presence_key(const model::RoomName& room);
// What is of all rooms and all nodes: in kNodesPartition.
[[nodiscard]] std::string node_key(const char* name);

}  // namespace palaver::broker::redis
