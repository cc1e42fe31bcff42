// SPDX-License-Identifier: Apache-2.0
// RedisBus: the bus of one shard of a node that meets others through Redis, an implementation of
// node_bus.h, and RedisBusNode, what the shards share, on the loop of the Links. A command goes to
// the own shards and, on one channel, to all other nodes; blocks are also kept in Redis, where a
// node that starts, or was away, reads them.
//
// app/ owns the node: made before the shards run, destroyed after they have ended. A shard owns its
// bus, and makes and destroys it on its thread, or when no thread runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/executor.h"
#include "broker/node_bus.h"
#include "broker/redis/answer.h"
#include "broker/redis/links.h"
#include "broker/redis/seats.h"
#include "broker/slots.h"

namespace palaver::broker::redis {

class RedisBus;

class RedisBusNode final : private LinksListener {
 public:
  // All outlive the node's last task.
  RedisBusNode(Links& links, std::span<base::Executor* const> shards);
  RedisBusNode(const RedisBusNode&) = delete;
  RedisBusNode& operator=(const RedisBusNode&) = delete;

  // For RedisBus, on the shard of `address`.
  [[nodiscard]] broker::Address attach(base::ShardId shard, RedisBus& bus);
  void detach(broker::Address address);
  void send(NodeCommand command, Answer<void> answer);

 private:
  using Reply = base::Result<codec::resp::Reply>;
  using Until = std::optional<std::int64_t>;
  struct Errand;

  void on_subscribed(const std::string& channel) override;
  void on_message(const std::string& channel, std::string_view message) override;

  void open();
  void publish(NodeCommand command, Answer<void> answer);
  // On all shards of this node; `done` on the loop's thread.
  void obey(NodeCommand command, std::move_only_function<void()> done);
  void note(const NodeCommand& command);
  void tell_redis(const NodeCommand& command);
  void load_blocks();
  void on_blocks(const codec::resp::Reply& reply);
  void answer_when_done(const std::shared_ptr<Errand>& errand);

  Links& links_;
  Seats<RedisBus> seats_;
  const std::string channel_;
  std::unordered_map<std::string, Until> blocks_;  // by user
  bool opened_ = false;
};

class RedisBus final : public NodeBus {
 public:
  // `node` and `sink` outlive it. One bus a shard at a time.
  RedisBus(base::ShardId shard, RedisBusNode& node, NodeBusSink& sink);
  ~RedisBus() override;
  RedisBus(const RedisBus&) = delete;
  RedisBus& operator=(const RedisBus&) = delete;

  void send(NodeCommand command, Completion<void> done) override;
  void stop() override;

  // For RedisBusNode, on the shard.
  [[nodiscard]] NodeBusSink& sink() { return sink_; }
  template <typename T>
  void answer(CallId call, base::Result<T> result) {
    Completion<void> done = calls_.take(call);
    done(std::move(result));
  }

 private:
  RedisBusNode& node_;
  NodeBusSink& sink_;
  const broker::Address address_;
  Slots<Completion<void>> calls_;
  bool stopped_ = false;
};

}  // namespace palaver::broker::redis
