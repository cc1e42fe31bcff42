// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tests/sim/seat.h"

namespace palaver::tests::sim {

using palaver::rooms::Encoding;
using palaver::rooms::Fanout;
using palaver::rooms::Hub;
using palaver::rooms::Joined;
using palaver::rooms::JoinOptions;
using palaver::rooms::MemberId;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr unsigned kNodesMax = 2;
constexpr unsigned kShardsMax = 3;
constexpr seconds kPublishTimeout{30};  // above every delay

}  // namespace

// The last shard of the cluster is the truth's.
World::World(support::Choices& choices, std::uint64_t schedule_seed, unsigned steps)
    : choices_(choices), steps_(steps), cluster_(kNodesMax * kShardsMax + 1, schedule_seed) {
  node_count_ = static_cast<unsigned>(below(kNodesMax)) + 1;
  shards_ = static_cast<unsigned>(below(kShardsMax)) + 1;
  const auto rate = [this](unsigned most) {
    return one_in(3) ? 0 : static_cast<unsigned>(below(most + 1));
  };
  faults_.choices = &choices_;
  faults_.fails_before = rate(150);
  faults_.fails_after = rate(150);
  faults_.delays = rate(500);
  faults_.drops = rate(80);
  faults_.doubles = rate(200);
  faults_.losses = rate(10);
  faults_.delay_max = milliseconds{1 + below(one_in(3) ? 20'000 : 300)};

  std::vector<broker::memory::ShardServices> services;
  for (unsigned i = 0; i < cluster_.shards(); ++i) {
    services.push_back({cluster_.shard(i), cluster_.shard(i)});
  }
  broker::memory::MemoryNodeConfig config{.limits = {}, .seed = schedule_seed, .salt = below(2048)};
  constexpr std::size_t kEntries[] = {4, 40, 1000};
  config.limits.entries_max = kEntries[below(3)];
  if (one_in(4)) config.limits.age_max = seconds{10};
  memory_ = std::make_unique<broker::memory::MemoryNode>(services, config);

  options_.shards = shards_;
  const auto last = base::ShardId{cluster_.shards() - 1};
  truth_broker_ = std::make_unique<broker::memory::MemoryBroker>(last, *memory_, truth_);
  for (std::size_t i = 0; i <= below(3); ++i) {
    rooms_.push_back("room-" + std::to_string(i));
    cluster_.shard(last.value).post([this, i] {
      truth_broker_->subscribe({rooms_[i]}, [](auto) {});
    });
  }
  cluster_.run_until_idle();
  make_talkers();
  choose_bounds();
  for (unsigned i = 0; i < node_count_; ++i) make_node(i);
  clients_.resize(2 + below(8));
  for (Client& client : clients_) {
    client.room = rooms_[below(rooms_.size())];
    constexpr Encoding kLines[] = {Encoding::kArticle, Encoding::kArticleDeflated,
                                   Encoding::kJsonDeflated, Encoding::kJsonJoinsDeflated};
    client.encoding = kLines[below(std::size(kLines))];
  }
}

// As in the server, what a talker's rooms may replay in one turn fits its outbox.
void World::choose_bounds() {
  const bool tight = one_in(2);
  if (talkers_.empty()) {
    options_.outbox_bytes_max = tight ? 400 : 4000;
    if (one_in(3)) options_.home.recovery_bytes_max = 200;
  } else {
    options_.outbox_bytes_max = tight ? 6'000 : 30'000;
    options_.home.recovery_bytes_max = tight ? 200 : 1'000;
  }
}

support::FakeExecutor& World::executor(std::size_t node, unsigned shard) {
  return cluster_.shard(static_cast<unsigned>(node) * shards_ + shard);
}

void World::make_node(std::size_t index) {
  auto options = options_;
  options.first_shard = static_cast<unsigned>(index) * shards_;
  auto node = std::make_unique<support::RoomNode>(
      cluster_, options, encoder_,
      [this, index](unsigned shard, MemberId member, const model::RoomName& room) {
        on_lost(index, shard, member, room);
      },
      [this, index](unsigned shard, broker::BrokerSink& sink) {
        return std::make_unique<FaultyBroker>(
            faults_, executor(index, shard), sink, [&](broker::BrokerSink& faulty) {
              const base::ShardId id{static_cast<unsigned>(index) * shards_ + shard};
              return std::make_unique<broker::memory::MemoryBroker>(id, *memory_, faulty);
            });
      });
  auto sessions = std::make_unique<support::SessionNode>(
      cluster_, options.first_shard, *node,
      support::SessionNode::Shared{*presence_node_, namespaces_, authenticator_});
  if (index == nodes_.size()) {
    nodes_.emplace_back();
    session_nodes_.emplace_back();
  }
  nodes_[index] = std::move(node);
  session_nodes_[index] = std::move(sessions);
}

// The process ends and another begins; its clients are cut.
void World::restart(std::size_t index) {
  std::vector<Serial> gone;
  for (const auto& [serial, connection] : connections_) {
    if (connection.node == index) gone.push_back(serial);
  }
  for (const Serial serial : gone) cut(serial);
  nodes_[index]->stop();
  for (unsigned i = 0; i < shards_; ++i) {
    const auto shard = static_cast<unsigned>(index) * shards_ + i;
    cluster_.run_on(base::ShardId{shard}, [this, index, i] { session_nodes_[index]->stop(i); });
  }
  graveyard_.push_back(std::move(nodes_[index]));
  session_graveyard_.push_back(std::move(session_nodes_[index]));
  make_node(index);
}

std::string World::run() {
  for (unsigned i = 0; i < steps_ && failure_.empty() && !choices_.exhausted(); ++i) step();
  heal();
  check_end();
  for (const Client& client : clients_)
    expect(client.view.failure().empty(), client.view.failure());
  check_talkers_end();
  expect(truth_.failure().empty(), truth_.failure());
  return failure_;
}

void World::step() {
  const std::size_t what = below(100);
  if (what < 35) {
    const std::size_t who = below(clients_.size() + talkers_.size());
    if (who < clients_.size()) {
      act(who);
    } else {
      act_talker(who - clients_.size());
    }
  } else if (what < 65) {
    for (std::size_t i = below(40); i > 0 && cluster_.run_one(); --i) {
    }
  } else if (what < 85) {
    const std::size_t node = below(node_count_);
    const auto shard = static_cast<unsigned>(below(shards_));
    executor(node, shard).post([this, node, shard] { end_turn(node, shard); });
  } else if (what < 97) {
    cluster_.advance(milliseconds{below(one_in(6) ? 4000 : 50)});
  } else if (what == 97 && one_in(3)) {
    const std::string& room = rooms_[below(rooms_.size())];
    cluster_.shard(cluster_.shards() - 1).post([this, room] {
      truth_broker_->remove_history({room}, [](auto) {});
    });
  } else if (what == 98 && one_in(6)) {
    restart(below(node_count_));
  }
  check_bounds();
}

void World::act(std::size_t index) {
  Client& client = clients_[index];
  const auto found = connections_.find(client.connection);
  if (one_in(2)) {
    publish(index);
  } else if (found == connections_.end()) {
    connect(index);
  } else if (one_in(12)) {
    cut(client.connection);
  } else if (one_in(3)) {
    read(found->second);
  } else if (one_in(8)) {
    on_shard(client.connection, [this](Connection& connection) { leave(connection); });
  } else {
    const Serial serial = client.connection;
    on_shard(serial, [this, serial](Connection& connection) { join(serial, connection); });
  }
}

void World::on_shard(Serial serial, std::function<void(Connection&)> task) {
  const Connection& connection = connections_.at(serial);
  executor(connection.node, connection.shard).post([this, serial, task = std::move(task)] {
    const auto found = connections_.find(serial);
    if (found != connections_.end()) task(found->second);
  });
}

std::pair<World::Serial, World::Connection&> World::open(std::size_t client) {
  Connection connection;
  connection.client = client;
  connection.node = below(node_count_);
  connection.shard = static_cast<unsigned>(below(shards_));
  connection.speed = one_in(3) ? static_cast<unsigned>(below(1000)) : 1000;
  connection.stalls = one_in(16);
  const Serial serial = serials_++;
  connection.member = nodes_[connection.node]->fanout(connection.shard).open(serial);
  return {serial, connections_.emplace(serial, std::move(connection)).first->second};
}

void World::connect(std::size_t index) {
  const Serial serial = open(index).first;
  clients_[index].connection = serial;
  on_shard(serial, [this, serial](Connection& open) { join(serial, open); });
}

// A client joins when it knows that it is not in the room; what it asks for is what it knows.
void World::join(Serial serial, Connection& connection) {
  const Client& client = clients_[connection.client];
  const View::State state = client.view.state();
  if (connection.joining || connection.in_room || connection.closing) return;
  if (state != View::State::kOut && state != View::State::kLost) return;
  JoinOptions options;
  if (client.view.position() && !one_in(4)) {
    options.replay = JoinOptions::Replay::kSince;
    options.since = *client.view.position();
  } else if (one_in(2)) {
    options.replay = JoinOptions::Replay::kLast;
    options.last = below(one_in(3) ? 400 : 6);
  } else if (one_in(3)) {
    options.replay = JoinOptions::Replay::kSince;  // from the beginning
  }
  connection.joining = true;
  const Redactions::Moment asked = redactions_.now();
  nodes_[connection.node]
      ->hub(connection.shard)
      .join(connection.member, {client.room}, client.encoding, options,
            [this, serial, options, asked](base::Result<Joined> joined) {
              const auto found = connections_.find(serial);
              if (found == connections_.end()) return Hub::Answer::kLeave;
              Connection& open = found->second;
              open.joining = false;
              if (open.closing) return Hub::Answer::kLeave;
              if (joined) {
                for (const model::Publication& entry : joined->replay) {
                  redactions_.replayed(clients_[open.client].room, joined->position.epoch.value,
                                       entry.offset.value, std::string(entry.data.view()), asked);
                }
                on_joined(serial, options, std::move(*joined));
              } else {
                say(open, View::kRefused);
              }
              return Hub::Answer::kStay;
            });
}

void World::on_joined(Serial serial, const JoinOptions& options, Joined joined) {
  Connection& connection = connections_.at(serial);
  connection.in_room = true;
  say(connection, View::joined_line(options, joined));
  const Encoding encoding = clients_[connection.client].encoding;
  std::size_t bytes = 0;
  for (const model::Publication& entry : joined.replay) {
    std::string line = support::line_of(entry, encoding);
    bytes += entry.data.size();
    line.pop_back();
    say(connection, line);
  }
  const bool bounded = options.replay != JoinOptions::Replay::kSince ||
                       bytes <= options_.home.recovery_bytes_max || joined.replay.size() == 1;
  expect(bounded, "a replay above its bound");
}

void World::leave(Connection& connection) {
  if (!connection.in_room || connection.closing) return;
  say(connection, View::kLeft);
  connection.in_room = false;
  nodes_[connection.node]->hub(connection.shard).leave_all(connection.member);
}

// The client or its network goes: what the socket had taken arrives, or not.
void World::cut(Serial serial) {
  const auto found = connections_.find(serial);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if (one_in(2)) read(connection);
  if (connection.seat) {
    talkers_[connection.client].talker->disconnected();
    talkers_[connection.client].connection = -1;
    unseated_.emplace(serial, std::move(connection.seat));
  } else {
    clients_[connection.client].view.disconnected();
    clients_[connection.client].connection = -1;
  }
  // Still this shard's task as far as anybody can tell: nothing else of it is running.
  auto* const node = nodes_[connection.node].get();
  const MemberId member = connection.member;
  const unsigned shard = connection.shard;
  executor(connection.node, shard).post([this, serial, node, shard, member] {
    unseated_.erase(serial);
    node->hub(shard).close(member);
  });
  connections_.erase(found);
}

void World::say(Connection& connection, const std::string& line, Fanout::Bound bound) {
  if (bound == Fanout::Bound::kOwn) {
    connection.own_bytes += line.size() + 1;
  } else {
    connection.unit_bytes = std::max(connection.unit_bytes, line.size() + 1);
  }
  nodes_[connection.node]
      ->fanout(connection.shard)
      .send(connection.member, base::Frame::copy_of(line + '\n'), bound);
}

void World::begin_close(Connection& connection) {
  if (std::exchange(connection.closing, true)) return;
  if (connection.seat) {
    unseat(connection);
  } else {
    say(connection, View::kClose);
  }
  connection.in_room = false;
  nodes_[connection.node]->hub(connection.shard).leave_all(connection.member);
}

void World::on_lost(std::size_t node, unsigned shard, MemberId member,
                    const model::RoomName& room) {
  for (auto& [serial, connection] : connections_) {
    if (connection.node != node || connection.shard != shard) continue;
    if (!(connection.member == member)) continue;
    if (connection.closing) return;
    if (connection.seat) {
      connection.seat->session().on_lost(room);
      return;
    }
    say(connection, View::kLostLine);
    connection.in_room = false;
    if (one_in(4)) begin_close(connection);  // like the article's members
    return;
  }
}

void World::publish(std::size_t index) {
  Client& client = clients_[index];
  auto publish = std::make_shared<Publish>();
  publish->client = index;
  publish->id = std::to_string(client.published++);
  publish->data = '"' + std::to_string(index) + '-' + publish->id;
  publish->data.append(below(one_in(5) ? 300 : 10), '.') += '"';
  publish->node = below(node_count_);
  publish->shard = static_cast<unsigned>(below(shards_));
  publish->ephemeral = one_in(20);
  ++publishing_;
  executor(publish->node, publish->shard).post([this, publish] { try_publish(publish); });
}

// Until it is told that it is stored, as an SDK does. No answer is an answer too: the node may have
// ended.
void World::try_publish(const std::shared_ptr<Publish>& publish) {
  const unsigned attempt = ++publish->tries;
  broker::PublishOptions options;
  if (publish->ephemeral) {
    options.retention = model::Retention::kEphemeral;
  } else {
    options.id = publish->id;
  }
  nodes_[publish->node]
      ->broker(publish->shard)
      .publish({clients_[publish->client].room},
               {.user = {std::to_string(publish->client)}, .client = {}, .info = {}},
               base::Frame::copy_of(publish->data), std::move(options),
               [this, publish, attempt](const base::Result<broker::PublishResult>& result) {
                 on_published(publish, attempt, result);
               });
  executor(publish->node, publish->shard).run_after(kPublishTimeout, [this, publish, attempt] {
    on_published(publish, attempt, base::fail(base::ErrorCode::kUnavailable, "no answer"));
  });
}

void World::on_published(const std::shared_ptr<Publish>& publish, unsigned attempt,
                         const base::Result<broker::PublishResult>& result) {
  if (publish->over) return;
  const bool gives_up = publish->ephemeral || (publish->tries >= 8 && !healed_);
  if (!result && attempt != publish->tries) return;
  if (!result && !gives_up) {
    executor(publish->node, publish->shard).run_after(milliseconds{below(500)}, [this, publish] {
      if (!publish->over) try_publish(publish);
    });
    return;
  }
  publish->over = true;
  --publishing_;
  if (!result || publish->ephemeral) return;
  acknowledged_.push_back({clients_[publish->client].room, publish->data, *result});
}

}  // namespace palaver::tests::sim
