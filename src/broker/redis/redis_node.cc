// SPDX-License-Identifier: Apache-2.0
// The calls: what each asks of Redis, and how its answer is read.
#include "broker/redis/redis_node.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "broker/redis/keys.h"
#include "broker/redis/redis_broker.h"

namespace palaver::broker::redis {

using model::Offset;
using model::RoomName;

namespace {

std::string text_of(base::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// Scope of an id: the room and the user. Those that the server makes begin with another byte.
std::string scoped_id(const model::UserId& user, const std::string& id) {
  return "u" + user.value + '\0' + id;
}

std::unexpected<base::Error> not_understood() {
  return base::fail(base::ErrorCode::kUnavailable, "Redis answers what is not understood");
}

// Of kPublish and kRedact: where the entry is. `duplicate` may be null.
base::Result<model::Position> stored_at(const base::Result<codec::resp::Reply>& reply,
                                        bool* duplicate) {
  if (!reply) return std::unexpected(reply.error());
  const auto& elements = reply->elements;
  if (!elements.empty() && elements[0].text == "absent") {
    return base::fail(base::ErrorCode::kNotFound, "there is no such entry");
  }
  if (elements.size() < 3) return not_understood();
  auto position = parse_position(std::span(elements).subspan(1));
  if (!position) return not_understood();
  if (duplicate != nullptr) *duplicate = elements[0].text == "duplicate";
  return *position;
}

base::Result<History> parse_history(const base::Result<codec::resp::Reply>& reply) {
  if (!reply) return std::unexpected(reply.error());
  auto top = parse_position(reply->elements);
  if (!top) return not_understood();
  return History{.top = std::move(*top),
                 .entries = parse_entries(std::span(reply->elements).subspan(2))};
}

std::string query_key(const std::string& channel, const HistoryQuery& query) {
  return (query.since ? std::to_string(query.since->value) : "-") + ' ' +
         std::to_string(query.limit) + ' ' + std::to_string(query.bytes_max) +
         (query.direction == HistoryQuery::Direction::kForward ? 'f' : 'r') + channel;
}

}  // namespace

RedisNode::RedisNode(Links& links, std::span<base::Executor* const> shards, RedisNodeConfig config)
    : links_(links), config_(std::move(config)), seats_(shards) {
  links_.add(*this);
}

RedisNode::~RedisNode() = default;

broker::Address RedisNode::attach(base::ShardId shard, RedisBroker& broker) {
  ask([](RedisNode& node) { node.open(); });
  return seats_.take(shard, broker);
}

void RedisNode::detach(broker::Address address) {
  seats_.leave(address);
  ask([address](RedisNode& node) {
    std::vector<RoomName> names;
    names.reserve(node.rooms_.size());
    for (const auto& [channel, room] : node.rooms_) names.push_back(room.name);
    for (const RoomName& name : names) node.unsubscribe(name, address);
  });
}

void RedisNode::open() {
  if (std::exchange(opened_, true)) return;
  links_.open();
  tick();
}

template <typename T>
void RedisNode::reply(Answer<T> answer, base::Result<T> result) {
  seats_.answer(answer, std::move(result));
}
template void RedisNode::reply(Answer<model::Position>, base::Result<model::Position>);
template void RedisNode::reply(Answer<PublishResult>, base::Result<PublishResult>);
template void RedisNode::reply(Answer<History>, base::Result<History>);
template void RedisNode::reply(Answer<std::vector<model::Position>>,
                               base::Result<std::vector<model::Position>>);
template void RedisNode::reply(Answer<model::Publication>, base::Result<model::Publication>);
template void RedisNode::reply(Answer<RedactResult>, base::Result<RedactResult>);
template void RedisNode::reply(Answer<void>, base::Result<void>);

// What the scripts' prelude asks for.
std::vector<std::string> RedisNode::arguments_of(const RoomName& name) {
  const RoomBounds bounds = config_.bounds_of(name);
  return {std::to_string(config_.salt),
          std::to_string(bounds.entries_max),
          text_of(bounds.age_max),
          text_of(bounds.meta_ttl + bounds.age_max),
          links_.fresh_id(),
          std::to_string(model::kOffsetOrigin.time_since_epoch().count())};
}

void RedisNode::ask_redis(ScriptId script, const RoomName& name, std::vector<std::string> more,
                          Call::Done done) {
  std::vector<std::string> arguments = arguments_of(name);
  std::ranges::move(more, std::back_inserter(arguments));
  const auto keys = RoomKeys(name).all();
  const unsigned partition = partition_of(name);
  if (script == ScriptId::kPublish || script == ScriptId::kRedact) {
    links_.run_durably(partition, script, keys, arguments, std::move(done));
  } else {
    links_.run(partition, script, keys, arguments, std::move(done));
  }
}

void RedisNode::publish(const RoomName& name, const model::Sender& sender, const base::Frame& data,
                        const PublishOptions& options, Answer<PublishResult> answer) {
  const std::string channel = channel_of(name);
  if (options.retention == model::Retention::kEphemeral) {
    links_.publish(
        partition_of(name), channel,
        ephemeral_message(options.kind, sender, options.tags, data.view()),
        [this, answer](const Reply& sent) {
          if (!sent) {
            reply<PublishResult>(answer, std::unexpected(sent.error()));
          } else {
            reply<PublishResult>(answer, PublishResult{});
          }
        },
        Call::Repeat::kNever);
    return;
  }
  std::string id = options.id.empty() ? links_.fresh_id() : scoped_id(sender.user, options.id);
  std::string about = options.about.value == 0 ? "" : std::to_string(options.about.value);
  ask_redis(ScriptId::kPublish, name,
            {links_.script_channel(channel), pack_header(sender, options.tags),
             std::string(data.view()), std::move(id), std::move(about)},
            [this, name, channel, answer](const Reply& stored) {
              PublishResult result;
              auto position = stored_at(stored, &result.duplicate);
              if (!position) {
                reply<PublishResult>(answer, std::unexpected(position.error()));
                return;
              }
              result.position = *position;
              witness(name, *position);
              tell_when_seen(channel, result.position,
                             [this, answer, result] { reply<PublishResult>(answer, result); });
            });
}

void RedisNode::redact(const RoomName& name, const Redaction& redaction,
                       Answer<RedactResult> answer) {
  const std::string channel = channel_of(name);
  std::string id =
      redaction.id.empty() ? links_.fresh_id() : scoped_id(redaction.sender.user, redaction.id);
  ask_redis(ScriptId::kRedact, name,
            {links_.script_channel(channel), pack_header(redaction.sender, ""),
             std::string(redaction.data.view()), std::move(id),
             std::to_string(redaction.target.value), std::string(redaction.replacement.view())},
            [this, name, channel, answer](const Reply& stored) {
              auto position = stored_at(stored, nullptr);
              if (!position) {
                reply<RedactResult>(answer, std::unexpected(position.error()));
                return;
              }
              witness(name, *position);
              tell_when_seen(channel, *position, [this, answer, position = *position] {
                reply<RedactResult>(answer, RedactResult{position});
              });
            });
}

// One read of a room at a time for the same question: who asks while Redis reads is answered by the
// next read, since this one may be older than what the asker has seen.
void RedisNode::history(const RoomName& name, const HistoryQuery& query, Answer<History> answer) {
  const std::string channel = channel_of(name);
  if (auto seen = seen_history(channel, query)) {
    reply<History>(answer, std::move(*seen));
    return;
  }
  const std::string key = query_key(channel, query);
  Reading& reading = readings_[key];
  if (!reading.asked.empty()) {
    reading.next.push_back(answer);
    return;
  }
  reading.asked.push_back(answer);
  read(key, name, query);
}

void RedisNode::read(const std::string& key, const RoomName& name, const HistoryQuery& query) {
  const bool forward = query.direction == HistoryQuery::Direction::kForward;
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  ask_redis(ScriptId::kHistory, name,
            {query.since ? std::to_string(query.since->value) : "",
             std::to_string(std::min(query.limit, kMost)), std::to_string(query.bytes_max),
             forward ? "f" : "r"},
            [this, key, name, query](const Reply& found) {
              base::Result<History> history = parse_history(found);
              Reading& reading = readings_.at(key);
              auto asked = std::exchange(reading.asked, std::exchange(reading.next, {}));
              if (reading.asked.empty()) {
                readings_.erase(key);
              } else {
                read(key, name, query);
              }
              const bool failed = !history;
              const model::Position top = failed ? model::Position() : history->top;
              auto tell = [this, asked = std::move(asked), history = std::move(history)] {
                for (const auto answer : asked) reply<History>(answer, history);
              };
              if (failed) {
                tell();
              } else {
                // A member that was at a node ahead of this one finds its place only when this one
                // is there, too.
                tell_when_seen(channel_of(name), top, std::move(tell));
              }
            });
}

void RedisNode::entry(const RoomName& name, Offset offset, Answer<model::Publication> answer) {
  const Offset before{offset.value == 0 ? 0 : offset.value - 1};
  ask_redis(ScriptId::kHistory, name, {std::to_string(before.value), "1", "0", "f"},
            [this, offset, answer](const Reply& found) {
              auto history = parse_history(found);
              if (!history) {
                reply<model::Publication>(answer, std::unexpected(history.error()));
              } else if (history->entries.empty() || history->entries[0].offset != offset) {
                reply<model::Publication>(
                    answer, base::fail(base::ErrorCode::kNotFound, "there is no such entry"));
              } else {
                reply<model::Publication>(answer, std::move(history->entries[0]));
              }
            });
}

void RedisNode::positions(const std::vector<RoomName>& names,
                          Answer<std::vector<model::Position>> answer) {
  struct Gathering {
    std::vector<model::Position> positions;
    std::size_t missing = 0;
    base::Error error{};
  };
  // One script for each partition that has any.
  std::map<unsigned, std::vector<std::size_t>> parts;
  for (std::size_t i = 0; i < names.size(); ++i) parts[partition_of(names[i])].push_back(i);
  auto gathering = std::make_shared<Gathering>();
  gathering->positions.resize(names.size());
  gathering->missing = parts.size();
  if (parts.empty()) reply<std::vector<model::Position>>(answer, std::vector<model::Position>{});
  for (const auto& [partition, indices] : parts) {
    std::vector<std::string> keys;
    std::vector<std::string> times;
    for (const std::size_t i : indices) {
      const RoomBounds bounds = config_.bounds_of(names[i]);
      keys.push_back(RoomKeys(names[i]).meta);
      // Rooms are kept for whoever is in them.
      const bool ours = rooms_.contains(channel_of(names[i]));
      times.push_back(ours ? text_of(bounds.meta_ttl + bounds.age_max) : "0");
    }
    links_.run(partition, ScriptId::kPositions, keys, times,
               [this, gathering, indices, answer](const Reply& found) {
                 if (!found) gathering->error = found.error();
                 for (std::size_t i = 0; found && i < indices.size(); ++i) {
                   const auto pair = std::span(found->elements).subspan(2 * i, 2);
                   if (auto position = parse_position(pair)) {
                     gathering->positions[indices[i]] = std::move(*position);
                   }
                 }
                 if (--gathering->missing > 0) return;
                 if (gathering->error.message.empty()) {
                   reply<std::vector<model::Position>>(answer, std::move(gathering->positions));
                 } else {
                   reply<std::vector<model::Position>>(answer, std::unexpected(gathering->error));
                 }
               });
  }
}

void RedisNode::remove_history(const RoomName& name, Answer<void> answer) {
  ask_redis(ScriptId::kRemove, name, {links_.script_channel(channel_of(name))},
            [this, answer](const Reply& removed) {
              if (!removed) {
                reply<void>(answer, std::unexpected(removed.error()));
              } else {
                reply<void>(answer, {});
              }
            });
}

}  // namespace palaver::broker::redis
