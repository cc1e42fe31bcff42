// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/memory_presence.h"

#include <utility>
#include <variant>

#include "model/home_shard.h"

namespace palaver::broker::memory {

MemoryPresence::MemoryPresence(base::ShardId shard, PresenceNode& node)
    : node_(node), address_(node.attach(shard, *this)) {}

MemoryPresence::~MemoryPresence() { stop(); }

void MemoryPresence::add(const model::RoomName& room, model::Sender member, Completion<void> done) {
  call<void>(room, std::move(done),
             [room, member = std::move(member), owner = address_](PresenceTable& table) {
               return table.add(room, member, owner);
             });
}

void MemoryPresence::remove(const model::RoomName& room, const std::string& client) {
  if (stopped_) return;
  node_.tell(address_, home_of(room),
             [room, client](PresenceTable& table) { table.remove(room, client); });
}

void MemoryPresence::members(const model::RoomName& room,
                             Completion<std::vector<model::Sender>> done) {
  call<std::vector<model::Sender>>(room, std::move(done), [room](PresenceTable& table) {
    return base::Result<std::vector<model::Sender>>(table.members(room));
  });
}

void MemoryPresence::stats(const model::RoomName& room, Completion<PresenceStats> done) {
  call<PresenceStats>(room, std::move(done), [room](PresenceTable& table) {
    return base::Result<PresenceStats>(table.stats(room));
  });
}

void MemoryPresence::stop() {
  if (stopped_) return;
  stopped_ = true;
  node_.detach(address_);
  // Out of the object first: what completions own may call back while it is destroyed.
  const Calls dropped = std::exchange(calls_, {});
}

template <typename T, typename Work>
void MemoryPresence::call(const model::RoomName& room, Completion<T> done, Work work) {
  if (stopped_) return;
  const bool refused = calls_.count >= kCallsUnderWayMax;
  ++calls_.count;
  const CallId id = std::get<Slots<Completion<T>>>(calls_.waiting).add(std::move(done));
  if (refused) {
    // The caller's own shard answers it, later like every other.
    node_.ask<T>(address_, address_.shard, id,
                 [](PresenceTable&) -> base::Result<T> { return too_many_calls(); });
    return;
  }
  node_.ask<T>(address_, home_of(room), id, std::move(work));
}

base::ShardId MemoryPresence::home_of(const model::RoomName& room) const {
  return model::home_shard(room, node_.shards());
}

void MemoryPresence::receive(PresenceAnswer& answer) {
  std::visit([this](auto& reply) { on(reply); }, answer);
}

template <typename T>
void MemoryPresence::on(Reply<T>& reply) {
  Completion<T> done = std::get<Slots<Completion<T>>>(calls_.waiting).take(reply.call);
  --calls_.count;
  done(std::move(reply.result));
}

}  // namespace palaver::broker::memory
