// SPDX-License-Identifier: Apache-2.0
// World: one run of the simulation. Nodes of several shards over one memory broker, every shard's
// share of it on a bad day; sockets that are slow, stall and break; clients that join, leave, are
// cut, come back where they stopped, and publish until they are told that it is stored, some as
// bare members, some through a session of the Centrifuge protocol; histories that are removed and
// nodes that restart. In the end all heals, and everybody must stand where the broker stands. All
// is decided by the choices and by the seed of the schedule.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/memory/memory_broker.h"
#include "broker/memory/memory_node.h"
#include "broker/memory/memory_presence.h"
#include "broker/memory/presence_node.h"
#include "rooms/namespaces.h"
#include "tests/sim/faulty_broker.h"
#include "tests/sim/redactions.h"
#include "tests/sim/sim_encoder.h"
#include "tests/sim/talker.h"
#include "tests/sim/truth.h"
#include "tests/sim/view.h"
#include "tests/support/choices.h"
#include "tests/support/fake_executor.h"
#include "tests/support/room_node.h"
#include "tests/support/session_node.h"
#include "tests/support/table_authenticator.h"

namespace palaver::tests::sim {

struct Totals {
  std::uint64_t worlds = 0;
  std::uint64_t entries = 0;     // that the broker accepted
  std::uint64_t deliveries = 0;  // that clients saw, replays too
  std::uint64_t recoveries = 0;
  std::uint64_t losses = 0;
  std::uint64_t overflows = 0;
  std::uint64_t breaks = 0;
  std::uint64_t restarts = 0;
  std::uint64_t holes = 0;
  std::uint64_t tails = 0;
  std::uint64_t talkers = 0;
  std::uint64_t replies = 0;
  std::uint64_t session_deliveries = 0;
  std::uint64_t session_recoveries = 0;
  std::uint64_t session_losses = 0;
  std::uint64_t redactions = 0;
  Faults::Counts faults;
};

class World {
 public:
  // `steps`: how long it goes on, unless the choices are exhausted before.
  World(support::Choices& choices, std::uint64_t schedule_seed, unsigned steps);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Empty: every promise was kept.
  [[nodiscard]] std::string run();
  void add_to(Totals& totals) const;

 private:
  class Seat;  // a session, and its connection's side of it
  struct Connection {
    std::size_t client = 0;      // the one of clients_, or of talkers_ if it has a seat
    std::unique_ptr<Seat> seat;  // null: a bare member
    std::size_t node = 0;
    unsigned shard = 0;
    palaver::rooms::MemberId member;
    unsigned speed = 0;    // of 1000 sends, those that take all
    bool stalls = false;   // takes nothing until the world heals
    bool joining = false;  // a join is not answered yet
    bool in_room = false;
    bool closing = false;  // its close is queued
    bool blocked = false;
    std::size_t own_bytes = 0;   // queued beside the outbox's bound, ever
    std::size_t unit_bytes = 0;  // of the largest that counts in the outbox
    std::string kernel;          // taken by the socket, not yet read by the peer
  };
  using Serial = int;  // of connections; it is their socket's name too
  struct Client {
    std::string room;
    palaver::rooms::Encoding encoding{};
    View view;
    Serial connection = -1;
    unsigned published = 0;
  };
  struct TalkerSlot {
    std::unique_ptr<Talker> talker;
    Serial connection = -1;
  };
  struct Publish {
    std::size_t client = 0;
    std::string data;
    std::string id;
    std::size_t node = 0;
    unsigned shard = 0;
    bool ephemeral = false;
    unsigned tries = 0;
    bool over = false;  // answered for good, or given up
  };
  struct Acknowledged {
    std::string room;
    std::string data;
    broker::PublishResult result;
  };

  std::size_t below(std::size_t end) { return choices_.below(end); }
  bool one_in(std::size_t n) { return choices_.one_in(n); }
  void expect(bool holds, const std::string& what) {
    if (!holds && failure_.empty()) failure_ = what;
  }

