// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/json_reply.h"

#include "base/json_text.h"

namespace palaver::codec::wire {

namespace {

// Writes one object. The plain calls leave out zeros; those named `always` do not.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) { out_ += '{'; }
  ~Writer() { out_ += '}'; }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void string(std::string_view name, std::string_view value) {
    if (!value.empty()) always_string(name, value);
  }
  void always_string(std::string_view name, std::string_view value) {
    key(name);
    base::append_json_string(out_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    if (value != 0) always_number(name, value);
  }
  void always_number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void flag(std::string_view name, bool value) {
    if (value) raw(name, "true");
  }
  // `json` is a value on one line, or empty.
  void raw(std::string_view name, std::string_view json) {
    if (json.empty()) return;
    key(name);
    out_ += json;
  }
  // For what follows to be written to the same text: the value of `name`.
  std::string& value_of(std::string_view name) {
    key(name);
    return out_;
  }
  // Likewise, where the name is any text.
  std::string& value_of_text(std::string_view name) {
    separate();
    base::append_json_string(out_, name);
    out_ += ':';
    return out_;
  }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

void write_info(std::string& out, const ClientInfo& info) {
  Writer w(out);
  w.always_string("user", info.user);
  w.always_string("client", info.client);
  w.raw("conn_info", info.conn_info);
  w.raw("chan_info", info.chan_info);
}

void write_publication(std::string& out, const model::Publication& publication) {
  Writer w(out);
  w.raw("data", publication.data.view());
  const model::Sender& sender = publication.sender;
  if (!sender.user.value.empty() || !sender.client.empty()) {
    write_info(w.value_of("info"), {sender.user.value, sender.client, sender.info, {}});
  }
  w.number("offset", publication.offset.value);
}

void write_publications(std::string& out, const std::vector<model::Publication>& publications) {
  out += '[';
  for (const model::Publication& publication : publications) {
    if (&publication != &publications.front()) out += ',';
    write_publication(out, publication);
  }
  out += ']';
}

void write_expiry(Writer& w, const Expiry& expiry) {
  w.flag("expires", expiry.expires);
  w.number("ttl", expiry.ttl);
}

void write(std::string& out, const SubscribeResult& result) {
  Writer w(out);
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

void write(std::string& out, const ConnectResult& result) {
  Writer w(out);
  w.string("client", result.client);
  w.string("version", result.version);
  write_expiry(w, result.expiry);
  w.raw("data", result.data);
  if (!result.subs.empty()) {
    Writer subs(w.value_of("subs"));
    for (const auto& [channel, sub] : result.subs) write(subs.value_of_text(channel), sub);
  }
  w.number("ping", result.ping);
  w.flag("pong", result.pong);
  w.string("session", result.session);
  w.string("node", result.node);
}

void write(std::string& out, const PresenceResult& result) {
  Writer w(out);
  Writer presence(w.value_of("presence"));
  for (const auto& [client, info] : result.presence) {
    write_info(presence.value_of_text(client), info);
  }
}

void write(std::string& out, const PresenceStatsResult& result) {
  Writer w(out);
  w.always_number("num_clients", result.num_clients);
  w.always_number("num_users", result.num_users);
}

void write(std::string& out, const HistoryResult& result) {
  Writer w(out);
  write_publications(w.value_of("publications"), result.publications);
  w.always_string("epoch", result.position.epoch.value);
  w.always_number("offset", result.position.offset.value);
}

void write(std::string& out, const RpcResult& result) {
  Writer w(out);
  w.raw("data", result.data);
}

void write(std::string& out, const RefreshResult& result) {
  Writer w(out);
  w.string("client", result.client);
  w.string("version", result.version);
  write_expiry(w, result.expiry);
}

void write(std::string& out, const SubRefreshResult& result) {
  Writer w(out);
  write_expiry(w, result.expiry);
}

void write(std::string& out, const UnsubscribeResult& /*result*/) { out += "{}"; }
void write(std::string& out, const PublishResult& /*result*/) { out += "{}"; }
void write(std::string& out, const PingResult& /*result*/) { out += "{}"; }

// One object, whole when it returns; `fill` writes its members.
template <typename Fill>
std::string object(Fill fill) {
  std::string line;
  {
    Writer w(line);
    fill(w);
  }
  return line;
}

template <typename Result>
std::string reply(std::uint32_t id, std::string_view method, const Result& result) {
  return object([&](Writer& w) {
    w.number("id", id);
    write(w.value_of(method), result);
  });
}

// `fill` writes the members of the push beside its channel.
template <typename Fill>
std::string push(std::string_view channel, Fill fill) {
  return object([&](Writer& w) {
    Writer body(w.value_of("push"));
    body.string("channel", channel);
    fill(body);
  });
}

}  // namespace

std::string json_error(std::uint32_t id, const CommandError& error) {
  return object([&](Writer& w) {
    w.number("id", id);
    Writer body(w.value_of("error"));
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
  return push(channel, [&](Writer& w) { write_publication(w.value_of("pub"), publication); });
}

std::string json_join_push(std::string_view channel, const ClientInfo& info) {
  return push(channel, [&](Writer& w) {
    Writer join(w.value_of("join"));
    write_info(join.value_of("info"), info);
  });
}

std::string json_leave_push(std::string_view channel, const ClientInfo& info) {
  return push(channel, [&](Writer& w) {
    Writer leave(w.value_of("leave"));
    write_info(leave.value_of("info"), info);
  });
}

std::string json_subscribe_push(std::string_view channel, const SubscribePush& pushed) {
  return push(channel, [&](Writer& w) {
    Writer body(w.value_of("subscribe"));
    body.flag("recoverable", pushed.recoverable);
    body.string("epoch", pushed.position.epoch.value);
    body.number("offset", pushed.position.offset.value);
    body.flag("positioned", pushed.positioned);
    body.raw("data", pushed.data);
  });
}

std::string json_unsubscribe_push(std::string_view channel, const UnsubscribeCode& code) {
  return push(channel, [&](Writer& w) {
    Writer body(w.value_of("unsubscribe"));
    body.number("code", code.code);
    body.string("reason", code.reason);
  });
}

std::string json_message_push(std::string_view data) {
  return push({}, [&](Writer& w) {
    Writer body(w.value_of("message"));
    body.raw("data", data);
  });
}

std::string json_disconnect_push(const DisconnectCode& code) {
  const bool comes_back = code.code < 3500 || (code.code >= 4000 && code.code < 4500);
  return push({}, [&](Writer& w) {
    Writer body(w.value_of("disconnect"));
    body.number("code", code.code);
    body.string("reason", code.reason);
    body.flag("reconnect", comes_back);
  });
}

std::string json_refresh_push(const Expiry& expiry) {
  return push({}, [&](Writer& w) {
    Writer body(w.value_of("refresh"));
    write_expiry(body, expiry);
  });
}

}  // namespace palaver::codec::wire
