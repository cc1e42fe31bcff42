// SPDX-License-Identifier: Apache-2.0
// Replies and pushes in JSON, each one line without its LF. Pure; the caller joins lines with LF
// and frames them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/wire/reply.h"

namespace palaver::codec::wire {

// The answer to a client whose pong is wanted, and from it.
inline constexpr std::string_view kJsonPing = "{}";

// `id` is the command's.
[[nodiscard]] std::string json_error(std::uint32_t id, const CommandError& error);
[[nodiscard]] std::string json_reply(std::uint32_t id, const ConnectResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const SubscribeResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const UnsubscribeResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const PublishResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const PresenceResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const PresenceStatsResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const HistoryResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const PingResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const RpcResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const RefreshResult& result);
[[nodiscard]] std::string json_reply(std::uint32_t id, const SubRefreshResult& result);

[[nodiscard]] std::string json_publication_push(std::string_view channel,
                                                const model::Publication& publication);
[[nodiscard]] std::string json_join_push(std::string_view channel, const ClientInfo& info);
[[nodiscard]] std::string json_leave_push(std::string_view channel, const ClientInfo& info);
[[nodiscard]] std::string json_subscribe_push(std::string_view channel, const SubscribePush& push);
[[nodiscard]] std::string json_unsubscribe_push(std::string_view channel,
                                                const UnsubscribeCode& code);
[[nodiscard]] std::string json_message_push(std::string_view data);
// For transports without a close code. Whether the client may come back follows from the code.
[[nodiscard]] std::string json_disconnect_push(const DisconnectCode& code);
[[nodiscard]] std::string json_refresh_push(const Expiry& expiry);

}  // namespace palaver::codec::wire