  void choose_bounds();
  void make_node(std::size_t index);
  void restart(std::size_t index);
  [[nodiscard]] support::FakeExecutor& executor(std::size_t node, unsigned shard);
  // On the connection's shard, if it is open then.
  void on_shard(Serial serial, std::function<void(Connection&)> task);

  void step();
  void act(std::size_t client);
  // A connection of either kind, somewhere.
  std::pair<Serial, Connection&> open(std::size_t client);
  void connect(std::size_t client);
  void join(Serial serial, Connection& connection);
  void on_joined(Serial serial, const palaver::rooms::JoinOptions& options,
                 palaver::rooms::Joined joined);
  void leave(Connection& connection);
  void cut(Serial serial);
  void say(Connection& connection, const std::string& line,
           palaver::rooms::Fanout::Bound bound = palaver::rooms::Fanout::Bound::kOwn);
  void begin_close(Connection& connection);
  void publish(std::size_t client);
  void try_publish(const std::shared_ptr<Publish>& publish);
  void on_published(const std::shared_ptr<Publish>& publish, unsigned attempt,
                    const base::Result<broker::PublishResult>& result);
  void on_lost(std::size_t node, unsigned shard, palaver::rooms::MemberId member,
               const model::RoomName& room);

  // world_sessions.cc: what is different for clients with a session.
  void make_talkers();
  void act_talker(std::size_t talker);
  void seat(std::size_t talker);
  void hear(Serial serial);  // what the talker has to say, if anything
  void unseat(Connection& connection);
  void settle_talkers();
  void check_talkers(const std::map<std::string, model::Position>& tops);
  void check_presence();
  void check_talkers_end();
  [[nodiscard]] std::map<std::string, std::vector<std::string>> present();

  void end_turn(std::size_t node, unsigned shard);
  [[nodiscard]] std::int64_t take(const base::SendOp& op);
  void read(Connection& connection);
  void check_bounds();

  void heal();
  void rounds(int count);  // a second each
  void check_level();
  void check_end();
  [[nodiscard]] std::string name_of(const Client& client) const;

  support::Choices& choices_;
  const unsigned steps_;
  std::string failure_;
  support::FakeCluster cluster_;
  Faults faults_;
  SimEncoder encoder_;
  std::unique_ptr<broker::memory::MemoryNode> memory_;
  Truth truth_;
  std::unique_ptr<broker::memory::MemoryBroker> truth_broker_;
  Redactions redactions_;
  palaver::rooms::Namespaces namespaces_;
  support::TableAuthenticator authenticator_;
  std::unique_ptr<broker::memory::PresenceNode> presence_node_;
  std::unique_ptr<broker::memory::MemoryPresence> presence_;  // the truth's
  unsigned node_count_ = 1;
  unsigned shards_ = 1;  // of a node
  support::RoomNode::Options options_;
  std::vector<std::unique_ptr<support::RoomNode>> nodes_;
  std::vector<std::unique_ptr<support::SessionNode>> session_nodes_;  // beside each of nodes_
  // Tasks may still name them.
  std::vector<std::unique_ptr<support::RoomNode>> graveyard_;
  std::vector<std::unique_ptr<support::SessionNode>> session_graveyard_;
  std::vector<std::string> rooms_;
  std::vector<Client> clients_;
  std::vector<TalkerSlot> talkers_;
  std::map<Serial, Connection> connections_;
  std::map<Serial, std::unique_ptr<Seat>> unseated_;  // until their shard has done it
  Serial serials_ = 0;
  std::vector<Acknowledged> acknowledged_;
  unsigned publishing_ = 0;  // not answered for good
  bool healed_ = false;
  std::uint64_t overflows_ = 0;
  std::uint64_t breaks_ = 0;
};

}  // namespace palaver::tests::sim
