// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/api_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "codec/wire/json_fields.h"
#include "codec/wire/raw_json.h"

namespace palaver::codec::wire {

namespace {

using Decoded = std::expected<ApiCommand, ApiError>;

// Where close codes for applications begin and end.
constexpr std::uint32_t kDisconnectCodeFirst = 3000;
constexpr std::uint32_t kDisconnectCodeLast = 4999;
constexpr std::size_t kReasonBytesMax = base::kControlPayloadMax - sizeof(std::uint16_t);

std::unexpected<ApiError> bad_request(std::string_view text) {
  ApiError error = api_error(kErrorBadRequest);
  error.message.append(": ").append(text);
  return std::unexpected(std::move(error));
}

void check_channel(JsonFields& fields, std::string_view name, std::string_view channel) {
  if (channel.empty()) fields.fail(std::string(name) + " must not be empty");
  if (channel.size() <= base::kRoomNameBytesMax) return;
  fields.fail(std::string(name) + " is longer than " + std::to_string(base::kRoomNameBytesMax) +
              " bytes");
}

void read_channel(JsonFields& fields, std::string& channel) {
  fields.read("channel", channel);
  check_channel(fields, "channel", channel);
}

void read_user(JsonFields& fields, std::string& user) {
  fields.read("user", user);
  if (user.empty()) fields.fail("user must not be empty");
}

void read_target(JsonFields& fields, ApiTarget& target) {
  fields.read("user", target.user).read("client", target.client).read("session", target.session);
  const bool named = !target.user.empty() || !target.client.empty() || !target.session.empty();
  if (!named) fields.fail("user must not be empty, unless client or session is given");
}

void read_expire_at(JsonFields& fields, std::int64_t& expire_at) {
  fields.read("expire_at", expire_at);
  if (expire_at < 0) fields.fail("expire_at must not be negative");
}

// A payload that is written as JSON under `name` or, which counts before it, in base64 under
// `base64_name`. There are no binary payloads: what base64 holds is JSON too.
void read_payload(JsonFields& fields, std::string_view name, std::string_view base64_name,
                  std::string& into) {
  std::string text;
  fields.read(base64_name, text);
  if (text.empty()) {
    fields.read_data(name, into);
    return;
  }
  const auto bytes = base::from_base64(text);
  if (!bytes) return fields.fail(std::string(base64_name) + " must be base64 with padding");
  if (base::is_valid_utf8(*bytes)) {
    if (const auto json = RawJson::parse(*bytes)) into = json->on_one_line();
  }
  if (into.empty()) fields.fail(std::string(base64_name) + " must hold JSON");
}

void read_required(JsonFields& fields, std::string_view base64_name, std::string& data) {
  read_payload(fields, "data", base64_name, data);
  if (data.empty()) fields.fail("data is missing");
}

// Here null says that there is none.
void read_optional(JsonFields& fields, std::string_view name, std::string_view base64_name,
                   std::string& into) {
  read_payload(fields, name, base64_name, into);
  if (into == "null") into.clear();
}

void read(JsonFields& fields, ApiPayload& payload) {
  read_required(fields, "b64data", payload.data);
  model::Offset version;
  fields.read("skip_history", payload.skip_history)
      .read("tags", payload.tags)
      .read("idempotency_key", payload.idempotency_key)
      .read("delta", payload.delta)
      .read("version", version);
  if (payload.idempotency_key.size() > base::kDedupeIdBytesMax) {
    fields.fail("idempotency_key is longer than " + std::to_string(base::kDedupeIdBytesMax) +
                " bytes");
  }
  // Who sends one relies on older versions being dropped.
  if (version.value != 0) fields.fail("version is not supported");
}

void read(JsonFields& fields, ApiPublish& request) {
  read_channel(fields, request.channel);
  read(fields, request.payload);
}

void read(JsonFields& fields, ApiBroadcast& request) {
  fields.read("channels", request.channels);
  if (request.channels.empty()) fields.fail("channels must not be empty");
  if (request.channels.size() > base::kApiBroadcastChannelsMax) {
    fields.fail("channels are more than " + std::to_string(base::kApiBroadcastChannelsMax));
  }
  for (const std::string& channel : request.channels) {
    check_channel(fields, "each of channels", channel);
  }
  read(fields, request.payload);
}

// An option is wrapped, so that its false differs from its absence: {"value": false}.
void read_option(JsonFields& options, std::string_view name, std::optional<bool>& into) {
  const auto wrapped = options.member(name);
  if (!wrapped) return;
  JsonFields fields(*wrapped, "override." + std::string(name));
  fields.read("value", into.emplace(false));
  options.fail(fields.failure());
}

void read(JsonFields& fields, ApiSubscribe& request) {
  read_target(fields, request.target);
  read_channel(fields, request.channel);
  read_optional(fields, "info", "b64info", request.info);
  read_optional(fields, "data", "b64data", request.data);
  fields.read("recover_since", request.recover_since);
  read_expire_at(fields, request.expire_at);
  const auto override = fields.member("override");
  if (!override) return;
  JsonFields options(*override, "override");
  read_option(options, "presence", request.override.presence);
  read_option(options, "join_leave", request.override.join_leave);
  read_option(options, "force_push_join_leave", request.override.force_push_join_leave);
  read_option(options, "force_positioning", request.override.force_positioning);
  read_option(options, "force_recovery", request.override.force_recovery);
  fields.fail(options.failure());
}

void read(JsonFields& fields, ApiUnsubscribe& request) {
  read_target(fields, request.target);
  read_channel(fields, request.channel);
}

void read(JsonFields& fields, ApiDisconnect& request) {
  read_target(fields, request.target);
  fields.read("whitelist", request.whitelist);
  const auto disconnect = fields.member("disconnect");
  if (!disconnect) return;
  JsonFields inner(*disconnect, "disconnect");
  std::uint32_t code = 0;
  std::string reason;
  inner.read("code", code).read("reason", reason);
  if (code < kDisconnectCodeFirst || code > kDisconnectCodeLast) {
    inner.fail("disconnect.code must be 3000 to 4999");
  }
  if (reason.size() > kReasonBytesMax) {
    inner.fail("disconnect.reason is longer than " + std::to_string(kReasonBytesMax) + " bytes");
  }
  request.disconnect.emplace(static_cast<std::uint16_t>(code), std::move(reason));
  fields.fail(inner.failure());
}

void read(JsonFields& fields, ApiRefresh& request) {
  read_target(fields, request.target);
  fields.read("expired", request.expired);
  read_expire_at(fields, request.expire_at);
  read_optional(fields, "info", "b64info", request.info);
}

void read(JsonFields& fields, ApiPresence& request) { read_channel(fields, request.channel); }
void read(JsonFields& fields, ApiPresenceStats& request) { read_channel(fields, request.channel); }

void read(JsonFields& fields, ApiHistory& request) {
  read_channel(fields, request.channel);
  fields.read("limit", request.limit).read("since", request.since).read("reverse", request.reverse);
}

void read(JsonFields& fields, ApiHistoryRemove& request) { read_channel(fields, request.channel); }
void read(JsonFields& fields, ApiChannels& request) { fields.read("pattern", request.pattern); }
void read(JsonFields& /*fields*/, ApiInfo& /*request*/) {}

void read(JsonFields& fields, ApiBlockUser& request) {
  read_user(fields, request.user);
  read_expire_at(fields, request.expire_at);
}

void read(JsonFields& fields, ApiUnblockUser& request) { read_user(fields, request.user); }

void read(JsonFields& fields, ApiSend& request) {
  read_target(fields, request.target);
  read_required(fields, "b64data", request.data);
}

template <typename T>
Decoded decode(RawJson body) {
  JsonFields fields(body);
  T request;
  read(fields, request);
  if (!fields.failure().empty()) return bad_request(fields.failure());
  return request;
}

struct Method {
  std::string_view name;
  Decoded (*decode)(RawJson);
};

template <typename Variant>
struct Table;
template <typename... Requests>
struct Table<std::variant<Requests...>> {
  static constexpr std::array kMethods{Method{Requests::kMethod, decode<Requests>}...};
  static constexpr std::array kNames{Requests::kMethod..., ApiBatch::kMethod};
};
constexpr auto& kMethods = Table<ApiCommand>::kMethods;

const Method* find_method(std::string_view name) {
  const auto* const found = std::ranges::find(kMethods, name, &Method::name);
  return found == kMethods.end() ? nullptr : found;
}

// Of a batch: an object whose one member is the method with its body.
Decoded decode_command(RawJson command) {
  if (!command.is_object()) return bad_request("a command must be an object");
  const Method* method = nullptr;
  std::optional<RawJson> body;
  std::string_view failure;
  command.each_member([&](std::string_view name, RawJson value) {
    if (name == ApiBatch::kMethod) failure = "a batch must not hold another";
    const Method* const named = find_method(name);
    if (named == nullptr || value.is_null()) return failure.empty();
    if (method != nullptr && method != named) failure = "a command must have one method";
    method = named;
    body = value;
    return failure.empty();
  });
  if (!failure.empty()) return bad_request(failure);
  if (!body) return std::unexpected(api_error(kErrorMethodNotFound));
  return method->decode(*body);
}

std::expected<ApiRequest, ApiError> decode_batch(RawJson body) {
  JsonFields fields(body);
  ApiBatch batch;
  fields.read("parallel", batch.parallel);
  if (!fields.failure().empty()) return bad_request(fields.failure());
  const auto commands = fields.member("commands");
  if (!commands || !commands->is_array()) return bad_request("commands must be an array");
  bool too_many = false;
  commands->each_element([&](RawJson command) {
    too_many = batch.commands.size() == base::kApiBatchCommandsMax;
    if (!too_many) batch.commands.push_back(decode_command(command));
    return !too_many;
  });
  if (!too_many) return batch;
  return bad_request("commands are more than " + std::to_string(base::kApiBatchCommandsMax));
}

}  // namespace

ApiError api_error(const CommandError& error) { return {error.code, std::string(error.message)}; }

std::span<const std::string_view> api_methods() { return Table<ApiCommand>::kNames; }

std::string_view api_method(const ApiCommand& command) { return kMethods[command.index()].name; }

std::expected<ApiRequest, ApiError> decode_api_request(std::string_view method,
                                                       std::string_view body) {
  const Method* const named = find_method(method);
  const bool is_batch = method == ApiBatch::kMethod;
  if (named == nullptr && !is_batch) return std::unexpected(api_error(kErrorMethodNotFound));
  if (!base::is_valid_utf8(body)) return bad_request("the body must be UTF-8");
  const auto json = RawJson::parse(body.empty() ? "{}" : body);
  if (!json) return bad_request(json.error().message);
  if (is_batch) return decode_batch(*json);
  auto command = named->decode(*json);
  if (!command) return std::unexpected(std::move(command.error()));
  return ApiRequest{*std::move(command)};
}

}  // namespace palaver::codec::wire
