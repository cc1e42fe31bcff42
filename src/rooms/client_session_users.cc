// SPDX-License-Identifier: Apache-2.0
// What others have done with a client: commands of the NodeBus that it obeys, and the calls by
// which a moderator gives them.
#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/limits.h"
#include "codec/wire/json_reply.h"
#include "codec/wire/raw_json.h"
#include "rooms/client_session.h"

namespace palaver::rooms {

using namespace codec::wire;  // NOLINT(google-build-using-namespace): this file's vocabulary

namespace {

constexpr std::optional<std::uint64_t> kBlockSecondsMax = 10ULL * 365 * 24 * 3600;

// What the client would have asked for itself.
SubscribeRequest request_of(const broker::SubscribeCommand& command) {
  SubscribeRequest request;
  request.channel = command.room.value;
  request.recover = command.since.has_value();
  request.since = command.since.value_or(model::Position{});
  return request;
}

}  // namespace

void ClientSession::obey(const broker::NodeCommand& command) {
  if (ended_) return;
  std::visit([this](const auto& each) { carry_out(each); }, command);
  flush();
}

void ClientSession::carry_out(const broker::DisconnectCommand& command) {
  if (std::ranges::find(command.spared, client()) != command.spared.end()) return;
  if (command.code == 0) {
    end(kDisconnectForced);
  } else {
    end({.code = static_cast<std::uint16_t>(command.code), .reason = command.reason});
  }
}

void ClientSession::carry_out(const broker::SubscribeCommand& command) {
  if (has(command.room.value) || is_full() || room_error(command.room.value)) return;
  join(request_of(command), [this, command](base::Result<Joined> joined) {
    if (ended_ || !joined) return Hub::Answer::kLeave;
    return on_server_joined(command, std::move(joined));
  });
}

Hub::Answer ClientSession::on_server_joined(const broker::SubscribeCommand& command,
                                            base::Result<Joined> joined) {
  auto grant = std::make_unique<auth::Grant>(
      auth::Grant{.info = command.info, .expires_at = command.expires_at});
  std::size_t bytes = 0;  // all of the replay follows as if it came live
  std::vector<model::Publication> rest;
  const SubscribeResult result =
      enter(request_of(command),
            {.room = command.room.value, .grant = std::move(grant), .side = Side::kServer},
            std::move(*joined), bytes, rest);
  SubscribePush push{.recoverable = result.recoverable,
                     .positioned = result.positioned,
                     .position = result.position,
                     .data = command.data};
  say_line(json_subscribe_push(command.room.value, push));
  flush();
  for (const model::Publication& publication : rest) host_.replay(command.room, publication);
  return Hub::Answer::kStay;
}

void ClientSession::carry_out(const broker::UnsubscribeCommand& command) {
  if (command.code == 0) {
    leave(command.room.value, kUnsubscribeServer);
  } else {
    leave(command.room.value, {.code = command.code, .reason = command.reason});
  }
}

void ClientSession::carry_out(const broker::RefreshCommand& command) {
  if (command.expired) {
    end(kDisconnectExpired);
    return;
  }
  who_.expires_at = command.expires_at;
  if (!command.info.empty()) set_info(command.info);
  say_line(json_refresh_push(expiry_of(who_.expires_at)));
}

void ClientSession::carry_out(const broker::SendCommand& command) {
  say_line(json_message_push(command.data));
}

void ClientSession::carry_out(const broker::BlockCommand& /*command*/) { end(kDisconnectBlocked); }

void ClientSession::carry_out(const broker::UnblockCommand& /*command*/) {}

void ClientSession::command_nodes(std::uint32_t id, broker::NodeCommand command) {
  services_.bus.send(std::move(command),
                     when_done([id](ClientSession& session, const base::Result<void>& result) {
                       if (result) {
                         session.reply(id, RpcResult{.data = "{}"});
                       } else {
                         session.refuse(id, kErrorInternal);
                       }
                     }));
}

// A moderator's calls: block_user {user, seconds?}, unblock_user {user}, disconnect_user {user}.
void ClientSession::on(std::uint32_t id, const RpcRequest& request) {
  constexpr std::array<std::string_view, 3> kMethods{"block_user", "unblock_user",
                                                     "disconnect_user"};
  if (std::ranges::find(kMethods, request.method) == kMethods.end()) {
    refuse(id, kErrorNotAvailable);
    return;
  }
  if (who_.role != auth::Role::kModerator) {
    refuse(id, kErrorPermissionDenied);
    return;
  }
  if (!check_rate(id)) return;
  const auto data = RawJson::parse(request.data);
  const auto member = data ? data->member("user") : std::nullopt;
  model::UserId user{member ? member->string().value_or("") : ""};
  const auto seconds = data ? data->member("seconds") : std::nullopt;
  const auto duration = seconds ? seconds->uint64() : std::nullopt;
  const bool good = seconds.has_value() == duration.has_value() && duration <= kBlockSecondsMax;
  if (user.value.empty() || !good) {
    refuse(id, kErrorBadRequest);
  } else if (request.method == "block_user") {
    broker::BlockCommand command{.user = std::move(user), .until = {}};
    if (duration) command.until = seconds_now() + static_cast<std::int64_t>(*duration);
    command_nodes(id, std::move(command));
  } else if (request.method == "unblock_user") {
    command_nodes(id, broker::UnblockCommand{.user = std::move(user)});
  } else {
    broker::DisconnectCommand command;
    command.whom.user = std::move(user);
    command_nodes(id, std::move(command));
  }
}

}  // namespace palaver::rooms
