// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/redis_presence.h"

#include <utility>

namespace palaver::broker::redis {

RedisPresence::RedisPresence(base::ShardId shard, RedisPresenceNode& node)
    : caller_(shard, node, *this) {}

void RedisPresence::add(const model::RoomName& room, model::Sender member, Completion<void> done) {
  caller_.call<void>(std::move(done),
                     [room, member = std::move(member)](RedisPresenceNode& node, auto answer) {
                       node.add(room, member, answer);
                     });
}

void RedisPresence::remove(const model::RoomName& room, const std::string& client) {
  caller_.tell([room, client](RedisPresenceNode& node) { node.remove(room, client); });
}

void RedisPresence::members(const model::RoomName& room,
                            Completion<std::vector<model::Sender>> done) {
  caller_.call<std::vector<model::Sender>>(
      std::move(done),
      [room](RedisPresenceNode& node, auto answer) { node.members(room, answer); });
}

void RedisPresence::stats(const model::RoomName& room, Completion<PresenceStats> done) {
  caller_.call<PresenceStats>(
      std::move(done), [room](RedisPresenceNode& node, auto answer) { node.stats(room, answer); });
}

}  // namespace palaver::broker::redis
