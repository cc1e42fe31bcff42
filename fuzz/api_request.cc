// SPDX-License-Identifier: Apache-2.0
// Requests of the HTTP API: a line with the method, then the body. What is taken keeps the bounds
// that its types promise, its payloads are JSON on one line, and nothing of it, nor of the reason
// for a refusal, breaks out of the reply it is put into.
#include "codec/wire/api_request.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "codec/wire/api_reply.h"
#include "codec/wire/json.h"
#include "codec/wire/raw_json.h"

namespace {

namespace base = palaver::base;
namespace wire = palaver::codec::wire;

void check_channel(std::string_view channel) {
  CHECK(!channel.empty() && channel.size() <= base::kRoomNameBytesMax, "a channel has its bounds");
  CHECK(base::is_valid_utf8(channel), "a channel is UTF-8");
}

void check_json(std::string_view payload) {
  CHECK(payload.find_first_of("\r\n") == std::string_view::npos, "a payload is on one line");
  CHECK(wire::parse_json(payload), "a payload is JSON");
}

void check_data(std::string_view data) {
  check_json(data);
  wire::HistoryResult history;
  history.publications.emplace_back().data = base::Frame::copy_of(data);
  const std::string reply = wire::api_reply(std::move(history));
  // A few levels of nesting more may be the one too many.
  const auto json = wire::RawJson::parse(reply);
  if (!json) return;
  json->member("result")->member("publications")->each_element([&](wire::RawJson each) {
    CHECK(each.member("data")->text() == data, "data comes out as it went in");
    return true;
  });
}

void check_target(const wire::ApiTarget& target) {
  CHECK(!target.user.empty() || !target.client.empty() || !target.session.empty(),
        "somebody is meant");
}

struct CheckCommand {
  void operator()(const wire::ApiPublish& request) const {
    check_channel(request.channel);
    check_data(request.payload.data);
    CHECK(request.payload.idempotency_key.size() <= base::kDedupeIdBytesMax, "a key has its bound");
  }
  void operator()(const wire::ApiBroadcast& request) const {
    CHECK(!request.channels.empty(), "somewhere is meant");
    CHECK(request.channels.size() <= base::kApiBroadcastChannelsMax, "channels have their bound");
    for (const std::string& channel : request.channels) check_channel(channel);
    check_data(request.payload.data);
  }
  void operator()(const wire::ApiSubscribe& request) const {
    check_target(request.target);
    check_channel(request.channel);
    if (!request.info.empty()) check_json(request.info);
    if (!request.data.empty()) check_json(request.data);
    CHECK(request.expire_at >= 0, "a time is not negative");
  }
  void operator()(const wire::ApiUnsubscribe& request) const {
    check_target(request.target);
    check_channel(request.channel);
  }
  void operator()(const wire::ApiDisconnect& request) const {
    check_target(request.target);
    if (!request.disconnect) return;
    CHECK(request.disconnect->code >= 3000 && request.disconnect->code <= 4999,
          "a close code is one of applications");
    CHECK(request.disconnect->reason.size() + 2 <= base::kControlPayloadMax,
          "a reason fits into a control frame");
  }
  void operator()(const wire::ApiRefresh& request) const {
    check_target(request.target);
    if (!request.info.empty()) check_json(request.info);
  }
  void operator()(const wire::ApiPresence& request) const { check_channel(request.channel); }
  void operator()(const wire::ApiPresenceStats& request) const { check_channel(request.channel); }
  void operator()(const wire::ApiHistory& request) const { check_channel(request.channel); }
  void operator()(const wire::ApiHistoryRemove& request) const { check_channel(request.channel); }
  void operator()(const wire::ApiChannels& request) const {
    CHECK(base::is_valid_utf8(request.pattern), "a pattern is UTF-8");
  }
  void operator()(const wire::ApiInfo& /*request*/) const {}
  void operator()(const wire::ApiBlockUser& request) const {
    CHECK(!request.user.empty() && request.expire_at >= 0, "somebody is meant");
  }
  void operator()(const wire::ApiUnblockUser& request) const {
    CHECK(!request.user.empty(), "somebody is meant");
  }
  void operator()(const wire::ApiSend& request) const {
    check_target(request.target);
    check_data(request.data);
  }
};

void check_error(const wire::ApiError& error) {
  CHECK(error.code == 104 || error.code == 107, "a refusal is one of two");
  const auto json = wire::parse_json(wire::api_reply(std::unexpected(error)));
  CHECK(json && json->at("error").at("message").as_string() == error.message, "a reason is a text");
}

void check_batch(const wire::ApiBatch& batch) {
  CHECK(batch.commands.size() <= base::kApiBatchCommandsMax, "commands have their bound");
  std::vector<wire::ApiBatchReply> replies;
  for (const auto& command : batch.commands) {
    if (command) {
      std::visit(CheckCommand{}, *command);
      replies.push_back({wire::api_method(*command), wire::ApiDone{}});
    } else {
      check_error(command.error());
      replies.push_back({{}, std::unexpected(command.error())});
    }
  }
  const auto json = wire::parse_json(wire::api_batch_reply(replies));
  CHECK(json && json->at("replies").as_array().size() == replies.size(), "each has its reply");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = std::min(text.find('\n'), size);
  const std::string_view body = text.substr(std::min(line + 1, size));
  const auto request = wire::decode_api_request(text.substr(0, line), body);
  if (!request) {
    check_error(request.error());
  } else if (const auto* batch = std::get_if<wire::ApiBatch>(&*request)) {
    check_batch(*batch);
  } else {
    std::visit(CheckCommand{}, std::get<wire::ApiCommand>(*request));
  }
  return 0;
}
