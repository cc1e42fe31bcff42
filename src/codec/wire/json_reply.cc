// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/json_reply.h"

#include "codec/wire/json_writer.h"

namespace palaver::codec::wire {

namespace {

void write_expiry(JsonWriter& w, const Expiry& expiry) {
  w.flag("expires", expiry.expires);
  w.number("ttl", expiry.ttl);
}

void write_json(std::string& out, const SubscribeResult& result) {
  JsonWriter w(out);
  write_expiry(w, result.expiry);
  w.flag("recoverable", result.recoverable);
  w.string("epoch", result.position.epoch.value);
  if (!result.publications.empty()) {
    write_publications(w.value_of("publications"), result.publications);
  }
  w.flag("recovered", result.recovered);
  w.number("offset", result.position.offset.value);
  w.flag("positioned", result.positioned);
  w.raw("data", result.data);
  w.flag("was_recovering", result.was_recovering);
}

void write_json(std::string& out, const ConnectResult& result) {
  JsonWriter w(out);
  w.string("client", result.client);
  w.string("version", result.version);
  write_expiry(w, result.expiry);
  w.raw("data", result.data);
  if (!result.subs.empty()) {
    JsonWriter subs(w.value_of("subs"));
    for (const auto& [channel, sub] : result.subs) write_json(subs.value_of_text(channel), sub);
  }
  w.number("ping", result.ping);
  w.flag("pong", result.pong);
  w.string("session", result.session);
  w.string("node", result.node);
}

void write_json(std::string& out, const RpcResult& result) {
  JsonWriter w(out);
  w.raw("data", result.data);
}

void write_json(std::string& out, const RefreshResult& result) {
  JsonWriter w(out);
  w.string("client", result.client);
  w.string("version", result.version);
  write_expiry(w, result.expiry);
}

void write_json(std::string& out, const SubRefreshResult& result) {
  JsonWriter w(out);
  write_expiry(w, result.expiry);
}

void write_json(std::string& out, const UnsubscribeResult& /*result*/) { out += "{}"; }
void write_json(std::string& out, const PublishResult& /*result*/) { out += "{}"; }
void write_json(std::string& out, const PingResult& /*result*/) { out += "{}"; }

template <typename Result>
std::string reply(std::uint32_t id, std::string_view method, const Result& result) {
  return json_object([&](JsonWriter& w) {
    w.number("id", id);
    write_json(w.value_of(method), result);
  });
}

// `fill` writes the members of the push beside its channel.
template <typename Fill>
std::string push(std::string_view channel, Fill fill) {
  return json_object([&](JsonWriter& w) {
    JsonWriter body(w.value_of("push"));
    body.string("channel", channel);
    fill(body);
  });
}

}  // namespace

std::string json_error(std::uint32_t id, const CommandError& error) {
  return json_object([&](JsonWriter& w) {
    w.number("id", id);
    JsonWriter body(w.value_of("error"));
    body.number("code", error.code);
    body.string("message", error.message);
    body.flag("temporary", error.temporary);
  });
}

std::string json_reply(std::uint32_t id, const ConnectResult& result) {
  return reply(id, "connect", result);
}
std::string json_reply(std::uint32_t id, const SubscribeResult& result) {
  return reply(id, "subscribe", result);
}
std::string json_reply(std::uint32_t id, const UnsubscribeResult& result) {
  return reply(id, "unsubscribe", result);
}
std::string json_reply(std::uint32_t id, const PublishResult& result) {
  return reply(id, "publish", result);
}
std::string json_reply(std::uint32_t id, const PresenceResult& result) {
  return reply(id, "presence", result);
}
std::string json_reply(std::uint32_t id, const PresenceStatsResult& result) {
  return reply(id, "presence_stats", result);
}
std::string json_reply(std::uint32_t id, const HistoryResult& result) {
  return reply(id, "history", result);
}
std::string json_reply(std::uint32_t id, const PingResult& result) {
  return reply(id, "ping", result);
}
std::string json_reply(std::uint32_t id, const RpcResult& result) {
  return reply(id, "rpc", result);
}
std::string json_reply(std::uint32_t id, const RefreshResult& result) {
  return reply(id, "refresh", result);
}
std::string json_reply(std::uint32_t id, const SubRefreshResult& result) {
  return reply(id, "sub_refresh", result);
}

std::string json_publication_push(std::string_view channel, const model::Publication& publication) {
  return push(channel, [&](JsonWriter& w) { write_json(w.value_of("pub"), publication); });
}

std::string json_join_push(std::string_view channel, const ClientInfo& info) {
  return push(channel, [&](JsonWriter& w) {
    JsonWriter join(w.value_of("join"));
    write_json(join.value_of("info"), info);
  });
}

std::string json_leave_push(std::string_view channel, const ClientInfo& info) {
  return push(channel, [&](JsonWriter& w) {
    JsonWriter leave(w.value_of("leave"));
    write_json(leave.value_of("info"), info);
  });
}

std::string json_subscribe_push(std::string_view channel, const SubscribePush& pushed) {
  return push(channel, [&](JsonWriter& w) {
    JsonWriter body(w.value_of("subscribe"));
    body.flag("recoverable", pushed.recoverable);
    body.string("epoch", pushed.position.epoch.value);
    body.number("offset", pushed.position.offset.value);
    body.flag("positioned", pushed.positioned);
    body.raw("data", pushed.data);
  });
}

std::string json_unsubscribe_push(std::string_view channel, const UnsubscribeCode& code) {
  return push(channel, [&](JsonWriter& w) {
    JsonWriter body(w.value_of("unsubscribe"));
    body.number("code", code.code);
    body.string("reason", code.reason);
  });
}

std::string json_message_push(std::string_view data) {
  return push({}, [&](JsonWriter& w) {
    JsonWriter body(w.value_of("message"));
    body.raw("data", data);
  });
}

std::string json_disconnect_push(const DisconnectCode& code) {
  const bool comes_back = code.code < 3500 || (code.code >= 4000 && code.code < 4500);
  return push({}, [&](JsonWriter& w) {
    JsonWriter body(w.value_of("disconnect"));
    body.number("code", code.code);
    body.string("reason", code.reason);
    body.flag("reconnect", comes_back);
  });
}

std::string json_refresh_push(const Expiry& expiry) {
  return push({}, [&](JsonWriter& w) {
    JsonWriter body(w.value_of("refresh"));
    write_expiry(body, expiry);
  });
}

}  // namespace palaver::codec::wire
