// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/memory_broker.h"

#include <utility>
#include <variant>

#include "broker/memory/limits.h"
#include "model/home_shard.h"

namespace palaver::broker::memory {

MemoryBroker::MemoryBroker(base::ShardId shard, MemoryNode& node, BrokerSink& sink)
    : node_(node), sink_(sink), address_(node.attach(shard, *this)) {}

MemoryBroker::~MemoryBroker() { stop(); }

void MemoryBroker::subscribe(const model::RoomName& room, Completion<model::Position> done) {
  call<model::Position>(room, std::move(done), [room, who = address_](Partition& partition) {
    return partition.subscribe(room, who);
  });
}

void MemoryBroker::unsubscribe(const model::RoomName& room) {
  if (stopped_) return;
  node_.tell(address_, home_of(room),
             [room, who = address_](Partition& partition) { partition.unsubscribe(room, who); });
}

void MemoryBroker::publish(const model::RoomName& room, model::Sender sender, base::Frame data,
                           PublishOptions options, Completion<PublishResult> done) {
  call<PublishResult>(room, std::move(done),
                      [room, sender = std::move(sender), data = std::move(data),
                       options = std::move(options)](Partition& partition) mutable {
                        return partition.publish(room, std::move(sender), std::move(data),
                                                 std::move(options));
                      });
}

void MemoryBroker::history(const model::RoomName& room, HistoryQuery query,
                           Completion<History> done) {
  call<History>(room, std::move(done),
                [room, query](Partition& partition) { return partition.history(room, query); });
}

void MemoryBroker::positions(std::vector<model::RoomName> rooms,
                             Completion<std::vector<model::Position>> done) {
  if (stopped_) return;
  if (full() || rooms.empty()) {
    // A call without a room: the caller's own partition answers it, later like every other.
    Gathering gathering{.positions = {}, .parts_missing = 1, .done = std::move(done)};
    const bool refused = full();
    ++calls_.count;
    node_.ask<PositionsPart>(address_, address_.shard, calls_.gatherings.add(std::move(gathering)),
                             [refused](Partition&) -> base::Result<PositionsPart> {
                               if (refused) return too_many_calls();
                               return PositionsPart{};
                             });
    return;
  }
  using Part = std::vector<std::pair<std::size_t, model::RoomName>>;
  std::vector<Part> parts(node_.shards());
  Gathering gathering{.positions = {}, .parts_missing = 0, .done = std::move(done)};
  gathering.positions.resize(rooms.size());
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    Part& part = parts[home_of(rooms[i]).value];
    if (part.empty()) ++gathering.parts_missing;
    part.emplace_back(i, std::move(rooms[i]));
  }
  ++calls_.count;
  const CallId id = calls_.gatherings.add(std::move(gathering));
  for (unsigned home = 0; home < parts.size(); ++home) {
    if (parts[home].empty()) continue;
    node_.ask<PositionsPart>(address_, base::ShardId{home}, id,
                             [part = std::move(parts[home])](Partition& partition) {
                               PositionsPart answer;
                               for (const auto& [index, room] : part) {
                                 answer.positions.emplace_back(index, partition.position(room));
                               }
                               return base::Result<PositionsPart>(std::move(answer));
                             });
  }
}

void MemoryBroker::entry(const model::RoomName& room, model::Offset offset,
                         Completion<model::Publication> done) {
  call<model::Publication>(room, std::move(done), [room, offset](Partition& partition) {
    return partition.entry(room, offset);
  });
}

void MemoryBroker::redact(const model::RoomName& room, model::Sender sender, base::Frame data,
                          model::Offset target, base::Frame replacement, std::string id,
                          Completion<RedactResult> done) {
  call<RedactResult>(
      room, std::move(done),
      [room, sender = std::move(sender), data = std::move(data), target,
       replacement = std::move(replacement), id = std::move(id)](Partition& partition) mutable {
        return partition.redact(room, std::move(sender), std::move(data), target, replacement,
                                std::move(id));
      });
}

void MemoryBroker::remove_history(const model::RoomName& room, Completion<void> done) {
  call<void>(room, std::move(done),
             [room](Partition& partition) { return partition.remove_history(room); });
}

void MemoryBroker::stop() {
  if (stopped_) return;
  stopped_ = true;
  node_.detach(address_);
  // Out of the object first: what completions own may call back while it is destroyed.
  const Calls dropped = std::exchange(calls_, {});
}

template <typename T, typename Work>
void MemoryBroker::call(const model::RoomName& room, Completion<T> done, Work work) {
  if (stopped_) return;
  const bool refused = full();
  ++calls_.count;
  const CallId id = std::get<Slots<Completion<T>>>(calls_.simple).add(std::move(done));
  if (refused) {
    node_.ask<T>(address_, address_.shard, id,
                 [](Partition&) -> base::Result<T> { return too_many_calls(); });
    return;
  }
  node_.ask<T>(address_, home_of(room), id, std::move(work));
}

base::ShardId MemoryBroker::home_of(const model::RoomName& room) const {
  return model::home_shard(room, node_.shards());
}

void MemoryBroker::receive(Message& message) {
  std::visit([this](auto& alternative) { on(alternative); }, message);
}

void MemoryBroker::on(Published& published) {
  sink_.on_publication(published.room, published.epoch, published.publication);
}

void MemoryBroker::on(Redacted& redacted) {
  for (const model::Offset target : redacted.targets) {
    if (stopped_) return;  // by the sink
    sink_.on_redaction(redacted.room, target);
  }
}

void MemoryBroker::on(Lost& lost) { sink_.on_lost(lost.room); }

void MemoryBroker::on(Reply<PositionsPart>& reply) {
  Gathering& gathering = calls_.gatherings.at(reply.call);
  if (reply.result) {
    for (auto& [index, position] : reply.result->positions) {
      gathering.positions[index] = std::move(position);
    }
  }
  if (--gathering.parts_missing > 0) return;
  Gathering complete = calls_.gatherings.take(reply.call);
  --calls_.count;
  if (reply.result) {
    complete.done(std::move(complete.positions));
  } else {
    complete.done(std::unexpected(std::move(reply.result.error())));
  }
}

template <typename T>
void MemoryBroker::on(Reply<T>& reply) {
  Completion<T> done = std::get<Slots<Completion<T>>>(calls_.simple).take(reply.call);
  --calls_.count;
  done(std::move(reply.result));
}

}  // namespace palaver::broker::memory
