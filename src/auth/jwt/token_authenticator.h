// SPDX-License-Identifier: Apache-2.0
// TokenAuthenticator: users by JSON Web Tokens that the operator's backend signs, guests by tokens
// that it signs itself with a key of the node's. It keeps no state: any node with the same keys
// takes the same tokens.
#pragma once

#include <optional>
#include <string>

#include "auth/authenticator.h"
#include "auth/jwt/jwt.h"

namespace palaver::auth::jwt {

struct TokenRules {
  std::optional<Policy> connection = {};    // unset: no tokens but guests' are taken
  std::optional<Policy> subscription = {};  // unset: `connection` holds for both
  enum class WithoutToken : std::uint8_t { kRefused, kGuest };
  WithoutToken without_token = WithoutToken::kGuest;
  std::string guest_key = {};  // not empty: signs guests' tokens; the same on all nodes
  // Everybody may do everything, and there are no guests: a client without token is the user "".
  bool insecure = false;
};

class TokenAuthenticator final : public Authenticator {
 public:
  explicit TokenAuthenticator(TokenRules rules);

  [[nodiscard]] std::expected<Identity, Refusal> connect(std::string_view token,
                                                         base::WallTime now) const override;
  [[nodiscard]] std::expected<Grant, Refusal> subscribe(std::string_view token,
                                                        const model::UserId& user,
                                                        const model::RoomName& room,
                                                        base::WallTime now) const override;
  [[nodiscard]] bool admits_without_token() const override {
    return rules_.insecure || rules_.without_token == TokenRules::WithoutToken::kGuest;
  }
  [[nodiscard]] bool lifts_rights() const override { return rules_.insecure; }

 private:
  [[nodiscard]] std::expected<Identity, Refusal> connect_without_token() const;
  [[nodiscard]] std::expected<Identity, Refusal> connect_guest(std::string_view token,
                                                               base::WallTime now) const;

  const TokenRules rules_;
};

}  // namespace palaver::auth::jwt
