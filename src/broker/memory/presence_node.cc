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
  Shard& slot = at(shard);
  CHECK(slot.receiver == nullptr, "a shard has one presence at a time");
  slot.receiver = &receiver;
  return {shard, ++slot.instance};
}

void PresenceNode::detach(Address address) {
  Shard& slot = at(address.shard);
  CHECK(slot.receiver != nullptr && slot.instance == address.instance,
        "what is detached was attached");
  slot.receiver = nullptr;
  for (unsigned home = 0; home < shards(); ++home) {
    tell(address, base::ShardId{home},
         [address](PresenceTable& table) { table.remove_all_of(address); });
  }
}

void PresenceNode::deliver(Address to, PresenceAnswer& answer) {
  const Shard& slot = at(to.shard);
  if (slot.receiver && slot.instance == to.instance) slot.receiver->receive(answer);
}

}  // namespace palaver::broker::memory
