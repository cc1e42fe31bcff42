// SPDX-License-Identifier: Apache-2.0
// PresenceNode: what the memory presences of a process share, one table for each shard. It carries
// calls to the room's home shard and answers back, by Executor::post alone. app/ owns it: made
// before the shards run, destroyed after they have ended (tasks hold a pointer to it), after all
// presences.
//
// Every slot of it belongs to one shard and is touched on that shard's thread only; what crosses is
// values. Unlike the MemoryNode it does not gather messages: a member comes and goes, it does not
// stream.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/executor.h"
#include "base/strong.h"
#include "broker/memory/message.h"
#include "broker/memory/presence_table.h"
#include "broker/seat.h"

namespace palaver::broker::memory {

using PresenceAnswer =
    std::variant<Reply<void>, Reply<std::vector<model::Sender>>, Reply<PresenceStats>>;

class PresenceNode {
 public:
  // Who gets a shard's answers: the MemoryPresence of that shard.
  class Receiver {
   public:
    virtual void receive(PresenceAnswer& answer) = 0;  // may be moved from

   protected:
    ~Receiver() = default;
  };

  // One executor for each shard; they outlive the node's last task.
  explicit PresenceNode(std::span<base::Executor* const> shards);
  PresenceNode(const PresenceNode&) = delete;
  PresenceNode& operator=(const PresenceNode&) = delete;

  [[nodiscard]] unsigned shards() const { return static_cast<unsigned>(shards_.size()); }

  // For MemoryPresence, all on the shard of `address`.
  //
  // One receiver a shard at a time; it gets answers until detach(), which removes what it added.
  [[nodiscard]] Address attach(base::ShardId shard, Receiver& receiver);
  void detach(Address address);
  // Runs `work`, a Result<T>(PresenceTable&), at the shard `home`, at once if that is the caller's
  // own. The answer comes back later as a Reply<T>, in the order of the calls to that shard.
  template <typename T, typename Work>
  void ask(Address from, base::ShardId home, CallId call, Work work);
  // The same without an answer: a void(PresenceTable&).
  template <typename Work>
  void tell(Address from, base::ShardId home, Work work);

 private:
  // On a cache line of its own: the neighbours belong to other threads.
  struct alignas(64) Shard {
    explicit Shard(base::Executor& of) : executor(of) {}

    base::Executor& executor;
    PresenceTable table;
    Seat<Receiver> receiver;
  };

  [[nodiscard]] Shard& at(base::ShardId shard) { return *shards_[shard.value]; }
  void deliver(Address to, PresenceAnswer& answer);

  std::vector<std::unique_ptr<Shard>> shards_;
};

template <typename T, typename Work>
void PresenceNode::ask(Address from, base::ShardId home, CallId call, Work work) {
  tell(from, home, [this, from, call, work = std::move(work)](PresenceTable& table) mutable {
    at(from.shard)
        .executor.post(
            [this, from, answer = PresenceAnswer(Reply<T>{call, work(table)})]() mutable {
              deliver(from, answer);
            });
  });
}

template <typename Work>
void PresenceNode::tell(Address from, base::ShardId home, Work work) {
  if (from.shard == home) {
    work(at(home).table);
    return;
  }
  at(home).executor.post([this, home, work = std::move(work)]() mutable { work(at(home).table); });
}

}  // namespace palaver::broker::memory
