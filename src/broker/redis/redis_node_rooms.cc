// SPDX-License-Identifier: Apache-2.0
// The rooms that this process has subscribed to: how each gets in step with Redis, stays there, and
// how it finds out that it is not.
#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/redis/keys.h"
#include "broker/redis/redis_broker.h"
#include "broker/redis/redis_node.h"

namespace palaver::broker::redis {

using model::Offset;
using model::RoomName;

namespace {

constexpr base::Duration kTick = std::chrono::milliseconds{250};
// A room that could not be looked at is looked at again.
constexpr base::Duration kRetry = std::chrono::milliseconds{500};
// What was acknowledged and did not come through the feed by then is read.
constexpr base::Duration kAckHoldMax = std::chrono::seconds{1};
// What was seen of a room without subscribers is remembered for so long, of so many rooms.
constexpr base::Duration kWitnessTime = std::chrono::seconds{60};
constexpr std::size_t kWitnessedMax = 10'000;

}  // namespace

RedisNode::Room* RedisNode::find(const std::string& channel) {
  const auto found = rooms_.find(channel);
  return found == rooms_.end() ? nullptr : &found->second;
}

void RedisNode::subscribe(const RoomName& name, Answer<model::Position> answer) {
  const std::string channel = channel_of(name);
  const auto [found, made] = rooms_.try_emplace(channel, name);
  Room& room = found->second;
  if (std::ranges::find(room.subscribers, answer.to) == room.subscribers.end()) {
    room.subscribers.push_back(answer.to);
  }
  if (room.in_step) {
    reply<model::Position>(answer, model::Position{room.epoch, room.seen});
    return;
  }
  room.waiting.push_back(answer);
  if (made) {
    const auto witnessed = witnessed_.find(name);
    if (witnessed != witnessed_.end()) {
      room.epoch = witnessed->second.epoch;
      room.acked = witnessed->second.offset;
    }
    links_.subscribe(room.partition, channel);
  }
}

void RedisNode::unsubscribe(const RoomName& name, broker::Address who) {
  const std::string channel = channel_of(name);
  const auto found = rooms_.find(channel);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  std::erase(room.subscribers, who);
  std::erase_if(room.waiting, [&](const auto& answer) { return answer.to == who; });
  if (!room.subscribers.empty()) return;
  tell_all(room);
  tails_.drop(channel);
  links_.unsubscribe(room.partition, channel);
  const model::Position last{room.epoch, std::max(room.seen, room.acked)};
  rooms_.erase(found);
  if (!last.epoch.value.empty()) remember(name, last);
}

void RedisNode::on_subscribed(const std::string& channel) {
  Room* room = find(channel);
  if (room == nullptr) return;
  room->fed = true;
  room->stepping = false;
  step(channel, *room);
}

void RedisNode::on_unsubscribed(const std::string& channel) {
  Room* room = find(channel);
  if (room != nullptr) room->fed = room->in_step = room->stepping = false;
}

// Another Redis may answer now, or the same with less than before.
void RedisNode::on_up(const PartitionSet& partitions) {
  for (auto& [channel, room] : rooms_) {
    if (!partitions.test(room.partition)) continue;
    room.in_step = room.stepping = false;
    if (room.fed) {
      step(channel, room);
    } else {
      check(room.name, {room.epoch, std::max(room.seen, room.acked)});
    }
  }
  for (const auto& [name, seen] : witnessed_) {
    if (partitions.test(partition_of(name))) check(name, {seen.epoch, seen.offset});
  }
}

// If Redis does not have what was seen, the epoch ends; who steps later finds another one. At once:
// what is acknowledged from now on hides what was lost before.
void RedisNode::check(const RoomName& name, const model::Position& seen) {
  if (seen.epoch.value.empty()) return;
  ask_redis(ScriptId::kCheck, name,
            {links_.script_channel(channel_of(name)), seen.epoch.value,
             std::to_string(seen.offset.value)},
            [](const Reply&) {});
}

// Looks where Redis is with the room; until that is known, what comes is held.
void RedisNode::step(const std::string& channel, Room& room) {
  if (std::exchange(room.stepping, true)) return;
  room.in_step = false;
  tails_.drop(channel);
  const Offset witness = std::max(room.seen, room.acked);
  ask_redis(ScriptId::kCheck, room.name,
            {links_.script_channel(channel), room.epoch.value, std::to_string(witness.value)},
            [this, channel](Reply reply) { on_checked(channel, std::move(reply)); });
}

void RedisNode::on_checked(const std::string& channel, Reply reply) {
  Room* room = find(channel);
  if (room == nullptr || !room->stepping) return;
  if (!reply) {
    fail_step(channel, *room, reply.error());
    return;
  }
  const auto& elements = reply->elements;
  const auto top = elements.size() == 3 ? parse_position(std::span(elements).subspan(1))
                                        : std::optional<model::Position>();
  if (!top) {
    fail_step(channel, *room, {base::ErrorCode::kUnavailable, "Redis is not understood"});
    return;
  }
  const bool first = !room->known;
  const bool same = top->epoch == room->epoch && elements[0].text == "ok";
  if (!first && same && top->offset > room->seen) {
    catch_up(channel, *room, top->offset);
    return;
  }
  if (!first && !same) tell_lost(*room);
  if (!same) room->acked = {};
  room->epoch = top->epoch;
  room->seen = same ? std::max(room->seen, top->offset) : top->offset;
  in_step(channel, *room);
}

// Reads what came after `seen`, and passes it on.
void RedisNode::catch_up(const std::string& channel, Room& room, Offset until) {
  ask_redis(
      ScriptId::kHistory, room.name,
      {std::to_string(room.seen.value), std::to_string(base::kReplayEntriesMax),
       std::to_string(base::kReplayBytesMax), "f"},
      [this, channel, until](Reply reply) { on_caught_up(channel, until, std::move(reply)); });
}

void RedisNode::on_caught_up(const std::string& channel, Offset until, Reply reply) {
  Room* room = find(channel);
  if (room == nullptr || !room->stepping) return;
  if (!reply) {
    fail_step(channel, *room, reply.error());
    return;
  }
  const auto top = parse_position(reply->elements);
  if (!top || top->epoch != room->epoch) {
    room->stepping = false;
    step(channel, *room);
    return;
  }
  auto entries = parse_entries(std::span(reply->elements).subspan(2));
  for (model::Publication& entry : entries) {
    Live live{.kind = Live::Kind::kEntry,
              .epoch = room->epoch,
              .publication = std::move(entry),
              .redacted = {}};
    pass_on(channel, *room, std::move(live));
  }
  if (room->seen < until && !entries.empty()) {
    catch_up(channel, *room, until);
    return;
  }
  // What was trimmed meanwhile shows by its `prev` to whoever gets the next.
  room->seen = std::max(room->seen, until);
  in_step(channel, *room);
}

void RedisNode::in_step(const std::string& channel, Room& room) {
  room.known = room.in_step = true;
  room.stepping = false;
  for (const auto answer : std::exchange(room.waiting, {})) {
    reply<model::Position>(answer, model::Position{room.epoch, room.seen});
  }
  for (Live& live : std::exchange(room.held, {})) {
    if (room.in_step) {
      pass_on(channel, room, std::move(live));
    } else {
      room.held.push_back(std::move(live));  // one of them told that the room was lost
    }
  }
  release_acks(room);
}

void RedisNode::fail_step(const std::string& channel, Room& room, const base::Error& error) {
  for (const auto answer : std::exchange(room.waiting, {})) {
    reply<model::Position>(answer, std::unexpected(error));
  }
  links_.loop().run_after(kRetry, [this, channel] {
    Room* again = find(channel);
    if (again == nullptr || !again->fed || again->in_step) return;
    again->stepping = false;
    step(channel, *again);
  });
}

void RedisNode::tell_lost(Room& room) {
  for (const broker::Address to : room.subscribers) {
    seats_.deliver(to, [name = room.name](RedisBroker& broker) { broker.sink().on_lost(name); });
  }
  tell_all(room);
}

// Another history of the room has begun.
void RedisNode::lose(const std::string& channel, Room& room) {
  tell_lost(room);
  room.epoch = {};
  room.seen = room.acked = {};
  room.known = room.stepping = false;
  if (room.fed) step(channel, room);
}

void RedisNode::on_message(const std::string& channel, std::string_view message) {
  Room* room = find(channel);
  if (room == nullptr) return;
  auto live = parse_live(message);
  if (!live) return;
  if (room->in_step || live->kind == Live::Kind::kEphemeral) {
    pass_on(channel, *room, std::move(*live));
    return;
  }
  // Too many: the room is read again when it is in step, and `prev` shows what is missing.
  if (room->held.size() == base::kJoinHoldMax) room->held.clear();
  room->held.push_back(std::move(*live));
}

void RedisNode::pass_on(const std::string& channel, Room& room, Live live) {
  if (live.kind == Live::Kind::kEphemeral) live.epoch = room.epoch;
  if (live.kind != Live::Kind::kEphemeral && live.epoch != room.epoch) {
    const bool entry = live.kind != Live::Kind::kLost;
    lose(channel, room);
    if (entry) room.held.push_back(std::move(live));
    return;
  }
  if (live.kind == Live::Kind::kLost) return;  // known
  if (live.kind != Live::Kind::kEphemeral) {
    if (live.publication.offset <= room.seen) return;
    room.seen = live.publication.offset;
    if (!live.redacted.empty()) tails_.drop(channel);
    const RoomBounds bounds = config_.bounds_of(room.name);
    tails_.push(channel, live.publication, links_.loop().now() + bounds.age_max,
                bounds.entries_max);
  }
  const auto shared = std::make_shared<const Live>(std::move(live));
  for (const broker::Address to : room.subscribers) {
    seats_.deliver(to, [name = room.name, shared](RedisBroker& broker) {
      for (const Offset target : shared->redacted) {
        if (!broker.stopped()) broker.sink().on_redaction(name, target);
      }
      if (broker.stopped()) return;
      broker.sink().on_publication(name, shared->epoch, shared->publication);
    });
  }
  release_acks(room);
}

std::optional<History> RedisNode::seen_history(const std::string& channel,
                                               const HistoryQuery& query) {
  const bool forward = query.direction == HistoryQuery::Direction::kForward;
  const Room* room = find(channel);
  if (!query.seen_will_do || !query.since || !forward || room == nullptr || !room->in_step) {
    return std::nullopt;
  }
  History history{.top = {room->epoch, room->seen}, .entries = {}};
  if (*query.since == room->seen) return history;
  auto entries = tails_.after(channel, query, links_.loop().now());
  if (!entries) return std::nullopt;
  history.entries = std::move(*entries);
  return history;
}

// Tells now, or when the subscribers here have seen all up to there.
void RedisNode::tell_when_seen(const std::string& channel, const model::Position& position,
                               std::move_only_function<void()> tell) {
  Room* room = find(channel);
  const bool ahead =
      room != nullptr &&
      (!room->in_step || (position.epoch == room->epoch && position.offset > room->seen));
  if (!ahead) {
    tell();
    return;
  }
  room->acks.emplace(position.offset,
                     HeldAck{.since = links_.loop().now(), .tell = std::move(tell)});
}

// Nobody here will see what they wait for, or not soon.
void RedisNode::tell_all(Room& room) {
  for (auto& [offset, held] : std::exchange(room.acks, {})) held.tell();
}

void RedisNode::release_acks(Room& room) {
  while (room.in_step && !room.acks.empty() && room.acks.begin()->first <= room.seen) {
    room.acks.begin()->second.tell();
    room.acks.erase(room.acks.begin());
  }
}

void RedisNode::witness(const RoomName& name, const model::Position& position) {
  if (Room* room = find(channel_of(name))) {
    if (position.epoch == room->epoch) room->acked = std::max(room->acked, position.offset);
    return;
  }
  remember(name, position);
}

// Who comes back soon finds out by it whether Redis still has what was seen.
void RedisNode::remember(const RoomName& name, const model::Position& position) {
  const base::Instant until = links_.loop().now() + kWitnessTime;
  const auto [found, made] = witnessed_.try_emplace(name);
  if (made) witness_order_.emplace_back(until, name);
  found->second = {.epoch = position.epoch, .offset = position.offset, .until = until};
  if (witnessed_.size() <= kWitnessedMax) return;
  witnessed_.erase(witness_order_.front().second);
  witness_order_.pop_front();
}

void RedisNode::tick() {
  links_.loop().run_after(kTick, [this] { tick(); });
  const base::Instant now = links_.loop().now();
  tails_.expire(now);
  for (auto& [channel, room] : rooms_) {
    if (room.acks.empty()) continue;
    auto& oldest = room.acks.begin()->second;
    if (now - oldest.since < kAckHoldMax) continue;
    if (room.in_step) {
      step(channel, room);
    } else if (now - oldest.since > links_.options().timeout) {
      // It is stored; what the subscribers miss they will get when the room is in step.
      tell_all(room);
    }
  }
  while (!witness_order_.empty() && witness_order_.front().first <= now) {
    const RoomName name = std::move(witness_order_.front().second);
    witness_order_.pop_front();
    const auto found = witnessed_.find(name);
    if (found == witnessed_.end()) continue;
    if (found->second.until <= now) {
      witnessed_.erase(found);
    } else {
      witness_order_.emplace_back(found->second.until, name);
    }
  }
}

}  // namespace palaver::broker::redis
