// SPDX-License-Identifier: Apache-2.0
// Ids need only differ within a connection: connect is 1, subscribe 2, and publishes count on from
// there over all clients.
#include "bench/load/sdk_protocol.h"

namespace palaver::bench::load {
namespace {

constexpr std::uint32_t kConnectId = 1;
constexpr std::uint32_t kSubscribeId = 2;
constexpr std::size_t kQuotedBytesMax = 400;

}  // namespace

SdkProtocol::SdkProtocol(std::string_view room_prefix, const Ledger& ledger, ProtocolEvents& events)
    : ledger_(ledger), events_(events), last_id_(kSubscribeId) {
  for (std::size_t room = 0; room < ledger.room_count(); ++room) {
    rooms_.push_back({.name = std::string(room_prefix) + std::to_string(room), .position = {}});
  }
}

void SdkProtocol::on_open(ClientIndex client) { events_.say(client, connect_command(kConnectId)); }

void SdkProtocol::on_text(ClientIndex client, std::string_view payload, Nanos now) {
  do {
    const std::string_view line = take_line(payload);
    if (on_line(client, line, now)) continue;
    events_.on_wrong(client,
                     "got a line that is not due: " + std::string(line.substr(0, kQuotedBytesMax)));
    return;
  } while (!payload.empty());
}

bool SdkProtocol::on_line(ClientIndex client, std::string_view line, Nanos now) {
  switch (kind_of(line)) {
    case SdkLine::kPush: {
      SdkPublication publication;
      if (!read_push(line, room_of(client).name, publication)) return false;
      events_.on_delivery(client, publication.text, publication.offset, now);
      return true;
    }
    case SdkLine::kPing:
      events_.on_ping(client);
      events_.say(client, kSdkPing);
      return true;
    case SdkLine::kPublished:
      events_.on_published(client);
      return true;
    case SdkLine::kConnected:
      subscribe(client);
      return true;
    case SdkLine::kSubscribed:
      return on_subscribed(client, line, now);
    case SdkLine::kOther:
      return false;
  }
  return false;
}

void SdkProtocol::subscribe(ClientIndex client) {
  const Room& room = room_of(client);
  events_.say(client,
              subscribe_command(kSubscribeId, room.name, recovers_ ? &room.position : nullptr));
}

bool SdkProtocol::on_subscribed(ClientIndex client, std::string_view line, Nanos now) {
  if (!read_subscribed(line, subscribed_) || subscribed_.recovered != recovers_) return false;
  if (client == ledger_.first_client(ledger_.room_of(client))) {
    room_of(client).position = subscribed_.position;
  }
  for (const SdkPublication& missed : subscribed_.publications) {
    events_.on_delivery(client, missed.text, missed.offset, now);
  }
  events_.on_joined(client);
  return true;
}

std::string_view SdkProtocol::publish(ClientIndex client, std::string_view text) {
  command_.clear();
  append_publish_command(command_, ++last_id_, room_of(client).name, text);
  return command_;
}

}  // namespace palaver::bench::load
