// SPDX-License-Identifier: Apache-2.0
#include "broker/redis/redis_presence_node.h"

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "broker/redis/entry.h"
#include "broker/redis/keys.h"
#include "broker/redis/redis_presence.h"

namespace palaver::broker::redis {

using model::RoomName;

namespace {

// Members that one command tells of.
constexpr std::size_t kMembersPerCommand = 128;

std::string milliseconds(std::chrono::milliseconds time) { return std::to_string(time.count()); }

}  // namespace

RedisPresenceNode::RedisPresenceNode(Links& links, std::span<base::Executor* const> shards,
                                     PresenceTimes times)
    : links_(links), times_(times), seats_(shards), channel_(node_key("presence")) {
  links_.add(*this);
}

broker::Address RedisPresenceNode::attach(base::ShardId shard, RedisPresence& presence) {
  ask([](RedisPresenceNode& node) { node.open(); });
  return seats_.take(shard, presence);
}

void RedisPresenceNode::detach(broker::Address address) {
  seats_.leave(address);
  ask([address](RedisPresenceNode& node) {
    std::vector<std::pair<RoomName, std::string>> gone;
    for (const auto& [name, room] : node.rooms_) {
      for (const auto& [client, member] : room) {
        if (member.owner == address) gone.emplace_back(name, client);
      }
    }
    for (const auto& [name, client] : gone) {
      node.forget(name, client);
      node.leave(name, client, node.node_mark());
    }
  });
}

void RedisPresenceNode::open() {
  if (std::exchange(opened_, true)) return;
  links_.open();
  links_.subscribe(kNodesPartition, channel_);
  renew_lease();
  links_.loop().run_after(times_.room_interval, [this] { renew_rooms(); });
}

void RedisPresenceNode::tell_lease() {
  const std::string keys[] = {node_key("nodes")};
  const std::string arguments[] = {links_.uid(), milliseconds(times_.lease)};
  links_.run(kNodesPartition, ScriptId::kLease, keys, arguments, [](const Reply&) {});
}

void RedisPresenceNode::renew_lease() {
  links_.loop().run_after(times_.lease_interval, [this] { renew_lease(); });
  tell_lease();
  for (const auto& [name, client] : std::exchange(leaving_, {})) {
    leave(name, client, node_mark());
  }
}

void RedisPresenceNode::renew_rooms() {
  links_.loop().run_after(times_.room_interval, [this] { renew_rooms(); });
  for (const auto& [name, room] : rooms_) {
    const std::string command[] = {"PEXPIRE", presence_key(name), milliseconds(times_.room)};
    links_.send(partition_of(name), command, [this, name](const Reply& renewed) {
      const auto found = rooms_.find(name);
      if (renewed && renewed->integer == 0 && found != rooms_.end()) {
        tell_redis(name, found->second);
      }
    });
  }
}

// It may be another Redis, or the same that has forgotten.
void RedisPresenceNode::on_up(const PartitionSet& partitions) {
  if (!opened_) return;
  if (partitions.test(kNodesPartition)) tell_lease();
  for (const auto& [name, room] : rooms_) {
    if (partitions.test(partition_of(name))) tell_redis(name, room);
  }
}

void RedisPresenceNode::tell_redis(const RoomName& name, const Room& room) {
  for (auto member = room.begin(); member != room.end();) {
    std::vector<std::string> command{"HSET", presence_key(name)};
    for (std::size_t i = 0; i < kMembersPerCommand && member != room.end(); ++i, ++member) {
      command.push_back(member->first);
      command.push_back(node_mark() + member->second.packed);
    }
    links_.send(partition_of(name), command, [](const Reply&) {});
  }
  const std::string command[] = {"PEXPIRE", presence_key(name), milliseconds(times_.room)};
  links_.send(partition_of(name), command, [](const Reply&) {});
}

void RedisPresenceNode::add(const RoomName& room, const model::Sender& member,
                            Answer<void> answer) {
  if (member.client.empty()) {
    reply<void>(answer, base::fail(base::ErrorCode::kInvalidArgument, "a member has a client"));
    return;
  }
  Room& members = rooms_[room];
  const bool first = members.empty();
  const bool here = members.contains(member.client);
  Member& mine = members[member.client];
  mine = {.owner = answer.to, .packed = pack_sender(member)};
  const std::string command[] = {"HSET", presence_key(room), member.client,
                                 node_mark() + mine.packed};
  links_.send(partition_of(room), command,
              [this, answer, room, here, client = member.client](const Reply& added) {
                if (!added) {
                  reply<void>(answer, std::unexpected(added.error()));
                  return;
                }
                if (added->integer == 0 && !here) tell_others(room, client);
                reply<void>(answer, {});
              });
  if (!first) return;
  const std::string expire[] = {"PEXPIRE", presence_key(room), milliseconds(times_.room)};
  links_.send(partition_of(room), expire, [](const Reply&) {});
}

void RedisPresenceNode::remove(const RoomName& room, const std::string& client) {
  if (!forget(room, client)) tell_others(room, client);
  const std::string command[] = {"HDEL", presence_key(room), client};
  links_.send(partition_of(room), command, [this, room, client](const Reply& removed) {
    if (!removed) leaving_.emplace_back(room, client);
  });
}

bool RedisPresenceNode::forget(const RoomName& room, const std::string& client) {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return false;
  const bool here = found->second.erase(client) > 0;
  if (found->second.empty()) rooms_.erase(found);
  return here;
}

void RedisPresenceNode::tell_others(const RoomName& room, const std::string& client) {
  std::string message;
  for (const std::string& field : {links_.uid(), room.value, client}) pack(message, field);
  links_.publish(kNodesPartition, channel_, std::move(message), [](const Reply&) {});
}

void RedisPresenceNode::on_message(const std::string& channel, std::string_view message) {
  if (channel != channel_) return;
  const auto node = unpack(message);
  const auto room = unpack(message);
  const auto client = unpack(message);
  if (!client || !room || !node || *node == links_.uid()) return;
  forget(RoomName{std::string(*room)}, std::string(*client));
}

// Only of this node: it may have come back at another one meanwhile.

void RedisPresenceNode::leave(const RoomName& name, const std::string& client,
                              const std::string& node) {
  const auto room = rooms_.find(name);
  if (node == node_mark() && room != rooms_.end() && room->second.contains(client)) return;  // back
  const std::string keys[] = {presence_key(name)};
  const std::string arguments[] = {client, node};
  links_.run(partition_of(name), ScriptId::kLeave, keys, arguments,
             [this, name, client, node](const Reply& left) {
               if (!left && node == node_mark()) leaving_.emplace_back(name, client);
             });
}

void RedisPresenceNode::read(const RoomName& room,
                             std::move_only_function<void(base::Result<Members>)> done) {
  // Members first: each of them has had a lease before.
  const std::string command[] = {"HGETALL", presence_key(room)};
  links_.send(partition_of(room), command,
              [this, room, done = std::move(done)](Reply members) mutable {
                if (!members) {
                  done(std::unexpected(members.error()));
                } else {
                  keep_living(room, std::move(*members), std::move(done));
                }
              });
}

void RedisPresenceNode::keep_living(const RoomName& room, codec::resp::Reply members,
                                    std::move_only_function<void(base::Result<Members>)> done) {
  const std::string keys[] = {node_key("nodes")};
  const std::string arguments[] = {std::string(), std::string("0")};
  links_.run(kNodesPartition, ScriptId::kLease, keys, arguments,
             [this, room, members = std::move(members),
              done = std::move(done)](const Reply& nodes) mutable {
               if (!nodes) {
                 done(std::unexpected(nodes.error()));
               } else {
                 done(living(room, *nodes, members));
               }
             });
}

RedisPresenceNode::Members RedisPresenceNode::living(const RoomName& room,
                                                     const codec::resp::Reply& nodes,
                                                     const codec::resp::Reply& members) {
  std::unordered_set<std::string_view> alive{links_.uid()};
  for (const auto& node : nodes.elements) alive.insert(node.text);
  Members living;
  for (std::size_t i = 0; i + 1 < members.elements.size(); i += 2) {
    const std::string_view value = members.elements[i + 1].text;
    const std::size_t space = std::min(value.find(' '), value.size());
    if (!alive.contains(value.substr(0, space))) {
      leave(room, members.elements[i].text, std::string(value.substr(0, space)) + ' ');
    } else if (auto sender = unpack_sender(value.substr(std::min(space + 1, value.size())))) {
      living.push_back(std::move(*sender));
    }
  }
  return living;
}

void RedisPresenceNode::members(const RoomName& room, Answer<Members> answer) {
  read(room, [this, answer](base::Result<Members> members) {
    reply<Members>(answer, std::move(members));
  });
}

void RedisPresenceNode::stats(const RoomName& room, Answer<PresenceStats> answer) {
  read(room, [this, answer](base::Result<Members> members) {
    if (!members) {
      reply<PresenceStats>(answer, std::unexpected(members.error()));
      return;
    }
    PresenceStats stats{.clients = members->size()};
    std::unordered_set<std::string_view> users;
    for (const model::Sender& member : *members) {
      const std::string& user = member.user.value;
      if (user.empty() || users.insert(user).second) ++stats.users;
    }
    reply<PresenceStats>(answer, stats);
  });
}

template <typename T>
void RedisPresenceNode::reply(Answer<T> answer, base::Result<T> result) {
  seats_.answer(answer, std::move(result));
}
template void RedisPresenceNode::reply(Answer<void>, base::Result<void>);
template void RedisPresenceNode::reply(Answer<RedisPresenceNode::Members>,
                                       base::Result<RedisPresenceNode::Members>);
template void RedisPresenceNode::reply(Answer<PresenceStats>, base::Result<PresenceStats>);

}  // namespace palaver::broker::redis
