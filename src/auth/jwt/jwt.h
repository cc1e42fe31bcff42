// SPDX-License-Identifier: Apache-2.0
// JSON Web Tokens (RFC 7519) signed with HMAC (RFC 7518 section 3.2: HS256, HS384, HS512) and
// nothing else: a token that names another algorithm, `none` included, or wants an extension that
// must be understood (`crit`) is refused before its signature is looked at. Pure; the caller tells
// the time. Keys and tokens are never part of an error.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace palaver::auth::jwt {

enum class Algorithm : std::uint8_t { kHs256, kHs384, kHs512 };

// What a token says. Absent texts are empty.
struct Claims {
  std::string subject;                     // `sub`: the user; "" is the anonymous one
  std::optional<std::int64_t> expires_at;  // `exp`, in seconds since 1970
  std::string info;                        // JSON on one line
  std::vector<std::string> channels;       // server-side subscriptions of a connection token
  std::string channel;                     // that of a subscription token
};

// Why a token is not taken.
enum class Fault : std::uint8_t {
  kMalformed,  // no token, or a claim of the wrong type
  kAlgorithm,  // an algorithm or extension that is not taken
  kSignature,  // not ours
  kExpired,    // `exp` has come: a fresh token will do
  kNotYet,     // `nbf` or `iat` has not come
  kAudience,   // meant for somebody else
  kIssuer,     // made by somebody else
};
[[nodiscard]] std::string_view text_of(Fault fault);

struct Policy {
  std::string key;       // HMAC key, not empty
  std::string audience;  // what `aud` has to name; empty: not looked at
  std::string issuer;    // what `iss` has to be; empty: not looked at
};

// Of tokens longer than this nothing is looked at (kMalformed).
inline constexpr std::size_t kTokenBytesMax = 8 * 1024;
// `nbf` and `iat` may be so far in the future: clocks differ.
inline constexpr std::int64_t kLeewaySeconds = 10;

[[nodiscard]] std::expected<Claims, Fault> verify(std::string_view token, const Policy& policy,
                                                  base::WallTime now);

// A token with these claims, a JSON object. `key` is not empty.
[[nodiscard]] std::string sign(std::string_view claims, Algorithm algorithm, std::string_view key);

}  // namespace palaver::auth::jwt
