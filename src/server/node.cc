// SPDX-License-Identifier: Apache-2.0
#include "server/node.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <numeric>
#include <utility>

#include "net/socket_options.h"

namespace palaver::server {

namespace {

// The end of the drain is for the close replies: a second, or half of a short drain.
base::Duration reply_time(base::Duration drain) {
  return std::min<base::Duration>(std::chrono::seconds{1}, drain / 2);
}

}  // namespace

Node::Node(Options options, const ServerConfig& config, const base::Logger& log)
    : options_(std::move(options)),
      config_(config),
      log_(log),
      loads_(options_.shards),
      gate_(config.limits.connections_per_ip_max),
      errors_(options_.shards) {
  ShardHost& host = *this;
  for (unsigned i = 0; i < options_.shards; ++i) {
    const Shard::Options shard{.id = {i}, .io = options_.io, .seed = options_.seed + i};
    shards_.push_back(std::make_unique<Shard>(shard, config_, links_, host, log_));
  }
  for (const auto& shard : shards_) links_.shards.push_back(shard->link());
}

Node::~Node() {
  // What an acceptor has taken over is not ours any more.
  if (listening_ >= 0 && !acceptor_) ::close(listening_);
  if (admin_listening_ >= 0 && !admin_acceptor_) ::close(admin_listening_);
}

base::Result<void> Node::listen() {
  auto listening = net::listen_on({.host = options_.host, .port = options_.port});
  if (!listening) return std::unexpected(listening.error());
  listening_ = *listening;
  port_ = net::local_port(listening_);
  if (options_.admin_port == 0) return {};
  auto admin = net::listen_on({.host = options_.host, .port = options_.admin_port});
  if (!admin) return std::unexpected(admin.error());
  admin_listening_ = *admin;
  return {};
}

base::Result<void> Node::run(BrokerFactory make_broker) {
  for (unsigned i = 0; i < shards_.size(); ++i) {
    shards_[i]->set_broker(make_broker({i}, shards_[i]->home()));
  }
  shards_.front()->loop().post([this] { open_doors(); });
  for (std::size_t i = 1; i < shards_.size(); ++i) {
    threads_.start([this, i] { run_shard(i); });
  }
  run_shard(0);
  threads_.join();
  for (const base::Error& error : errors_) {
    if (!error.message.empty()) return std::unexpected(error);
  }
  return {};
}

void Node::run_shard(std::size_t index) {
  const auto result = shards_[index]->run();
  if (result) return;
  errors_[index] = result.error();
  stop_all();
}

void Node::open_doors() {
  auto& loop = shards_.front()->loop();
  wait_for_signal();
  acceptor_ = std::make_unique<net::Acceptor>(loop, listening_, door_);
  if (admin_listening_ >= 0) {
    admin_acceptor_ = std::make_unique<net::Acceptor>(loop, admin_listening_, admin_door_);
  }
}

void Node::wait_for_signal() {
  auto& loop = shards_.front()->loop();
  if (!signals_) {
    signals_ = std::make_unique<boost::asio::signal_set>(loop.context(), SIGTERM, SIGINT);
  }
  signals_->async_wait([this, &loop](const boost::system::error_code& error, int signal) {
    if (error) return;
    loop.touch();
    if (draining_) {
      log_.warning("second signal: exiting at once");
      ::_exit(1);
    }
    log_.info("draining",
              {{"signal", ::strsignal(signal)}, {"drain_ms", config_.limits.drain.count()}});
    wait_for_signal();
    begin_drain();
  });
}

void Node::begin_drain() {
  draining_ = true;
  const base::Duration drain = config_.limits.drain;
  const base::Duration spread = drain - reply_time(drain);
  for (const auto& shard : shards_) {
    shard->loop().post([&target = *shard, spread] { target.begin_drain(spread); });
  }
  shards_.front()->loop().run_after(drain, [this] { stop_all(); });
}

void Node::on_drained(base::ShardId /*shard*/) {
  shards_.front()->loop().post([this] {
    if (++drained_ == shards_.size()) stop_all();
  });
}

void Node::stop_all() {
  for (const auto& shard : shards_) shard->loop().stop();
}

void Node::Door::on_accept(int socket, const sockaddr_storage& peer) {
  const std::uint32_t limit = node_.config_.limits.connections_max;
  const std::uint32_t total = std::accumulate(
      node_.loads_.begin(), node_.loads_.end(), 0U, [](std::uint32_t sum, const Load& load) {
        return sum + load.connections.load(std::memory_order_relaxed);
      });
  if (!admin_ && total >= limit + base::kRefusedConnectionsMax) {
    ::close(socket);
    return;
  }
  const base::ShardId target = node_.least_loaded();
  node_.loads_[target.value].connections.fetch_add(1, std::memory_order_relaxed);
  Arrival arrival{.peer = {}, .over_limit = !admin_ && total >= limit, .admin = admin_};
  if (node_.config_.trusted_hops) arrival.peer = net::address_text(peer);
  Shard& shard = *node_.shards_[target.value];
  shard.loop().post([&shard, socket, arrival = std::move(arrival)]() mutable {
    shard.adopt(socket, std::move(arrival));
  });
}

void Node::Door::on_accept_paused(int error) {
  node_.shards_.front()->count_accept_pause();
  node_.log_.warning("accepting paused", {{"reason", ::strerror(error)}});
}

base::ShardId Node::least_loaded() const {
  unsigned best = 0;
  std::uint32_t least = ~std::uint32_t{0};
  for (unsigned i = 0; i < loads_.size(); ++i) {
    const std::uint32_t load = loads_[i].connections.load(std::memory_order_relaxed);
    if (load < least) {
      least = load;
      best = i;
    }
  }
  return {best};
}

void Node::on_connection_closed(base::ShardId shard) {
  loads_[shard.value].connections.fetch_sub(1, std::memory_order_relaxed);
}

void Node::admit(base::ShardId shard, const std::string& address,
                 std::move_only_function<void(bool)> done) {
  shards_.front()->loop().post([this, shard, address, done = std::move(done)]() mutable {
    const bool allowed = gate_.admit(address);
    loop(shard).post([allowed, done = std::move(done)]() mutable { done(allowed); });
  });
}

void Node::release(const std::string& address) {
  shards_.front()->loop().post([this, address] { gate_.release(address); });
}

// Goes from shard to shard, each adding its numbers, and back to the one that asked.
struct Node::MetricsRequest {
  std::vector<ShardMetrics> parts;
  std::move_only_function<void(std::string)> done;
};

void Node::gather_metrics(base::ShardId shard, std::move_only_function<void(std::string)> done) {
  auto request = std::make_unique<MetricsRequest>();
  request->done = std::move(done);
  visit_for_metrics(shard, std::move(request));
}

void Node::visit_for_metrics(base::ShardId asker, std::unique_ptr<MetricsRequest> request) {
  const std::size_t next = request->parts.size();
  if (next == shards_.size()) {
    loop(asker).post(
        [request = std::move(request)] { request->done(render_metrics(request->parts)); });
    return;
  }
  Shard& shard = *shards_[next];
  shard.loop().post([this, asker, &shard, request = std::move(request)]() mutable {
    request->parts.push_back(shard.snapshot());
    visit_for_metrics(asker, std::move(request));
  });
}

}  // namespace palaver::server
