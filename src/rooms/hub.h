// SPDX-License-Identifier: Apache-2.0
// Hub: the rooms that a shard's members are in. It asks the room's home shard to join a member,
// puts what the home feeds into the room's runs, and tells the home when members go. Owned by a
// shard and used on its thread; homes reach it through NodeLinks. It orders nothing and stores
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "rooms/encoding.h"
#include "rooms/fanout.h"
#include "rooms/join.h"
#include "rooms/node_links.h"
#include "rooms/room.h"

namespace palaver::rooms {

class HubObserver {
 public:
  virtual ~HubObserver() = default;
  // The member was in the room and is not any more: something may be missing. It may join again.
  virtual void on_lost(MemberId member, const model::RoomName& room) = 0;
  // Something may be missing in a room that keeps nothing, so that joining again brings none of it
  // back: the member is still there.
  virtual void on_interrupted(MemberId /*member*/, const model::RoomName& /*room*/) {}
};

class Hub {
 public:
  enum class Answer { kStay, kLeave };
  // Called on this shard, later, unless the member has been closed. On success, and if it answers
  // kStay, the membership is live when it returns: what it queues for the member (a reply, the
  // replay) goes before anything live. Errors: kLimit, kUnavailable.
  using JoinDone = std::move_only_function<Answer(base::Result<Joined>)>;

  Hub(base::ShardId shard, Fanout& fanout, HubObserver& observer, NodeLinks& links);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  void join(MemberId member, const model::RoomName& room, Encoding encoding, JoinOptions options,
            JoinDone done);
  // The member leaves every room and its connection's outbox is closed: no call for it follows.
  void close(MemberId member);
  // The member leaves this room; nothing happens when it is not in it.
  void leave(MemberId member, const model::RoomName& room);
  // The member leaves every room; its outbox stays, for a last frame.
  void leave_all(MemberId member);

  // From homes.
  void joined(std::uint64_t ticket, base::Result<Joined> joined);
  void deliver(const model::RoomName& room, const EncodedFrames& frames, Importance importance);
  void lost(const model::RoomName& room);
  void interrupted(const model::RoomName& room);

  [[nodiscard]] std::size_t room_count() const { return rooms_.size(); }

 private:
  struct PendingJoin {
    MemberId member;
    model::RoomName room;
    Encoding encoding{};
    JoinDone done;
  };

  void leave(MemberId member, Room& room, Encoding encoding);
  using Members = std::vector<std::pair<MemberId, Encoding>>;
  [[nodiscard]] Members members_of(const Room& room) const;
  void tell_home_left(const model::RoomName& room, Encoding encoding);
  void release_if_empty(Room& room);

  const base::ShardId shard_;
  Fanout& fanout_;
  HubObserver& observer_;
  NodeLinks& links_;
  std::unordered_map<model::RoomName, Room> rooms_;
  std::unordered_map<std::uint64_t, PendingJoin> pending_;
  std::uint64_t tickets_ = 0;
};

}  // namespace palaver::rooms
