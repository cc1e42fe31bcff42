// SPDX-License-Identifier: Apache-2.0
#include "auth/jwt/token_authenticator.h"

#include <openssl/rand.h>

#include <array>
#include <utility>

#include "base/base64.h"
#include "base/check.h"
#include "base/json_text.h"
#include "codec/wire/raw_json.h"

namespace palaver::auth::jwt {

namespace {

// Tells a guest's token from one of the operator's backend, which begins with a JSON object's `{`
// in base64url: both may come in the same field.
constexpr std::string_view kGuestTokenPrefix = "guest.";
constexpr std::string_view kModerator = "moderator";

Refusal refusal_of(Fault fault) {
  return fault == Fault::kExpired ? Refusal::kExpired : Refusal::kInvalid;
}

bool is_reserved(std::string_view user) {
  return user.starts_with(kGuestPrefix) || user.starts_with(kArticlePrefix);
}

Role role_of(std::string_view info) {
  if (info.empty()) return Role::kMember;
  const auto json = codec::wire::RawJson::parse(info);
  if (!json) return Role::kMember;
  const auto role = json->member("role");
  return role && role->string() == kModerator ? Role::kModerator : Role::kMember;
}

std::string random_text() {
  std::array<unsigned char, 16> bytes{};
  CHECK(RAND_bytes(bytes.data(), bytes.size()) == 1, "the system has random bytes");
  return base::to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Identity guest(std::string user, std::string token) {
  Identity identity;
  identity.user = {std::move(user)};
  identity.guest_token = std::move(token);
  return identity;
}

Identity new_guest(std::string_view key) {
  std::string user = std::string(kGuestPrefix) + random_text();
  std::string claims = R"({"sub":)";
  base::append_json_string(claims, user);
  claims += '}';
  return guest(std::move(user),
               std::string(kGuestTokenPrefix) + sign(claims, Algorithm::kHs256, key));
}

}  // namespace

TokenAuthenticator::TokenAuthenticator(TokenRules rules) : rules_(std::move(rules)) {
  CHECK(!rules_.guest_key.empty(), "guests' tokens are signed");
}

std::expected<Identity, Refusal> TokenAuthenticator::connect(std::string_view token,
                                                             base::WallTime now) const {
  if (token.empty()) return connect_without_token();
  if (token.starts_with(kGuestTokenPrefix)) return connect_guest(token, now);
  if (!rules_.connection) {
    if (rules_.insecure) return Identity{};
    return std::unexpected(Refusal::kInvalid);
  }
  auto claims = verify(token, *rules_.connection, now);
  if (!claims) return std::unexpected(refusal_of(claims.error()));
  if (is_reserved(claims->subject)) return std::unexpected(Refusal::kInvalid);
  // What grants one room is no pass for the house.
  if (!claims->channel.empty()) return std::unexpected(Refusal::kInvalid);
  Identity identity;
  identity.role = role_of(claims->info);
  identity.standing = claims->subject.empty() ? Standing::kAnonymous : Standing::kVerified;
  identity.user = {std::move(claims->subject)};
  identity.info = std::move(claims->info);
  identity.expires_at = claims->expires_at;
  identity.channels = std::move(claims->channels);
  return identity;
}

std::expected<Identity, Refusal> TokenAuthenticator::connect_without_token() const {
  if (rules_.insecure) return Identity{};
  if (!admits_without_token()) return std::unexpected(Refusal::kUnauthorized);
  return new_guest(rules_.guest_key);
}

// A token that is not ours, or not any more, is no reproach: the guest gets a new one.
std::expected<Identity, Refusal> TokenAuthenticator::connect_guest(std::string_view token,
                                                                   base::WallTime now) const {
  if (rules_.insecure || !admits_without_token()) {
    return connect_without_token();
  }
  const Policy policy{.key = rules_.guest_key, .audience = {}, .issuer = {}};
  auto claims = verify(token.substr(kGuestTokenPrefix.size()), policy, now);
  if (!claims || !claims->subject.starts_with(kGuestPrefix)) return connect_without_token();
  return guest(std::move(claims->subject), std::string(token));
}

std::expected<Grant, Refusal> TokenAuthenticator::subscribe(std::string_view token,
                                                            const model::UserId& user,
                                                            const model::RoomName& room,
                                                            base::WallTime now) const {
  const auto& policy = rules_.subscription ? rules_.subscription : rules_.connection;
  if (!policy) return std::unexpected(Refusal::kInvalid);
  auto claims = verify(token, *policy, now);
  if (!claims) return std::unexpected(refusal_of(claims.error()));
  // Without a subject it fits everybody that no token names.
  const bool anonymous = user.value.empty() || is_reserved(user.value);
  const bool fits = claims->subject == user.value || (claims->subject.empty() && anonymous);
  if (!fits || claims->channel != room.value) return std::unexpected(Refusal::kForeign);
  return Grant{.info = std::move(claims->info), .expires_at = claims->expires_at};
}

}  // namespace palaver::auth::jwt
