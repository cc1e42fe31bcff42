// SPDX-License-Identifier: Apache-2.0
// RedisPresenceNode: what the Redis presences of a process share, on the loop of the Links: this
// node's members, and its lease. A room's members lie in one hash, each with its node; a node has
// one lease for all of them, so that silent members cost nothing. Whoever reads leaves out, and
// removes, the members of nodes whose lease has ended. What Redis forgot is told to it again.
//
// app/ owns it: made before the shards run, destroyed after they have ended.
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "broker/presence.h"
#include "broker/redis/answer.h"
#include "broker/redis/links.h"
#include "broker/redis/seats.h"

namespace palaver::broker::redis {

class RedisPresence;

// How long what a node says of itself and of its rooms holds, and how often it says so again. The
// lease is below kPresenceLease, and has room for a Redis that fails over meanwhile.
struct PresenceTimes {
  std::chrono::milliseconds lease{45'000};
  std::chrono::milliseconds lease_interval{10'000};
  std::chrono::milliseconds room{180'000};
  std::chrono::milliseconds room_interval{50'000};
};

class RedisPresenceNode final : private LinksListener {
 public:
  // All outlive the node's last task.
  RedisPresenceNode(Links& links, std::span<base::Executor* const> shards,
                    PresenceTimes times = {});
  RedisPresenceNode(const RedisPresenceNode&) = delete;
  RedisPresenceNode& operator=(const RedisPresenceNode&) = delete;

  // For RedisPresence, on the shard of `address`.
  [[nodiscard]] broker::Address attach(base::ShardId shard, RedisPresence& presence);
  void detach(broker::Address address);
  // Runs `work`, a void(RedisPresenceNode&), on the loop's thread, later.
  template <typename Work>
  void ask(Work work) {
    links_.loop().post([this, work = std::move(work)]() mutable { work(*this); });
  }

  // The rest on the loop's thread.
  void add(const model::RoomName& room, const model::Sender& member, Answer<void> answer);
  void remove(const model::RoomName& room, const std::string& client);
  using Members = std::vector<model::Sender>;
  void members(const model::RoomName& room, Answer<Members> answer);
  void stats(const model::RoomName& room, Answer<PresenceStats> answer);
  template <typename T>
  void reply(Answer<T> answer, base::Result<T> result);

 private:
  using Reply = base::Result<codec::resp::Reply>;
  struct Member {
    broker::Address owner;
    std::string packed;
  };
  using Room = std::map<std::string, Member, std::less<>>;

  void on_up(const PartitionSet& partitions) override;
  void on_message(const std::string& channel, std::string_view message) override;

  void open();
  void tell_lease();
  void renew_lease();
  void renew_rooms();
  // All of this node's members of the room.
  void tell_redis(const model::RoomName& name, const Room& room);
  // Whether it was here.
  bool forget(const model::RoomName& room, const std::string& client);
  // It is not of the node any more that may think so.
  void tell_others(const model::RoomName& room, const std::string& client);
  void leave(const model::RoomName& name, const std::string& client, const std::string& node);
  void read(const model::RoomName& room, std::move_only_function<void(base::Result<Members>)> done);
  // Of what the room's hash holds.
  void keep_living(const model::RoomName& room, codec::resp::Reply members,
                   std::move_only_function<void(base::Result<Members>)> done);
  [[nodiscard]] Members living(const model::RoomName& room, const codec::resp::Reply& nodes,
                               const codec::resp::Reply& members);
  [[nodiscard]] std::string node_mark() const { return links_.uid() + ' '; }

  Links& links_;
  const PresenceTimes times_;
  Seats<RedisPresence> seats_;
  std::unordered_map<model::RoomName, Room> rooms_;
  // Left while Redis was away.
  std::vector<std::pair<model::RoomName, std::string>> leaving_;
  const std::string channel_;
  bool opened_ = false;
};

}  // namespace palaver::broker::redis
