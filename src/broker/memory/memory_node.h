// SPDX-License-Identifier: Apache-2.0
// MemoryNode: what the memory brokers of a process share, one partition for each shard. It carries
// calls to the room's home shard and news back, by Executor::post alone. app/ owns it: made before
// the shards run, destroyed after they have ended (tasks hold a pointer to it), after all brokers.
//
// Every slot of it belongs to one shard and is touched on that shard's thread only; what crosses is
// values. No lock, no shared counter.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/strong.h"
#include "broker/memory/limits.h"
#include "broker/memory/message.h"
#include "broker/memory/partition.h"
#include "broker/seat.h"

namespace palaver::broker::memory {

// A shard as app/ knows it; both outlive the node's last task.
struct ShardServices {
  base::Executor& executor;
  const base::Clock& clock;
};

struct MemoryNodeConfig {
  MemoryBrokerLimits limits;
  BoundsOf bounds_of = nullptr;  // null: those of `limits` for every room
  // Random and different in each process: epochs come from it, and none may ever be met again.
  std::uint64_t seed = 0;
  // Random, 0 to model::kOffsetSaltEnd - 1.
  std::uint64_t salt = 0;
};

class MemoryNode {
 public:
  // Who gets a shard's messages: the MemoryBroker of that shard.
  class Receiver {
   public:
    virtual void receive(Message& message) = 0;  // may be moved from

   protected:
    ~Receiver() = default;
  };

  MemoryNode(std::span<const ShardServices> shards, const MemoryNodeConfig& config);
  MemoryNode(const MemoryNode&) = delete;
  MemoryNode& operator=(const MemoryNode&) = delete;

  [[nodiscard]] unsigned shards() const { return static_cast<unsigned>(shards_.size()); }
  // On the shard's thread.
  [[nodiscard]] const Usage& usage(base::ShardId shard) const;

  // For MemoryBroker, all on the shard of `address`.
  //
  // One receiver a shard at a time; it gets messages until detach(), which ends its subscriptions.
  [[nodiscard]] Address attach(base::ShardId shard, Receiver& receiver);
  void detach(Address address);
  // Runs `work`, a Result<T>(Partition&), at the shard `home`, at once if that is the caller's own.
  // The answer comes back later as a Reply<T>, behind all that the partition told the caller
  // before.
  template <typename T, typename Work>
  void ask(Address from, base::ShardId home, CallId call, Work work);
  // The same without an answer: a void(Partition&).
  template <typename Work>
  void tell(Address from, base::ShardId home, Work work);

 private:
  // On a cache line of its own: the neighbours belong to other threads.
  struct alignas(64) Shard {
    Shard(const ShardServices& services, const PartitionConfig& config, std::size_t shards);

    base::Executor& executor;
    Outgoing outgoing;
    Partition partition;
    Seat<Receiver> receiver;
    bool flush_posted = false;
    bool sweep_armed = false;
  };

  [[nodiscard]] Shard& at(base::ShardId shard) { return *shards_[shard.value]; }
  // Runs `task` on the shard `home`: now when `from` is the same, else as a task there.
  template <typename Task>
  void run_at(base::ShardId from, base::ShardId home, Task task);
  // After every change to a partition: sees to it that messages leave and old records go.
  void follow_up(base::ShardId home);
  void flush(base::ShardId home);
  void deliver(base::ShardId shard, std::vector<Addressed>& messages);
  void sweep(base::ShardId home);

  std::vector<std::unique_ptr<Shard>> shards_;
};

template <typename Task>
void MemoryNode::run_at(base::ShardId from, base::ShardId home, Task task) {
  if (from == home) {
    task();
  } else {
    at(home).executor.post(std::move(task));
  }
}

template <typename T, typename Work>
void MemoryNode::ask(Address from, base::ShardId home, CallId call, Work work) {
  run_at(from.shard, home, [this, from, home, call, work = std::move(work)]() mutable {
    Shard& shard = at(home);
    base::Result<T> result = work(shard.partition);
    shard.outgoing.add(from, Reply<T>{call, std::move(result)});
    follow_up(home);
  });
}

template <typename Work>
void MemoryNode::tell(Address from, base::ShardId home, Work work) {
  run_at(from.shard, home, [this, home, work = std::move(work)]() mutable {
    work(at(home).partition);
    follow_up(home);
  });
}

}  // namespace palaver::broker::memory
