// SPDX-License-Identifier: Apache-2.0
// Authenticator: who a client is, and what its tokens grant. Implementations are immutable and pure
// (the caller tells the time), so that all shards share one and an answer comes at once.
//
// Whoever has no token is a guest, where guests are allowed: a user "guest:<128 random bits>" that
// stays the same person through a token of its own. Users that begin with "guest:" or "article:"
// are the server's to give: no other token may name one.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/publication.h"

namespace palaver::auth {

// How far a user's name can be trusted: rights ask for it.
enum class Standing : std::uint8_t {
  kAnonymous,  // a guest, a token without a subject, or a client that named itself
  kVerified,   // a token names the user
};
enum class Role : std::uint8_t { kMember, kModerator };

inline constexpr std::string_view kGuestPrefix = "guest:";
inline constexpr std::string_view kArticlePrefix = "article:";

// Seconds since 1970; unset: never.
using Expiry = std::optional<std::int64_t>;

struct Identity {
  model::UserId user;
  std::string info;  // JSON on one line, or empty: what others see beside the user
  Standing standing{};
  Role role{};
  Expiry expires_at;
  std::vector<std::string> channels;  // the server subscribes the client to these
  std::string guest_token;            // a guest's, to come back as the same person
};

// What a subscription token grants.
struct Grant {
  std::string info;  // JSON on one line, or empty: beside the member's in this room
  Expiry expires_at;
};

enum class Refusal : std::uint8_t {
  kUnauthorized,  // a token is needed
  kExpired,       // a fresh token will do
  kInvalid,       // not a token of ours
  kForeign,       // a good token, but another user's or room's
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // `token` may be empty. Not for subscriptions.
  [[nodiscard]] virtual std::expected<Identity, Refusal> connect(std::string_view token,
                                                                 base::WallTime now) const = 0;
  // `token` is not empty; it is for this user and this room, or kForeign.
  [[nodiscard]] virtual std::expected<Grant, Refusal> subscribe(std::string_view token,
                                                                const model::UserId& user,
                                                                const model::RoomName& room,
                                                                base::WallTime now) const = 0;
  // Whether somebody without a token may come.
  [[nodiscard]] virtual bool admits_without_token() const = 0;
  // Rights are not asked for at all (client.insecure).
  [[nodiscard]] virtual bool lifts_rights() const = 0;
};

}  // namespace palaver::auth
