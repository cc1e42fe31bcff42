// SPDX-License-Identifier: Apache-2.0
// MemoryBus: the NodeBus of a process that is alone. A command goes from shard to shard, as a task
// of each, and back to the one that sent it: so all shards see the commands of one sender in its
// order.
//
// MemoryBusNode is what the buses of a process share. app/ owns it: made before the shards run,
// destroyed after they have ended (tasks hold a pointer to it), after all buses.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/executor.h"
#include "base/strong.h"
#include "broker/memory/message.h"
#include "broker/node_bus.h"
#include "broker/seat.h"

namespace palaver::broker::memory {

class MemoryBusNode {
 public:
  explicit MemoryBusNode(std::span<base::Executor* const> shards);
  MemoryBusNode(const MemoryBusNode&) = delete;
  MemoryBusNode& operator=(const MemoryBusNode&) = delete;

 private:
  friend class MemoryBus;
  struct alignas(64) Shard {
    base::Executor* executor = nullptr;
    Seat<NodeBusSink> sink;
  };
  struct Errand;

  // On the shard's thread.
  void run(std::unique_ptr<Errand> errand, std::size_t shard);

  std::vector<Shard> shards_;
};

class MemoryBus final : public NodeBus {
 public:
  // One at a time for each shard; `sink` outlives it.
  MemoryBus(base::ShardId shard, MemoryBusNode& node, NodeBusSink& sink);
  ~MemoryBus() override;
  MemoryBus(const MemoryBus&) = delete;
  MemoryBus& operator=(const MemoryBus&) = delete;

  void send(NodeCommand command, Completion<void> done) override;
  void stop() override;

 private:
  MemoryBusNode& node_;
  const Address address_;
  bool stopped_ = false;
};

}  // namespace palaver::broker::memory
