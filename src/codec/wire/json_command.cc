// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/json_command.h"

#include <array>
#include <limits>
#include <string>
#include <utility>

#include "codec/wire/raw_json.h"

namespace palaver::codec::wire {

namespace {

base::Error error(std::string message) {
  return {base::ErrorCode::kInvalidArgument, std::move(message)};
}

// Reads members into fields and remembers the first one of the wrong type.
class Fields {
 public:
  explicit Fields(RawJson object) : object_(object) {
    if (!object.is_object()) fail("a request is an object");
  }

  Fields& read(std::string_view name, std::string& into) {
    return take(name, "a string", into, [](RawJson value) { return value.string(); });
  }
  Fields& read(std::string_view name, bool& into) {
    return take(name, "true or false", into, [](RawJson value) { return value.boolean(); });
  }
  Fields& read(std::string_view name, std::int64_t& into) {
    return take(name, "an integer", into, [](RawJson value) { return value.int64(); });
  }
  Fields& read(std::string_view name, std::int32_t& into) {
    return take(name, "a 32-bit integer", into, [](RawJson value) -> std::optional<std::int32_t> {
      const auto number = value.int64();
      if (!number || !std::in_range<std::int32_t>(*number)) return std::nullopt;
      return static_cast<std::int32_t>(*number);
    });
  }
  Fields& read(std::string_view name, std::uint32_t& into) {
    return take(name, "a 32-bit number", into, [](RawJson value) -> std::optional<std::uint32_t> {
      const auto number = value.uint64();
      if (!number || !std::in_range<std::uint32_t>(*number)) return std::nullopt;
      return static_cast<std::uint32_t>(*number);
    });
  }
  Fields& read(std::string_view name, model::Offset& into) {
    return take(name, "a number", into, [](RawJson value) -> std::optional<model::Offset> {
      const auto number = value.uint64();
      if (!number) return std::nullopt;
      return model::Offset{*number};
    });
  }
  Fields& read(std::string_view name, model::Epoch& into) { return read(name, into.value); }
  // Any value; "null" stays "null".
  Fields& read_data(std::string_view name, std::string& into) {
    if (const auto value = object_.member(name)) into = value->on_one_line();
    return *this;
  }
  [[nodiscard]] std::optional<RawJson> member(std::string_view name) const {
    const auto value = object_.member(name);
    return value && !value->is_null() ? value : std::nullopt;
  }

  void fail(std::string text) {
    if (failure_.empty()) failure_ = std::move(text);
  }
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  template <typename T, typename Convert>
  Fields& take(std::string_view name, std::string_view expected, T& into, Convert convert) {
    const auto value = member(name);
    if (!value) return *this;
    if (auto converted = convert(*value)) {
      into = std::move(*converted);
    } else {
      fail(std::string(name) + " must be " + std::string(expected));
    }
    return *this;
  }

  RawJson object_;
  std::string failure_;
};

using Decoded = base::Result<Request>;

template <typename T>
Decoded finish(const Fields& fields, T request) {
  if (!fields.failure().empty()) return std::unexpected(error(fields.failure()));
  return Request{std::move(request)};
}

SubscribeRequest read_subscribe(Fields& fields) {
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
  Fields fields(object);
  return finish(fields, read_subscribe(fields));
}

Decoded decode_connect(RawJson object) {
  Fields fields(object);
  ConnectRequest request;
  fields.read("token", request.token)
      .read_data("data", request.data)
      .read("name", request.name)
      .read("version", request.version);
  if (const auto subs = fields.member("subs")) {
    if (!subs->is_object()) fields.fail("subs must be an object");
    subs->each_member([&](std::string_view channel, RawJson each) {
      Fields inner(each);
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
  Fields fields(object);
  HistoryRequest request;
  fields.read("channel", request.channel)
      .read("limit", request.limit)
      .read("reverse", request.reverse);
  if (const auto since = fields.member("since")) {
    Fields inner(*since);
    request.since.emplace();
    inner.read("offset", request.since->offset).read("epoch", request.since->epoch);
    fields.fail(inner.failure());
  }
  return finish(fields, std::move(request));
}

Decoded decode_publish(RawJson object) {
  Fields fields(object);
  PublishRequest request;
  fields.read("channel", request.channel).read_data("data", request.data);
  return finish(fields, std::move(request));
}

Decoded decode_send(RawJson object) {
  Fields fields(object);
  SendRequest request;
  fields.read_data("data", request.data);
  return finish(fields, std::move(request));
}

Decoded decode_rpc(RawJson object) {
  Fields fields(object);
  RpcRequest request;
  fields.read("method", request.method).read_data("data", request.data);
  return finish(fields, std::move(request));
}

Decoded decode_refresh(RawJson object) {
  Fields fields(object);
  RefreshRequest request;
  fields.read("token", request.token);
  return finish(fields, std::move(request));
}

Decoded decode_sub_refresh(RawJson object) {
  Fields fields(object);
  SubRefreshRequest request;
  fields.read("channel", request.channel).read("token", request.token);
  return finish(fields, std::move(request));
}

Decoded decode_ping(RawJson object) { return finish(Fields(object), PingRequest{}); }

// Requests that name a channel and nothing else.
template <typename T>
Decoded decode_channel(RawJson object) {
  Fields fields(object);
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
  Fields fields(*json);
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
