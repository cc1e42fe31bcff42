// SPDX-License-Identifier: Apache-2.0
// RedisNode: what the Redis brokers of a process share, on the loop of the Links: what is known of
// the rooms that this process has subscribed to. It carries calls there and answers back, by
// Executor::post alone. After a connection was lost it subscribes again,
// looks whether each room is still the one that was seen, and reads what was missed before it
// passes on what is new.
//
// app/ owns it: made before the shards run, destroyed after they have ended.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "broker/broker.h"
#include "broker/redis/answer.h"
#include "broker/redis/entry.h"
#include "broker/redis/links.h"
#include "broker/redis/seats.h"
#include "broker/redis/tails.h"
#include "broker/room_bounds.h"

namespace palaver::broker::redis {

class RedisBroker;

struct RedisNodeConfig {
  BoundsOf bounds_of;
  std::uint64_t salt = 0;  // random, 0 to model::kOffsetSaltEnd - 1
};

class RedisNode final : private LinksListener {
 public:
  // All outlive the node's last task.
  RedisNode(Links& links, std::span<base::Executor* const> shards, RedisNodeConfig config);
  ~RedisNode();
  RedisNode(const RedisNode&) = delete;
  RedisNode& operator=(const RedisNode&) = delete;

  // For RedisBroker, on the shard of `address`.
  [[nodiscard]] broker::Address attach(base::ShardId shard, RedisBroker& broker);
  void detach(broker::Address address);
  // Runs `work`, a void(RedisNode&), on the loop's thread, later.
  template <typename Work>
  void ask(Work work) {
    links_.loop().post([this, work = std::move(work)]() mutable { work(*this); });
  }

  // The rest on the loop's thread.
  void subscribe(const model::RoomName& name, Answer<model::Position> answer);
  void unsubscribe(const model::RoomName& name, broker::Address who);
  void publish(const model::RoomName& name, const model::Sender& sender, const base::Frame& data,
               const PublishOptions& options, Answer<PublishResult> answer);
  void history(const model::RoomName& name, const HistoryQuery& query, Answer<History> answer);
  void positions(const std::vector<model::RoomName>& names,
                 Answer<std::vector<model::Position>> answer);
  void entry(const model::RoomName& name, model::Offset offset, Answer<model::Publication> answer);
  struct Redaction {
    model::Sender sender;
    base::Frame data;
    model::Offset target;
    base::Frame replacement;
    std::string id;
  };
  void redact(const model::RoomName& name, const Redaction& redaction, Answer<RedactResult> answer);
  void remove_history(const model::RoomName& name, Answer<void> answer);
  template <typename T>
  void reply(Answer<T> answer, base::Result<T> result);

 private:
  using Reply = base::Result<codec::resp::Reply>;
  // An answer that is ahead of what the subscribers of this process have seen.
  struct HeldAck {
    base::Instant since;
    std::move_only_function<void()> tell;
  };
  struct Room {
    explicit Room(model::RoomName of) : name(std::move(of)), partition(partition_of(name)) {}

    const model::RoomName name;
    const unsigned partition;
    std::vector<broker::Address> subscribers;
    std::vector<Answer<model::Position>> waiting;  // for the room to be in step
    bool known = false;                            // its subscribers have been told where it is
    bool fed = false;                              // the feed brings everything from now on
    bool in_step = false;    // `seen` is where Redis is, but for what the feed still brings
    bool stepping = false;   // getting there
    model::Epoch epoch;      // empty: not known yet
    model::Offset seen;      // passed on to the subscribers, or older than they
    model::Offset acked;     // the newest that a publish was answered with
    std::vector<Live> held;  // came while it was not in step
    std::multimap<model::Offset, HeldAck> acks;
  };
  // Rooms without subscribers where something was published or seen here lately.
  struct Witnessed {
    model::Epoch epoch;
    model::Offset offset;
    base::Instant until;
  };
  struct Reading {
    std::vector<Answer<History>> asked;
    std::vector<Answer<History>> next;  // came while Redis was reading
  };

  // LinksListener.
  void on_up(const PartitionSet& partitions) override;
  void on_subscribed(const std::string& channel) override;
  void on_unsubscribed(const std::string& channel) override;
  void on_message(const std::string& channel, std::string_view message) override;

  void open();
  void tick();
  Room* find(const std::string& channel);
  [[nodiscard]] std::vector<std::string> arguments_of(const model::RoomName& name);

  void check(const model::RoomName& name, const model::Position& seen);
  void step(const std::string& channel, Room& room);
  void on_checked(const std::string& channel, Reply reply);
  void catch_up(const std::string& channel, Room& room, model::Offset until);
  void on_caught_up(const std::string& channel, model::Offset until, Reply reply);
  void in_step(const std::string& channel, Room& room);
  void fail_step(const std::string& channel, Room& room, const base::Error& error);
  void lose(const std::string& channel, Room& room);
  // Its subscribers here, of what they see from now on.
  void tell_lost(Room& room);

  void pass_on(const std::string& channel, Room& room, Live live);
  void release_acks(Room& room);
  void tell_all(Room& room);
  void tell_when_seen(const std::string& channel, const model::Position& position,
                      std::move_only_function<void()> tell);
  void witness(const model::RoomName& name, const model::Position& position);
  void remember(const model::RoomName& name, const model::Position& position);

  // From the tail of a room in step.
  [[nodiscard]] std::optional<History> seen_history(const std::string& channel,
                                                    const HistoryQuery& query);
  void read(const std::string& key, const model::RoomName& name, const HistoryQuery& query);
  void ask_redis(ScriptId script, const model::RoomName& name, std::vector<std::string> more,
                 Call::Done done);

  Links& links_;
  const RedisNodeConfig config_;
  Seats<RedisBroker> seats_;
  bool opened_ = false;
  std::unordered_map<std::string, Room> rooms_;  // by channel
  std::unordered_map<model::RoomName, Witnessed> witnessed_;
  std::deque<std::pair<base::Instant, model::RoomName>> witness_order_;
  std::unordered_map<std::string, Reading> readings_;
  Tails tails_;
};

}  // namespace palaver::broker::redis
