// SPDX-License-Identifier: Apache-2.0
// PubsubBroker: the broker of one shard of a node in the mode `pubsub`: see PubsubNode, which the
// shards share. An implementation of broker.h that keeps nothing: every publication has offset 0
// and every room an empty epoch, there is no history and nothing to change or delete, and retries
// of a publish are not recognised. Its shard owns it, as a RedisBroker.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/strong.h"
#include "broker/broker.h"
#include "broker/redis/caller.h"
#include "broker/redis/pubsub_node.h"

namespace palaver::broker::redis {

class PubsubBroker final : public Broker {
 public:
  // `node` and `sink` outlive it. One broker a shard at a time.
  PubsubBroker(base::ShardId shard, PubsubNode& node, BrokerSink& sink);
  ~PubsubBroker() override = default;
  PubsubBroker(const PubsubBroker&) = delete;
  PubsubBroker& operator=(const PubsubBroker&) = delete;

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
  void stop() override;

  // For PubsubNode, on the shard.
  [[nodiscard]] BrokerSink& sink() { return sink_; }
  template <typename T>
  void answer(CallId call, base::Result<T> result) {
    caller_.answer(call, std::move(result));
  }

 private:
  // For what needs no Redis.
  template <typename T>
  void answer_later(Completion<T> done, base::Result<T> result);

  BrokerSink& sink_;
  Caller<PubsubNode, model::Position, PublishResult, History, std::vector<model::Position>,
         model::Publication, RedactResult, void>
      caller_;
};

}  // namespace palaver::broker::redis
