// SPDX-License-Identifier: Apache-2.0
// What a client of the Centrifuge protocol is told: results of its commands, and pushes (its
// schema: client.proto of centrifugal/protocol), as plain values. Payloads (`data`, infos) are JSON
// on one line; an empty text, zero or false means "not there" and is not sent, except where a
// comment says so.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wire/codes.h"
#include "model/position.h"
#include "model/publication.h"

namespace palaver::codec::wire {

struct ClientInfo {
  std::string user;    // always sent: "" is an anonymous user
  std::string client;  // always sent
  std::string conn_info;
  std::string chan_info;
};

// As others see this member.
[[nodiscard]] ClientInfo info_of(const model::Sender& member);

// When rights end, and in how many seconds.
struct Expiry {
  bool expires = false;
  std::uint32_t ttl = 0;
};

struct SubscribeResult {
  Expiry expiry;
  bool recoverable = false;
  bool positioned = false;
  model::Position position;
  bool was_recovering = false;
  bool recovered = false;
  std::vector<model::Publication> publications;
  std::string data;
};

struct ConnectResult {
  std::string client;
  std::string version;
  Expiry expiry;
  std::string data;
  std::map<std::string, SubscribeResult> subs;
  std::uint32_t ping = 0;  // seconds between two pings of the server
  bool pong = false;       // the server wants answers
  std::string session;
  std::string node;
};

struct UnsubscribeResult {};
struct PublishResult {};
struct PingResult {};
struct PresenceResult {
  std::map<std::string, ClientInfo> presence;  // by client; always sent
};
struct PresenceStatsResult {
  std::uint32_t num_clients = 0;  // always sent
  std::uint32_t num_users = 0;    // always sent
};
struct HistoryResult {
  model::Position position;                      // always sent
  std::vector<model::Publication> publications;  // always sent
};
struct RpcResult {
  std::string data;
};
struct RefreshResult {
  std::string client;
  std::string version;
  Expiry expiry;
};
struct SubRefreshResult {
  Expiry expiry;
};

struct SubscribePush {  // the server has subscribed the client
  bool recoverable = false;
  bool positioned = false;
  model::Position position;
  std::string data;
};

}  // namespace palaver::codec::wire
