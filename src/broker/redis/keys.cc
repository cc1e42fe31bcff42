// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/keys.h"

#include "model/home_shard.h"

namespace palaver::broker::redis {

namespace {

std::string key(const model::RoomName& room, const char* kind) {
  return prefix_of(partition_of(room)) + kind + room.value;
}

}  // namespace

unsigned partition_of(const model::RoomName& room) {
  return model::home_shard(room, kPartitions).value;
}

std::string prefix_of(unsigned partition) {
  return partition == kNodesPartition ? "palaver:{nodes}"
                                      : "palaver:{" + std::to_string(partition) + "}";
}

RoomKeys::RoomKeys(const model::RoomName& room)
    : prefix_(prefix_of(partition_of(room))), room_(room.value) {
  channel = prefix_ + ":room:" + room_;
  meta = prefix_ + ":meta:" + room_;
}

std::array<std::string, 6> RoomKeys::all() const {
  return {meta,
          prefix_ + ":stream:" + room_,
          prefix_ + ":ids:0:" + room_,
          prefix_ + ":ids:1:" + room_,
          prefix_ + ":redacted:" + room_,
          prefix_ + ":about:" + room_};
}

std::string channel_of(const model::RoomName& room) { return key(room, ":room:"); }

std::string presence_key(const model::RoomName& room) { return key(room, ":presence:"); }

std::string node_key(const char* name) { return prefix_of(kNodesPartition) + ':' + name; }

}  // namespace palaver::broker::redis
