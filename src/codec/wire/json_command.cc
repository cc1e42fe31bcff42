// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/json_command.h"

#include <array>
#include <string>
#include <utility>

#include "codec/wire/json_fields.h"
#include "codec/wire/raw_json.h"

namespace palaver::codec::wire {

namespace {

base::Error error(std::string message) {
  return {base::ErrorCode::kInvalidArgument, std::move(message)};
}

using Decoded = base::Result<Request>;

template <typename T>
Decoded finish(const JsonFields& fields, T request) {
  if (!fields.failure().empty()) return std::unexpected(error(fields.failure()));
  return Request{std::move(request)};
}

SubscribeRequest read_subscribe(JsonFields& fields) {
  SubscribeRequest request;
  fields.read("channel", request.channel)
      .read("token", request.token)
      .read_data("data", request.data)
      .read("recover", request.recover)
      .read("offset", request.since.offset)
      .read("epoch", request.since.epoch)
      .read("positioned", request.positioned)
      .read("recoverable", request.recoverable)
      .read("join_leave", request.join_leave)
      .read("delta", request.delta)
      .read("flag", request.flag);
  return request;
}

Decoded decode_subscribe(RawJson object) {
  JsonFields fields(object);
  return finish(fields, read_subscribe(fields));
}

Decoded decode_connect(RawJson object) {
  JsonFields fields(object);
  ConnectRequest request;
  fields.read("token", request.token)
      .read_data("data", request.data)
      .read("name", request.name)
      .read("version", request.version);
  if (const auto subs = fields.member("subs")) {
    if (!subs->is_object()) fields.fail("subs must be an object");
    subs->each_member([&](std::string_view channel, RawJson each) {
      JsonFields inner(each);
      SubscribeRequest sub = read_subscribe(inner);
      sub.channel = channel;
      request.subs[sub.channel] = sub;
      fields.fail(inner.failure());
      return fields.failure().empty();
    });
  }
  return finish(fields, std::move(request));
}

Decoded decode_history(RawJson object) {
  JsonFields fields(object);
  HistoryRequest request;
  fields.read("channel", request.channel)
      .read("limit", request.limit)
      .read("since", request.since)
      .read("reverse", request.reverse);
  return finish(fields, std::move(request));
}

Decoded decode_publish(RawJson object) {
  JsonFields fields(object);
  PublishRequest request;
  fields.read("channel", request.channel).read_data("data", request.data);
  return finish(fields, std::move(request));
}

Decoded decode_send(RawJson object) {
  JsonFields fields(object);
  SendRequest request;
  fields.read_data("data", request.data);
  return finish(fields, std::move(request));
}

Decoded decode_rpc(RawJson object) {
  JsonFields fields(object);
  RpcRequest request;
  fields.read("method", request.method).read_data("data", request.data);
  return finish(fields, std::move(request));
}

Decoded decode_refresh(RawJson object) {
  JsonFields fields(object);
  RefreshRequest request;
  fields.read("token", request.token);
  return finish(fields, std::move(request));
}

Decoded decode_sub_refresh(RawJson object) {
  JsonFields fields(object);
  SubRefreshRequest request;
  fields.read("channel", request.channel).read("token", request.token);
  return finish(fields, std::move(request));
}

Decoded decode_ping(RawJson object) { return finish(JsonFields(object), PingRequest{}); }

// Requests that name a channel and nothing else.
template <typename T>
Decoded decode_channel(RawJson object) {
  JsonFields fields(object);
  T request;
  fields.read("channel", request.channel);
  return finish(fields, std::move(request));
}

struct Method {
  std::string_view name;
  Decoded (*decode)(RawJson);
};
constexpr std::array kMethods{
    Method{"connect", decode_connect},
    Method{"subscribe", decode_subscribe},
    Method{"unsubscribe", decode_channel<UnsubscribeRequest>},
    Method{"publish", decode_publish},
    Method{"presence", decode_channel<PresenceRequest>},
    Method{"presence_stats", decode_channel<PresenceStatsRequest>},
    Method{"history", decode_history},
    Method{"ping", decode_ping},
    Method{"send", decode_send},
    Method{"rpc", decode_rpc},
    Method{"refresh", decode_refresh},
    Method{"sub_refresh", decode_sub_refresh},
};

}  // namespace

std::optional<std::string_view> next_line(std::string_view& frame) {
  while (!frame.empty()) {
    const std::size_t end = std::min(frame.find('\n'), frame.size());
    const std::string_view line = frame.substr(0, end);
    frame.remove_prefix(std::min(end + 1, frame.size()));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) return line;
  }
  return std::nullopt;
}

base::Result<Command> decode_json_command(std::string_view line) {
  const auto json = RawJson::parse(line);
  if (!json) return std::unexpected(json.error());
  if (!json->is_object()) return std::unexpected(error("a command is an object"));
  Command command;
  JsonFields fields(*json);
  fields.read("id", command.id);
  if (!fields.failure().empty()) return std::unexpected(error(fields.failure()));
  bool found = false;
  for (const Method& method : kMethods) {
    const auto body = fields.member(method.name);
    if (!body) continue;
    if (std::exchange(found, true)) return std::unexpected(error("a command has one request"));
    auto request = method.decode(*body);
    if (!request) return std::unexpected(request.error());
    command.request = std::move(*request);
  }
  const bool silent = std::holds_alternative<SendRequest>(command.request);
  if (found && !silent && command.id == 0) return std::unexpected(error("a request has an id"));
  if (!found && command.id != 0) return std::unexpected(error("there is no such request"));
  return command;
}

}  // namespace palaver::codec::wire
