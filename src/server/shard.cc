// SPDX-License-Identifier: Apache-2.0
#include "server/shard.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "codec/wire/json_reply.h"
#include "codec/ws/frame.h"

namespace palaver::server {

namespace {

constexpr base::Duration kDrainStep = std::chrono::milliseconds{20};
// Anybody can send origins: they must not fill the log.
constexpr base::Duration kOriginReportInterval = std::chrono::seconds{10};
constexpr std::size_t kOriginReportBytesMax = 200;

// Of the 20 s of rooms::Home.
constexpr std::chrono::seconds kTailCheckJitter{5};

}  // namespace

Shard::Shard(const Options& options, const ServerConfig& config, rooms::NodeLinks& links,
             ShardHost& host, const base::Logger& log)
    : options_(options),
      config_(config),
      host_(host),
      log_(log),
      read_buffer_(base::kReadBufferBytes),
      fanout_(config.limits.outbox_bytes_max),
      hub_(options.id, fanout_, *this, links),
      home_({.shard = options.id,
             .rooms_max = config.limits.rooms_max,
             .recovery_bytes_max = config.limits.outbox_bytes_max / 2,
             .tail_check_jitter = kTailCheckJitter,
             .seed = options.seed},
            framer_, loop_, links),
      users_(loop_),
      liveness_({.ping_interval = config.limits.ping_interval,
                 .request_timeout = config.limits.handshake_timeout,
                 .idle_timeout = config.limits.http_idle_timeout,
                 .close_timeout = base::kCloseTimeout},
                options.seed),
      context_{.host = *this,
               .config = config,
               .clock = loop_,
               .executor = loop_,
               .fanout = fanout_,
               .hub = hub_,
               .sessions = sessions_,
               .api = api_,
               .framer = framer_,
               .inflater = inflater_,
               .metrics = metrics_,
               .read_buffer = read_buffer_,
               .ping = codec::ws::encode_ping({}),
               .json_ping = codec::ws::encode(codec::ws::Opcode::kText, codec::wire::kJsonPing)},
      random_(static_cast<std::minstd_rand::result_type>(options.seed)) {}

Shard::~Shard() = default;

void Shard::set_backend(ShardBackend backend) {
  backend_ = std::move(backend);
  publisher_ = std::make_unique<chat::Publisher>(*backend_.broker);
  sessions_ = std::make_unique<rooms::SessionServices>(
      rooms::SessionServices{.hub = hub_,
                             .users = users_,
                             .broker = *backend_.broker,
                             .presence = *backend_.presence,
                             .bus = *backend_.bus,
                             .publisher = *publisher_,
                             .namespaces = config_.namespaces,
                             .authenticator = *config_.authenticator,
                             .clock = loop_});
  api_ = std::make_unique<Api>(options_.id, *sessions_, *backend_.survey);
}

base::Result<void> Shard::run() {
  CHECK(sessions_ != nullptr, "a shard has its backend before it runs");
  auto sender = net::make_batch_sender(options_.io);
  if (!sender) return std::unexpected(sender.error());
  sender_ = std::move(*sender);
  home_.start(*backend_.broker);
  loop_.run_after(liveness_.step(), [this] { sweep(); });
  loop_.run(*this);
  // Members that are still here have gone with the node: nobody is told of each.
  backend_.broker->stop();
  backend_.presence->stop();
  backend_.bus->stop();
  for (const auto& connection : connections_) {
    if (connection) doomed_.push_back(connection->member());
  }
  bury();
  return {};
}

void Shard::adopt(int descriptor, Arrival arrival) {
  Socket socket(loop_.context());
  boost::system::error_code error;
  socket.assign(boost::asio::ip::tcp::v6(), descriptor, error);
  if (error) {
    ::close(descriptor);
    host_.on_connection_closed(options_.id);
    return;
  }
  ++metrics_.accepted;
  ++connection_count_;
  const rooms::MemberId member = fanout_.open(descriptor);
  if (member.slot >= connections_.size()) connections_.resize(member.slot + 1);
  connections_[member.slot] =
      std::make_unique<Connection>(context_, std::move(socket), member, std::move(arrival));
  connections_[member.slot]->start();
}

Connection* Shard::find(rooms::MemberId member) {
  return fanout_.is_open(member) ? connections_[member.slot].get() : nullptr;
}

void Shard::doom(rooms::MemberId member) { doomed_.push_back(member); }

void Shard::notify_flushed(rooms::MemberId member) { flush_waiters_.push_back(member); }

void Shard::set_deadline(Liveness::Deadline deadline) {
  liveness_.set_deadline(loop_.now(), deadline);
}

Liveness::PingPlace Shard::start_pings(rooms::MemberId member) { return liveness_.add(member); }

void Shard::stop_pings(Liveness::PingPlace place) {
  const Liveness::Moved moved = liveness_.remove(place);
  if (moved.any) find(moved.member)->on_moved(moved.place);
}

void Shard::admit(const std::string& address, std::move_only_function<void(bool)> done) {
  host_.admit(options_.id, address, std::move(done));
}

void Shard::release(const std::string& address) { host_.release(address); }

void Shard::report_refused_origin(std::string_view origin) {
  const base::Instant now = loop_.now();
  if (now < origin_report_due_) return;
  origin_report_due_ = now + kOriginReportInterval;
  log_.warning("origin refused; if it is yours, list it in --allowed-origins",
               {{"origin", origin.substr(0, kOriginReportBytesMax)}});
}

void Shard::gather_metrics(std::move_only_function<void(std::string)> done) {
  host_.gather_metrics(options_.id, std::move(done));
}

void Shard::on_lost(rooms::MemberId member, const model::RoomName& room) {
  if (Connection* connection = find(member)) connection->on_lost(room);
}

void Shard::on_interrupted(rooms::MemberId member, const model::RoomName& room) {
  Connection* connection = find(member);
  rooms::ClientSession* session = connection == nullptr ? nullptr : connection->client_session();
  if (session != nullptr) session->on_interrupted(room);
}

bool Shard::end_turn() {
  bury();
  send_batch();
  tell_flushed();
  bury();
  report_if_drained();
  metrics_.turn.add(loop_.now() - loop_.turn_began());
  return fanout_.has_ready();
}

// Descriptors are closed here, between the turn's events and its sends: none is closed, and none
// given out again, while a batch names it.
void Shard::bury() {
  for (const rooms::MemberId member : std::exchange(doomed_, {})) {
    if (find(member) == nullptr) continue;
    std::unique_ptr<Connection> connection = std::move(connections_[member.slot]);
    connection.reset();
    hub_.close(member);
    --connection_count_;
    host_.on_connection_closed(options_.id);
  }
}

void Shard::send_batch() {
  if (!fanout_.has_ready()) return;
  const base::Instant began = loop_.now();
  fanout_.collect(ops_);
  if (!ops_.empty()) sender_->send(ops_);
  const rooms::Fanout::Outcome& outcome = fanout_.settle(ops_);
  for (const rooms::MemberId member : outcome.blocked) find(member)->on_blocked();
  for (const rooms::MemberId member : outcome.broken) find(member)->on_broken();
  for (const rooms::MemberId member : outcome.overflowed) find(member)->on_overflowed();
  metrics_.fanout_time.add(loop_.now() - began);
}

void Shard::tell_flushed() {
  for (const rooms::MemberId member : std::exchange(flush_waiters_, {})) {
    Connection* connection = find(member);
    if (connection == nullptr) continue;
    if (fanout_.owed_bytes(member) > 0) {
      flush_waiters_.push_back(member);
    } else {
      connection->on_flushed();
    }
  }
}

void Shard::sweep() {
  loop_.run_after(liveness_.step(), [this] { sweep(); });
  std::vector<rooms::MemberId> pings;
  std::vector<Liveness::Deadline> deadlines;
  liveness_.sweep(loop_.now(), pings, deadlines);
  for (const rooms::MemberId member : pings) {
    if (Connection* connection = find(member)) connection->on_ping_due();
  }
  for (const Liveness::Deadline& deadline : deadlines) {
    if (Connection* connection = find(deadline.member)) connection->on_deadline(deadline);
  }
}

// The members leave evenly over `spread`, in random order: they come back to other nodes, which
// must not get them all at once.
void Shard::begin_drain(base::Duration spread) {
  if (std::exchange(draining_, true)) return;
  for (const auto& connection : connections_) {
    if (connection && connection->is_member()) to_drain_.push_back(connection->member());
  }
  std::ranges::shuffle(to_drain_, random_);
  drain_step(loop_.now(), spread);
}

void Shard::drain_step(base::Instant began, base::Duration spread) {
  const auto passed = std::chrono::duration<double>(loop_.now() - began);
  const double share = spread.count() > 0 ? passed / spread : 1.0;
  // The first one leaves at once, so that a node with few members is gone soon.
  const auto due =
      std::min(to_drain_.size(),
               1 + static_cast<std::size_t>(share * static_cast<double>(to_drain_.size())));
  for (; drained_ < due; ++drained_) {
    if (Connection* connection = find(to_drain_[drained_])) connection->drain();
  }
  if (drained_ < to_drain_.size()) {
    loop_.run_after(kDrainStep, [this, began, spread] { drain_step(began, spread); });
  }
}

void Shard::report_if_drained() {
  if (!draining_ || drained_reported_) return;
  const bool busy = std::ranges::any_of(
      connections_, [](const auto& connection) { return connection && connection->is_busy(); });
  if (busy) return;
  drained_reported_ = true;
  host_.on_drained(options_.id);
}

ShardMetrics Shard::snapshot() const {
  ShardMetrics copy = metrics_;
  copy.connections = connection_count_;
  copy.rooms = home_.room_count();
  copy.fanout = fanout_.counters();
  copy.home = home_.counters();
  return copy;
}

}  // namespace palaver::server
