// SPDX-License-Identifier: Apache-2.0
// RedisPresence: the presence of one shard of a node that meets others through Redis, an
// implementation of presence.h. What the shards share is in RedisPresenceNode. Its shard owns it,
// and makes and destroys it on that thread, or before the threads start and after they have ended.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "base/strong.h"
#include "broker/presence.h"
#include "broker/redis/answer.h"
#include "broker/redis/redis_presence_node.h"
#include "broker/slots.h"

namespace palaver::broker::redis {

class RedisPresence final : public Presence {
 public:
  // `node` outlives it. One presence a shard at a time.
  RedisPresence(base::ShardId shard, RedisPresenceNode& node);
  ~RedisPresence() override;
  RedisPresence(const RedisPresence&) = delete;
  RedisPresence& operator=(const RedisPresence&) = delete;

  void add(const model::RoomName& room, model::Sender member, Completion<void> done) override;
  void remove(const model::RoomName& room, const std::string& client) override;
  void members(const model::RoomName& room, Completion<std::vector<model::Sender>> done) override;
  void stats(const model::RoomName& room, Completion<PresenceStats> done) override;
  void stop() override;

  // For RedisPresenceNode, on the shard.
  template <typename T>
  void answer(CallId call, base::Result<T> result) {
    Completion<T> done = std::get<Slots<Completion<T>>>(calls_).take(call);
    --waiting_;
    done(std::move(result));
  }

 private:
  using Calls = std::tuple<Slots<Completion<void>>, Slots<Completion<std::vector<model::Sender>>>,
                           Slots<Completion<PresenceStats>>>;

  // `work`, a void(RedisPresenceNode&, Answer<T>), where Redis is; its answer goes to `done`.
  template <typename T, typename Work>
  void call(Completion<T> done, Work work);

  RedisPresenceNode& node_;
  const broker::Address address_;
  Calls calls_;
  std::size_t waiting_ = 0;
  bool stopped_ = false;
};

}  // namespace palaver::broker::redis
