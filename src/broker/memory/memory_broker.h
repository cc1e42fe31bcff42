// SPDX-License-Identifier: Apache-2.0
// MemoryBroker: the embedded broker of one shard, an implementation of broker.h for a node that
// needs nothing else installed. Rooms live in the partition of their home shard (MemoryNode);
// history ends with the process. Its shard owns it, and makes and destroys it on that thread, or
// before the threads start and after they have ended. Completions never leave the calling shard:
// only their numbers travel.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "base/strong.h"
#include "broker/broker.h"
#include "broker/memory/memory_node.h"
#include "broker/memory/message.h"
#include "broker/slots.h"
#include "model/publication.h"

namespace palaver::broker::memory {

class MemoryBroker final : public Broker, private MemoryNode::Receiver {
 public:
  // `node` and `sink` outlive it. One broker a shard at a time.
  MemoryBroker(base::ShardId shard, MemoryNode& node, BrokerSink& sink);
  ~MemoryBroker() override;
  MemoryBroker(const MemoryBroker&) = delete;
  MemoryBroker& operator=(const MemoryBroker&) = delete;

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

 private:
  // positions() until the last partition has answered.
  struct Gathering {
    std::vector<model::Position> positions;
    std::size_t parts_missing = 0;
    Completion<std::vector<model::Position>> done;
  };
  // Completions that wait, one table for each kind of answer.
  struct Calls {
    std::tuple<Slots<Completion<model::Position>>, Slots<Completion<PublishResult>>,
               Slots<Completion<History>>, Slots<Completion<model::Publication>>,
               Slots<Completion<RedactResult>>, Slots<Completion<void>>>
        simple;
    Slots<Gathering> gatherings;
    std::size_t count = 0;
  };

  void receive(Message& message) override;
  void on(Published& published);
  void on(Redacted& redacted);
  void on(Lost& lost);
  void on(Reply<PositionsPart>& reply);
  template <typename T>
  void on(Reply<T>& reply);

  // `work`, a Result<T>(Partition&), at the room's home; its answer goes to `done`.
  template <typename T, typename Work>
  void call(const model::RoomName& room, Completion<T> done, Work work);
  [[nodiscard]] base::ShardId home_of(const model::RoomName& room) const;
  [[nodiscard]] bool full() const { return calls_.count >= kCallsUnderWayMax; }

  MemoryNode& node_;
  BrokerSink& sink_;
  const Address address_;
  Calls calls_;
  bool stopped_ = false;
};

}  // namespace palaver::broker::memory
