// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/pubsub_broker.h"

#include <utility>

#include "broker/publish_rules.h"

namespace palaver::broker::redis {

namespace {

std::unexpected<base::Error> nothing_is_kept() {
  return base::fail(base::ErrorCode::kNotFound,
                    "with redis-mode=pubsub rooms keep no messages: there is none to look up, to "
                    "change or to delete");
}

}  // namespace

PubsubBroker::PubsubBroker(base::ShardId shard, PubsubNode& node, BrokerSink& sink)
    : sink_(sink), caller_(shard, node, *this) {}

template <typename T>
void PubsubBroker::answer_later(Completion<T> done, base::Result<T> result) {
  caller_.call<T>(std::move(done),
                  [result = std::move(result)](PubsubNode& node, auto answer) mutable {
                    node.reply<T>(answer, std::move(result));
                  });
}

void PubsubBroker::subscribe(const model::RoomName& room, Completion<model::Position> done) {
  caller_.call<model::Position>(
      std::move(done), [room](PubsubNode& node, auto answer) { node.subscribe(room, answer); });
}

void PubsubBroker::unsubscribe(const model::RoomName& room) {
  caller_.tell([room, who = caller_.address()](PubsubNode& node) { node.unsubscribe(room, who); });
}

void PubsubBroker::publish(const model::RoomName& room, model::Sender sender, base::Frame data,
                           PublishOptions options, Completion<PublishResult> done) {
  base::Result<void> good = check_publish(options);
  if (good && options.about != model::Offset{0}) good = nothing_is_kept();
  if (!good) {
    answer_later<PublishResult>(std::move(done), std::unexpected(good.error()));
    return;
  }
  caller_.call<PublishResult>(
      std::move(done), [room, sender = std::move(sender), data = std::move(data),
                        options = std::move(options)](PubsubNode& node, auto answer) mutable {
        node.publish(room,
                     {.offset = {},
                      .prev = {},
                      .sender = std::move(sender),
                      .data = std::move(data),
                      .kind = options.kind,
                      .tags = std::move(options.tags)},
                     options.retention, answer);
      });
}

void PubsubBroker::history(const model::RoomName& /*room*/, HistoryQuery /*query*/,
                           Completion<History> done) {
  answer_later<History>(std::move(done), History{});
}

void PubsubBroker::positions(std::vector<model::RoomName> rooms,
                             Completion<std::vector<model::Position>> done) {
  answer_later<std::vector<model::Position>>(std::move(done),
                                             std::vector<model::Position>(rooms.size()));
}

void PubsubBroker::entry(const model::RoomName& /*room*/, model::Offset /*offset*/,
                         Completion<model::Publication> done) {
  answer_later<model::Publication>(std::move(done), nothing_is_kept());
}

void PubsubBroker::redact(const model::RoomName& /*room*/, model::Sender /*sender*/,
                          base::Frame /*data*/, model::Offset /*target*/,
                          base::Frame /*replacement*/, std::string id,
                          Completion<RedactResult> done) {
  const auto good = check_publish_id(id);
  answer_later<RedactResult>(std::move(done),
                             good ? nothing_is_kept() : std::unexpected(good.error()));
}

// There is none.
void PubsubBroker::remove_history(const model::RoomName& /*room*/, Completion<void> done) {
  answer_later<void>(std::move(done), {});
}

void PubsubBroker::stop() { caller_.stop(); }

}  // namespace palaver::broker::redis
