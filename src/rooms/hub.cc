// SPDX-License-Identifier: Apache-2.0
#include "rooms/hub.h"

#include <utility>

#include "base/check.h"
#include "rooms/home.h"

namespace palaver::rooms {

Hub::Hub(base::ShardId shard, Fanout& fanout, HubObserver& observer, NodeLinks& links)
    : shard_(shard), fanout_(fanout), observer_(observer), links_(links) {}

void Hub::join(MemberId member, const model::RoomName& room, Encoding encoding, JoinOptions options,
               JoinDone done) {
  const std::uint64_t ticket = ++tickets_;
  pending_.emplace(ticket, PendingJoin{member, room, encoding, std::move(done)});
  const ShardLink& home = links_.home_of(room);
  home.executor->post([home = home.home, request = JoinRequest{room, shard_, ticket, encoding,
                                                               std::move(options)}]() mutable {
    home->join(std::move(request));
  });
}

void Hub::joined(std::uint64_t ticket, base::Result<Joined> joined) {
  const auto found = pending_.find(ticket);
  CHECK(found != pending_.end(), "a home answers each join once");
  PendingJoin pending = std::move(found->second);
  pending_.erase(found);
  const bool live = joined.has_value();
  Answer answer = Answer::kLeave;
  if (fanout_.is_open(pending.member)) answer = pending.done(std::move(joined));
  if (!live) return;
  if (answer == Answer::kLeave) {
    tell_home_left(pending.room, pending.encoding);
    return;
  }
  Room& room = rooms_.try_emplace(pending.room, pending.room).first->second;
  fanout_.join(room, pending.member, pending.encoding);
}

void Hub::close(MemberId member) {
  leave_all(member);
  fanout_.close(member);
}

void Hub::leave(MemberId member, const model::RoomName& name) {
  for (const auto& [room, encoding] : fanout_.rooms_of(member)) {
    if (room->name == name) leave(member, *room, encoding);
  }
}

void Hub::leave_all(MemberId member) {
  for (const auto& [room, encoding] : fanout_.rooms_of(member)) leave(member, *room, encoding);
}

void Hub::leave(MemberId member, Room& room, Encoding encoding) {
  fanout_.leave(room, member);
  tell_home_left(room.name, encoding);
  release_if_empty(room);
}

void Hub::tell_home_left(const model::RoomName& room, Encoding encoding) {
  const ShardLink& home = links_.home_of(room);
  home.executor->post(
      [home = home.home, room, shard = shard_, encoding] { home->leave(room, shard, encoding); });
}

void Hub::release_if_empty(Room& room) {
  if (room.member_count() > 0) return;
  fanout_.forget(room);
  rooms_.erase(rooms_.find(room.name));
}

void Hub::deliver(const model::RoomName& name, const EncodedFrames& frames, Importance importance) {
  const auto found = rooms_.find(name);
  if (found != rooms_.end()) fanout_.publish(found->second, frames, importance);
}

Hub::Members Hub::members_of(const Room& room) const {
  Members members;
  for (std::size_t i = 0; i < kEncodingCount; ++i) {
    for (const Member& member : room.audiences[i].members) {
      members.emplace_back(fanout_.id_of(member.slot), static_cast<Encoding>(i));
    }
  }
  return members;
}

void Hub::lost(const model::RoomName& name) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  const Members members = members_of(found->second);
  for (const auto& [member, encoding] : members) {
    fanout_.leave(found->second, member);
    tell_home_left(name, encoding);
  }
  release_if_empty(found->second);
  for (const auto& [member, encoding] : members) {
    if (fanout_.is_open(member)) observer_.on_lost(member, name);
  }
}

// The observer may have the member leave.
void Hub::interrupted(const model::RoomName& name) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  for (const auto& [member, encoding] : members_of(found->second)) {
    if (fanout_.is_open(member)) observer_.on_interrupted(member, name);
  }
}

}  // namespace palaver::rooms
