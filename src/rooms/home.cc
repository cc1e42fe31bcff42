// SPDX-License-Identifier: Apache-2.0
#include "rooms/home.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "model/recovery.h"
#include "rooms/hub.h"

namespace palaver::rooms {

namespace {

constexpr base::Duration kRetryDelay = std::chrono::seconds{1};

// How many of the newest entries stay within this sum of data; the newest itself always does.
std::size_t newest_within(const std::vector<model::Publication>& entries, std::size_t bytes_max) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry, ++count) {
    bytes += entry->data.size();
    if (bytes > bytes_max && count > 0) break;
  }
  return count;
}

}  // namespace

Home::Home(Options options, Encoder& encoder, base::Executor& executor, NodeLinks& links)
    : options_(options),
      encoder_(encoder),
      executor_(executor),
      links_(links),
      random_(static_cast<std::minstd_rand::result_type>(options.seed)) {}

void Home::start(broker::Broker& broker) {
  broker_ = &broker;
  check_tails_later();
}

// The room if it still lives the life in which the caller asked for something.
Home::HomeRoom* Home::find(const model::RoomName& name, std::uint64_t life) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end() || found->second.life != life) return nullptr;
  return &found->second;
}

void Home::each_room(const RoomVisitor& visit) const {
  for (const auto& [name, room] : rooms_) {
    std::uint32_t members = 0;
    for (const ShardMembers& shard : room.shards) {
      members = std::accumulate(shard.count.begin(), shard.count.end(), members);
    }
    if (members > 0 && !visit(name, members)) return;
  }
}

void Home::join(JoinRequest request) {
  auto found = rooms_.find(request.room);
  if (found == rooms_.end()) {
    if (links_.rooms.fetch_add(1) >= options_.rooms_max) {
      links_.rooms.fetch_sub(1);
      answer(request, base::fail(base::ErrorCode::kLimit, "too many rooms (see rooms-max)"));
      return;
    }
    found = rooms_.try_emplace(request.room).first;
  }
  HomeRoom& room = found->second;
  if (room.live) {
    begin_join(room, std::move(request));
    return;
  }
  room.waiting.push_back(std::move(request));
  if (!room.subscribing) subscribe(found->first, room);
}

void Home::leave(const model::RoomName& name, base::ShardId shard, Encoding encoding) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  auto& shards = found->second.shards;
  const auto members = std::ranges::find(shards, shard, &ShardMembers::shard);
  if (members == shards.end()) return;
  --members->count[index_of(encoding)];
  if (std::ranges::all_of(members->count, [](std::uint32_t count) { return count == 0; })) {
    shards.erase(members);
  }
  release_if_empty(name);
}

void Home::release_if_empty(const model::RoomName& name) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  const HomeRoom& room = found->second;
  if (!room.shards.empty() || !room.waiting.empty() || room.reads > 0) return;
  broker_->unsubscribe(name);
  links_.rooms.fetch_sub(1);
  rooms_.erase(found);
}

void Home::subscribe(const model::RoomName& name, HomeRoom& room) {
  room.subscribing = true;
  room.live = false;
  room.filling = false;
  room.life = ++lives_;
  room.reads = 0;
  room.held.clear();
  room.recent.clear();
  broker_->subscribe(name, [this, name, life = room.life](base::Result<model::Position> position) {
    on_subscribed(name, life, std::move(position));
  });
}

void Home::on_subscribed(const model::RoomName& name, std::uint64_t life,
                         base::Result<model::Position> position) {
  HomeRoom* room = find(name, life);
  if (room == nullptr) return;
  room->subscribing = false;
  if (!position) {
    fail_waiting(name, position.error());
    return;
  }
  room->live = true;
  room->position = std::move(*position);
  if (room->held_epoch != room->position.epoch) room->held.clear();
  room->filled_from = model::kOffsetEnd;
  for (JoinRequest& request : std::exchange(room->waiting, {})) {
    begin_join(*room, std::move(request));
  }
  drain_held(name, *room);
}

// Members that were lost may not have left yet; whoever joins before they have subscribes again.
void Home::fail_waiting(const model::RoomName& name, const base::Error& error) {
  for (const JoinRequest& request : std::exchange(rooms_.at(name).waiting, {})) {
    answer(request, std::unexpected(error));
  }
  release_if_empty(name);
}

