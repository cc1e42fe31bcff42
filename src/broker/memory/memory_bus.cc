// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/memory_bus.h"

#include <utility>

#include "base/check.h"

namespace palaver::broker::memory {

// A command on its way: each task hands it to the next shard.
struct MemoryBusNode::Errand {
  NodeCommand command;
  Completion<void> done;
  std::size_t sender = 0;
  std::uint32_t instance = 0;  // the sender's: its shard may have another bus by then
};

MemoryBusNode::MemoryBusNode(std::span<base::Executor* const> shards) : shards_(shards.size()) {
  for (std::size_t i = 0; i < shards.size(); ++i) shards_[i].executor = shards[i];
}

void MemoryBusNode::run(std::unique_ptr<Errand> errand, std::size_t shard) {
  if (NodeBusSink* sink = shards_[shard].sink) sink->on_command(errand->command);
  const std::size_t next = shard + 1;
  const bool last = next == shards_.size();
  const std::size_t target = last ? errand->sender : next;
  shards_[target].executor->post([this, errand = std::move(errand), next, last]() mutable {
    if (!last) {
      run(std::move(errand), next);
      return;
    }
    const Shard& sender = shards_[errand->sender];
    if (sender.sink != nullptr && sender.instance == errand->instance) errand->done({});
  });
}

MemoryBus::MemoryBus(base::ShardId shard, MemoryBusNode& node, NodeBusSink& sink)
    : shard_(shard), node_(node) {
  MemoryBusNode::Shard& own = node_.shards_[shard_.value];
  CHECK(own.sink == nullptr, "a shard has one bus at a time");
  own.sink = &sink;
  ++own.instance;
}

MemoryBus::~MemoryBus() { stop(); }

void MemoryBus::send(NodeCommand command, Completion<void> done) {
  if (stopped_) return;
  auto errand = std::make_unique<MemoryBusNode::Errand>(
      MemoryBusNode::Errand{.command = std::move(command),
                            .done = std::move(done),
                            .sender = shard_.value,
                            .instance = node_.shards_[shard_.value].instance});
  node_.shards_.front().executor->post(
      [node = &node_, errand = std::move(errand)]() mutable { node->run(std::move(errand), 0); });
}

void MemoryBus::stop() {
  if (std::exchange(stopped_, true)) return;
  node_.shards_[shard_.value].sink = nullptr;
}

}  // namespace palaver::broker::memory
