// SPDX-License-Identifier: Apache-2.0
#include "codec/wire/api_reply.h"

#include "codec/wire/json_writer.h"

namespace palaver::codec::wire {

namespace {

void write_json(std::string& out, const ApiError& error) {
  JsonWriter w(out);
  w.always_number("code", error.code);
  w.always_string("message", error.message);
}

void write_json(std::string& out, const ApiDone& /*result*/) { out += "{}"; }

void write_json(std::string& out, const ApiPublishResult& result) {
  JsonWriter w(out);
  w.always_number("offset", result.position.offset.value);
  w.always_string("epoch", result.position.epoch.value);
}

// The result under its name, or the error.
template <typename Result, typename Write>
void write_outcome(std::string& out, std::string_view name,
                   const std::expected<Result, ApiError>& outcome, Write write) {
  JsonWriter w(out);
  if (outcome) {
    write(w.value_of(name), *outcome);
  } else {
    write_json(w.value_of("error"), outcome.error());
  }
}

void write_json(std::string& out, const ApiBroadcastResult& result) {
  JsonWriter w(out);
  write_json_array(w.value_of("responses"), result.responses,
                   [](std::string& text, const auto& response) {
                     write_outcome(text, "result", response,
                                   [](std::string& inner, const ApiPublishResult& published) {
                                     write_json(inner, published);
                                   });
                   });
}

void write_json(std::string& out, const ApiChannelsResult& result) {
  JsonWriter w(out);
  JsonWriter channels(w.value_of("channels"));
  for (const auto& [channel, clients] : result.num_clients) {
    JsonWriter each(channels.value_of_text(channel));
    each.always_number("num_clients", clients);
  }
}

void write_json(std::string& out, const ApiNode& node) {
  JsonWriter w(out);
  w.always_string("uid", node.uid);
  w.always_string("name", node.name);
  w.always_string("version", node.version);
  w.always_number("num_clients", node.num_clients);
  w.always_number("num_users", node.num_users);
  w.always_number("num_subs", node.num_subs);
  w.always_number("num_channels", node.num_channels);
  w.always_number("uptime", node.uptime);
}

void write_json(std::string& out, const ApiInfoResult& result) {
  JsonWriter w(out);
  write_json_array(w.value_of("nodes"), result.nodes,
                   [](std::string& text, const ApiNode& node) { write_json(text, node); });
}

void write_reply(std::string& out, std::string_view name, const ApiOutcome& outcome) {
  write_outcome(out, name, outcome, [](std::string& text, const ApiResult& result) {
    std::visit([&](const auto& each) { write_json(text, each); }, result);
  });
}

}  // namespace

std::string api_reply(const ApiOutcome& outcome) {
  std::string text;
  write_reply(text, "result", outcome);
  return text;
}

std::string api_batch_reply(std::span<const ApiBatchReply> replies) {
  return json_object([&](JsonWriter& w) {
    write_json_array(w.value_of("replies"), replies,
                     [](std::string& text, const ApiBatchReply& reply) {
                       write_reply(text, reply.method, reply.outcome);
                     });
  });
}

}  // namespace palaver::codec::wire
