// SPDX-License-Identifier: Apache-2.0
// Requests of the HTTP API, `POST /api/<method>` with a JSON body, as plain values that own their
// texts. The shapes are Centrifugo's (api.proto of centrifugal/centrifugo), whose client libraries
// must work unmodified; only `send` is our own. Pure: bytes in, values out. Null counts as absent
// (but as `data` to publish or send it is a value), and what is unknown is skipped; what is known
// must have its type. Payloads (`data`, infos) are JSON on one line; empty: there was none.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/wire/codes.h"
#include "model/position.h"

namespace palaver::codec::wire {

// `code` is of the table in codes.h; the text is for people and says which field is wrong.
struct ApiError {
  std::uint32_t code = 0;
  std::string message;
  friend bool operator==(const ApiError&, const ApiError&) = default;
};

[[nodiscard]] ApiError api_error(const CommandError& error);

// Whose connections are meant: at least one is given, and a connection must fit all that are. The
// anonymous user is reached by client or session alone.
struct ApiTarget {
  std::string user;
  std::string client;
  std::string session;
};

struct ApiPayload {
  std::string data;  // never empty
  std::map<std::string, std::string> tags;
  std::string idempotency_key;  // at most kDedupeIdBytesMax; empty: none
  bool skip_history = false;
  bool delta = false;
};

struct ApiPublish {
  static constexpr std::string_view kMethod = "publish";
  std::string channel;
  ApiPayload payload;
};

struct ApiBroadcast {
  static constexpr std::string_view kMethod = "broadcast";
  std::vector<std::string> channels;  // 1 to kApiBroadcastChannelsMax
  ApiPayload payload;
};

// What the caller wants to be otherwise than the channel's configuration has it. Not to be passed
// over in silence: who cannot do it answers kErrorNotAvailable.
struct ApiSubscribeOverride {
  std::optional<bool> presence;
  std::optional<bool> join_leave;
  std::optional<bool> force_push_join_leave;
  std::optional<bool> force_positioning;
  std::optional<bool> force_recovery;
};

struct ApiSubscribe {
  static constexpr std::string_view kMethod = "subscribe";
  ApiTarget target;
  std::string channel;
  std::string info;
  std::string data;
  std::optional<model::Position> recover_since;
  std::int64_t expire_at = 0;  // Unix time in seconds; 0: never
  ApiSubscribeOverride override;
};

struct ApiUnsubscribe {
  static constexpr std::string_view kMethod = "unsubscribe";
  ApiTarget target;
  std::string channel;
};

// A close of the caller's choice: 3000 to 4999 (RFC 6455 section 7.4.2), and a reason that fits
// into a control frame.
struct ApiDisconnectCode {
  std::uint16_t code = 0;
  std::string reason;
};

struct ApiDisconnect {
  static constexpr std::string_view kMethod = "disconnect";
  ApiTarget target;
  std::vector<std::string> whitelist;  // clients that stay
  std::optional<ApiDisconnectCode> disconnect;
};

struct ApiRefresh {
  static constexpr std::string_view kMethod = "refresh";
  ApiTarget target;
  bool expired = false;
  std::int64_t expire_at = 0;  // Unix time in seconds; 0: never
  std::string info;
};

struct ApiPresence {
  static constexpr std::string_view kMethod = "presence";
  std::string channel;
};

struct ApiPresenceStats {
  static constexpr std::string_view kMethod = "presence_stats";
  std::string channel;
};

struct ApiHistory {
  static constexpr std::string_view kMethod = "history";
  std::string channel;
  std::int32_t limit = 0;  // 0: the position only; below 0: no limit
  std::optional<model::Position> since;
  bool reverse = false;
};

struct ApiHistoryRemove {
  static constexpr std::string_view kMethod = "history_remove";
  std::string channel;
};

struct ApiChannels {
  static constexpr std::string_view kMethod = "channels";
  std::string pattern;  // empty: all
};

struct ApiInfo {
  static constexpr std::string_view kMethod = "info";
};

struct ApiBlockUser {
  static constexpr std::string_view kMethod = "block_user";
  std::string user;
  std::int64_t expire_at = 0;  // Unix time in seconds; 0: never
};

struct ApiUnblockUser {
  static constexpr std::string_view kMethod = "unblock_user";
  std::string user;
};

// A message to connections, outside of all channels.
struct ApiSend {
  static constexpr std::string_view kMethod = "send";
  ApiTarget target;
  std::string data;  // never empty
};

using ApiCommand =
    std::variant<ApiPublish, ApiBroadcast, ApiSubscribe, ApiUnsubscribe, ApiDisconnect, ApiRefresh,
                 ApiPresence, ApiPresenceStats, ApiHistory, ApiHistoryRemove, ApiChannels, ApiInfo,
                 ApiBlockUser, ApiUnblockUser, ApiSend>;

// Each command stands or falls by itself: the error of a bad one is its reply. None is a batch.
struct ApiBatch {
  static constexpr std::string_view kMethod = "batch";
  std::vector<std::expected<ApiCommand, ApiError>> commands;  // at most kApiBatchCommandsMax
  bool parallel = false;                                      // their order is of no concern
};

using ApiRequest = std::variant<ApiCommand, ApiBatch>;

// Every method, `batch` too.
[[nodiscard]] std::span<const std::string_view> api_methods();
[[nodiscard]] std::string_view api_method(const ApiCommand& command);

// `method` is the last part of the path. A body without bytes counts as `{}`. The error is
// kErrorMethodNotFound for a method that is not of api_methods(), else kErrorBadRequest.
[[nodiscard]] std::expected<ApiRequest, ApiError> decode_api_request(std::string_view method,
                                                                     std::string_view body);

}  // namespace palaver::codec::wire
