// SPDX-License-Identifier: Apache-2.0
// Seats: the shards of this process as a node on the loop of the Links has them: who serves each
// now, and how to get there. A member of the node, which outlives its last task.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "base/strong.h"
#include "broker/redis/answer.h"
#include "broker/seat.h"

namespace palaver::broker::redis {

template <typename Instance>
class Seats {
 public:
  explicit Seats(std::span<base::Executor* const> shards)
      : shards_(shards.begin(), shards.end()), seats_(shards.size()) {}
  Seats(const Seats&) = delete;
  Seats& operator=(const Seats&) = delete;

  [[nodiscard]] std::size_t size() const { return seats_.size(); }

  // On the shard: one sits there at a time.
  [[nodiscard]] broker::Address take(base::ShardId shard, Instance& who) {
    return {shard, seats_[shard.value].take(who)};
  }
  void leave(broker::Address address) { seats_[address.shard.value].leave(address.instance); }

  // Runs `work`, a void(Instance&), on the shard, if it is still the same there.
  template <typename Work>
  void deliver(broker::Address to, Work work) {
    shards_[to.shard.value]->post([this, to, work = std::move(work)]() mutable {
      Instance* const who = seats_[to.shard.value].at(to.instance);
      if (who != nullptr) work(*who);
    });
  }
  // The result of a call of its.
  template <typename T>
  void answer(Answer<T> answer, base::Result<T> result) {
    deliver(answer.to, [call = answer.call, result = std::move(result)](Instance& who) mutable {
      who.template answer<T>(call, std::move(result));
    });
  }
  // Runs `work`, a void(Instance*), on the shard, with whoever is there then.
  template <typename Work>
  void visit(base::ShardId shard, Work work) {
    shards_[shard.value]->post(
        [this, shard, work = std::move(work)]() mutable { work(seats_[shard.value].now()); });
  }

 private:
  const std::vector<base::Executor*> shards_;
  std::vector<Seat<Instance>> seats_;  // each touched on its own shard
};

}  // namespace palaver::broker::redis
