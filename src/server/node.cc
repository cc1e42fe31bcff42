// SPDX-License-Identifier: Apache-2.0
#include "server/node.h"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "net/socket_options.h"

namespace palaver::server {

namespace {

// The end of the drain is for the close replies: a second, or half of a short drain.
base::Duration reply_time(base::Duration drain) {
  return std::min<base::Duration>(std::chrono::seconds{1}, drain / 2);
}

// A pattern of the shell's kind: * and ? stand for others, [...] for one of these. Empty: all.
bool matches(const std::string& pattern, const std::string& name) {
  return pattern.empty() || ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

void list_rooms(Shard& shard, const std::string& pattern, broker::NodeReport& report) {
  if (report.too_many_rooms) return;
  shard.home().each_room([&](const model::RoomName& room, std::uint32_t members) {
    if (!matches(pattern, room.value)) return true;
    report.too_many_rooms = report.rooms.size() == base::kApiChannelsMax;
    if (!report.too_many_rooms) report.rooms.emplace_back(room, members);
    return !report.too_many_rooms;
  });
  if (report.too_many_rooms) report.rooms.clear();
}

void count(Shard& shard, broker::NodeReport& report) {
  report.clients += static_cast<std::uint32_t>(shard.snapshot().members);
  shard.home().each_room([&](const model::RoomName&, std::uint32_t members) {
    ++report.room_count;
    report.subscriptions += members;
    return true;
  });
}

std::string hex_of(std::uint64_t number) {
  std::array<char, 16> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number, 16);
  return {text.data(), end};
}

}  // namespace

Node::Node(Options options, const ServerConfig& config, const base::Logger& log)
    : options_(std::move(options)),
      config_(config),
      log_(log),
      loads_(options_.shards),
      gate_(config.limits.connections_per_ip_max),
      uid_(hex_of(options_.seed)),
      errors_(options_.shards) {
  ShardHost& host = *this;
  for (unsigned i = 0; i < options_.shards; ++i) {
    const Shard::Options shard{.id = {i}, .io = options_.io, .seed = options_.seed + i};
    shards_.push_back(std::make_unique<Shard>(shard, config_, links_, host, log_));
  }
  for (const auto& shard : shards_) links_.shards.push_back(shard->link());
  began_ = shards_.front()->loop().now();
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

base::Result<void> Node::run(BackendFactory make_backend) {
  for (unsigned i = 0; i < shards_.size(); ++i) {
    shards_[i]->set_backend(make_backend({i}, shards_[i]->home(), shards_[i]->users()));
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

struct Node::Tour {
  base::ShardId asker;
  ShardVisitor visit;
  std::move_only_function<void()> done;
  std::size_t visited = 0;
};

void Node::visit_shards(base::ShardId asker, ShardVisitor visit,
                        std::move_only_function<void()> done) {
  visit_next(std::make_unique<Tour>(Tour{asker, std::move(visit), std::move(done)}));
}

void Node::visit_next(std::unique_ptr<Tour> tour) {
  if (tour->visited == shards_.size()) {
    loop(tour->asker).post([tour = std::move(tour)]() mutable { tour->done(); });
    return;
  }
  Shard& shard = *shards_[tour->visited++];
  shard.loop().post([this, &shard, tour = std::move(tour)]() mutable {
    tour->visit(shard);
    visit_next(std::move(tour));
  });
}

void Node::gather_metrics(base::ShardId shard, std::move_only_function<void(std::string)> done) {
  auto parts = std::make_shared<std::vector<ShardMetrics>>();
  visit_shards(
      shard, [parts](const Shard& each) { parts->push_back(each.snapshot()); },
      [parts, done = std::move(done)]() mutable { done(render_metrics(*parts)); });
}

void Node::report(base::ShardId asker, broker::SurveyQuestion question, ReportDone done) {
  struct Draft {
    broker::NodeReport report;
    std::unordered_set<std::size_t> users;
  };
  auto draft = std::make_shared<Draft>();
  draft->report.uid = uid_;
  draft->report.name = options_.name;
  draft->report.version = options_.version;
  visit_shards(
      asker,
      [draft, question = std::move(question)](Shard& shard) {
        if (question.rooms) {
          list_rooms(shard, *question.rooms, draft->report);
        } else {
          count(shard, draft->report);
          for (const std::size_t user : shard.users().hashes()) draft->users.insert(user);
        }
      },
      [this, asker, draft, done = std::move(done)]() mutable {
        draft->report.users = static_cast<std::uint32_t>(draft->users.size());
        const auto up = loop(asker).now() - began_;
        draft->report.uptime_seconds = static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::seconds>(up).count());
        done(std::move(draft->report));
      });
}

}  // namespace palaver::server
