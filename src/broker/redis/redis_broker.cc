// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/redis_broker.h"

#include <utility>

#include "broker/publish_rules.h"

namespace palaver::broker::redis {

RedisBroker::RedisBroker(base::ShardId shard, RedisNode& node, BrokerSink& sink)
    : node_(node), sink_(sink), address_(node.attach(shard, *this)) {}

RedisBroker::~RedisBroker() { stop(); }

template <typename T, typename Work>
void RedisBroker::call(Completion<T> done, Work work) {
  if (stopped_) return;
  const bool refused = waiting_ >= kCallsUnderWayMax;
  ++waiting_;
  const Answer<T> answer{address_, std::get<Slots<Completion<T>>>(calls_).add(std::move(done))};
  if (refused) {
    node_.ask([answer](RedisNode& node) { node.reply<T>(answer, too_many_calls()); });
    return;
  }
  node_.ask([answer, work = std::move(work)](RedisNode& node) mutable { work(node, answer); });
}

void RedisBroker::subscribe(const model::RoomName& room, Completion<model::Position> done) {
  call<model::Position>(std::move(done),
                        [room](RedisNode& node, auto answer) { node.subscribe(room, answer); });
}

void RedisBroker::unsubscribe(const model::RoomName& room) {
  if (stopped_) return;
  node_.ask([room, who = address_](RedisNode& node) { node.unsubscribe(room, who); });
}

void RedisBroker::publish(const model::RoomName& room, model::Sender sender, base::Frame data,
                          PublishOptions options, Completion<PublishResult> done) {
  call<PublishResult>(std::move(done),
                      [room, sender = std::move(sender), data = std::move(data),
                       options = std::move(options)](RedisNode& node, auto answer) {
                        if (auto refused = check_publish(options); !refused) {
                          node.reply<PublishResult>(answer, std::unexpected(refused.error()));
                        } else {
                          node.publish(room, sender, data, options, answer);
                        }
                      });
}

void RedisBroker::history(const model::RoomName& room, HistoryQuery query,
                          Completion<History> done) {
  call<History>(std::move(done),
                [room, query](RedisNode& node, auto answer) { node.history(room, query, answer); });
}

void RedisBroker::positions(std::vector<model::RoomName> rooms,
                            Completion<std::vector<model::Position>> done) {
  call<std::vector<model::Position>>(
      std::move(done),
      [rooms = std::move(rooms)](RedisNode& node, auto answer) { node.positions(rooms, answer); });
}

void RedisBroker::entry(const model::RoomName& room, model::Offset offset,
                        Completion<model::Publication> done) {
  call<model::Publication>(std::move(done), [room, offset](RedisNode& node, auto answer) {
    node.entry(room, offset, answer);
  });
}

void RedisBroker::redact(const model::RoomName& room, model::Sender sender, base::Frame data,
                         model::Offset target, base::Frame replacement, std::string id,
                         Completion<RedactResult> done) {
  RedisNode::Redaction redaction{.sender = std::move(sender),
                                 .data = std::move(data),
                                 .target = target,
                                 .replacement = std::move(replacement),
                                 .id = std::move(id)};
  call<RedactResult>(std::move(done),
                     [room, redaction = std::move(redaction)](RedisNode& node, auto answer) {
                       if (auto refused = check_publish_id(redaction.id); !refused) {
                         node.reply<RedactResult>(answer, std::unexpected(refused.error()));
                       } else {
                         node.redact(room, redaction, answer);
                       }
                     });
}

void RedisBroker::remove_history(const model::RoomName& room, Completion<void> done) {
  call<void>(std::move(done),
             [room](RedisNode& node, auto answer) { node.remove_history(room, answer); });
}

void RedisBroker::stop() {
  if (std::exchange(stopped_, true)) return;
  node_.detach(address_);
  // Out of the object first: what completions own may call back while it is destroyed.
  const Calls dropped = std::exchange(calls_, {});
}

}  // namespace palaver::broker::redis
