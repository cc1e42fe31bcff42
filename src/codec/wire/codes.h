// SPDX-License-Identifier: Apache-2.0
// The one table of what a client of the Centrifuge protocol may be told: errors of a command, ends
// of a subscription, ends of a connection. Clients act on the numbers: they come back after 3000 to
// 3499 and 4000 to 4499, stay away after 3500 to 3999 and 4500 to 4999; a subscription comes back
// after 2500 and above, and not after 2000 to 2499.
#pragma once

#include <cstdint>
#include <string_view>

namespace palaver::codec::wire {

// The answer to a command. Temporary: the same command may succeed later.
struct CommandError {
  std::uint32_t code;
  std::string_view message;
  bool temporary = false;
};

inline constexpr CommandError kErrorInternal{100, "internal server error", true};
inline constexpr CommandError kErrorUnauthorized{101, "unauthorized"};
inline constexpr CommandError kErrorUnknownChannel{102, "unknown channel"};
inline constexpr CommandError kErrorPermissionDenied{103, "permission denied"};
inline constexpr CommandError kErrorMethodNotFound{104, "method not found"};
inline constexpr CommandError kErrorAlreadySubscribed{105, "already subscribed"};
inline constexpr CommandError kErrorLimitExceeded{106, "limit exceeded"};
inline constexpr CommandError kErrorBadRequest{107, "bad request"};
inline constexpr CommandError kErrorNotAvailable{108, "not available"};
inline constexpr CommandError kErrorTokenExpired{109, "token expired"};
inline constexpr CommandError kErrorExpired{110, "expired"};
inline constexpr CommandError kErrorTooManyRequests{111, "too many requests", true};
inline constexpr CommandError kErrorUnrecoverablePosition{112, "unrecoverable position"};
inline constexpr CommandError kErrorNothingKept{
    108, "not available: this room keeps no messages, none can be changed"};
// Of the chat (400 to 1999 are an application's own).
inline constexpr CommandError kErrorBadName{
    400, "a name has 1 to 64 visible characters and none that controls others"};
inline constexpr CommandError kErrorBadText{400, "a text has 1 to 8192 bytes"};
inline constexpr CommandError kErrorBadId{400, "an id is a text of 1 to 64 bytes"};
inline constexpr CommandError kErrorBadTarget{400, "target and reply are offsets of messages"};
inline constexpr CommandError kErrorBadEmoji{400, "an emoji has 1 to 32 bytes"};
inline constexpr CommandError kErrorBadReaction{400, "a reaction is on or not: true or false"};
inline constexpr CommandError kErrorServersKind{400, "this kind is the server's alone"};
inline constexpr CommandError kErrorNotTheAuthor{403, "only the author may do this"};
inline constexpr CommandError kErrorTargetGone{404, "there is no such message any more"};

// The end of a subscription.
struct UnsubscribeCode {
  std::uint32_t code;
  std::string_view reason;
};

inline constexpr UnsubscribeCode kUnsubscribeServer{2000, "server unsubscribe"};
inline constexpr UnsubscribeCode kUnsubscribeInsufficientState{2500, "insufficient state"};
inline constexpr UnsubscribeCode kUnsubscribeExpired{2501, "subscription expired"};

// The end of a connection: a WebSocket close code, or the push of a transport that has none.
struct DisconnectCode {
  std::uint16_t code;
  std::string_view reason;
};

inline constexpr DisconnectCode kDisconnectConnectionClosed{3000, "connection closed"};
inline constexpr DisconnectCode kDisconnectShutdown{3001, "shutdown"};
inline constexpr DisconnectCode kDisconnectServerError{3004, "internal server error"};
inline constexpr DisconnectCode kDisconnectExpired{3005, "connection expired"};
inline constexpr DisconnectCode kDisconnectSubscriptionExpired{3006, "subscription expired"};
inline constexpr DisconnectCode kDisconnectSlow{3008, "slow"};
inline constexpr DisconnectCode kDisconnectInsufficientState{3010, "insufficient state"};
inline constexpr DisconnectCode kDisconnectForceReconnect{3011, "force reconnect"};
inline constexpr DisconnectCode kDisconnectNoPong{3012, "no pong"};
inline constexpr DisconnectCode kDisconnectTooManyRequests{3013, "too many requests"};
inline constexpr DisconnectCode kDisconnectInvalidToken{3500, "invalid token"};
inline constexpr DisconnectCode kDisconnectBadRequest{3501, "bad request"};
inline constexpr DisconnectCode kDisconnectStale{3502, "stale"};
inline constexpr DisconnectCode kDisconnectForced{3503, "force disconnect"};
inline constexpr DisconnectCode kDisconnectConnectionLimit{3504, "connection limit"};
inline constexpr DisconnectCode kDisconnectChannelLimit{3505, "channel limit"};
inline constexpr DisconnectCode kDisconnectInappropriateProtocol{3506, "inappropriate protocol"};
inline constexpr DisconnectCode kDisconnectPermissionDenied{3507, "permission denied"};

// Ours (4500 to 4999: for good).
inline constexpr DisconnectCode kDisconnectBlocked{4500, "blocked"};

}  // namespace palaver::codec::wire
