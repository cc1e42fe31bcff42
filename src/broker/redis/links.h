// SPDX-License-Identifier: Apache-2.0
// Links: the process' connections to Redis, and who listens to them: rooms, presence and the bus
// share them. They find out where each partition is: at the address that was given, at the primary
// that sentinels name, or at one of a cluster's; and they follow it when it moves: what was asked
// and not done is asked there, in its order, and the channels are subscribed there.
//
// On the loop of shard 0; app/ owns it: made before the shards run, closed when they have ended,
// destroyed after its listeners.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "broker/redis/call.h"
#include "broker/redis/cluster_view.h"
#include "broker/redis/data_node.h"
#include "broker/redis/finder.h"
#include "broker/redis/guard.h"
#include "broker/redis/keys.h"
#include "broker/redis/options.h"
#include "broker/redis/scripts.h"
#include "net/loop.h"

namespace palaver::broker::redis {

// On the loop's thread. A channel belongs to one listener; the others do not know it.
class LinksListener {
 public:
  // Where these partitions are, a connection is up, perhaps to another Redis than before, or to the
  // same with less than it had; all that waited has been sent.
  virtual void on_up(const PartitionSet& /*partitions*/) {}
  // Everything published from now on comes, until on_unsubscribed().
  virtual void on_subscribed(const std::string& /*channel*/) {}
  virtual void on_unsubscribed(const std::string& /*channel*/) {}
  virtual void on_message(const std::string& /*channel*/, std::string_view /*message*/) {}
  // Whether every partition has its connections.
  virtual void on_ready(bool /*ready*/) {}

 protected:
  ~LinksListener() = default;
};

class Links final : private DataNode::Observer, private Finder::Observer {
 public:
  // `seed`: random and different in each process. All references outlive it.
  Links(net::Loop& loop, RedisOptions options, std::uint64_t seed, const base::Logger& log);
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  // Before open().
  void add(LinksListener& listener) { listeners_.push_back(&listener); }
  // On the loop's thread; later calls do nothing, nor does one after close().
  void open();
  // When no shard runs any more, or none has begun; no call follows.
  void close();

  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] const RedisOptions& options() const { return options_; }
  // Of this process, unlike every other.
  [[nodiscard]] const std::string& uid() const { return uid_; }
  // Never given out before, by any process.
  [[nodiscard]] std::string fresh_id();

  // The rest from open() on. What is asked of one partition is done in the order of asking, and is
  // answered later: within options().timeout, with kUnavailable at the latest.
  void send(unsigned partition, std::span<const std::string> command, Call::Done done,
            Call::Repeat repeat = Call::Repeat::kAllowed);
  // `keys` are of the partition.
  void run(unsigned partition, ScriptId script, std::span<const std::string> keys,
           std::span<const std::string> arguments, Call::Done done);
  // A script that writes what must not be lost: see RedisOptions::replicas_min.
  void run_durably(unsigned partition, ScriptId script, std::span<const std::string> keys,
                   std::span<const std::string> arguments, Call::Done done);
  void publish(unsigned partition, const std::string& channel, std::string message, Call::Done done,
               Call::Repeat repeat = Call::Repeat::kAllowed);
  // The channel as the scripts take it: with how they publish there.
  [[nodiscard]] std::string script_channel(const std::string& channel) const;

  // Later on_subscribed(), again after each on_unsubscribed().
  void subscribe(unsigned partition, const std::string& channel);
  // A message that is on its way may still come.
  void unsubscribe(unsigned partition, const std::string& channel);

 private:
  struct Partition {
    DataNode* owner = nullptr;  // null: not known yet
    std::uint64_t epoch = 0;    // of the view that named it
    std::size_t in_flight = 0;  // calls that pipes have
    // What was asked waits here, in its order, until all before it has been answered.
    bool blocked = false;
    base::Instant retry_at{};
    std::map<std::uint64_t, Call> parked;
    std::vector<std::string> channels;  // wanted while there is no owner
  };

  // DataNode::Observer.
  void on_pipe_up(DataNode& node) override;
  void on_pipe_down(DataNode& node) override;
  void on_refused(DataNode& node, Call call, const codec::resp::Reply& error) override;
  void on_ended(const Call& call) override;
  void on_feed_up() override { note_ready(); }
  void on_feed_down() override { note_ready(); }
  void on_subscribed(const std::string& channel) override;
  void on_unsubscribed(const std::string& channel) override;
  void on_message(const std::string& channel, std::string_view message) override;
  void on_feed_moved(DataNode& node, const codec::resp::Reply& error) override;
  // Finder::Observer.
  bool on_found(const Endpoint& asked, const codec::resp::Reply& answer) override;
  void on_not_found(const Endpoint& asked, const std::string& reason) override;

  void submit(unsigned partition, Call call);
  void hand_over(Partition& partition, DataNode& node, Call call);
  void park(Call call);
  void fail(Call call, const std::string& message);
  void release(Partition& partition);
  void tick();
  void expire(Partition& partition);

  bool on_sentinel(const codec::resp::Reply& answer);
  bool on_cluster_nodes(const Endpoint& asked, const codec::resp::Reply& answer);
  void ask_cluster();
  void apply(const ClusterView& view);
  void move(unsigned partition, const Endpoint& endpoint);
  void move_all(const Endpoint& endpoint);
  // Its calls that are on no connection are asked where the partition is now.
  void take_back(DataNode& node, unsigned partition);
  void take_back(Call call);
  DataNode& node_at(const Endpoint& endpoint);
  void retire_unused();
  void tell_up(const PartitionSet& partitions);
  // Warns of a Redis that may throw away what it was told to keep.
  void look_at_memory(DataNode& node);
  void note_ready();

  net::Loop& loop_;
  const RedisOptions options_;
  const std::string uid_;
  const base::Logger& log_;
  std::vector<LinksListener*> listeners_;
  std::uint64_t ids_ = 0;
  bool opened_ = false;
  bool closed_ = false;
  bool ready_ = false;

  std::array<Partition, kAllPartitions> partitions_;
  std::vector<std::unique_ptr<DataNode>> nodes_;
  std::uint64_t calls_ = 0;  // so far
  std::size_t waiting_calls_ = 0;
  std::size_t waiting_bytes_ = 0;

  Finder finder_;
  bool told_away_ = false;  // that nobody can be asked
  bool cluster_ = false;
  std::vector<Endpoint> cluster_nodes_;  // as the last view has them
  std::size_t cluster_asked_ = 0;        // whom of nodes_
  bool cluster_owed_ = false;
  base::Instant cluster_due_{};
  Guard guard_;
};

}  // namespace palaver::broker::redis
