// SPDX-License-Identifier: Apache-2.0
// The article's handshake, GET /ws/{channel_id}/{client_id}: what a request asks for, or why it is
// refused. A pure function; limits that depend on the state of the node are the connection's.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "codec/http/headers.h"
#include "codec/http/origin.h"
#include "codec/http/request.h"
#include "codec/http/target.h"
#include "codec/ws/handshake.h"
#include "model/publication.h"
#include "rooms/join.h"
#include "server/metrics.h"

namespace palaver::server {

struct ArticleUpgrade {
  model::RoomName room;
  std::int64_t client_id = 0;
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
    const codec::http::OriginPolicy& origins);

}  // namespace palaver::server
