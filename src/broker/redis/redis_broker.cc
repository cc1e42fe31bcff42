// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/redis_broker.h"

#include <utility>

#include "broker/publish_rules.h"

namespace palaver::broker::redis {

RedisBroker::RedisBroker(base::ShardId shard, RedisNode& node, BrokerSink& sink)
    : sink_(sink), caller_(shard, node, *this) {}

void RedisBroker::subscribe(const model::RoomName& room, Completion<model::Position> done) {
  caller_.call<model::Position>(
      std::move(done), [room](RedisNode& node, auto answer) { node.subscribe(room, answer); });
}

void RedisBroker::unsubscribe(const model::RoomName& room) {
  caller_.tell([room, who = caller_.address()](RedisNode& node) { node.unsubscribe(room, who); });
}

void RedisBroker::publish(const model::RoomName& room, model::Sender sender, base::Frame data,
                          PublishOptions options, Completion<PublishResult> done) {
  caller_.call<PublishResult>(
      std::move(done), [room, sender = std::move(sender), data = std::move(data),
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
  caller_.call<History>(std::move(done), [room, query](RedisNode& node, auto answer) {
    node.history(room, query, answer);
  });
}

void RedisBroker::positions(std::vector<model::RoomName> rooms,
                            Completion<std::vector<model::Position>> done) {
  caller_.call<std::vector<model::Position>>(
      std::move(done),
      [rooms = std::move(rooms)](RedisNode& node, auto answer) { node.positions(rooms, answer); });
}

void RedisBroker::entry(const model::RoomName& room, model::Offset offset,
                        Completion<model::Publication> done) {
  caller_.call<model::Publication>(std::move(done), [room, offset](RedisNode& node, auto answer) {
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
  caller_.call<RedactResult>(
      std::move(done), [room, redaction = std::move(redaction)](RedisNode& node, auto answer) {
        if (auto refused = check_publish_id(redaction.id); !refused) {
          node.reply<RedactResult>(answer, std::unexpected(refused.error()));
        } else {
          node.redact(room, redaction, answer);
        }
      });
}

void RedisBroker::remove_history(const model::RoomName& room, Completion<void> done) {
  caller_.call<void>(std::move(done),
                     [room](RedisNode& node, auto answer) { node.remove_history(room, answer); });
}

}  // namespace palaver::broker::redis
