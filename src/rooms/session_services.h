// SPDX-License-Identifier: Apache-2.0
// What all sessions of a shard work with, and what each asks of its connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "broker/broker.h"
#include "broker/node_bus.h"
#include "broker/presence.h"
#include "chat/publisher.h"
#include "codec/wire/codes.h"
#include "codec/wire/reply.h"
#include "rooms/hub.h"
#include "rooms/namespaces.h"
#include "rooms/users.h"

namespace palaver::rooms {

// All of it outlives the sessions.
struct SessionServices {
  Hub& hub;
  Users& users;
  broker::Broker& broker;
  broker::Presence& presence;
  broker::NodeBus& bus;
  chat::Publisher& publisher;
  const Namespaces& namespaces;
  const auth::Authenticator& authenticator;
  const base::Clock& clock;
};

class SessionHost {
 public:
  virtual ~SessionHost() = default;
  // The connection ends; the session is used no more.
  virtual void disconnect(const codec::wire::DisconnectCode& code) = 0;
};

// Whether those who listen in a room are told that a member came, or left. Presence always knows.
enum class Announcement : std::uint8_t { kTold, kSilent };

void announce_join(const SessionServices& services, const model::RoomName& room,
                   const model::Sender& member, Announcement told);
void announce_leave(const SessionServices& services, const model::RoomName& room,
                    const model::Sender& member, Announcement told);

// What clients and the API ask for alike, in the broker's words, and the answers in the wire's.
//
// `limit` below 0: no limit of its own. The query keeps to both bounds.
[[nodiscard]] broker::HistoryQuery history_query(const std::optional<model::Position>& since,
                                                 std::int32_t limit, bool reverse,
                                                 std::size_t entries_max, std::size_t bytes_max);
// A position of another life of the room says nothing about this one.
[[nodiscard]] bool is_foreign(const std::optional<model::Position>& since,
                              const model::Position& top);
[[nodiscard]] codec::wire::PresenceResult in_words(const std::vector<model::Sender>& members);
[[nodiscard]] codec::wire::PresenceStatsResult in_words(const broker::PresenceStats& stats);

}  // namespace palaver::rooms
