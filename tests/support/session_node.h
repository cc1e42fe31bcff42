// SPDX-License-Identifier: Apache-2.0
// SessionNode: what the sessions of a RoomNode work with beside its rooms: users, presence, bus and
// publisher of each shard, and all of it together. The test owns it and the sessions; the rooms
// outlive it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "auth/authenticator.h"
#include "broker/memory/memory_bus.h"
#include "broker/memory/memory_presence.h"
#include "broker/memory/presence_node.h"
#include "chat/publisher.h"
#include "rooms/namespaces.h"
#include "rooms/session_services.h"
#include "rooms/users.h"
#include "tests/support/fake_executor.h"
#include "tests/support/room_node.h"

namespace palaver::tests::support {

class SessionNode {
 public:
  // Shared with other nodes; it outlives them.
  struct Shared {
    broker::memory::PresenceNode& presence;  // of all shards of the cluster
    const palaver::rooms::Namespaces& namespaces;
    const auth::Authenticator& authenticator;
  };

  // The node's shards are the cluster's from `first_shard` on, like those of `rooms`.
  SessionNode(FakeCluster& cluster, unsigned first_shard, RoomNode& rooms, const Shared& shared)
      : bus_node_(cluster.executors(first_shard, rooms.shards())) {
    for (unsigned i = 0; i < rooms.shards(); ++i) {
      shards_.push_back(std::make_unique<Shard>(cluster.shard(first_shard + i), first_shard, i,
                                                rooms, bus_node_, shared));
    }
  }
  SessionNode(const SessionNode&) = delete;
  SessionNode& operator=(const SessionNode&) = delete;

  // On the shard: nobody is present there any more. Tasks may hold pointers to the node as long as
  // they may run.
  void stop(unsigned shard) {
    shards_[shard]->presence.stop();
    shards_[shard]->bus.stop();
  }

  [[nodiscard]] const palaver::rooms::SessionServices& services(unsigned shard) const {
    return shards_[shard]->services;
  }

 private:
  struct Shard {
    Shard(FakeExecutor& executor, unsigned first_shard, unsigned number, RoomNode& rooms,
          broker::memory::MemoryBusNode& bus_node, const Shared& shared)
        : users(executor),
          presence(base::ShardId{first_shard + number}, shared.presence),
          bus(base::ShardId{number}, bus_node, users),
          publisher(rooms.broker(number)),
          services{.hub = rooms.hub(number),
                   .users = users,
                   .broker = rooms.broker(number),
                   .presence = presence,
                   .bus = bus,
                   .publisher = publisher,
                   .namespaces = shared.namespaces,
                   .authenticator = shared.authenticator,
                   .clock = executor} {}

    palaver::rooms::Users users;
    broker::memory::MemoryPresence presence;
    broker::memory::MemoryBus bus;
    palaver::chat::Publisher publisher;
    const palaver::rooms::SessionServices services;
  };

  broker::memory::MemoryBusNode bus_node_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace palaver::tests::support