void Home::begin_join(HomeRoom& room, JoinRequest request) {
  if (request.options.replay == JoinOptions::Replay::kNone) {
    finish_join(room, request, {.position = room.position, .recovered = false, .replay = {}});
  } else {
    read_history(room, std::move(request));
  }
}

void Home::read_history(HomeRoom& room, JoinRequest request) {
  if (room.reads++ == 0) {
    room.recent.clear();
    room.recent_gap = {};
  }
  broker::HistoryQuery query;
  if (request.options.replay == JoinOptions::Replay::kLast) {
    query.direction = broker::HistoryQuery::Direction::kReverse;
    query.limit = std::min(request.options.last, base::kReplayEntriesMax);
    query.bytes_max = base::kReplayBytesMax;
  } else {
    query.since = request.options.since.offset;
    query.limit = std::numeric_limits<std::size_t>::max();
    query.bytes_max = options_.recovery_bytes_max;
    query.seen_will_do = true;
  }
  RoomLife asked{request.room, room.life, room.position.offset};
  const model::RoomName name = request.room;
  broker_->history(name, query,
                   [this, asked = std::move(asked),
                    request = std::move(request)](base::Result<broker::History> history) mutable {
                     on_history(std::move(request), asked, std::move(history));
                   });
}

void Home::on_history(JoinRequest request, const RoomLife& asked,
                      base::Result<broker::History> history) {
  HomeRoom* room = find(asked.name, asked.life);
  if (room == nullptr) {
    join(std::move(request));  // the room was lost meanwhile: from the start
    return;
  }
  --room->reads;
  if (!history) {
    answer(request, std::unexpected(history.error()));
    release_if_empty(asked.name);
  } else if (history->top.epoch != room->position.epoch || history->top.offset < asked.offset) {
    lose(asked.name, *room);  // entries that were delivered here have vanished from the broker
    join(std::move(request));
  } else if (history->top.offset < room->recent_gap) {
    read_history(*room, std::move(request));
  } else {
    Joined joined = merge(*room, request.options, std::move(*history));
    finish_join(*room, request, std::move(joined));
  }
}

// The history was read at some moment near now; the member joins exactly at the room's position.
// Entries that the history has beyond it will come live; entries that came live since are in
// recent.
Joined Home::merge(const HomeRoom& room, const JoinOptions& options,
                   broker::History history) const {
  Joined joined{
      .position = room.position, .recovered = false, .replay = std::move(history.entries)};
  auto& replay = joined.replay;
  const bool since = options.replay == JoinOptions::Replay::kSince;
  if (since) {
    const bool whole = replay.empty() || replay.back().offset == history.top.offset;
    const model::Publication* next = replay.empty() ? nullptr : &replay.front();
    const bool keeps = !history.top.epoch.value.empty();  // else the broker has no order
    joined.recovered = keeps && whole && model::recovered_from(options.since, history.top, next);
  } else {
    std::ranges::reverse(replay);
  }
  std::erase_if(
      replay, [&](const model::Publication& entry) { return entry.offset > room.position.offset; });
  for (const model::Publication& entry : room.recent) {
    const bool missed = since && entry.offset <= options.since.offset;
    if (entry.offset > history.top.offset && !missed) replay.push_back(entry);
  }
  if (since) {
    // The member was at a node that is ahead of this one: it would get what it has once more.
    const model::Offset end = replay.empty() ? options.since.offset : replay.back().offset;
    joined.recovered = joined.recovered && end == room.position.offset &&
                       newest_within(replay, options_.recovery_bytes_max) == replay.size();
    if (!joined.recovered) replay.clear();
  } else {
    const std::size_t last = std::min(options.last, base::kReplayEntriesMax);
    const std::size_t count = std::min(last, newest_within(replay, base::kReplayBytesMax));
    replay.erase(replay.begin(), replay.end() - static_cast<std::ptrdiff_t>(count));
  }
  return joined;
}

