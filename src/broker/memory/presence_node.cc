// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/presence_node.h"

#include "base/check.h"

namespace palaver::broker::memory {

PresenceNode::PresenceNode(std::span<base::Executor* const> shards) {
  CHECK(!shards.empty(), "a node has a shard");
  for (base::Executor* const executor : shards) {
    shards_.push_back(std::make_unique<Shard>(*executor));
  }
}

Address PresenceNode::attach(base::ShardId shard, Receiver& receiver) {
  CHECK(shard.value < shards_.size(), "a presence runs on a shard of its node");
  return {shard, at(shard).receiver.take(receiver)};
}

void PresenceNode::detach(Address address) {
  at(address.shard).receiver.leave(address.instance);
  for (unsigned home = 0; home < shards(); ++home) {
    tell(address, base::ShardId{home},
         [address](PresenceTable& table) { table.remove_all_of(address); });
  }
}

void PresenceNode::deliver(Address to, PresenceAnswer& answer) {
  Receiver* const receiver = at(to.shard).receiver.at(to.instance);
  if (receiver != nullptr) receiver->receive(answer);
}

}  // namespace palaver::broker::memory
