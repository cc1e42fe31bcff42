// SPDX-License-Identifier: Apache-2.0
#include "server/upgrade.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "chat/article.h"

namespace palaver::server {

namespace {

using Checked = std::expected<void, UpgradeRefusal>;

UpgradeRefusal refusal(unsigned status, std::string reason, Refusal kind = Refusal::kBadRequest) {
  return {status, std::move(reason), kind, {}};
}

// "Name: value\r\n" for each, as the codec has them.
std::vector<codec::http::Header> parse_headers(std::string_view lines) {
  std::vector<codec::http::Header> headers;
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const std::size_t colon = lines.find(": ");
    headers.push_back({std::string(lines.substr(0, colon)),
                       std::string(lines.substr(colon + 2, end - colon - 2))});
    lines.remove_prefix(end + 2);
  }
  return headers;
}

Checked read_path(const codec::http::Target& target, ArticleUpgrade& result) {
  if (target.segments.size() != 3) {
    return std::unexpected(refusal(404, "the path is /ws/{channel_id}/{client_id}"));
  }
  const std::string& room = target.segments[1];
  if (room.empty() || room.size() > base::kRoomNameBytesMax) {
    return std::unexpected(refusal(400, "channel_id must have 1 to 255 bytes"));
  }
  const auto client_id = chat::parse_client_id(target.segments[2]);
  if (!client_id) return std::unexpected(refusal(400, "client_id must be a 64-bit integer"));
  result.room = {room};
  result.sender.user = chat::article_user(*client_id);
  return {};
}

UpgradeRefusal forbidden(unsigned status, std::string reason) {
  return refusal(status, std::move(reason), Refusal::kRights);
}

// Who it is, and whether the room is theirs. A connection token that lists a room lets its user
// into it, a private one too.
Checked read_access(const codec::http::Target& target, const Admission& admission,
                    ArticleUpgrade& result) {
  const rooms::RoomOptions* options = admission.namespaces.find(result.room.value);
  if (options == nullptr) return std::unexpected(forbidden(404, "no such namespace"));
  auth::Identity identity;
  if (const auto token = target.parameter("token")) {
    auto known = admission.authenticator.connect(*token, admission.now);
    if (!known) {
      const bool expired = known.error() == auth::Refusal::kExpired;
      return std::unexpected(forbidden(401, expired ? "the token has expired" : "invalid token"));
    }
    identity = std::move(*known);
    if (!identity.user.value.empty()) result.sender.user = identity.user;
    result.sender.info = identity.info;
    result.expires_at = identity.expires_at;
  } else if (!admission.authenticator.admits_without_token()) {
    return std::unexpected(forbidden(401, "a token is needed: ?token="));
  }
  const bool lifted = admission.authenticator.lifts_rights();
  const bool listed =
      std::ranges::find(identity.channels, result.room.value) != identity.channels.end();
  const bool open = rooms::is_open_to(*options, result.room.value, identity.standing);
  if (!lifted && !listed && !open) {
    return std::unexpected(forbidden(403, "this room is not for everybody"));
  }
  using Publishing = rooms::ArticleSession::Publishing;
  const bool publishes = lifted || options->publish.allows(identity.standing, true);
  result.publishing = publishes ? Publishing::kAllowed : Publishing::kForbidden;
  return {};
}

Checked read_history(const codec::http::Target& target, rooms::JoinOptions& join) {
  const auto text = target.parameter("history");
  if (!text) return {};
  std::uint64_t entries = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), entries);
  const bool number = !text->empty() && end == text->data() + text->size();
  if (!number || error == std::errc::invalid_argument) {
    return std::unexpected(refusal(400, "history must be a number"));
  }
  // Whoever asks for more than there is, or than one replay gives, gets that.
  const bool huge = error == std::errc::result_out_of_range;
  join.last =
      huge ? base::kReplayEntriesMax : std::min<std::uint64_t>(entries, base::kReplayEntriesMax);
  if (join.last > 0) join.replay = rooms::JoinOptions::Replay::kLast;
  return {};
}

}  // namespace

std::expected<codec::ws::Upgrade, UpgradeRefusal> check_client_upgrade(
    const codec::http::Request& request, const codec::http::OriginPolicy& origins) {
  const auto value = [&](std::string_view name) { return request.header(name).value_or(""); };
  const codec::ws::UpgradeRequest upgrade{
      .method = request.method_name,
      .http_version_minor = request.version_minor,
      .host = value("host"),
      .upgrade = value("upgrade"),
      .connection = value("connection"),
      .key = value("sec-websocket-key"),
      .version = value("sec-websocket-version"),
      .extensions = value("sec-websocket-extensions"),
      .subprotocols = value("sec-websocket-protocol"),
  };
  auto checked = codec::ws::check_upgrade(upgrade);
  if (!checked) {
    const codec::ws::UpgradeError& error = checked.error();
    UpgradeRefusal refused = refusal(error.status, std::string(error.reason));
    refused.headers = parse_headers(error.headers);
    return std::unexpected(std::move(refused));
  }
  if (!is_allowed(origins.judge(request.header("origin"), request.header("host")))) {
    return std::unexpected(refusal(
        403, "this page's origin is not allowed; list it in --allowed-origins", Refusal::kOrigin));
  }
  return std::move(*checked);
}

std::expected<ArticleUpgrade, UpgradeRefusal> check_article_upgrade(
    const codec::http::Request& request, const codec::http::Target& target,
    const Admission& admission) {
  ArticleUpgrade result;
  if (auto path = read_path(target, result); !path) return std::unexpected(path.error());
  if (auto history = read_history(target, result.join); !history) {
    return std::unexpected(history.error());
  }
  auto upgrade = check_client_upgrade(request, admission.origins);
  if (!upgrade) return std::unexpected(std::move(upgrade.error()));
  if (auto access = read_access(target, admission, result); !access) {
    return std::unexpected(std::move(access.error()));
  }
  result.upgrade = std::move(*upgrade);
  return result;
}

}  // namespace palaver::server
