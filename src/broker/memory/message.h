// SPDX-License-Identifier: Apache-2.0
// What a partition tells the shards: publications and other news of rooms, and the answers to
// calls. For each shard there is one queue in which all of it keeps its order; that is why no
// acknowledgement overtakes an older publication. Values only: they travel between threads.
#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "broker/broker.h"
#include "broker/seat.h"
#include "broker/slots.h"
#include "model/position.h"
#include "model/publication.h"

namespace palaver::broker::memory {

struct Published {
  model::RoomName room;
  model::Epoch epoch;
  model::Publication publication;
};
struct Redacted {
  model::RoomName room;
  std::vector<model::Offset> targets;
};
struct Lost {
  model::RoomName room;
};
// The part of positions() that one partition knows, by the index in the argument.
struct PositionsPart {
  std::vector<std::pair<std::size_t, model::Position>> positions;
};

template <typename T>
struct Reply {
  CallId call;
  base::Result<T> result;
};

using Message = std::variant<Published, Redacted, Lost, Reply<model::Position>,
                             Reply<PublishResult>, Reply<History>, Reply<PositionsPart>,
                             Reply<model::Publication>, Reply<RedactResult>, Reply<void>>;

struct Addressed {
  Address to;
  Message message;
};

// The messages that a partition has not sent yet, one queue a shard.
class Outgoing {
 public:
  explicit Outgoing(std::size_t shards) : queues_(shards) {}

  void add(Address to, Message message) {
    queues_[to.shard.value].push_back({to, std::move(message)});
    ++size_;
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::vector<Addressed> take(base::ShardId shard) {
    std::vector<Addressed>& queue = queues_[shard.value];
    size_ -= queue.size();
    return std::exchange(queue, {});
  }
  // A queue that take() gave, for its memory; a burst's is not kept.
  void reuse(base::ShardId shard, std::vector<Addressed> taken) {
    constexpr std::size_t kKeptMax = 256;
    taken.clear();
    if (queues_[shard.value].empty() && taken.capacity() <= kKeptMax) {
      queues_[shard.value] = std::move(taken);
    }
  }

 private:
  std::vector<std::vector<Addressed>> queues_;
  std::size_t size_ = 0;
};

}  // namespace palaver::broker::memory
