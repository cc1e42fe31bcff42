// SPDX-License-Identifier: Apache-2.0
// What a client of the Centrifuge protocol asks for (its schema: client.proto of
// centrifugal/protocol), as plain values that own their texts. Payloads (`data`) are JSON on one
// line; empty means that there was none. Fields that no server acts on are not here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "model/position.h"

namespace palaver::codec::wire {

struct SubscribeRequest {
  std::string channel;
  std::string token;
  std::string data;
  bool recover = false;  // from `since` on
  model::Position since;
  bool positioned = false;
  bool recoverable = false;
  bool join_leave = false;
  std::string delta;
  // Bit 2: an unrecoverable position is error 112, not `recovered: false`.
  std::int64_t flag = 0;
};

struct ConnectRequest {
  std::string token;
  std::string data;
  std::string name;
  std::string version;
  std::map<std::string, SubscribeRequest> subs;  // server-side ones to recover, by channel
};

struct UnsubscribeRequest {
  std::string channel;
};
struct PublishRequest {
  std::string channel;
  std::string data;
};
struct PresenceRequest {
  std::string channel;
};
struct PresenceStatsRequest {
  std::string channel;
};
struct HistoryRequest {
  std::string channel;
  std::int32_t limit = 0;  // 0: the position only; below 0: no limit
  std::optional<model::Position> since;
  bool reverse = false;
};
struct PingRequest {};
struct SendRequest {
  std::string data;
};
struct RpcRequest {
  std::string method;
  std::string data;
};
struct RefreshRequest {
  std::string token;
};
struct SubRefreshRequest {
  std::string channel;
  std::string token;
};

// Empty: the answer to a ping.
struct Pong {};

using Request =
    std::variant<Pong, ConnectRequest, SubscribeRequest, UnsubscribeRequest, PublishRequest,
                 PresenceRequest, PresenceStatsRequest, HistoryRequest, PingRequest, SendRequest,
                 RpcRequest, RefreshRequest, SubRefreshRequest>;

struct Command {
  std::uint32_t id = 0;  // 0: no reply is wanted; only Pong and SendRequest may have it
  Request request;
};

}  // namespace palaver::codec::wire
