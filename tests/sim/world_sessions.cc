// SPDX-License-Identifier: Apache-2.0
// The world's clients that speak through a session of the Centrifuge protocol: where they sit, what
// their sessions need of a connection, and what must hold for them in the end.
#include <algorithm>
#include <utility>

#include "tests/sim/seat.h"
#include "tests/sim/world.h"

namespace palaver::tests::sim {

using palaver::rooms::ClientSession;
using palaver::rooms::Encoding;
using palaver::rooms::Fanout;

World::Seat::Seat(World& world, Serial serial)
    : world_(world),
      serial_(serial),
      session_(
          ClientSession::Options{.member = connection()->member,
                                 .encoding = Encoding::kJson,
                                 .joins_encoding = Encoding::kJsonJoins,
                                 .client = palaver::rooms::ClientId("c" + std::to_string(serial)),
                                 .ping_seconds = 25},
          *this, world.session_nodes_[connection()->node]->services(connection()->shard)) {}

World::Connection* World::Seat::connection() {
  const auto found = world_.connections_.find(serial_);
  return found == world_.connections_.end() ? nullptr : &found->second;
}

void World::Seat::hear(std::string message) {
  heard_.push_back(std::move(message));
  pass_on();
}

void World::Seat::pass_on() {
  while (!heard_.empty() && !session_.busy()) {
    const std::string message = std::move(heard_.front());
    heard_.pop_front();
    const Connection* open = connection();
    if (open != nullptr && !open->closing) session_.on_message(message);
  }
}

void World::Seat::disconnect(const codec::wire::DisconnectCode& code) {
  close_code = code.code;
  if (Connection* open = connection()) world_.begin_close(*open);
}

// A connection that is cut is not gone for its shard yet: what is said to it meanwhile is lost.
void World::Seat::say(std::string_view lines) {
  if (Connection* open = connection()) {
    world_.say(*open, std::string(lines), Fanout::Bound::kOutbox);
  }
}

void World::Seat::reserve() {
  const Connection* open = connection();
  if (open != nullptr) world_.nodes_[open->node]->fanout(open->shard).reserve(open->member);
}

void World::Seat::fill(std::string_view lines) {
  Connection* open = connection();
  if (open == nullptr) return;
  open->unit_bytes = std::max(open->unit_bytes, lines.size() + 1);
  world_.nodes_[open->node]
      ->fanout(open->shard)
      .fill(open->member, base::Frame::copy_of(std::string(lines) + '\n'));
}

void World::Seat::replay(const model::RoomName& room, const model::Publication& publication) {
  if (Connection* open = connection()) {
    world_.say(*open, codec::wire::json_publication_push(room.value, publication));
  }
}

void World::Seat::on_idle() {
  if (connection() == nullptr) return;
  world_.on_shard(serial_, [](Connection& open) { open.seat->pass_on(); });
}

void World::Seat::finish_later() {
  if (connection() == nullptr) return;
  world_.on_shard(serial_, [](Connection& open) { open.seat->session().finish(); });
}

std::function<ClientSession*()> World::Seat::finder() {
  return [&world = world_, serial = serial_]() -> ClientSession* {
    const auto found = world.connections_.find(serial);
    return found == world.connections_.end() ? nullptr : &found->second.seat->session();
  };
}

// Seats first: what their sessions say when they end goes to nodes.
World::~World() {
  unseated_.clear();
  for (auto& [serial, connection] : connections_) connection.seat.reset();
  for (const auto& node : nodes_) node->stop();
}

void World::make_talkers() {
  presence_node_ = std::make_unique<broker::memory::PresenceNode>(cluster_.executors());
  presence_ = std::make_unique<broker::memory::MemoryPresence>(base::ShardId{cluster_.shards() - 1},
                                                               *presence_node_);
  const std::size_t count = one_in(2) ? 0 : 1 + below(4);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = (one_in(4) ? "boss-" : "talker-") + std::to_string(i);
    auth::Identity identity = support::verified(user);
    if (is_moderator(user)) identity.role = auth::Role::kModerator;
    authenticator_.users.emplace(user, std::move(identity));
    std::vector<std::string> rooms = rooms_;
    while (rooms.size() > 1 && one_in(2)) rooms.pop_back();
    talkers_.push_back({std::make_unique<Talker>(user, rooms, choices_, redactions_)});
  }
}

void World::act_talker(std::size_t index) {
  TalkerSlot& slot = talkers_[index];
  const auto found = connections_.find(slot.connection);
  if (found == connections_.end()) {
    seat(index);
  } else if (one_in(20)) {
    cut(slot.connection);
  } else if (one_in(3)) {
    read(found->second);
  } else {
    slot.talker->act();
    hear(slot.connection);
  }
}

