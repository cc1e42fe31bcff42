// SPDX-License-Identifier: Apache-2.0
#include "rooms/client_session.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "codec/wire/json_command.h"
#include "codec/wire/json_reply.h"

namespace palaver::rooms {

using namespace codec::wire;  // NOLINT(google-build-using-namespace): this file's vocabulary

namespace {

// The flag of a subscribe request: an unrecoverable position is an error.
constexpr std::int64_t kFlagErrorOnUnrecoverable = 2;

CommandError error_of(const base::Error& error) {
  return error.code == base::ErrorCode::kLimit ? kErrorLimitExceeded : kErrorInternal;
}

// How many of the oldest publications fit into one reply; at least one.
std::size_t fitting(const std::vector<model::Publication>& publications) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (; count < std::min(publications.size(), base::kReplayEntriesMax); ++count) {
    bytes += publications[count].data.size() + publications[count].sender.info.size();
    if (bytes > base::kReplayReplyBytesMax && count > 0) break;
  }
  return count;
}

}  // namespace

ClientSession::ClientSession(Options options, SessionHost& host, Hub& hub, broker::Broker& broker)
    : options_(std::move(options)), host_(host), hub_(hub), broker_(broker) {}

void ClientSession::on_message(std::string_view frame) {
  while (const auto line = next_line(frame)) {
    if (ended_) return;
    auto command = decode_json_command(*line);
    if (!command) {
      run();
      end(kDisconnectBadRequest);
      return;
    }
    waiting_.push_back(std::move(*command));
  }
  run();
  flush();
}

void ClientSession::run() {
  while (!busy_ && !ended_ && !waiting_.empty()) {
    Command command = std::move(waiting_.front());
    waiting_.pop_front();
    execute(std::move(command));
  }
}

void ClientSession::execute(Command command) {
  const bool connects = std::holds_alternative<ConnectRequest>(command.request);
  const bool pong = std::holds_alternative<Pong>(command.request);
  if (connects == connected_ && !pong) {
    end(kDisconnectBadRequest);  // connect comes first, and once
    return;
  }
  std::visit([&](const auto& request) { on(command.id, request); }, command.request);
}

void ClientSession::finish() {
  busy_ = false;
  run();
  flush();
  if (!busy_ && !ended_) host_.on_idle();
}

void ClientSession::stop() {
  ended_ = true;
  waiting_.clear();
}

void ClientSession::flush() {
  if (lines_.empty() || ended_) return;
  host_.say(std::exchange(lines_, {}));
}

void ClientSession::end(const DisconnectCode& code) {
  flush();
  if (std::exchange(ended_, true)) return;
  waiting_.clear();
  host_.disconnect(code);
}

void ClientSession::say_line(std::string_view line) {
  if (lines_.size() + line.size() > base::kReplayBytesMax) flush();
  if (!lines_.empty()) lines_ += '\n';
  lines_ += line;
}

template <typename Result>
void ClientSession::reply(std::uint32_t id, const Result& result) {
  say_line(json_reply(id, result));
}

void ClientSession::refuse(std::uint32_t id, const CommandError& error) {
  say_line(json_error(id, error));
}

bool ClientSession::check_channel(std::uint32_t id, const std::string& channel) {
  if (channel.empty() || channel.size() > base::kRoomNameBytesMax) {
    refuse(id, kErrorBadRequest);
    return false;
  }
  // Private channels are for those with a token.
  if (channel.starts_with('$')) {
    refuse(id, kErrorPermissionDenied);
    return false;
  }
  return true;
}

void ClientSession::on(std::uint32_t /*id*/, const Pong& /*pong*/) {}

void ClientSession::on(std::uint32_t id, const ConnectRequest& /*request*/) {
  connected_ = true;
  ConnectResult result;
  result.client = options_.client;
  result.ping = options_.ping_seconds;
  result.pong = true;
  reply(id, result);
}

void ClientSession::on(std::uint32_t id, const SubscribeRequest& request) {
  if (!check_channel(id, request.channel)) return;
  if (subscriptions_.contains(request.channel)) {
    refuse(id, kErrorAlreadySubscribed);
    return;
  }
  if (subscriptions_.size() >= base::kSubscriptionsMax) {
    refuse(id, kErrorLimitExceeded);
    return;
  }
  JoinOptions options;
  if (request.recover) {
    options.replay = JoinOptions::Replay::kSince;
    options.since = request.since;
  }
  busy_ = true;
  hub_.join(options_.member, {request.channel}, options_.encoding, std::move(options),
            [this, id, request](base::Result<Joined> joined) {
              // Before the membership is live, which it is when this returns; only then may the
              // next command run.
              const Hub::Answer answer =
                  ended_ ? Hub::Answer::kLeave : on_joined(id, request, std::move(joined));
              flush();
              host_.finish_later();
              return answer;
            });
}

