// SPDX-License-Identifier: Apache-2.0
// Node: the process as a server: its shards and their threads, the listening sockets, the signals,
// the drain. It accepts on shard 0 and hands sockets to the least loaded shard. Made and run on the
// main thread, which becomes shard 0's.
#pragma once

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/log.h"
#include "base/result.h"
#include "broker/broker.h"
#include "broker/node_survey.h"
#include "net/acceptor.h"
#include "net/batch_sender.h"
#include "net/thread_group.h"
#include "rooms/node_links.h"
#include "server/address_gate.h"
#include "server/config.h"
#include "server/shard.h"

namespace palaver::server {

class Node final : public broker::NodeReporter, private ShardHost {
 public:
  struct Options {
    std::string host;  // empty: all addresses
    std::uint16_t port = 0;
    std::uint16_t admin_port = 0;  // 0: none
    unsigned shards = 1;
    net::IoMode io = net::IoMode::kEpoll;  // resolved: not kAuto
    std::uint64_t seed = 0;                // for jitter
    std::string name = {};                 // what the API calls it
    std::string version = {};
  };
  // What a shard asks of the world behind the node.
  using BackendFactory = std::move_only_function<ShardBackend(base::ShardId, broker::BrokerSink&,
                                                              broker::NodeBusSink&)>;

  Node(Options options, const ServerConfig& config, const base::Logger& log);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Each shard's executor and clock: what a broker is made of.
  [[nodiscard]] unsigned shard_count() const { return static_cast<unsigned>(shards_.size()); }
  [[nodiscard]] net::Loop& loop(base::ShardId shard) { return shards_[shard.value]->loop(); }

  // Binds the sockets. The port may have been 0: port() then tells.
  [[nodiscard]] base::Result<void> listen();
  [[nodiscard]] std::uint16_t port() const { return port_; }

  // Serves until a signal (SIGTERM, SIGINT) has drained the node. A second signal ends the process
  // at once.
  [[nodiscard]] base::Result<void> run(BackendFactory make_backend);

  // NodeReporter.
  void report(base::ShardId asker, broker::SurveyQuestion question, ReportDone done) override;

 private:
  // Sockets of a shard; a cache line each, since acceptor and shard both change it.
  struct alignas(64) Load {
    std::atomic<std::uint32_t> connections = 0;
  };
  // Takes the sockets of one port.
  class Door final : public net::AcceptObserver {
   public:
    Door(Node& node, bool admin) : node_(node), admin_(admin) {}
    void on_accept(int socket, const sockaddr_storage& peer) override;
    void on_accept_paused(int error) override;

   private:
    Node& node_;
    const bool admin_;
  };
  struct Tour;

  // ShardHost.
  void on_connection_closed(base::ShardId shard) override;
  void on_drained(base::ShardId shard) override;
  void gather_metrics(base::ShardId shard,
                      std::move_only_function<void(std::string)> done) override;
  void admit(base::ShardId shard, const std::string& address,
             std::move_only_function<void(bool)> done) override;
  void release(const std::string& address) override;

  // Calls `visit` on each shard's thread, one after the other, and `done` on the asking one's.
  using ShardVisitor = std::move_only_function<void(Shard& shard)>;
  void visit_shards(base::ShardId asker, ShardVisitor visit, std::move_only_function<void()> done);
  void visit_next(std::unique_ptr<Tour> tour);
  void run_shard(std::size_t index);
  void open_doors();
  void wait_for_signal();
  void begin_drain();
  void stop_all();
  [[nodiscard]] base::ShardId least_loaded() const;

  const Options options_;
  const ServerConfig& config_;
  const base::Logger& log_;
  rooms::NodeLinks links_;
  std::vector<Load> loads_;
  std::vector<std::unique_ptr<Shard>> shards_;
  AddressGate gate_;  // shard 0's
  const std::string uid_;
  base::Instant began_;

  int listening_ = -1;
  int admin_listening_ = -1;
  std::uint16_t port_ = 0;
  Door door_{*this, false};
  Door admin_door_{*this, true};
  std::unique_ptr<net::Acceptor> acceptor_;
  std::unique_ptr<net::Acceptor> admin_acceptor_;
  std::unique_ptr<boost::asio::signal_set> signals_;
  bool draining_ = false;            // shard 0's
  unsigned drained_ = 0;             // shard 0's
  std::vector<base::Error> errors_;  // by shard; read when the threads have ended
  net::ThreadGroup threads_;
};

}  // namespace palaver::server
