// SPDX-License-Identifier: Apache-2.0
// What a partition keeps of a room: the entries, the ids of recent publishes, and who subscribed.
// Plain records with an estimate of their memory; the Partition owns them, moves them between its
// queues and keeps the sums. Nothing here decides what is kept.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "broker/memory/fifo.h"
#include "broker/memory/limits.h"
#include "broker/memory/message.h"
#include "model/publication.h"

namespace palaver::broker::memory {

struct Room;

struct Entry : FifoLink<Entry> {
  model::Publication publication;
  model::Offset about;  // the entry that this one speaks of, which may be gone; 0: none
  base::Instant at;
  Room* room = nullptr;
  std::size_t bytes = 0;  // as counted by the partition
  bool redacted = false;
};

// An id that a publish carried, and what it got.
struct PublishId : FifoLink<PublishId> {
  model::UserId user;
  std::string id;
  model::Offset offset;
  base::Instant at;
  Room* room = nullptr;
  std::size_t hash = 0;  // of user and id, by PublishIds: when it leaves, its texts stay untouched
};

// The ids of one room, by (user, id) and by age.
class PublishIds {
 public:
  [[nodiscard]] bool empty() const { return ids_.empty(); }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }
  [[nodiscard]] PublishId& oldest() const { return ids_.front(); }
  [[nodiscard]] const PublishId* find(const model::UserId& user, std::string_view id) const;
  // (user, id) is not there yet.
  PublishId& add(std::unique_ptr<PublishId> id);
  void pop_oldest();

 private:
  struct Key {
    std::string_view user;
    std::string_view id;
    std::size_t hash;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Key& key) const { return key.hash; }
    std::size_t operator()(const PublishId* id) const { return id->hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Key& key, const PublishId* id) const {
      return key.user == id->user.value && key.id == id->id;
    }
    // Two records never have the same (user, id).
    bool operator()(const PublishId* a, const PublishId* b) const { return a == b; }
  };

  OwningFifo<PublishId> ids_;
  std::unordered_set<const PublishId*, Hash, Equal> index_;
};

// The rooms of a partition that have the same bounds: what is in one of these queues grows too old
// in its order.
struct RoomGroup {
  const RoomBounds bounds;
  Fifo<Entry> entries;
  Fifo<Room> resting;
};

struct Room : FifoLink<Room> {
  const model::RoomName* name = nullptr;  // the key in the partition's table
  RoomGroup* group = nullptr;
  model::Epoch epoch;
  model::Offset last;    // of this epoch; 0 before its first entry
  model::Offset issued;  // ever: offsets rise through epochs too
  OwningFifo<Entry> entries;
  std::unique_ptr<PublishIds> ids;  // null: none
  std::vector<Address> subscribers;
  // At rest: without subscribers, entries and ids, so that only its epoch is of use.
  bool resting = false;
  base::Instant resting_since;
};

// Memory that each costs, with what malloc and the containers add. Bytes that a Frame shares with
// others count in full.
[[nodiscard]] std::size_t bytes_of(const Entry& entry);
[[nodiscard]] std::size_t bytes_of(const PublishId& id);
[[nodiscard]] std::size_t bytes_of_room(const model::RoomName& name);
[[nodiscard]] std::size_t bytes_of_id_table();

}  // namespace palaver::broker::memory