Hub::Answer ClientSession::on_joined(std::uint32_t id, const SubscribeRequest& request,
                                     base::Result<Joined> joined) {
  if (!joined) {
    refuse(id, error_of(joined.error()));
    return Hub::Answer::kLeave;
  }
  if (request.recover && !joined->recovered && (request.flag & kFlagErrorOnUnrecoverable) != 0) {
    refuse(id, kErrorUnrecoverablePosition);
    return Hub::Answer::kLeave;
  }
  subscriptions_.insert(request.channel);
  SubscribeResult result;
  result.recoverable = true;
  result.positioned = true;
  result.position = joined->position;
  result.was_recovering = request.recover;
  result.recovered = joined->recovered;
  result.publications = std::move(joined->replay);
  // What does not fit into the reply follows as if it came live.
  const auto first = result.publications.begin();
  const auto count = static_cast<std::ptrdiff_t>(fitting(result.publications));
  const std::vector<model::Publication> rest(first + count, result.publications.end());
  result.publications.erase(first + count, result.publications.end());
  if (!rest.empty()) result.position.offset = result.publications.back().offset;
  reply(id, result);
  flush();
  for (const model::Publication& publication : rest) {
    host_.replay({request.channel}, publication);
  }
  return Hub::Answer::kStay;
}

void ClientSession::on(std::uint32_t id, const UnsubscribeRequest& request) {
  if (!check_channel(id, request.channel)) return;
  flush();  // what it was told before goes first
  if (subscriptions_.erase(request.channel) > 0) hub_.leave(options_.member, {request.channel});
  reply(id, UnsubscribeResult{});
}

void ClientSession::on(std::uint32_t id, const PublishRequest& request) {
  if (!check_channel(id, request.channel)) return;
  if (request.data.empty()) {
    refuse(id, kErrorBadRequest);
    return;
  }
  if (!host_.take_token()) {
    refuse(id, kErrorTooManyRequests);
    return;
  }
  busy_ = true;
  broker_.publish({request.channel}, {.user = {}, .client = options_.client, .info = {}},
                  base::Frame::copy_of(request.data), {},
                  [find = host_.finder(), id](const base::Result<broker::PublishResult>& result) {
                    ClientSession* session = find();
                    if (session == nullptr) return;
                    if (result) {
                      session->reply(id, PublishResult{});
                    } else {
                      session->refuse(id, error_of(result.error()));
                    }
                    session->finish();
                  });
}

void ClientSession::on(std::uint32_t id, const HistoryRequest& request) {
  if (!check_channel(id, request.channel)) return;
  using Direction = broker::HistoryQuery::Direction;
  broker::HistoryQuery query;
  if (request.since) query.since = request.since->offset;
  query.limit = base::kReplayEntriesMax;
  if (request.limit >= 0) {
    query.limit = std::min(query.limit, static_cast<std::size_t>(request.limit));
  }
  query.bytes_max = base::kReplayReplyBytesMax;
  query.direction = request.reverse ? Direction::kReverse : Direction::kForward;
  busy_ = true;
  broker_.history({request.channel}, query,
                  [find = host_.finder(), id, request](base::Result<broker::History> history) {
                    ClientSession* session = find();
                    if (session == nullptr) return;
                    session->on_history(id, request, std::move(history));
                    session->finish();
                  });
}

void ClientSession::on_history(std::uint32_t id, const HistoryRequest& request,
                               base::Result<broker::History> history) {
  if (!history) {
    refuse(id, error_of(history.error()));
    return;
  }
  // A position of another life of the room says nothing about this one.
  const bool foreign = request.since && !request.since->epoch.value.empty() &&
                       request.since->epoch != history->top.epoch;
  if (foreign) {
    refuse(id, kErrorUnrecoverablePosition);
    return;
  }
  reply(id, HistoryResult{history->top, std::move(history->entries)});
}

void ClientSession::on(std::uint32_t id, const PresenceRequest& /*request*/) {
  refuse(id, kErrorNotAvailable);
}

void ClientSession::on(std::uint32_t id, const PresenceStatsRequest& /*request*/) {
  refuse(id, kErrorNotAvailable);
}

void ClientSession::on(std::uint32_t id, const PingRequest& /*request*/) {
  reply(id, PingResult{});
}

void ClientSession::on(std::uint32_t /*id*/, const SendRequest& /*request*/) {}

void ClientSession::on(std::uint32_t id, const RpcRequest& /*request*/) {
  refuse(id, kErrorNotAvailable);
}

void ClientSession::on(std::uint32_t id, const RefreshRequest& /*request*/) {
  refuse(id, kErrorNotAvailable);
}

void ClientSession::on(std::uint32_t id, const SubRefreshRequest& /*request*/) {
  refuse(id, kErrorNotAvailable);
}

void ClientSession::on_lost(const model::RoomName& room) {
  if (ended_ || subscriptions_.erase(room.value) == 0) return;
  say_line(json_unsubscribe_push(room.value, kUnsubscribeInsufficientState));
  flush();
}

}  // namespace palaver::rooms
