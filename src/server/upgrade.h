// SPDX-License-Identifier: Apache-2.0
// The WebSocket handshakes, the Centrifuge protocol's and the article's (GET
// /ws/{channel_id}/{client_id}): what a request asks for, or why it is refused. Pure functions;
// limits that depend on the state of the node are the connection's.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "codec/http/headers.h"
#include "codec/http/origin.h"
#include "codec/http/request.h"
#include "codec/http/target.h"
#include "codec/ws/handshake.h"
#include "model/publication.h"
#include "rooms/article_session.h"
#include "rooms/join.h"
#include "rooms/namespaces.h"
#include "server/metrics.h"

namespace palaver::server {

// Who may come in.
struct Admission {
  const codec::http::OriginPolicy& origins;
  const rooms::Namespaces& namespaces;
  const auth::Authenticator& authenticator;
  base::WallTime now;
};

struct ArticleUpgrade {
  model::RoomName room;
  // "article:<client_id>", or whom ?token= names.
  model::Sender sender;
  auth::Expiry expires_at;  // of the token
  rooms::ArticleSession::Publishing publishing{};
  rooms::JoinOptions join;  // ?history=N
  codec::ws::Upgrade upgrade;
};

struct UpgradeRefusal {
  unsigned status;
  std::string reason;  // one line for people
  Refusal refusal;
  std::vector<codec::http::Header> headers;
};

// The handshake and its origin: all that the Centrifuge protocol asks for before its connect
// command, and the end of what the article's asks for.
[[nodiscard]] std::expected<codec::ws::Upgrade, UpgradeRefusal> check_client_upgrade(
    const codec::http::Request& request, const codec::http::OriginPolicy& origins);

[[nodiscard]] std::expected<ArticleUpgrade, UpgradeRefusal> check_article_upgrade(
    const codec::http::Request& request, const codec::http::Target& target,
    const Admission& admission);

}  // namespace palaver::server
