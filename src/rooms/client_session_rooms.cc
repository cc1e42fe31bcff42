// SPDX-License-Identifier: Apache-2.0
// The rooms' half of ClientSession: rights, subscriptions, publishing, history.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "codec/wire/json_reply.h"
#include "rooms/client_session.h"

namespace palaver::rooms {

using namespace codec::wire;  // NOLINT(google-build-using-namespace): this file's vocabulary

namespace {

// The flag of a subscribe request: an unrecoverable position is an error.
constexpr std::int64_t kFlagErrorOnUnrecoverable = 2;

CommandError error_of(const base::Error& error) {
  return error.code == base::ErrorCode::kLimit ? kErrorLimitExceeded : kErrorInternal;
}

// What a subscription has to remember of it.
std::unique_ptr<auth::Grant> kept(const auth::Grant& grant) {
  if (grant.info.empty() && !grant.expires_at) return nullptr;
  return std::make_unique<auth::Grant>(grant);
}

// How many of the oldest publications fit into these bytes, which become fewer.
std::size_t fitting(const std::vector<model::Publication>& publications, std::size_t& bytes) {
  std::size_t count = 0;
  for (; count < std::min(publications.size(), base::kReplayEntriesMax); ++count) {
    const model::Publication& next = publications[count];
    const model::Sender& sender = next.sender;
    const std::size_t size = next.data.size() + next.tags.size() + sender.user.value.size() +
                             sender.info.size() + sender.room_info.size();
    if (size > bytes) break;
    bytes -= size;
  }
  return count;
}

}  // namespace

ClientSession::Subscription* ClientSession::find(std::string_view room) {
  const auto found = std::ranges::find(subscriptions_, room, &Subscription::room);
  return found == subscriptions_.end() ? nullptr : &*found;
}

bool ClientSession::has(const std::string& room) {
  return find(room) != nullptr ||
         (work_ && std::ranges::find(work_->joining, room) != work_->joining.end());
}

bool ClientSession::is_full() const {
  const std::size_t joining = work_ ? work_->joining.size() : 0;
  return subscriptions_.size() + joining >= base::kSubscriptionsMax;
}

std::optional<CommandError> ClientSession::room_error(const std::string& channel) const {
  if (channel.empty() || channel.size() > base::kRoomNameBytesMax) return kErrorBadRequest;
  if (services_.namespaces.find(channel) == nullptr) return kErrorUnknownChannel;
  return std::nullopt;
}

const RoomOptions* ClientSession::check_channel(std::uint32_t id, const std::string& channel) {
  const auto error = room_error(channel);
  if (!error) return services_.namespaces.find(channel);
  refuse(id, *error);
  return nullptr;
}

bool ClientSession::check_rate(std::uint32_t id) {
  if (host_.take_token()) return true;
  refuse(id, kErrorTooManyRequests);
  return false;
}

bool ClientSession::check_right(std::uint32_t id, const Right& right, const std::string& channel) {
  if (services_.authenticator.lifts_rights()) return true;
  const bool subscribed = find(channel) != nullptr;
  // A private room is for those who are in it, whatever else is allowed.
  const bool hidden = is_private(channel) && !subscribed;
  if (!hidden && right.allows(who_.standing, subscribed)) return true;
  refuse(id, kErrorPermissionDenied);
  return false;
}

std::optional<auth::Grant> ClientSession::check_subscribe(std::uint32_t id,
                                                          const SubscribeRequest& request,
                                                          const RoomOptions& options) {
  const auth::Authenticator& authenticator = services_.authenticator;
  if (!request.token.empty()) {
    auto grant = authenticator.subscribe(request.token, who_.user, {request.channel},
                                         services_.clock.wall_now());
    if (grant) return *grant;
    if (!authenticator.lifts_rights()) {
      refuse_grant(id, grant.error());
      return std::nullopt;
    }
  }
  const bool open = is_open_to(options, request.channel, who_.standing);
  if (open || authenticator.lifts_rights()) return auth::Grant{};
  refuse(id, kErrorPermissionDenied);
  return std::nullopt;
}

void ClientSession::refuse_grant(std::uint32_t id, auth::Refusal refusal) {
  if (refusal == auth::Refusal::kInvalid) {
    refuse(id, kErrorPermissionDenied);
  } else {
    refuse(id, refusal);
  }
}

void ClientSession::on(std::uint32_t id, const SubscribeRequest& request) {
  const RoomOptions* options = check_channel(id, request.channel);
  if (options == nullptr) return;
  if (has(request.channel)) {
    refuse(id, kErrorAlreadySubscribed);
    return;
  }
  if (is_full()) {
    refuse(id, kErrorLimitExceeded);
    return;
  }
  const auto grant = check_subscribe(id, request, *options);
  if (!grant) return;
  busy_ = true;
  join(request, [this, id, request, grant = *grant](base::Result<Joined> joined) {
    // Before the membership is live, which it is when this returns; only then may the next command
    // run.
    const Hub::Answer answer =
        ended_ ? Hub::Answer::kLeave : on_joined(id, request, grant, std::move(joined));
    flush();
    host_.finish_later();
    return answer;
  });
}

void ClientSession::join(const SubscribeRequest& request, Hub::JoinDone done) {
  JoinOptions options;
  if (request.recover) {
    options.replay = JoinOptions::Replay::kSince;
    options.since = request.since;
  }
  const bool joins =
      request.join_leave || services_.namespaces.find(request.channel)->force_push_join_leave;
  work().joining.push_back(request.channel);
  services_.hub.join(
      options_.member, {request.channel}, joins ? options_.joins_encoding : options_.encoding,
      std::move(options),
      [this, room = request.channel, done = std::move(done)](base::Result<Joined> joined) mutable {
        if (work_) std::erase(work_->joining, room);
        return done(std::move(joined));
      });
}

Hub::Answer ClientSession::on_joined(std::uint32_t id, const SubscribeRequest& request,
                                     const auth::Grant& grant, base::Result<Joined> joined) {
  if (!joined) {
    refuse(id, error_of(joined.error()));
    return Hub::Answer::kLeave;
  }
  if (request.recover && !joined->recovered && (request.flag & kFlagErrorOnUnrecoverable) != 0) {
    refuse(id, kErrorUnrecoverablePosition);
    return Hub::Answer::kLeave;
  }
  std::size_t bytes = base::kReplayReplyBytesMax;
  std::vector<model::Publication> rest;
  Subscription subscription{.room = request.channel,
                            .side = Side::kClient,
                            .minds_gaps = request.positioned || request.recoverable};
  subscription.grant = kept(grant);
  reply(id, enter(request, std::move(subscription), std::move(*joined), bytes, rest));
  flush();
  for (const model::Publication& publication : rest) host_.replay({request.channel}, publication);
  return Hub::Answer::kStay;
}

// What does not fit into the result follows as if it came live.
SubscribeResult ClientSession::enter(const SubscribeRequest& request, Subscription subscription,
                                     Joined joined, std::size_t& bytes,
                                     std::vector<model::Publication>& rest) {
  const RoomOptions& options = *services_.namespaces.find(request.channel);
  SubscribeResult result;
  result.expiry = expiry_of(subscription.expires_at());
  // A broker that keeps nothing has no positions.
  const bool has_order = !joined.position.epoch.value.empty();
  const bool keeps = has_order && options.history_size > 0;
  result.recoverable = keeps && (options.force_recovery || request.recoverable);
  result.positioned = result.recoverable || (has_order && request.positioned);
  result.position = joined.position;
  result.was_recovering = request.recover;
  result.recovered = joined.recovered;
  result.publications = std::move(joined.replay);
  const auto first = result.publications.begin() +
                     static_cast<std::ptrdiff_t>(fitting(result.publications, bytes));
  rest.assign(std::make_move_iterator(first), std::make_move_iterator(result.publications.end()));
  result.publications.erase(first, result.publications.end());
  // The SDKs take this for where the recovery began: each publication that an application gets
  // moves it on, and one that leaves before it got them all recovers the others the next time.
  if (joined.recovered) result.position.offset = request.since.offset;
  const bool told = announcements_.take(kAnnouncements, services_.clock.now());
  subscription.announced = told ? Announcement::kTold : Announcement::kSilent;
  announce_join(services_, {subscription.room}, member_of(&subscription), subscription.announced);
  subscriptions_.push_back(std::move(subscription));
  return result;
}

void ClientSession::set_info(std::string info) {
  if (info == who_.info) return;
  who_.info = std::move(info);
  for (const Subscription& subscription : subscriptions_) {
    announce_join(services_, {subscription.room}, member_of(&subscription), Announcement::kSilent);
  }
}

model::Sender ClientSession::member_of(const Subscription* subscription) const {
  return {.user = who_.user,
          .client = std::string(client()),
          .info = who_.info,
          .room_info = subscription == nullptr ? std::string() : subscription->info()};
}

void ClientSession::leave(const std::string& room, const UnsubscribeCode& code) {
  const Subscription* subscription = find(room);
  if (subscription == nullptr) return;
  say_line(json_unsubscribe_push(room, code));
  flush();
  services_.hub.leave(options_.member, {room});
  forget(room);
}

void ClientSession::forget(const std::string& room) {
  const Subscription* subscription = find(room);
  if (subscription == nullptr) return;
  announce_leave(services_, {room}, member_of(subscription), subscription->announced);
  subscriptions_.erase(subscriptions_.begin() + (subscription - subscriptions_.data()));
}

void ClientSession::on(std::uint32_t id, const UnsubscribeRequest& request) {
  if (check_channel(id, request.channel) == nullptr) return;
  flush();  // what it was told before goes first
  if (find(request.channel) != nullptr) {
    services_.hub.leave(options_.member, {request.channel});
    forget(request.channel);
  }
  reply(id, UnsubscribeResult{});
}

void ClientSession::on(std::uint32_t id, const SubRefreshRequest& request) {
  if (check_channel(id, request.channel) == nullptr) return;
  Subscription* subscription = find(request.channel);
  if (subscription == nullptr) {
    refuse(id, kErrorPermissionDenied);
    return;
  }
  if (request.token.empty()) {
    refuse(id, kErrorBadRequest);
    return;
  }
  const auto grant = services_.authenticator.subscribe(request.token, who_.user, {request.channel},
                                                       services_.clock.wall_now());
  if (!grant) {
    refuse_grant(id, grant.error());
    return;
  }
  if (!subscription->grant) subscription->grant = std::make_unique<auth::Grant>();
  subscription->grant->expires_at = grant->expires_at;
  reply(id, SubRefreshResult{expiry_of(grant->expires_at)});
}

void ClientSession::on(std::uint32_t id, const PublishRequest& request) {
  const RoomOptions* options = check_channel(id, request.channel);
  if (options == nullptr || !check_right(id, options->publish, request.channel)) return;
  if (request.data.empty()) {
    refuse(id, kErrorBadRequest);
    return;
  }
  if (!check_rate(id)) return;
  auto act = chat::read_act(request.data);
  const auto error = act ? check_act(request.channel, *options, *act) : act.error();
  if (error) {
    refuse(id, *error);
    return;
  }
  chat::Author author{.sender = member_of(find(request.channel)), .role = who_.role};
  services_.publisher.publish(
      {request.channel}, std::move(author),
      {.act = std::move(*act), .data = base::Frame::copy_of(request.data)},
      when_done([id](ClientSession& session, const chat::Publisher::Outcome& outcome) {
        if (outcome) {
          session.reply(id, PublishResult{});
        } else {
          session.refuse(id, outcome.error());
        }
      }));
}

std::optional<CommandError> ClientSession::check_act(const std::string& channel,
                                                     const RoomOptions& options,
                                                     const chat::Act& act) {
  if (act.kind == chat::Kind::kGone) return kErrorServersKind;
  if (act.target.value > 0 && options.history_size == 0) return kErrorNothingKept;
  if (act.kind != chat::Kind::kTyping) return std::nullopt;
  Subscription* subscription = find(channel);
  if (subscription == nullptr) return kErrorPermissionDenied;  // only those inside see who types
  const base::Instant now = services_.clock.now();
  if (now < subscription->typing_next) return kErrorTooManyRequests;
  subscription->typing_next = now + base::kTypingInterval;
  return std::nullopt;
}

void ClientSession::on(std::uint32_t id, const HistoryRequest& request) {
  const RoomOptions* options = check_channel(id, request.channel);
  if (options == nullptr || !check_right(id, options->read_history, request.channel)) return;
  if (options->history_size == 0) {
    refuse(id, kErrorNotAvailable);
    return;
  }
  if (!check_rate(id)) return;
  services_.broker.history(
      {request.channel},
      history_query(request.since, request.limit, request.reverse, base::kReplayEntriesMax,
                    base::kReplayReplyBytesMax),
      when_done([id, request](ClientSession& session, base::Result<broker::History> history) {
        session.on_history(id, request, std::move(history));
      }));
}

void ClientSession::on_history(std::uint32_t id, const HistoryRequest& request,
                               base::Result<broker::History> history) {
  if (!history) {
    refuse(id, error_of(history.error()));
    return;
  }
  if (is_foreign(request.since, history->top)) {
    refuse(id, kErrorUnrecoverablePosition);
    return;
  }
  reply(id, HistoryResult{history->top, std::move(history->entries)});
}

bool ClientSession::check_presence(std::uint32_t id, const std::string& channel) {
  const RoomOptions* options = check_channel(id, channel);
  if (options == nullptr || !check_right(id, options->read_presence, channel)) return false;
  if (options->presence) return check_rate(id);
  refuse(id, kErrorNotAvailable);
  return false;
}

void ClientSession::on(std::uint32_t id, const PresenceRequest& request) {
  if (!check_presence(id, request.channel)) return;
  services_.presence.members(
      {request.channel},
      when_done([id](ClientSession& session, base::Result<std::vector<model::Sender>> members) {
        session.on_presence(id, std::move(members));
      }));
}

void ClientSession::on_presence(std::uint32_t id,
                                base::Result<std::vector<model::Sender>> members) {
  if (!members) {
    refuse(id, error_of(members.error()));
    return;
  }
  const std::string line = json_reply(id, in_words(*members));
  if (line.size() > base::kReplayBytesMax) {
    refuse(id, kErrorLimitExceeded);  // a room for presence_stats
  } else {
    say_line(line);
  }
}

void ClientSession::on(std::uint32_t id, const PresenceStatsRequest& request) {
  if (!check_presence(id, request.channel)) return;
  services_.presence.stats(
      {request.channel},
      when_done([id](ClientSession& session, const base::Result<broker::PresenceStats>& stats) {
        if (stats) {
          session.reply(id, in_words(*stats));
        } else {
          session.refuse(id, error_of(stats.error()));
        }
      }));
}

void ClientSession::on(std::uint32_t id, const PingRequest& /*request*/) {
  reply(id, PingResult{});
}

void ClientSession::on(std::uint32_t /*id*/, const SendRequest& /*request*/) {}

void ClientSession::on_interrupted(const model::RoomName& room) {
  const Subscription* subscription = find(room.value);
  if (ended_ || subscription == nullptr || !subscription->minds_gaps) return;
  leave(room.value, kUnsubscribeInsufficientState);
}

void ClientSession::on_lost(const model::RoomName& room) {
  const Subscription* subscription = find(room.value);
  if (ended_ || subscription == nullptr) return;
  if (subscription->side == Side::kServer) {
    end(kDisconnectInsufficientState);  // it comes again and recovers
    return;
  }
  forget(room.value);
  say_line(json_unsubscribe_push(room.value, kUnsubscribeInsufficientState));
  flush();
}

}  // namespace palaver::rooms
