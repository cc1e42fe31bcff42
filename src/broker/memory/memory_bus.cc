// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/memory_bus.h"

#include <utility>

namespace palaver::broker::memory {

// A command on its way: each task hands it to the next shard.
struct MemoryBusNode::Errand {
  NodeCommand command;
  Completion<void> done;
  Address sender;  // its shard may have another bus by then
};

MemoryBusNode::MemoryBusNode(std::span<base::Executor* const> shards) : shards_(shards.size()) {
  for (std::size_t i = 0; i < shards.size(); ++i) shards_[i].executor = shards[i];
}

void MemoryBusNode::run(std::unique_ptr<Errand> errand, std::size_t shard) {
  if (NodeBusSink* sink = shards_[shard].sink.now()) sink->on_command(errand->command);
  const std::size_t next = shard + 1;
  const bool last = next == shards_.size();
  const std::size_t target = last ? errand->sender.shard.value : next;
  shards_[target].executor->post([this, errand = std::move(errand), next, last]() mutable {
    if (!last) {
      run(std::move(errand), next);
      return;
    }
    const Address sender = errand->sender;
    if (shards_[sender.shard.value].sink.at(sender.instance) != nullptr) errand->done({});
  });
}

MemoryBus::MemoryBus(base::ShardId shard, MemoryBusNode& node, NodeBusSink& sink)
    : node_(node), address_{shard, node.shards_[shard.value].sink.take(sink)} {}

MemoryBus::~MemoryBus() { stop(); }

void MemoryBus::send(NodeCommand command, Completion<void> done) {
  if (stopped_) return;
  auto errand = std::make_unique<MemoryBusNode::Errand>(
      MemoryBusNode::Errand{std::move(command), std::move(done), address_});
  node_.shards_.front().executor->post(
      [node = &node_, errand = std::move(errand)]() mutable { node->run(std::move(errand), 0); });
}

void MemoryBus::stop() {
  if (std::exchange(stopped_, true)) return;
  node_.shards_[address_.shard.value].sink.leave(address_.instance);
}

}  // namespace palaver::broker::memory
