// SPDX-License-Identifier: Apache-2.0
// RedisPresence: the presence of one shard of a node that meets others through Redis, an
// implementation of presence.h. What the shards share is in RedisPresenceNode. Its shard owns it,
// and makes and destroys it on that thread, or before the threads start and after they have ended.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/strong.h"
#include "broker/presence.h"
#include "broker/redis/caller.h"
#include "broker/redis/redis_presence_node.h"

namespace palaver::broker::redis {

class RedisPresence final : public Presence {
 public:
  // `node` outlives it. One presence a shard at a time.
  RedisPresence(base::ShardId shard, RedisPresenceNode& node);

  void add(const model::RoomName& room, model::Sender member, Completion<void> done) override;
  void remove(const model::RoomName& room, const std::string& client) override;
  void members(const model::RoomName& room, Completion<std::vector<model::Sender>> done) override;
  void stats(const model::RoomName& room, Completion<PresenceStats> done) override;
  void stop() override { caller_.stop(); }

  // For RedisPresenceNode, on the shard.
  template <typename T>
  void answer(CallId call, base::Result<T> result) {
    caller_.answer(call, std::move(result));
  }

 private:
  Caller<RedisPresenceNode, void, std::vector<model::Sender>, PresenceStats> caller_;
};

}  // namespace palaver::broker::redis
