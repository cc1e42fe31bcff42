// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/memory_node.h"

#include "base/check.h"

namespace palaver::broker::memory {
namespace {

PartitionConfig share_of(const MemoryNodeConfig& config, std::size_t index, std::size_t shards) {
  PartitionConfig share{.limits = config.limits,
                        .bounds_of = config.bounds_of,
                        .seed = config.seed,
                        .salt = config.salt};
  share.limits.bytes_max /= shards;
  // An odd factor: no two partitions of a node draw the same epochs.
  share.seed += index * 0x9e3779b97f4a7c15U;
  return share;
}

}  // namespace

MemoryNode::Shard::Shard(const ShardServices& services, const PartitionConfig& config,
                         std::size_t shards)
    : executor(services.executor), outgoing(shards), partition(config, services.clock, outgoing) {}

MemoryNode::MemoryNode(std::span<const ShardServices> shards, const MemoryNodeConfig& config) {
  CHECK(!shards.empty(), "a node has a shard");
  for (std::size_t i = 0; i < shards.size(); ++i) {
    shards_.push_back(
        std::make_unique<Shard>(shards[i], share_of(config, i, shards.size()), shards.size()));
  }
}

const Usage& MemoryNode::usage(base::ShardId shard) const {
  return shards_[shard.value]->partition.usage();
}

Address MemoryNode::attach(base::ShardId shard, Receiver& receiver) {
  CHECK(shard.value < shards_.size(), "a broker runs on a shard of its node");
  return {shard, at(shard).receiver.take(receiver)};
}

void MemoryNode::detach(Address address) {
  at(address.shard).receiver.leave(address.instance);
  for (unsigned home = 0; home < shards(); ++home) {
    tell(address, base::ShardId{home},
         [address](Partition& partition) { partition.unsubscribe_all(address); });
  }
}

void MemoryNode::follow_up(base::ShardId home) {
  Shard& shard = at(home);
  if (!shard.outgoing.empty() && !shard.flush_posted) {
    shard.flush_posted = true;
    shard.executor.post([this, home] { flush(home); });
  }
  if (!shard.sweep_armed && shard.partition.ages()) {
    shard.sweep_armed = true;
    shard.executor.run_after(kSweepInterval, [this, home] { sweep(home); });
  }
}

// One task for each shard that has something to hear, however many calls the turn brought.
void MemoryNode::flush(base::ShardId home) {
  Shard& shard = at(home);
  shard.flush_posted = false;
  for (unsigned i = 0; i < shards(); ++i) {
    const base::ShardId target{i};
    if (target == home) continue;
    std::vector<Addressed> messages = shard.outgoing.take(target);
    if (messages.empty()) continue;
    at(target).executor.post(
        [this, target, messages = std::move(messages)]() mutable { deliver(target, messages); });
  }
  // Last, and from a queue that nobody else sees: receivers call back into the partition.
  std::vector<Addressed> own = shard.outgoing.take(home);
  deliver(home, own);
  shard.outgoing.reuse(home, std::move(own));
}

void MemoryNode::deliver(base::ShardId shard, std::vector<Addressed>& messages) {
  const Shard& slot = at(shard);
  for (Addressed& addressed : messages) {
    // Asked again each time: any of them may stop the broker.
    Receiver* const receiver = slot.receiver.at(addressed.to.instance);
    if (receiver != nullptr) receiver->receive(addressed.message);
  }
}

void MemoryNode::sweep(base::ShardId home) {
  Shard& shard = at(home);
  if (shard.partition.sweep() == Partition::Sweep::kMore) {
    shard.executor.post([this, home] { sweep(home); });
    return;
  }
  shard.sweep_armed = false;
  follow_up(home);
}

}  // namespace palaver::broker::memory
