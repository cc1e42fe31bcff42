// SPDX-License-Identifier: Apache-2.0
// RedisBroker: the broker of one shard of a node that meets others through Redis, an implementation
// of broker.h. What the shards share is in RedisNode. Its shard owns it, and makes and destroys it
// on that thread, or before the threads start and after they have ended. Completions never leave
// the calling shard: only their numbers travel.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/strong.h"
#include "broker/broker.h"
#include "broker/redis/caller.h"
#include "broker/redis/redis_node.h"

namespace palaver::broker::redis {

class RedisBroker final : public Broker {
 public:
  // `node` and `sink` outlive it. One broker a shard at a time.
  RedisBroker(base::ShardId shard, RedisNode& node, BrokerSink& sink);

  void subscribe(const model::RoomName& room, Completion<model::Position> done) override;
  void unsubscribe(const model::RoomName& room) override;
  void publish(const model::RoomName& room, model::Sender sender, base::Frame data,
               PublishOptions options, Completion<PublishResult> done) override;
  void history(const model::RoomName& room, HistoryQuery query, Completion<History> done) override;
  void positions(std::vector<model::RoomName> rooms,
                 Completion<std::vector<model::Position>> done) override;
  void entry(const model::RoomName& room, model::Offset offset,
             Completion<model::Publication> done) override;
  void redact(const model::RoomName& room, model::Sender sender, base::Frame data,
              model::Offset target, base::Frame replacement, std::string id,
              Completion<RedactResult> done) override;
  void remove_history(const model::RoomName& room, Completion<void> done) override;
  void stop() override { caller_.stop(); }

  // For RedisNode, on the shard.
  [[nodiscard]] BrokerSink& sink() { return sink_; }
  [[nodiscard]] bool stopped() const { return caller_.stopped(); }
  template <typename T>
  void answer(CallId call, base::Result<T> result) {
    caller_.answer(call, std::move(result));
  }

 private:
  BrokerSink& sink_;
  Caller<RedisNode, void, model::Position, PublishResult, History, std::vector<model::Position>,
         model::Publication, RedactResult>
      caller_;
};

}  // namespace palaver::broker::redis