void World::seat(std::size_t index) {
  const auto [serial, connection] = open(index);
  connection.seat = std::make_unique<Seat>(*this, serial);
  talkers_[index].connection = serial;
  talkers_[index].talker->connected();
  hear(serial);
}

void World::hear(Serial serial) {
  std::string message = talkers_[connections_.at(serial).client].talker->take_message();
  if (message.empty()) return;
  on_shard(serial, [message = std::move(message)](Connection& connection) {
    connection.seat->hear(message);
  });
}

// The session of a connection that closes says nothing any more; then the close is queued.
void World::unseat(Connection& connection) {
  connection.seat->session().stop(palaver::rooms::Announcement::kTold);
  const unsigned code = connection.seat->close_code;
  const unsigned slow = codec::wire::kDisconnectSlow.code;
  say(connection, "close " + std::to_string(code == 0 ? slow : code));
}

void World::settle_talkers() {
  for (std::size_t i = 0; i < talkers_.size(); ++i) {
    const auto found = connections_.find(talkers_[i].connection);
    if (found == connections_.end()) {
      seat(i);
      continue;
    }
    read(found->second);
    talkers_[i].talker->settle();
    hear(talkers_[i].connection);
  }
}

// Every talker is in all of its rooms, has all that they have, and waits for nothing.
void World::check_talkers(const std::map<std::string, model::Position>& tops) {
  for (const TalkerSlot& slot : talkers_) {
    const std::string name = slot.talker->user() + ": ";
    const auto found = connections_.find(slot.connection);
    expect(found != connections_.end(), name + "is never there");
    if (found == connections_.end()) continue;
    expect(!found->second.seat->session().busy(), name + "its session is busy forever");
    const std::string unanswered = slot.talker->unanswered();
    expect(unanswered.empty(), name + unanswered);
    for (const SessionView& view : slot.talker->views()) {
      expect(view.live(), name + "never comes to be in " + view.room());
      expect(view.position() == tops.at(view.room()), name + "stands behind " + view.room());
    }
  }
}

std::map<std::string, std::vector<std::string>> World::present() {
  std::map<std::string, std::vector<std::string>> clients;
  for (const std::string& room : rooms_) {
    cluster_.shard(cluster_.shards() - 1).post([this, room, &clients] {
      presence_->members({room},
                         [&clients, room](const base::Result<std::vector<model::Sender>>& members) {
                           if (!members) return;
                           for (const model::Sender& member : *members)
                             clients[room].push_back(member.client);
                         });
    });
  }
  cluster_.run_until_idle();
  return clients;
}

// Those who know that they are in a room are there, nobody else.
void World::check_presence() {
  if (!failure_.empty()) return;
  std::map<std::string, std::vector<std::string>> expected;
  for (const TalkerSlot& slot : talkers_) {
    for (const SessionView& view : slot.talker->views()) {
      if (view.live()) expected[view.room()].push_back(slot.talker->client());
    }
  }
  auto clients = present();
  for (const std::string& room : rooms_) {
    std::ranges::sort(expected[room]);
    std::ranges::sort(clients[room]);
    std::string text = "presence is not who is there in " + room + ':';
    for (const std::string& client : expected[room]) text += ' ' + client;
    text += "; told:";
    for (const std::string& client : clients[room]) text += ' ' + client;
    expect(expected[room] == clients[room], text);
  }
}

void World::check_talkers_end() {
  for (const TalkerSlot& slot : talkers_) {
    const std::string name = slot.talker->user() + ": ";
    expect(slot.talker->failure().empty(), name + slot.talker->failure());
    for (const Talker::Acknowledged& told : slot.talker->acknowledged()) {
      expect(truth_.find(told.room, told.data).has_value(),
             name + "acknowledged and not stored: " + told.data);
    }
    for (const SessionView& view : slot.talker->views()) {
      for (const SessionView::Seen& seen : view.seen()) {
        const Entry* entry = truth_.find(view.room(), seen.epoch, seen.offset);
        const bool known = entry != nullptr && entry->user == seen.user;
        expect(known && entry->shows_as(seen.prev.value_or(entry->prev), seen.data),
               name + "saw what " + view.room() + " does not have: " + seen.data);
      }
    }
  }
  const std::string failure = redactions_.failure(truth_);
  expect(failure.empty(), failure);
}

}  // namespace palaver::tests::sim