void Home::finish_join(HomeRoom& room, const JoinRequest& request, Joined joined) {
  auto members = std::ranges::find(room.shards, request.shard, &ShardMembers::shard);
  if (members == room.shards.end()) {
    room.shards.push_back({.shard = request.shard});
    members = room.shards.end() - 1;
  }
  ++members->count[index_of(request.encoding)];
  answer(request, std::move(joined));
}

void Home::answer(const JoinRequest& request, base::Result<Joined> joined) {
  const ShardLink& link = links_.at(request.shard);
  link.executor->post(
      [hub = link.hub, ticket = request.ticket, joined = std::move(joined)]() mutable {
        hub->joined(ticket, std::move(joined));
      });
}

void Home::on_publication(const model::RoomName& name, const model::Epoch& epoch,
                          const model::Publication& publication) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  HomeRoom& room = found->second;
  if (publication.offset.value == 0) {
    if (room.live) feed(found->first, room, publication);
    return;
  }
  if (room.live && epoch != room.position.epoch) {
    lose(found->first, room);
  } else if (!room.live || room.filling) {
    hold(found->first, room, epoch, publication);
  } else {
    accept(found->first, room, publication);
  }
}

// The data of an entry is gone from the broker; what a join still holds of it goes too.
void Home::on_redaction(const model::RoomName& name, model::Offset target) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  HomeRoom& room = found->second;
  const auto erased = std::erase_if(
      room.recent, [&](const model::Publication& entry) { return entry.offset == target; });
  if (erased > 0) room.recent_gap = std::max(room.recent_gap, target);  // such a join reads again
}

void Home::on_lost(const model::RoomName& name) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  HomeRoom& room = found->second;
  if (room.live && room.position.epoch.value.empty()) {
    interrupt(found->first, room);
  } else {
    lose(found->first, room);
  }
}

void Home::accept(const model::RoomName& name, HomeRoom& room,
                  const model::Publication& publication) {
  if (publication.offset <= room.position.offset) return;
  if (publication.prev == room.position.offset) {
    deliver(name, room, publication);
  } else if (room.filled_from == room.position.offset) {
    lose(name, room);  // the broker was asked for this hole and does not have it
  } else {
    ++counters_.holes_filled;
    room.held.push_back(publication);
    fill(name, room);
  }
}

void Home::hold(const model::RoomName& name, HomeRoom& room, const model::Epoch& epoch,
                const model::Publication& publication) {
  if (room.live) {
    if (room.held.size() == base::kJoinHoldMax) {
      lose(name, room);
      return;
    }
  } else if (room.held.size() == base::kJoinHoldMax || room.held_epoch != epoch) {
    // Nobody is live yet, and the position that the subscription answers with may cover all of
    // these; if not, `prev` shows the hole. Those of another epoch are of no use.
    room.held.clear();
    room.held_epoch = epoch;
  }
  room.held.push_back(publication);
}

void Home::deliver(const model::RoomName& name, HomeRoom& room,
                   const model::Publication& publication) {
  room.position.offset = publication.offset;
  ++counters_.publications;
  feed(name, room, publication);
  if (room.reads == 0) return;
  if (room.recent.size() == base::kJoinHoldMax) {
    room.recent_gap = std::max(room.recent_gap, room.recent.front().offset);
    room.recent.pop_front();
  }
  room.recent.push_back(publication);
}

void Home::feed(const model::RoomName& name, const HomeRoom& room,
                const model::Publication& publication) {
  if (room.shards.empty()) return;
  EncodingSet wanted{};
  for (const ShardMembers& members : room.shards) {
    for (std::size_t i = 0; i < kEncodingCount; ++i) wanted[i] |= members.count[i] > 0;
  }
  const EncodedFrames frames = encoder_.encode(name, publication, wanted);
  const Importance importance =
      model::is_passing(publication) ? Importance::kDroppable : Importance::kKept;
  for (const ShardMembers& members : room.shards) {
    const ShardLink& link = links_.at(members.shard);
    link.executor->post(
        [hub = link.hub, name, frames, importance] { hub->deliver(name, frames, importance); });
  }
}

