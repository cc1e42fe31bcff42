// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/redis_presence.h"

#include <utility>

namespace palaver::broker::redis {

RedisPresence::RedisPresence(base::ShardId shard, RedisPresenceNode& node)
    : node_(node), address_(node.attach(shard, *this)) {}

RedisPresence::~RedisPresence() { stop(); }

template <typename T, typename Work>
void RedisPresence::call(Completion<T> done, Work work) {
  if (stopped_) return;
  const bool refused = waiting_ >= kCallsUnderWayMax;
  ++waiting_;
  const Answer<T> answer{address_, std::get<Slots<Completion<T>>>(calls_).add(std::move(done))};
  node_.ask([answer, refused, work = std::move(work)](RedisPresenceNode& node) mutable {
    if (refused) {
      node.reply<T>(answer, too_many_calls());
    } else {
      work(node, answer);
    }
  });
}

void RedisPresence::add(const model::RoomName& room, model::Sender member, Completion<void> done) {
  call<void>(std::move(done),
             [room, member = std::move(member)](RedisPresenceNode& node, auto answer) {
               node.add(room, member, answer);
             });
}

void RedisPresence::remove(const model::RoomName& room, const std::string& client) {
  if (stopped_) return;
  node_.ask([room, client](RedisPresenceNode& node) { node.remove(room, client); });
}

void RedisPresence::members(const model::RoomName& room,
                            Completion<std::vector<model::Sender>> done) {
  call<std::vector<model::Sender>>(std::move(done), [room](RedisPresenceNode& node, auto answer) {
    node.members(room, answer);
  });
}

void RedisPresence::stats(const model::RoomName& room, Completion<PresenceStats> done) {
  call<PresenceStats>(std::move(done),
                      [room](RedisPresenceNode& node, auto answer) { node.stats(room, answer); });
}

void RedisPresence::stop() {
  if (std::exchange(stopped_, true)) return;
  node_.detach(address_);
  // Out of the object first: what completions own may call back while it is destroyed.
  const Calls dropped = std::exchange(calls_, {});
}

}  // namespace palaver::broker::redis
