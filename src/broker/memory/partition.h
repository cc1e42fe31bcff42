// SPDX-License-Identifier: Apache-2.0
// Partition: the rooms whose home is one shard, and all the rules of the memory broker. It runs on
// that shard alone, has no thread, timer or queue of tasks, and answers at once; what others must
// hear goes into Outgoing. The MemoryNode owns it and does the talking.
//
// Every record is in two queues: its room's and, in the order of age, that of all rooms with the
// same bounds. So each bound (entries, age, bytes, ids) forgets from a front in O(1), and an idle
// room costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/frame.h"
#include "base/result.h"
#include "broker/broker.h"
#include "broker/memory/fifo.h"
#include "broker/memory/limits.h"
#include "broker/memory/message.h"
#include "broker/memory/room.h"
#include "model/position.h"
#include "model/publication.h"

namespace palaver::broker::memory {

struct PartitionConfig {
  MemoryBrokerLimits limits;     // bytes_max: of this partition
  BoundsOf bounds_of = nullptr;  // null: those of `limits` for every room
  std::uint64_t seed = 0;        // of the epochs
  std::uint64_t salt = 0;        // of the offsets
};

// For metrics and tests.
struct Usage {
  std::size_t rooms = 0;
  std::size_t entries = 0;
  std::size_t ids = 0;
  std::size_t bytes = 0;
};

class Partition {
 public:
  // `clock` and `outgoing` belong to the partition's shard and outlive it.
  Partition(const PartitionConfig& config, const base::Clock& clock, Outgoing& outgoing);
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  // The calls of broker.h.
  [[nodiscard]] base::Result<model::Position> subscribe(const model::RoomName& name, Address who);
  void unsubscribe(const model::RoomName& name, Address who);
  [[nodiscard]] base::Result<PublishResult> publish(const model::RoomName& name,
                                                    model::Sender sender, base::Frame data,
                                                    PublishOptions options);
  [[nodiscard]] base::Result<History> history(const model::RoomName& name,
                                              const HistoryQuery& query);
  [[nodiscard]] model::Position position(const model::RoomName& name) const;
  [[nodiscard]] base::Result<model::Publication> entry(const model::RoomName& name,
                                                       model::Offset offset);
  [[nodiscard]] base::Result<RedactResult> redact(const model::RoomName& name, model::Sender sender,
                                                  base::Frame data, model::Offset target,
                                                  const base::Frame& replacement, std::string id);
  [[nodiscard]] base::Result<void> remove_history(const model::RoomName& name);

  // Ends all subscriptions of `who`. Looks at every room: for the end of a shard.
  void unsubscribe_all(Address who);

  // Forgets what is too old, at most kSweepDropsMax records.
  enum class Sweep { kDone, kMore };
  Sweep sweep();
  // Something will grow too old, so sweep() has to come again.
  [[nodiscard]] bool ages() const;

  [[nodiscard]] const Usage& usage() const { return usage_; }

 private:
  [[nodiscard]] Room* find(const model::RoomName& name);
  Room& open(const model::RoomName& name);  // finds or makes
  [[nodiscard]] RoomGroup& group_of(const model::RoomName& name);
  [[nodiscard]] model::Epoch new_epoch();
  // The offset of the first publish with this id, or 0. Null: the room does not exist.
  [[nodiscard]] model::Offset first_with_id(Room* room, const model::UserId& user,
                                            const std::string& id);
  // The room keeps an entry at `offset`, and it is not redacted. Null: the room does not exist.
  [[nodiscard]] bool has_target(Room* room, model::Offset offset);

  struct NewEntry {
    model::Sender sender;
    base::Frame data;
    std::string id;
    model::Offset about{0};
    std::string tags = {};
  };
  void append(Room& room, NewEntry added);
  void tell_publication(const Room& room, const model::Publication& publication);
  void redact_entry(Entry& entry, const base::Frame& replacement);

  void forget_oldest_entry(Room& room);
  void forget_oldest_id(Room& room);
  // The same for the front of a queue by age, which is the oldest of its room too.
  void forget_and_settle(Entry& oldest);
  void forget_and_settle(PublishId& oldest);
  void forget_resting(Room& room);
  void forget_old_entries(Room& room);
  // Puts the room among the resting ones, or takes it out, after any change to it.
  void settle(Room& room);
  // May destroy any room without subscribers: the last step of a call.
  void keep_bytes_bound();
  bool forget_oldest_of_all();

  [[nodiscard]] bool too_old(const Entry& e) const;
  [[nodiscard]] bool too_old(const PublishId& id) const;
  [[nodiscard]] bool too_old(const Room& resting) const;

  const MemoryBrokerLimits limits_;
  const BoundsOf bounds_of_;
  const std::uint64_t salt_;
  const base::Clock& clock_;
  Outgoing& outgoing_;
  std::mt19937_64 random_;
  std::unordered_map<model::RoomName, Room> rooms_;
  std::vector<std::unique_ptr<RoomGroup>> groups_;  // one for each bounds that a room has had
  Fifo<PublishId> ids_by_age_;                      // all rooms keep them for the same time
  Usage usage_;
};

}  // namespace palaver::broker::memory