void Home::fill(const model::RoomName& name, HomeRoom& room) {
  room.filling = true;
  room.filled_from = room.position.offset;
  broker::HistoryQuery query;
  query.since = room.position.offset;
  query.limit = base::kReplayEntriesMax;
  query.bytes_max = base::kReplayBytesMax;
  broker_->history(name, query,
                   [this, name, life = room.life](base::Result<broker::History> history) {
                     on_fill(name, life, std::move(history));
                   });
}

void Home::on_fill(const model::RoomName& name, std::uint64_t life,
                   base::Result<broker::History> history) {
  HomeRoom* room = find(name, life);
  if (room == nullptr) return;
  if (!history) {
    executor_.run_after(kRetryDelay, [this, name, life] {
      HomeRoom* again = find(name, life);
      if (again != nullptr) fill(name, *again);
    });
    return;
  }
  room->filling = false;
  if (history->top.epoch != room->position.epoch || history->top.offset < room->position.offset) {
    lose(name, *room);
    return;
  }
  for (const model::Publication& entry : history->entries) {
    if (entry.prev != room->position.offset) {
      lose(name, *room);
      return;
    }
    deliver(name, *room, entry);
  }
  if (room->position.offset < history->top.offset) {
    if (history->entries.empty()) {
      lose(name, *room);
    } else {
      fill(name, *room);
    }
    return;
  }
  drain_held(name, *room);
}

void Home::drain_held(const model::RoomName& name, HomeRoom& room) {
  const std::uint64_t life = room.life;
  std::vector<model::Publication> held = std::exchange(room.held, {});
  for (std::size_t i = 0; i < held.size(); ++i) {
    accept(name, room, held[i]);
    if (room.life != life) return;
    if (!room.filling) continue;
    room.held.insert(room.held.end(), std::make_move_iterator(held.begin() + i + 1),
                     std::make_move_iterator(held.end()));
    return;
  }
  room.filled_from = model::kOffsetEnd;
}

// Every member is told, and the room begins anew at whatever the broker has now. Joins that are
// under way are answered in the new life.
void Home::lose(const model::RoomName& name, HomeRoom& room) {
  ++counters_.rooms_lost;
  for (const ShardMembers& members : room.shards) {
    const ShardLink& link = links_.at(members.shard);
    link.executor->post([hub = link.hub, name] { hub->lost(name); });
  }
  subscribe(name, room);
}

void Home::check_tails_later() {
  std::uniform_int_distribution<base::Duration::rep> sooner(0, options_.tail_check_jitter.count());
  executor_.run_after(options_.tail_check_interval - base::Duration{sooner(random_)},
                      [this] { check_tails(); });
}

// Without positions nothing begins anew: who leaves and comes again would miss still more.
void Home::interrupt(const model::RoomName& name, const HomeRoom& room) {
  ++counters_.rooms_interrupted;
  for (const ShardMembers& members : room.shards) {
    const ShardLink& link = links_.at(members.shard);
    link.executor->post([hub = link.hub, name] { hub->interrupted(name); });
  }
}

// Asks for all rooms in one call: a broker that is away, or a publication that it dropped on its
// way here, is found even where nobody speaks any more.
void Home::check_tails() {
  check_tails_later();
  std::vector<model::RoomName> names;
  auto lives = std::make_shared<std::vector<RoomLife>>();
  for (const auto& [name, room] : rooms_) {
    if (!room.live || room.filling) continue;
    names.push_back(name);
    lives->push_back({name, room.life, room.position.offset});
  }
  if (names.empty()) return;
  broker_->positions(std::move(names),
                     [this, lives](base::Result<std::vector<model::Position>> positions) {
                       if (!positions) return;  // the broker is away: the next check comes
                       for (std::size_t i = 0; i < lives->size(); ++i) {
                         check_tail((*lives)[i], (*positions)[i]);
                       }
                     });
}

void Home::check_tail(const RoomLife& asked, const model::Position& top) {
  HomeRoom* room = find(asked.name, asked.life);
  if (room == nullptr || room->filling) return;
  if (top.epoch != room->position.epoch || top.offset < asked.offset) {
    lose(asked.name, *room);  // entries that were delivered here have vanished from the broker
  } else if (top.offset > room->position.offset) {
    ++counters_.tails_filled;
    fill(asked.name, *room);
  }
}

}  // namespace palaver::rooms
