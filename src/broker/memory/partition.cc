// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/partition.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "broker/publish_rules.h"

namespace palaver::broker::memory {
namespace {

using base::ErrorCode;
using model::Offset;

// The index of the first entry whose offset is not below `offset`.
std::size_t lower_bound(std::span<const std::unique_ptr<Entry>> entries, Offset offset) {
  const auto found = std::ranges::lower_bound(
      entries, offset, {}, [](const auto& entry) { return entry->publication.offset; });
  return static_cast<std::size_t>(found - entries.begin());
}

// The entry at exactly this offset, or null.
Entry* entry_at(const Room& room, Offset offset) {
  const auto entries = room.entries.items();
  const std::size_t i = lower_bound(entries, offset);
  if (i == entries.size() || entries[i]->publication.offset != offset) return nullptr;
  return entries[i].get();
}

std::unexpected<base::Error> no_target() {
  return base::fail(ErrorCode::kNotFound, "the entry that this is about is not kept, or redacted");
}

}  // namespace

Partition::Partition(const PartitionConfig& config, const base::Clock& clock, Outgoing& outgoing)
    : limits_(config.limits),
      bounds_of_(config.bounds_of),
      salt_(config.salt),
      clock_(clock),
      outgoing_(outgoing),
      random_(config.seed) {}

base::Result<model::Position> Partition::subscribe(const model::RoomName& name, Address who) {
  Room& room = open(name);
  if (std::ranges::find(room.subscribers, who) == room.subscribers.end()) {
    room.subscribers.push_back(who);
  }
  settle(room);
  model::Position position{room.epoch, room.last};
  keep_bytes_bound();
  return position;
}

void Partition::unsubscribe(const model::RoomName& name, Address who) {
  Room* room = find(name);
  if (!room) return;
  std::erase(room->subscribers, who);
  settle(*room);
}

void Partition::unsubscribe_all(Address who) {
  for (auto& [name, room] : rooms_) {
    std::erase(room.subscribers, who);
    settle(room);
  }
}

base::Result<PublishResult> Partition::publish(const model::RoomName& name, model::Sender sender,
                                               base::Frame data, PublishOptions options) {
  if (auto checked = check_publish(options, limits_.dedupe_id_bytes_max); !checked)
    return std::unexpected(checked.error());
  if (options.retention == model::Retention::kEphemeral) {
    const Room* room = find(name);
    if (!room) return PublishResult{};
    tell_publication(*room, {.offset = Offset{0},
                             .prev = Offset{0},
                             .sender = std::move(sender),
                             .data = std::move(data),
                             .kind = options.kind,
                             .tags = std::move(options.tags)});
    return PublishResult{.position = {room->epoch, Offset{0}}};
  }
  Room* const known = find(name);
  const Offset first = first_with_id(known, sender.user, options.id);
  if (first != Offset{0}) return PublishResult{{known->epoch, first}, true};
  if (options.about != Offset{0} && !has_target(known, options.about)) return no_target();
  Room& room = known ? *known : open(name);
  append(room, {.sender = std::move(sender),
                .data = std::move(data),
                .id = std::move(options.id),
                .about = options.about,
                .tags = std::move(options.tags)});
  PublishResult result{.position = {room.epoch, room.last}};
  keep_bytes_bound();
  return result;
}

base::Result<History> Partition::history(const model::RoomName& name, const HistoryQuery& query) {
  History history;
  Room* room = find(name);
  if (!room) return history;
  forget_old_entries(*room);
  history.top = {room->epoch, room->last};

  const bool forward = query.direction == HistoryQuery::Direction::kForward;
  auto entries = room->entries.items();
  if (query.since && forward) {
    entries = entries.subspan(lower_bound(entries, Offset{query.since->value + 1}));
  } else if (query.since) {
    entries = entries.first(lower_bound(entries, *query.since));
  }
  const std::size_t limit = std::min(query.limit, entries.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < limit; ++i) {
    const Entry& entry = *entries[forward ? i : entries.size() - 1 - i];
    bytes += entry.publication.data.size();
    if (query.bytes_max > 0 && bytes > query.bytes_max && i > 0) break;
    history.entries.push_back(entry.publication);
  }
  return history;
}

model::Position Partition::position(const model::RoomName& name) const {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return {};
  return {found->second.epoch, found->second.last};
}

base::Result<model::Publication> Partition::entry(const model::RoomName& name, Offset offset) {
  Room* room = find(name);
  if (room) forget_old_entries(*room);
  const Entry* entry = room ? entry_at(*room, offset) : nullptr;
  if (!entry) return base::fail(ErrorCode::kNotFound, "the room has no entry at this offset");
  return entry->publication;
}

base::Result<RedactResult> Partition::redact(const model::RoomName& name, model::Sender sender,
                                             base::Frame data, Offset target,
                                             const base::Frame& replacement, std::string id) {
  if (auto checked = check_publish_id(id, limits_.dedupe_id_bytes_max); !checked)
    return std::unexpected(checked.error());
  Room* const room = find(name);
  const Offset first = first_with_id(room, sender.user, id);
  if (first != Offset{0}) return RedactResult{{room->epoch, first}};
  if (!has_target(room, target)) return no_target();
  std::vector<Offset> redacted;
  const auto entries = room->entries.items();
  // Only what came later can be about it.
  for (const auto& entry : entries.subspan(lower_bound(entries, target))) {
    const Offset offset = entry->publication.offset;
    if ((offset != target && entry->about != target) || entry->redacted) continue;
    redact_entry(*entry, replacement);
    redacted.push_back(offset);
  }
  for (const Address& who : room->subscribers) outgoing_.add(who, Redacted{name, redacted});
  append(*room, {.sender = std::move(sender), .data = std::move(data), .id = std::move(id)});
  RedactResult result{{room->epoch, room->last}};
  keep_bytes_bound();
  return result;
}

base::Result<void> Partition::remove_history(const model::RoomName& name) {
  Room* room = find(name);
  if (!room) return {};
  while (!room->entries.empty()) forget_oldest_entry(*room);
  while (room->ids) forget_oldest_id(*room);
  room->epoch = new_epoch();
  room->last = Offset{0};
  settle(*room);
  for (const Address& who : room->subscribers) outgoing_.add(who, Lost{name});
  return {};
}

Room* Partition::find(const model::RoomName& name) {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : &found->second;
}

Room& Partition::open(const model::RoomName& name) {
  const auto [at, made] = rooms_.try_emplace(name);
  Room& room = at->second;
  if (made) {
    room.name = &at->first;
    room.group = &group_of(name);
    room.epoch = new_epoch();
    ++usage_.rooms;
    usage_.bytes += bytes_of_room(at->first);
  }
  return room;
}

RoomGroup& Partition::group_of(const model::RoomName& name) {
  const RoomBounds bounds = bounds_of_ ? bounds_of_(name) : limits_.room_bounds();
  for (const auto& group : groups_) {
    if (group->bounds == bounds) return *group;
  }
  return *groups_.emplace_back(std::make_unique<RoomGroup>(bounds));
}

model::Epoch Partition::new_epoch() {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t kLength = 12;  // 60 bits; fits into the string object
  std::string text(kLength, '\0');
  std::uint64_t bits = random_();
  for (char& c : text) {
    c = kAlphabet[bits % kAlphabet.size()];
    bits /= kAlphabet.size();
  }
  return model::Epoch{std::move(text)};
}

Offset Partition::first_with_id(Room* room, const model::UserId& user, const std::string& id) {
  if (!room) return Offset{0};
  while (room->ids && too_old(room->ids->oldest())) forget_oldest_id(*room);
  settle(*room);
  if (id.empty() || !room->ids) return Offset{0};
  const PublishId* found = room->ids->find(user, id);
  return found ? found->offset : Offset{0};
}

bool Partition::has_target(Room* room, Offset offset) {
  if (!room) return false;
  forget_old_entries(*room);
  const Entry* const entry = entry_at(*room, offset);
  return entry && !entry->redacted;
}

// The new entry is told before it is kept: bounds may forget it at once.
void Partition::append(Room& room, NewEntry added) {
  const base::Instant now = clock_.now();
  const Offset offset = model::next_offset(room.issued, clock_.wall_now(), salt_);
  auto entry = std::make_unique<Entry>();
  entry->publication = {.offset = offset,
                        .prev = room.last,
                        .sender = std::move(added.sender),
                        .data = std::move(added.data),
                        .tags = std::move(added.tags)};
  entry->about = added.about;
  entry->at = now;
  entry->room = &room;
  entry->bytes = bytes_of(*entry);
  room.last = room.issued = offset;
  tell_publication(room, entry->publication);

  if (!added.id.empty() && limits_.dedupe_ids_max > 0) {
    auto record = std::make_unique<PublishId>();
    record->user = entry->publication.sender.user;
    record->id = std::move(added.id);
    record->offset = offset;
    record->at = now;
    record->room = &room;
    if (!room.ids) {
      room.ids = std::make_unique<PublishIds>();
      usage_.bytes += bytes_of_id_table();
    }
    usage_.bytes += bytes_of(*record);
    ++usage_.ids;
    ids_by_age_.push(room.ids->add(std::move(record)));
    if (room.ids->size() > limits_.dedupe_ids_max) forget_oldest_id(room);
  }

  usage_.bytes += entry->bytes;
  ++usage_.entries;
  room.group->entries.push(room.entries.push(std::move(entry)));
  if (room.entries.size() > room.group->bounds.entries_max) forget_oldest_entry(room);
  forget_old_entries(room);
  settle(room);
}

void Partition::tell_publication(const Room& room, const model::Publication& publication) {
  for (const Address& who : room.subscribers) {
    outgoing_.add(who, Published{*room.name, room.epoch, publication});
  }
}

void Partition::redact_entry(Entry& entry, const base::Frame& replacement) {
  usage_.bytes -= entry.bytes;
  entry.publication.data = replacement;
  entry.publication.tags = {};
  entry.redacted = true;
  entry.bytes = bytes_of(entry);
  usage_.bytes += entry.bytes;
}

void Partition::forget_oldest_entry(Room& room) {
  Entry& entry = room.entries.front();
  usage_.bytes -= entry.bytes;
  --usage_.entries;
  room.group->entries.remove(entry);
  room.entries.pop();
}

void Partition::forget_oldest_id(Room& room) {
  PublishId& id = room.ids->oldest();
  usage_.bytes -= bytes_of(id);
  --usage_.ids;
  ids_by_age_.remove(id);
  room.ids->pop_oldest();
  if (room.ids->empty()) {
    room.ids.reset();
    usage_.bytes -= bytes_of_id_table();
  }
}

void Partition::forget_and_settle(Entry& oldest) {
  Room& room = *oldest.room;
  forget_oldest_entry(room);
  settle(room);
}

void Partition::forget_and_settle(PublishId& oldest) {
  Room& room = *oldest.room;
  forget_oldest_id(room);
  settle(room);
}

void Partition::forget_resting(Room& room) {
  room.group->resting.remove(room);
  --usage_.rooms;
  usage_.bytes -= bytes_of_room(*room.name);
  rooms_.erase(rooms_.find(*room.name));
}

void Partition::forget_old_entries(Room& room) {
  while (!room.entries.empty() && too_old(room.entries.front())) forget_oldest_entry(room);
  settle(room);
}

void Partition::settle(Room& room) {
  const bool resting = room.subscribers.empty() && room.entries.empty() && !room.ids;
  if (resting == room.resting) return;
  room.resting = resting;
  if (resting) {
    room.resting_since = clock_.now();
    room.group->resting.push(room);
  } else {
    room.group->resting.remove(room);
  }
}

void Partition::keep_bytes_bound() {
  while (usage_.bytes > limits_.bytes_max && forget_oldest_of_all()) {
  }
}

bool Partition::forget_oldest_of_all() {
  Entry* entry = nullptr;
  Room* resting = nullptr;
  for (const auto& group : groups_) {
    Entry* const e = group->entries.oldest();
    if (e && (!entry || e->at < entry->at)) entry = e;
    Room* const r = group->resting.oldest();
    if (r && (!resting || r->resting_since < resting->resting_since)) resting = r;
  }
  PublishId* const id = ids_by_age_.oldest();
  constexpr base::Instant kNever = base::Instant::max();
  const base::Instant entry_at = entry ? entry->at : kNever;
  const base::Instant id_at = id ? id->at : kNever;
  const base::Instant resting_at = resting ? resting->resting_since : kNever;
  if (entry && entry_at <= id_at && entry_at <= resting_at) {
    forget_and_settle(*entry);
  } else if (id && id_at <= resting_at) {
    forget_and_settle(*id);
  } else if (resting) {
    forget_resting(*resting);
  } else {
    return false;
  }
  return true;
}

Partition::Sweep Partition::sweep() {
  std::size_t left = kSweepDropsMax;
  for (const auto& group : groups_) {
    for (; left > 0; --left) {
      Entry* const entry = group->entries.oldest();
      if (!entry || !too_old(*entry)) break;
      forget_and_settle(*entry);
    }
  }
  for (; left > 0; --left) {
    PublishId* const id = ids_by_age_.oldest();
    if (!id || !too_old(*id)) break;
    forget_and_settle(*id);
  }
  for (const auto& group : groups_) {
    for (; left > 0; --left) {
      Room* const room = group->resting.oldest();
      if (!room || !too_old(*room)) break;
      forget_resting(*room);
    }
  }
  return left > 0 ? Sweep::kDone : Sweep::kMore;
}

bool Partition::ages() const {
  return !ids_by_age_.empty() || std::ranges::any_of(groups_, [](const auto& group) {
    return !group->entries.empty() || !group->resting.empty();
  });
}

bool Partition::too_old(const Entry& e) const {
  return clock_.now() - e.at >= e.room->group->bounds.age_max;
}

bool Partition::too_old(const PublishId& id) const {
  return clock_.now() - id.at >= limits_.dedupe_window;
}

bool Partition::too_old(const Room& resting) const {
  return clock_.now() - resting.resting_since >= resting.group->bounds.meta_ttl;
}

}  // namespace palaver::broker::memory
