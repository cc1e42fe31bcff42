// SPDX-License-Identifier: Apache-2.0
// TableAuthenticator: an Authenticator whose tokens are names of rows. "" is somebody without a
// token. The test fills it before anybody asks.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "auth/authenticator.h"

namespace palaver::tests::support {

class TableAuthenticator final : public auth::Authenticator {
 public:
  [[nodiscard]] std::expected<auth::Identity, auth::Refusal> connect(
      std::string_view token, base::WallTime /*now*/) const override {
    const auto found = users.find(token);
    if (found == users.end()) return std::unexpected(auth::Refusal::kInvalid);
    return found->second;
  }
  [[nodiscard]] std::expected<auth::Grant, auth::Refusal> subscribe(
      std::string_view token, const model::UserId& /*user*/, const model::RoomName& /*room*/,
      base::WallTime /*now*/) const override {
    const auto found = grants.find(token);
    if (found == grants.end()) return std::unexpected(auth::Refusal::kInvalid);
    return found->second;
  }
  [[nodiscard]] bool admits_without_token() const override { return true; }
  [[nodiscard]] bool lifts_rights() const override { return insecure; }

  std::map<std::string, std::expected<auth::Identity, auth::Refusal>, std::less<>> users{{"", {}}};
  std::map<std::string, std::expected<auth::Grant, auth::Refusal>, std::less<>> grants;
  bool insecure = false;
};

// Named, without anything else.
[[nodiscard]] inline auth::Identity verified(std::string user) {
  auth::Identity identity;
  identity.user = {std::move(user)};
  identity.standing = auth::Standing::kVerified;
  return identity;
}

}  // namespace palaver::tests::support
