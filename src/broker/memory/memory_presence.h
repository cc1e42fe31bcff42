// SPDX-License-Identifier: Apache-2.0
// MemoryPresence: the presence of one shard of a node that needs nothing else installed, an
// implementation of presence.h. Members live in the table of their room's home shard
// (PresenceNode). The node is the process, so no lease can outlive it: what was added stays until
// it is removed or this instance stops. Its shard owns it, and makes and destroys it on that
// thread, or before the threads start and after they have ended.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "base/strong.h"
#include "broker/memory/limits.h"
#include "broker/memory/presence_node.h"
#include "broker/presence.h"
#include "broker/slots.h"

namespace palaver::broker::memory {

class MemoryPresence final : public Presence, private PresenceNode::Receiver {
 public:
  // `node` outlives it. One presence a shard at a time.
  MemoryPresence(base::ShardId shard, PresenceNode& node);
  ~MemoryPresence() override;
  MemoryPresence(const MemoryPresence&) = delete;
  MemoryPresence& operator=(const MemoryPresence&) = delete;

  void add(const model::RoomName& room, model::Sender member, Completion<void> done) override;
  void remove(const model::RoomName& room, const std::string& client) override;
  void members(const model::RoomName& room, Completion<std::vector<model::Sender>> done) override;
  void stats(const model::RoomName& room, Completion<PresenceStats> done) override;
  void stop() override;

 private:
  // Completions that wait, one table for each kind of answer.
  struct Calls {
    std::tuple<Slots<Completion<void>>, Slots<Completion<std::vector<model::Sender>>>,
               Slots<Completion<PresenceStats>>>
        waiting;
    std::size_t count = 0;
  };

  void receive(PresenceAnswer& answer) override;
  template <typename T>
  void on(Reply<T>& reply);
  // `work`, a Result<T>(PresenceTable&), at the room's home; its answer goes to `done`.
  template <typename T, typename Work>
  void call(const model::RoomName& room, Completion<T> done, Work work);
  [[nodiscard]] base::ShardId home_of(const model::RoomName& room) const;

  PresenceNode& node_;
  const Address address_;
  Calls calls_;
  bool stopped_ = false;
};

}  // namespace palaver::broker::memory
