// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/room.h"

#include <functional>
#include <unordered_map>
#include <utility>

namespace palaver::broker::memory {
namespace {

// A block of malloc: its header and half of the rounding to 16.
constexpr std::size_t kMallocBytes = 16;
// A node of a hash table beside its value: link, cached hash, and the slots of the bucket array.
constexpr std::size_t kHashNodeBytes = 32 + kMallocBytes;
// A Frame's shared block beside its bytes: the control block with size and unit ends, in one piece
// of memory, and the bytes in another.
constexpr std::size_t kFrameBytes = 64 + 2 * kMallocBytes;

std::size_t heap_bytes(const std::string& text) {
  const std::size_t inside = std::string().capacity();
  return text.capacity() <= inside ? 0 : text.capacity() + 1 + kMallocBytes;
}

std::size_t hash_of(std::string_view user, std::string_view id) {
  const std::hash<std::string_view> hash;
  return hash(user) * 31 + hash(id);
}

}  // namespace

const PublishId* PublishIds::find(const model::UserId& user, std::string_view id) const {
  const auto found = index_.find(Key{user.value, id, hash_of(user.value, id)});
  return found == index_.end() ? nullptr : *found;
}

PublishId& PublishIds::add(std::unique_ptr<PublishId> id) {
  id->hash = hash_of(id->user.value, id->id);
  PublishId& added = ids_.push(std::move(id));
  index_.insert(&added);
  return added;
}

void PublishIds::pop_oldest() {
  index_.erase(&ids_.front());
  ids_.pop();
}

std::size_t bytes_of(const Entry& entry) {
  const model::Publication& p = entry.publication;
  return sizeof(Entry) + kMallocBytes + OwningFifo<Entry>::kSlotBytes +
         heap_bytes(p.sender.user.value) + heap_bytes(p.sender.client) + heap_bytes(p.sender.info) +
         heap_bytes(p.sender.room_info) + heap_bytes(p.tags) +
         (p.data.empty() ? 0 : p.data.size() + kFrameBytes);
}

std::size_t bytes_of(const PublishId& id) {
  return sizeof(PublishId) + kMallocBytes + OwningFifo<PublishId>::kSlotBytes + sizeof(void*) +
         kHashNodeBytes + heap_bytes(id.user.value) + heap_bytes(id.id);
}

std::size_t bytes_of_room(const model::RoomName& name) {
  constexpr std::size_t kSubscribersBytes = 2 * sizeof(Address) + kMallocBytes;
  return sizeof(std::pair<const model::RoomName, Room>) + kHashNodeBytes + kSubscribersBytes +
         heap_bytes(name.value);
}

std::size_t bytes_of_id_table() { return sizeof(PublishIds) + kMallocBytes; }

}  // namespace palaver::broker::memory
