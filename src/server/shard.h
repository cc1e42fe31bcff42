// SPDX-License-Identifier: Apache-2.0
// Shard: one thread's share of the node: its loop, its connections, its rooms. It owns everything
// that its thread touches and shares nothing; other shards reach it by Loop::post() alone.
//
// At the end of each turn it closes what is to be closed and lets Fanout's sends go out in one
// batch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "broker/broker.h"
#include "broker/node_bus.h"
#include "broker/node_survey.h"
#include "broker/presence.h"
#include "chat/publisher.h"
#include "net/batch_sender.h"
#include "net/loop.h"
#include "rooms/fanout.h"
#include "rooms/home.h"
#include "rooms/hub.h"
#include "rooms/node_links.h"
#include "rooms/users.h"
#include "server/address_gate.h"
#include "server/api.h"
#include "server/connection.h"
#include "server/connection_host.h"
#include "server/framer.h"
#include "server/liveness.h"
#include "server/metrics.h"

namespace palaver::server {

// What a shard asks of its node; called on the shard's thread.
class ShardHost {
 public:
  virtual ~ShardHost() = default;
  // The sockets of a shard changed in number: +1, -1.
  virtual void on_connection_closed(base::ShardId shard) = 0;
  // The last session has ended during a drain.
  virtual void on_drained(base::ShardId shard) = 0;
  // `done` comes later, on the shard.
  virtual void gather_metrics(base::ShardId shard,
                              std::move_only_function<void(std::string)> done) = 0;
  virtual void admit(base::ShardId shard, const std::string& address,
                     std::move_only_function<void(bool)> done) = 0;
  virtual void release(const std::string& address) = 0;
};

// What a shard has of the world behind the node, each on its own thread, and what it shares with
// the other shards, which outlives them.
struct ShardBackend {
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<broker::Presence> presence;
  std::unique_ptr<broker::NodeBus> bus;
  broker::NodeSurvey* survey = nullptr;
};

class Shard final : public net::TurnEnd, private ConnectionHost, private rooms::HubObserver {
 public:
  struct Options {
    base::ShardId id;
    net::IoMode io = net::IoMode::kEpoll;
    std::uint64_t seed = 0;
  };

  Shard(const Options& options, const ServerConfig& config, rooms::NodeLinks& links,
        ShardHost& host, const base::Logger& log);
  ~Shard() override;
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Any thread.
  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] rooms::Home& home() { return home_; }
  [[nodiscard]] rooms::Users& users() { return users_; }
  [[nodiscard]] rooms::ShardLink link() { return {&loop_, &hub_, &home_}; }

  // Before run(), on any thread.
  void set_backend(ShardBackend backend);
  // On the shard's thread; returns after loop().stop(). An error: the sender cannot be made.
  [[nodiscard]] base::Result<void> run();

  // The rest on the shard's thread only: posted by the node.
  void adopt(int socket, Arrival arrival);
  void begin_drain(base::Duration spread);
  void count_accept_pause() { ++metrics_.accept_pauses; }
  [[nodiscard]] ShardMetrics snapshot() const;

 private:
  // TurnEnd.
  [[nodiscard]] bool end_turn() override;
  // ConnectionHost.
  [[nodiscard]] Connection* find(rooms::MemberId member) override;
  void doom(rooms::MemberId member) override;
  void notify_flushed(rooms::MemberId member) override;
  void set_deadline(Liveness::Deadline deadline) override;
  [[nodiscard]] Liveness::PingPlace start_pings(rooms::MemberId member) override;
  void stop_pings(Liveness::PingPlace place) override;
  [[nodiscard]] bool is_draining() const override { return draining_; }
  void admit(const std::string& address, std::move_only_function<void(bool)> done) override;
  void release(const std::string& address) override;
  void report_refused_origin(std::string_view origin) override;
  void gather_metrics(std::move_only_function<void(std::string)> done) override;
  // HubObserver.
  void on_lost(rooms::MemberId member, const model::RoomName& room) override;
  void on_interrupted(rooms::MemberId member, const model::RoomName& room) override;

  void bury();
  void send_batch();
  void tell_flushed();
  void sweep();
  void drain_step(base::Instant began, base::Duration spread);
  void report_if_drained();

  const Options options_;
  const ServerConfig& config_;
  ShardHost& host_;
  const base::Logger& log_;
  net::Loop loop_;
  ShardMetrics metrics_;
  Framer framer_;
  codec::ws::Inflater inflater_;
  std::vector<char> read_buffer_;
  rooms::Fanout fanout_;
  rooms::Hub hub_;
  rooms::Home home_;
  rooms::Users users_;
  ShardBackend backend_;
  std::unique_ptr<chat::Publisher> publisher_;
  std::unique_ptr<rooms::SessionServices> sessions_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::BatchSender> sender_;
  Liveness liveness_;
  ConnectionContext context_;

  std::vector<std::unique_ptr<Connection>> connections_;  // by slot
  std::size_t connection_count_ = 0;
  std::vector<rooms::MemberId> doomed_;
  std::vector<rooms::MemberId> flush_waiters_;
  std::vector<base::SendOp> ops_;

  base::Instant origin_report_due_;

  bool draining_ = false;
  bool drained_reported_ = false;
  std::vector<rooms::MemberId> to_drain_;
  std::size_t drained_ = 0;
  std::minstd_rand random_;
};

}  // namespace palaver::server
