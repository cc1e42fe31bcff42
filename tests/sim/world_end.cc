// SPDX-License-Identifier: Apache-2.0
// The end of a world: all heals, and what clients and publishers were told is held against the
// truth.
#include "tests/sim/seat.h"
#include "tests/sim/world.h"

namespace palaver::tests::sim {

using std::chrono::seconds;

// No more faults: everybody comes back, and stands where the room stands; so it is after one more
// message of each, and when all have gone nothing stays behind.
void World::heal() {
  faults_.on = false;
  healed_ = true;
  rounds(60);
  check_level();
  for (std::size_t i = 0; i < clients_.size(); ++i) publish(i);
  for (const TalkerSlot& slot : talkers_) {
    for (SessionView& view : slot.talker->views()) slot.talker->say_something(view);
  }
  rounds(40);
  check_level();
  check_presence();
  for (const Client& client : clients_) cut(client.connection);
  for (const TalkerSlot& slot : talkers_) cut(slot.connection);
  cluster_.advance(seconds{1});
  for (const auto& node : nodes_) expect(node->rooms() == 0, "a room that nobody is in");
  check_presence();
}

void World::rounds(int count) {
  for (int round = 0; round < count && failure_.empty(); ++round) {
    cluster_.advance(seconds{1});
    for (std::size_t node = 0; node < node_count_; ++node) {
      for (unsigned shard = 0; shard < shards_; ++shard) {
        executor(node, shard).post([this, node, shard] { end_turn(node, shard); });
      }
    }
    cluster_.run_until_idle();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const auto found = connections_.find(clients_[i].connection);
      if (found == connections_.end()) {
        connect(i);
        continue;
      }
      read(found->second);
      const Serial serial = clients_[i].connection;
      on_shard(serial, [this, serial](Connection& connection) { join(serial, connection); });
    }
    settle_talkers();
  }
}

// Every client is live and has all that its room has.
void World::check_level() {
  std::map<std::string, model::Position> tops;
  for (const std::string& room : rooms_) {
    cluster_.shard(cluster_.shards() - 1).post([this, room, &tops] {
      truth_broker_->positions(
          {{room}}, [&tops, room](const base::Result<std::vector<model::Position>>& result) {
            if (result) tops[room] = result->front();
          });
    });
  }
  cluster_.run_until_idle();
  for (const Client& client : clients_) {
    expect(client.view.state() == View::State::kLive, name_of(client) + "never comes to be live");
    expect(client.view.position() == tops[client.room], name_of(client) + "stands behind the room");
  }
  check_talkers(tops);
}

void World::check_end() {
  if (!failure_.empty()) return;
  expect(publishing_ == 0, "a publish that is never answered");
  for (const Acknowledged& told : acknowledged_) {
    const model::Position& at = told.result.position;
    const Entry* entry = truth_.find(told.room, at.epoch.value, at.offset.value);
    expect(entry != nullptr && entry->data == told.data,
           "acknowledged and not stored: " + told.data);
  }
  for (const Client& client : clients_) {
    for (const View::Seen& seen : client.view.seen()) {
      const Entry* entry = truth_.find(client.room, seen.epoch, seen.offset);
      expect(entry != nullptr && entry->shows_as(seen.entry.prev, seen.entry.data),
             name_of(client) + "saw what the broker does not have");
    }
  }
}

std::string World::name_of(const Client& client) const {
  return "client " + std::to_string(&client - clients_.data()) + ": ";
}

void World::add_to(Totals& totals) const {
  ++totals.worlds;
  totals.entries += truth_.entries();
  for (const Client& client : clients_) {
    totals.deliveries += client.view.seen().size();
    totals.recoveries += client.view.recoveries();
    totals.losses += client.view.losses();
  }
  totals.talkers += talkers_.size();
  totals.redactions += redactions_.count();
  for (const TalkerSlot& slot : talkers_) {
    totals.replies += slot.talker->replies();
    for (const SessionView& view : slot.talker->views()) {
      totals.session_deliveries += view.seen().size();
      totals.session_recoveries += view.recoveries();
      totals.session_losses += view.losses();
    }
  }
  totals.overflows += overflows_;
  totals.breaks += breaks_;
  totals.restarts += graveyard_.size();
  const auto add_counters = [&](support::RoomNode& node) {
    for (unsigned i = 0; i < node.shards(); ++i) {
      totals.holes += node.home(i).counters().holes_filled;
      totals.tails += node.home(i).counters().tails_filled;
    }
  };
  for (const auto& node : nodes_) add_counters(*node);
  for (const auto& node : graveyard_) add_counters(*node);
  totals.faults.failed += faults_.counts.failed;
  totals.faults.delayed += faults_.counts.delayed;
  totals.faults.dropped += faults_.counts.dropped;
  totals.faults.doubled += faults_.counts.doubled;
  totals.faults.lost += faults_.counts.lost;
}

}  // namespace palaver::tests::sim
