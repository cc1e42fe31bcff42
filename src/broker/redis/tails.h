// SPDX-License-Identifier: Apache-2.0
// Tails: the newest entries of the rooms that this process has subscribed to, as they were passed
// on: an unbroken chain a room. They answer for a member that comes back only if they hold its
// position. Owned and used on the loop of the Links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "broker/broker.h"
#include "model/publication.h"

namespace palaver::broker::redis {

class Tails {
 public:
  explicit Tails(std::size_t bytes_max = base::kTailBytesMax) : bytes_max_(bytes_max) {}

  // The entry that came next in the room, kept until then and among so many; what does not follow
  // the last one begins anew.
  void push(const std::string& channel, const model::Publication& entry, base::Instant until,
            std::size_t entries_max);
  void drop(const std::string& channel);
  // What the query asks for, without its `top`. Unset: `since` is not within the tail.
  [[nodiscard]] std::optional<std::vector<model::Publication>> after(const std::string& channel,
                                                                     const HistoryQuery& query,
                                                                     base::Instant now) const;
  // Lets go of what has grown old, but for rooms whose entries live longer than others'.
  void expire(base::Instant now);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    model::Publication publication;
    base::Instant until;
    std::uint64_t number = 0;
  };
  // One for each entry, in the order of their coming; some entries are gone by now.
  struct Place {
    std::shared_ptr<const std::string> channel;
    std::uint64_t number = 0;
    base::Instant until;
  };
  struct Tail {
    std::shared_ptr<const std::string> channel;
    std::deque<Entry> entries;  // never empty
  };

  [[nodiscard]] bool is_there(const Place& place) const;
  void pop_front(Tail& tail);
  void pop_oldest();

  const std::size_t bytes_max_;
  std::unordered_map<std::string, Tail> tails_;
  std::deque<Place> order_;
  std::uint64_t number_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace palaver::broker::redis
