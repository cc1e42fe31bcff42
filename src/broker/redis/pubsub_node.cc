// SPDX-License-Identifier: Apache-2.0
// The calls, and what is sent. What is heard: pubsub_node_rooms.cc.
#include "broker/redis/pubsub_node.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/redis/keys.h"
#include "broker/redis/pubsub_broker.h"
#include "broker/redis/pubsub_payload.h"

namespace palaver::broker::redis {

using model::RoomName;

namespace {

constexpr base::Duration kTick = std::chrono::milliseconds{250};
// What Redis has taken and the feed did not bring by then is answered all the same.
constexpr base::Duration kAckHoldMax = std::chrono::seconds{1};
// Ignored payloads are told of in the log at most so often.
constexpr base::Duration kWarnInterval = std::chrono::seconds{10};

std::unexpected<base::Error> reserved() {
  return base::fail(base::ErrorCode::kInvalidArgument,
                    "with redis-mode=pubsub no room's name begins with 'palaver:'");
}

std::unexpected<base::Error> away() {
  return base::fail(base::ErrorCode::kUnavailable, "Redis does not answer in time");
}

bool is_reserved(const RoomName& name) { return name.value.starts_with(kReservedRoomPrefix); }

}  // namespace

PubsubNode::PubsubNode(Links& links, std::span<base::Executor* const> shards,
                       ArticleTranslation translation, const base::Logger& log)
    : links_(links), translation_(translation), log_(log), seats_(shards) {
  links_.add(*this);
}

broker::Address PubsubNode::attach(base::ShardId shard, PubsubBroker& broker) {
  ask([](PubsubNode& node) { node.open(); });
  return seats_.take(shard, broker);
}

void PubsubNode::detach(broker::Address address) {
  seats_.leave(address);
  ask([address](PubsubNode& node) {
    std::vector<RoomName> names;
    names.reserve(node.rooms_.size());
    for (const auto& [name, room] : node.rooms_) names.push_back(RoomName{name});
    for (const RoomName& name : names) node.unsubscribe(name, address);
  });
}

void PubsubNode::open() {
  if (std::exchange(opened_, true)) return;
  links_.open();
  tick();
}

template <typename T>
void PubsubNode::reply(Answer<T> answer, base::Result<T> result) {
  seats_.answer(answer, std::move(result));
}
template void PubsubNode::reply(Answer<model::Position>, base::Result<model::Position>);
template void PubsubNode::reply(Answer<PublishResult>, base::Result<PublishResult>);
template void PubsubNode::reply(Answer<History>, base::Result<History>);
template void PubsubNode::reply(Answer<std::vector<model::Position>>,
                                base::Result<std::vector<model::Position>>);
template void PubsubNode::reply(Answer<model::Publication>, base::Result<model::Publication>);
template void PubsubNode::reply(Answer<RedactResult>, base::Result<RedactResult>);
template void PubsubNode::reply(Answer<void>, base::Result<void>);

PubsubNode::Room* PubsubNode::find(std::string_view name) {
  const auto found = rooms_.find(std::string(name));
  return found == rooms_.end() ? nullptr : &found->second;
}

void PubsubNode::subscribe(const RoomName& name, Answer<model::Position> answer) {
  if (is_reserved(name)) {
    reply<model::Position>(answer, reserved());
    return;
  }
  const auto [found, made] = rooms_.try_emplace(name.value);
  Room& room = found->second;
  if (std::ranges::find(room.subscribers, answer.to) == room.subscribers.end()) {
    room.subscribers.push_back(answer.to);
  }
  if (room.fed()) {
    reply<model::Position>(answer, model::Position{});
    return;
  }
  room.waiting.push_back({answer, links_.loop().now() + links_.options().timeout});
  if (made) {
    // One partition for both: what is asked there keeps its order.
    links_.subscribe(partition_of(name), name.value);
    links_.subscribe(partition_of(name), channel_of(name));
  }
}

void PubsubNode::unsubscribe(const RoomName& name, broker::Address who) {
  const auto found = rooms_.find(name.value);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  std::erase(room.subscribers, who);
  std::erase_if(room.waiting, [&](const Waiting& waiting) { return waiting.answer.to == who; });
  if (!room.subscribers.empty()) return;
  answer_taken(room);
  release(name.value, room);  // nobody here has to hear it any more
  for (UnderWay& each : room.under_way) unheard_.emplace(each.id, each.answer);
  rooms_.erase(found);
  links_.unsubscribe(partition_of(name), name.value);
  links_.unsubscribe(partition_of(name), channel_of(name));
}

PubsubNode::Outgoing PubsubNode::outgoing(const RoomName& name,
                                          const model::Publication& publication,
                                          model::Retention retention) const {
  using Kind = PubsubMessage::Kind;
  Outgoing out;
  out.channel = channel_of(name);
  if (retention == model::Retention::kEphemeral) {
    out.passes = true;
    out.message = pack_pubsub(Kind::kPassing, "", publication);
    return out;
  }
  const auto form = translation_.form_of(publication.sender, publication.data.view());
  if (!form) {
    out.message = pack_pubsub(Kind::kAlone, "", publication);
    return out;
  }
  out.message = encode_payload(name.value, *form, links_.loop().wall_now());
  // One of the article's own members needs no note: the payload says all that there is.
  const model::Publication plain = translation_.publication_of(*form);
  model::Sender sender = publication.sender;
  sender.client.clear();
  if (sender != plain.sender || publication.data.view() != plain.data.view() ||
      !publication.tags.empty()) {
    out.note = pack_pubsub(Kind::kNote, out.message, publication);
  }
  out.channel = name.value;
  return out;
}

void PubsubNode::publish(const RoomName& name, const model::Publication& publication,
                         model::Retention retention, Answer<PublishResult> answer) {
  if (is_reserved(name)) {
    reply<PublishResult>(answer, reserved());
    return;
  }
  Outgoing out = outgoing(name, publication, retention);
  out.answer = answer;
  Room* room = find(name.value);
  // The subscribers here would not hear it: it waits for the feed.
  if (room != nullptr && !out.passes && !room->fed()) {
    hold(*room, std::move(out));
  } else {
    send(name.value, std::move(out));
  }
}

void PubsubNode::hold(Room& room, Outgoing out) {
  const std::size_t bytes = out.note.size() + out.message.size();
  if (held_ >= kWaitingCallsMax || held_bytes_ + bytes > kWaitingBytesMax) {
    reply<PublishResult>(out.answer,
                         base::fail(base::ErrorCode::kUnavailable, "too much waits for Redis"));
    return;
  }
  ++held_;
  held_bytes_ += bytes;
  room.held.push_back({std::move(out), links_.loop().now() + links_.options().timeout});
}

PubsubNode::Outgoing PubsubNode::take_held(Room& room) {
  Outgoing out = std::move(room.held.front().outgoing);
  room.held.pop_front();
  --held_;
  held_bytes_ -= out.note.size() + out.message.size();
  return out;
}

void PubsubNode::release(const std::string& name, Room& room) {
  while (!room.held.empty()) send(name, take_held(room));
}

// Nothing of it is repeated after a cut: it may have been done, and nobody would know it again.
void PubsubNode::send(const std::string& name, Outgoing out) {
  const std::uint64_t id = ++ids_;
  Room* room = find(name);
  const bool tracked = room != nullptr && !out.passes && room->fed();
  if (tracked) room->under_way.push_back({.id = id, .message = out.message, .answer = out.answer});
  if (!tracked) unheard_.emplace(id, out.answer);
  const unsigned partition = partition_of(RoomName{name});
  if (!out.note.empty()) {
    const std::string words[] = {"PUBLISH", channel_of(RoomName{name}), std::move(out.note)};
    links_.send(partition, words, [](const auto&) {}, Call::Repeat::kNever);
  }
  const std::string words[] = {"PUBLISH", std::move(out.channel), std::move(out.message)};
  links_.send(
      partition, words, [this, name, id](const auto& sent) { on_sent(name, id, sent); },
      Call::Repeat::kNever);
}

void PubsubNode::on_sent(const std::string& name, std::uint64_t id,
                         const base::Result<codec::resp::Reply>& sent) {
  const auto tell = [&](Answer<PublishResult> answer, bool heard = false) {
    if (sent || heard) {
      reply<PublishResult>(answer, PublishResult{});
    } else {
      reply<PublishResult>(answer, std::unexpected(sent.error()));
    }
  };
  if (const auto found = unheard_.find(id); found != unheard_.end()) {
    tell(found->second);
    unheard_.erase(found);
    return;
  }
  Room* room = find(name);
  if (room == nullptr) return;
  const auto found = std::ranges::find(room->under_way, id, &UnderWay::id);
  if (found == room->under_way.end()) return;
  if (!sent || found->heard || !room->fed()) {
    tell(found->answer, found->heard);
    room->under_way.erase(found);
  } else {
    found->taken = true;
    found->since = links_.loop().now();
  }
}

void PubsubNode::tick() {
  links_.loop().run_after(kTick, [this] { tick(); });
  const base::Instant now = links_.loop().now();
  for (auto& [name, room] : rooms_) expire(room, now);
  if (ignored_ == warned_ || now < warn_after_) return;
  warn_after_ = now + kWarnInterval;
  log_.warning("what came from Redis is not the article's payload",
               {{"times", ignored_ - std::exchange(warned_, ignored_)}, {"last", ignored_last_}});
}

void PubsubNode::expire(Room& room, base::Instant now) {
  while (!room.notes.empty() && room.notes.front().until < now) room.notes.pop_front();
  while (!room.waiting.empty() && room.waiting.front().until < now) {
    reply<model::Position>(room.waiting.front().answer, away());
    room.waiting.erase(room.waiting.begin());
  }
  while (!room.held.empty() && room.held.front().until < now) {
    reply<PublishResult>(take_held(room).answer, away());
  }
  std::erase_if(room.under_way, [&](const UnderWay& each) {
    const bool late = each.taken && each.since + kAckHoldMax < now;
    if (late) reply<PublishResult>(each.answer, PublishResult{});
    return late;
  });
}

}  // namespace palaver::broker::redis
