// SPDX-License-Identifier: Apache-2.0
#include "rooms/session_services.h"

#include <algorithm>

#include "base/check.h"

namespace palaver::rooms {

namespace {

// Whoever listens learns of it; when nobody can be told now, presence still knows.
void publish(const SessionServices& services, const model::RoomName& room,
             const model::Sender& member, model::PublicationKind kind) {
  broker::PublishOptions options;
  options.retention = model::Retention::kEphemeral;
  options.kind = kind;
  services.broker.publish(room, member, {}, std::move(options), [](const auto&) {});
}

const RoomOptions& options_of(const SessionServices& services, const model::RoomName& room) {
  const RoomOptions* options = services.namespaces.find(room.value);
  CHECK(options != nullptr, "nobody is in a room of an unknown namespace");
  return *options;
}

}  // namespace

// A member that its presence has no place for is there all the same.
void announce_join(const SessionServices& services, const model::RoomName& room,
                   const model::Sender& member, Announcement told) {
  const RoomOptions& options = options_of(services, room);
  if (options.presence) services.presence.add(room, member, [](const auto&) {});
  if (options.join_leave && told == Announcement::kTold)
    publish(services, room, member, model::PublicationKind::kJoin);
}

void announce_leave(const SessionServices& services, const model::RoomName& room,
                    const model::Sender& member, Announcement told) {
  const RoomOptions& options = options_of(services, room);
  if (options.presence) services.presence.remove(room, member.client);
  if (options.join_leave && told == Announcement::kTold)
    publish(services, room, member, model::PublicationKind::kLeave);
}

broker::HistoryQuery history_query(const std::optional<model::Position>& since, std::int32_t limit,
                                   bool reverse, std::size_t entries_max, std::size_t bytes_max) {
  using Direction = broker::HistoryQuery::Direction;
  broker::HistoryQuery query;
  if (since) query.since = since->offset;
  query.limit = entries_max;
  if (limit >= 0) query.limit = std::min(entries_max, static_cast<std::size_t>(limit));
  query.bytes_max = bytes_max;
  query.direction = reverse ? Direction::kReverse : Direction::kForward;
  return query;
}

bool is_foreign(const std::optional<model::Position>& since, const model::Position& top) {
  return since && !since->epoch.value.empty() && since->epoch != top.epoch;
}

codec::wire::PresenceResult in_words(const std::vector<model::Sender>& members) {
  codec::wire::PresenceResult result;
  for (const model::Sender& member : members) {
    result.presence.emplace(member.client, codec::wire::info_of(member));
  }
  return result;
}

codec::wire::PresenceStatsResult in_words(const broker::PresenceStats& stats) {
  return {.num_clients = static_cast<std::uint32_t>(stats.clients),
          .num_users = static_cast<std::uint32_t>(stats.users)};
}

}  // namespace palaver::rooms
