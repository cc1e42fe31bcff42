// SPDX-License-Identifier: Apache-2.0
// PubsubBroker: the broker of one shard of a node in the mode `pubsub`: see PubsubNode, which the
// shards share. An implementation of broker.h that keeps nothing: every publication has offset 0
// and every room an empty epoch, there is no history and nothing to change or delete, and retries
// of a publish are not recognised. Its shard owns it, as a RedisBroker.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "base/strong.h"
#include "broker/broker.h"
#include "broker/redis/answer.h"
#include "broker/redis/pubsub_node.h"
#include "broker/slots.h"

namespace palaver::broker::redis {

class PubsubBroker final : public Broker {
 public:
  // `node` and `sink` outlive it. One broker a shard at a time.
  PubsubBroker(base::ShardId shard, PubsubNode& node, BrokerSink& sink);
  ~PubsubBroker() override;
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
    Completion<T> done = std::get<Slots<Completion<T>>>(calls_).take(call);
    --waiting_;
    done(std::move(result));
  }

 private:
  using Calls =
      std::tuple<Slots<Completion<model::Position>>, Slots<Completion<PublishResult>>,
                 Slots<Completion<History>>, Slots<Completion<std::vector<model::Position>>>,
                 Slots<Completion<model::Publication>>, Slots<Completion<RedactResult>>,
                 Slots<Completion<void>>>;

  // `work`, a void(PubsubNode&, Answer<T>), where Redis is; its answer goes to `done`.
  template <typename T, typename Work>
  void call(Completion<T> done, Work work);
  // For what needs no Redis.
  template <typename T>
  void answer_later(Completion<T> done, base::Result<T> result);

  PubsubNode& node_;
  BrokerSink& sink_;
  const broker::Address address_;
  Calls calls_;
  std::size_t waiting_ = 0;
  bool stopped_ = false;
};

}  // namespace palaver::broker::redis
