// SPDX-License-Identifier: Apache-2.0
// Answers of the HTTP API as JSON texts of one line, in the shapes of Centrifugo's api.proto. Pure.
// Every field is written, zeros too, unless a comment says otherwise: client libraries require most
// of them.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/wire/api_request.h"
#include "codec/wire/reply.h"
#include "model/position.h"

namespace palaver::codec::wire {

// Of all methods whose result is the empty object.
struct ApiDone {};

struct ApiPublishResult {
  model::Position position;  // an offset of 0: the publication is not in the history
};

struct ApiBroadcastResult {
  // In the order of the request's channels.
  std::vector<std::expected<ApiPublishResult, ApiError>> responses;
};

struct ApiChannelsResult {
  std::map<std::string, std::uint32_t> num_clients;  // by channel
};

struct ApiNode {
  std::string uid;
  std::string name;
  std::string version;
  std::uint32_t num_clients = 0;
  std::uint32_t num_users = 0;
  std::uint32_t num_subs = 0;
  std::uint32_t num_channels = 0;
  std::uint32_t uptime = 0;  // seconds
};

struct ApiInfoResult {
  std::vector<ApiNode> nodes;
};

// Infos of connections and the sender of a publication are left out where there are none.
using ApiResult =
    std::variant<ApiDone, ApiPublishResult, ApiBroadcastResult, PresenceResult, PresenceStatsResult,
                 HistoryResult, ApiChannelsResult, ApiInfoResult>;
using ApiOutcome = std::expected<ApiResult, ApiError>;

// {"result":…} or {"error":{"code":…,"message":…}}.
[[nodiscard]] std::string api_reply(const ApiOutcome& outcome);

struct ApiBatchReply {
  std::string_view method;  // api_method() of the command; of no concern beside an error
  ApiOutcome outcome;
};

// {"replies":[…]}, without a result around it: each is {"<method>":…}, where the result stands
// under the name of its method, or {"error":…}.
[[nodiscard]] std::string api_batch_reply(std::span<const ApiBatchReply> replies);

}  // namespace palaver::codec::wire
