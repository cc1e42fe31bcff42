// SPDX-License-Identifier: Apache-2.0
// What is heard: the feed's channels, what comes on them, and what becomes of a room while they are
// away.
#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/redis/pubsub_broker.h"
#include "broker/redis/pubsub_node.h"
#include "broker/redis/pubsub_payload.h"

namespace palaver::broker::redis {

using model::RoomName;

namespace {

// A note is followed by its payload; one that is not is forgotten.
constexpr base::Duration kNoteTime = std::chrono::seconds{10};
constexpr std::size_t kNotesMax = 1'024;

struct Channel {
  std::string_view room;
  bool nodes = false;  // the room's own; else the article's
};

// Of names that are reserved, only those that keys.h makes are rooms' channels.
Channel channel_named(std::string_view name) {
  constexpr std::string_view kMark = "}:room:";
  if (!name.starts_with(kReservedRoomPrefix)) return {.room = name};
  const std::size_t at = name.find(kMark);
  if (at == std::string_view::npos) return {};
  return {.room = name.substr(at + kMark.size()), .nodes = true};
}

}  // namespace

void PubsubNode::on_subscribed(const std::string& channel) {
  const auto [name, nodes] = channel_named(channel);
  Room* room = find(name);
  if (room == nullptr) return;
  const bool was = room->fed();
  (nodes ? room->hears_nodes : room->hears_articles) = true;
  if (!was && room->fed()) on_fed(std::string(name), *room);
}

void PubsubNode::on_fed(const std::string& name, Room& room) {
  for (const Waiting& waiting : std::exchange(room.waiting, {})) {
    reply<model::Position>(waiting.answer, model::Position{});
  }
  if (std::exchange(room.cut, false)) {
    for (const broker::Address to : room.subscribers) {
      seats_.deliver(to, [name](PubsubBroker& broker) { broker.sink().on_lost(RoomName{name}); });
    }
  }
  release(name, room);
}

void PubsubNode::on_unsubscribed(const std::string& channel) {
  const auto [name, nodes] = channel_named(channel);
  Room* room = find(name);
  if (room == nullptr) return;
  room->cut = room->cut || room->fed();
  (nodes ? room->hears_nodes : room->hears_articles) = false;
  room->notes.clear();
  answer_taken(*room);
}

// There the channels of nodes are sharded, and those of the article's instances are not.
void PubsubNode::on_ready(bool ready) {
  if (!ready || !links_.script_channel("").starts_with('s')) return;
  log_.error("redis-mode=pubsub does not work with Redis Cluster");
}

void PubsubNode::on_message(const std::string& channel, std::string_view message) {
  const auto [name, nodes] = channel_named(channel);
  Room* room = find(name);
  if (room == nullptr) return;
  const std::string room_name(name);
  if (nodes) {
    hear_node(room_name, *room, message);
  } else {
    hear_article(room_name, *room, message);
  }
}

void PubsubNode::hear_article(const std::string& name, Room& room, std::string_view bytes) {
  auto payload = parse_payload(bytes);
  if (!payload) {
    ignore(name, payload.error().message);
    return;
  }
  const auto note = std::ranges::find(room.notes, bytes, &Note::payload);
  model::Publication publication;
  if (note == room.notes.end()) {
    publication = translation_.publication_of(payload->form);
  } else {
    publication = std::move(note->publication);
    room.notes.erase(note);
  }
  publication.said_at = payload->said_at.value_or(links_.loop().wall_now());
  pass_on(name, room, publication);
  answer_heard(room, bytes);
}

void PubsubNode::hear_node(const std::string& name, Room& room, std::string_view bytes) {
  auto message = parse_pubsub(bytes);
  if (!message) {
    ignore(name, "a node with another redis-mode, or another version, is on this Redis");
    return;
  }
  switch (message->kind) {
    case PubsubMessage::Kind::kNote:
      if (room.notes.size() == kNotesMax) room.notes.pop_front();
      room.notes.push_back({.payload = std::move(message->payload),
                            .publication = std::move(message->publication),
                            .until = links_.loop().now() + kNoteTime});
      return;
    case PubsubMessage::Kind::kAlone:
      message->publication.said_at = links_.loop().wall_now();
      break;
    case PubsubMessage::Kind::kPassing:
      break;
  }
  pass_on(name, room, message->publication);
  answer_heard(room, bytes);
}

void PubsubNode::ignore(const std::string& name, const std::string& why) {
  ++ignored_;
  ignored_last_ = name + ": " + why;
}

void PubsubNode::pass_on(const std::string& name, const Room& room,
                         const model::Publication& publication) {
  for (const broker::Address to : room.subscribers) {
    seats_.deliver(to, [name, publication](PubsubBroker& broker) {
      broker.sink().on_publication(RoomName{name}, model::Epoch{}, publication);
    });
  }
}

void PubsubNode::answer_heard(Room& room, std::string_view message) {
  const auto found = std::ranges::find_if(
      room.under_way, [&](const UnderWay& each) { return !each.heard && each.message == message; });
  if (found == room.under_way.end()) return;
  found->heard = true;
  if (!found->taken) return;
  reply<PublishResult>(found->answer, PublishResult{});
  room.under_way.erase(found);
}

// They will not be heard any more.
void PubsubNode::answer_taken(Room& room) {
  std::erase_if(room.under_way, [&](const UnderWay& each) {
    if (each.taken) reply<PublishResult>(each.answer, PublishResult{});
    return each.taken;
  });
}

}  // namespace palaver::broker::redis
