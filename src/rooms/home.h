// SPDX-License-Identifier: Apache-2.0
// Home: a node's duties for a room, done on one shard (the room's home, by hash): it subscribes to
// the broker, knows the last offset that the node delivered, fills holes before anybody sees them,
// encodes each publication once, and feeds the shards that have members. It joins new members at an
// exact place of the order: replay, then live, nothing twice and nothing between.
//
// Owned by a shard and used on its thread; hubs reach it through NodeLinks. It never blocks and
// holds no member. When the broker cannot vouch for a room, the room's members are told that it is
// lost; they are never let believe otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/limits.h"
#include "broker/broker.h"
#include "rooms/encoding.h"
#include "rooms/join.h"
#include "rooms/node_links.h"

namespace palaver::rooms {

struct HomeCounters {
  std::uint64_t publications = 0;  // delivered to the node's members
  std::uint64_t holes_filled = 0;  // read from the broker because `prev` did not fit
  std::uint64_t tails_filled = 0;  // found by the check of silent rooms
  std::uint64_t rooms_lost = 0;
  std::uint64_t rooms_interrupted = 0;  // the same where nothing is kept
};

class Home final : public broker::BrokerSink {
 public:
  struct Options {
    base::ShardId shard;
    std::uint32_t rooms_max = base::Limits{}.rooms_max;
    // What a member may get as replay after a cut: more is "not recovered", since it would not fit
    // its outbox.
    std::size_t recovery_bytes_max = base::kReplayBytesMax;
    // Each room is compared with the broker once in this time, at least; each time up to so much
    // sooner, so that the shards and nodes do not ask together.
    base::Duration tail_check_interval = std::chrono::seconds{20};
    base::Duration tail_check_jitter{0};
    std::uint64_t seed = 0;  // for that
  };

  // All references outlive the home.
  Home(Options options, Encoder& encoder, base::Executor& executor, NodeLinks& links);
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  // Before anything else, on the shard's thread: `broker` calls this sink, and outlives it or is
  // stopped before.
  void start(broker::Broker& broker);

  // The rooms with members, and how many. `visit` says whether to go on.
  using RoomVisitor = std::function<bool(const model::RoomName& room, std::uint32_t members)>;
  void each_room(const RoomVisitor& visit) const;

  // From hubs. A join is answered by Hub::joined() with the ticket; from then on the shard is fed.
  void join(JoinRequest request);
  // One member of `shard` with this encoding, that had joined, is gone.
  void leave(const model::RoomName& room, base::ShardId shard, Encoding encoding);

  // BrokerSink.
  void on_publication(const model::RoomName& room, const model::Epoch& epoch,
                      const model::Publication& publication) override;
  void on_redaction(const model::RoomName& room, model::Offset target) override;
  void on_lost(const model::RoomName& room) override;

  [[nodiscard]] std::size_t room_count() const { return rooms_.size(); }
  [[nodiscard]] const HomeCounters& counters() const { return counters_; }

 private:
  struct ShardMembers {
    base::ShardId shard;
    std::array<std::uint32_t, kEncodingCount> count{};
  };
  struct HomeRoom {
    bool subscribing = false;   // the broker was asked
    bool live = false;          // subscribed, position known
    bool filling = false;       // a hole is being read
    std::uint64_t life = 0;     // changes with each subscription: late answers find another one
    model::Position position;   // of the last publication that was delivered here
    model::Offset filled_from;  // where the last fill began: the same hole twice is a loss
    std::vector<ShardMembers> shards;
    std::vector<JoinRequest> waiting;       // for the subscription
    std::vector<model::Publication> held;   // came while subscribing or filling
    model::Epoch held_epoch;                // of what came while subscribing
    unsigned reads = 0;                     // joins that are reading history
    std::deque<model::Publication> recent;  // delivered while a join was reading
    model::Offset recent_gap;               // the last that is missing in `recent`, or 0
  };
  // A room as it was when the broker was asked about it.
  struct RoomLife {
    model::RoomName name;
    std::uint64_t life = 0;
    model::Offset offset;
  };

  HomeRoom* find(const model::RoomName& name, std::uint64_t life);
  void subscribe(const model::RoomName& name, HomeRoom& room);
  void on_subscribed(const model::RoomName& name, std::uint64_t life,
                     base::Result<model::Position> position);
  void fail_waiting(const model::RoomName& name, const base::Error& error);
  void release_if_empty(const model::RoomName& name);

  void begin_join(HomeRoom& room, JoinRequest request);
  void read_history(HomeRoom& room, JoinRequest request);
  void on_history(JoinRequest request, const RoomLife& asked,
                  base::Result<broker::History> history);
  Joined merge(const HomeRoom& room, const JoinOptions& options, broker::History history) const;
  void finish_join(HomeRoom& room, const JoinRequest& request, Joined joined);
  void answer(const JoinRequest& request, base::Result<Joined> joined);

  void accept(const model::RoomName& name, HomeRoom& room, const model::Publication& publication);
  void hold(const model::RoomName& name, HomeRoom& room, const model::Epoch& epoch,
            const model::Publication& publication);
  void deliver(const model::RoomName& name, HomeRoom& room, const model::Publication& publication);
  void feed(const model::RoomName& name, const HomeRoom& room,
            const model::Publication& publication);
  void fill(const model::RoomName& name, HomeRoom& room);
  void on_fill(const model::RoomName& name, std::uint64_t life,
               base::Result<broker::History> history);
  void drain_held(const model::RoomName& name, HomeRoom& room);
  void lose(const model::RoomName& name, HomeRoom& room);
  void interrupt(const model::RoomName& name, const HomeRoom& room);

  void check_tails_later();
  void check_tails();
  void check_tail(const RoomLife& asked, const model::Position& top);

  const Options options_;
  broker::Broker* broker_ = nullptr;
  Encoder& encoder_;
  base::Executor& executor_;
  NodeLinks& links_;
  std::unordered_map<model::RoomName, HomeRoom> rooms_;
  std::uint64_t lives_ = 0;
  HomeCounters counters_;
  std::minstd_rand random_;
};

}  // namespace palaver::rooms
