// SPDX-License-Identifier: Apache-2.0
// The connection's half of ClientSession: the order of commands, connect, refresh, and the end.
// What happens in rooms is in client_session_rooms.cc.
#include "rooms/client_session.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <variant>

#include "base/json_text.h"
#include "base/limits.h"
#include "chat/name.h"
#include "codec/wire/json_command.h"
#include "codec/wire/json_reply.h"

namespace palaver::rooms {

using namespace codec::wire;  // NOLINT(google-build-using-namespace): this file's vocabulary

namespace {

// A client's timer takes 31 bits of milliseconds: it asks again when this has passed.
constexpr std::int64_t kTtlMax = 24 * 3600;

// What a guest keeps to come back as the same person.
std::string guest_data(const auth::Identity& identity) {
  std::string data = R"({"user":)";
  base::append_json_string(data, identity.user.value);
  data += R"(,"token":)";
  base::append_json_string(data, identity.guest_token);
  data += '}';
  return data;
}

}  // namespace

ClientSession::ClientSession(Options options, ClientHost& host, const SessionServices& services)
    : options_(std::move(options)),
      host_(host),
      services_(services),
      announcements_(kAnnouncements, services.clock.now()) {}

void ClientSession::on_message(std::string_view frame) {
  while (const auto line = next_line(frame)) {
    if (ended_) return;
    auto command = decode_json_command(*line);
    if (!command) {
      run();
      end(kDisconnectBadRequest);
      return;
    }
    work().waiting.push_back(std::move(*command));
  }
  run();
  flush();
}

ClientSession::Work& ClientSession::work() {
  if (!work_) work_ = std::make_unique<Work>();
  return *work_;
}

// An idle session owns no memory for what it does.
void ClientSession::rest() {
  if (work_ && work_->waiting.empty() && work_->lines.empty() && work_->joining.empty()) {
    work_.reset();
  }
}

// Each command may make the session busy, or end it; those behind it wait, or are dropped. They
// wait for the client too: recoveries of many rooms must not add up to more than it may owe.
void ClientSession::run() {
  std::size_t done = 0;
  while (!busy_ && !ended_ && work_ && done < work_->waiting.size() && !host_.is_behind()) {
    const Command command = std::move(work_->waiting[done++]);
    execute(command);
  }
  if (ended_ || !work_) return;
  auto& waiting = work_->waiting;
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(done));
}

void ClientSession::execute(const Command& command) {
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
  go_on();
}

void ClientSession::go_on() {
  run();
  flush();
  if (!busy() && !ended_) host_.on_idle();
}

void ClientSession::stop(Announcement leave) {
  ended_ = true;
  work_.reset();
  if (connected_) services_.users.remove(*this);
  connected_ = false;
  for (const Subscription& subscription : std::exchange(subscriptions_, {})) {
    const bool told = leave == Announcement::kTold;
    announce_leave(services_, {subscription.room}, member_of(&subscription),
                   told ? subscription.announced : leave);
  }
}

void ClientSession::flush() {
  if (ended_ || !work_) return;
  if (!work_->lines.empty()) host_.say(std::exchange(work_->lines, {}));
  rest();
}

void ClientSession::end(const DisconnectCode& code) {
  flush();
  if (std::exchange(ended_, true)) return;
  work_.reset();
  host_.disconnect(code);
}

void ClientSession::say_line(std::string_view line) {
  if (work().lines.size() + line.size() > base::kReplayBytesMax) flush();
  std::string& lines = work().lines;
  if (!lines.empty()) lines += '\n';
  lines += line;
}

void ClientSession::refuse(std::uint32_t id, const CommandError& error) {
  say_line(json_error(id, error));
}

void ClientSession::refuse(std::uint32_t id, auth::Refusal refusal) {
  switch (refusal) {
    case auth::Refusal::kUnauthorized:
      refuse(id, kErrorUnauthorized);
      break;
    case auth::Refusal::kExpired:
      refuse(id, kErrorTokenExpired);
      break;
    case auth::Refusal::kInvalid:
    case auth::Refusal::kForeign:
      end(kDisconnectInvalidToken);
      break;
  }
}

std::int64_t ClientSession::seconds_now() const {
  return std::chrono::floor<std::chrono::seconds>(services_.clock.wall_now())
      .time_since_epoch()
      .count();
}

codec::wire::Expiry ClientSession::expiry_of(const auth::Expiry& expires_at) const {
  if (!expires_at) return {};
  const std::int64_t left = std::max<std::int64_t>(*expires_at - seconds_now(), 1);
  return {.expires = true, .ttl = static_cast<std::uint32_t>(std::min(left, kTtlMax))};
}

void ClientSession::on(std::uint32_t /*id*/, const Pong& /*pong*/) {}

void ClientSession::on(std::uint32_t id, const ConnectRequest& request) {
  auto identity = services_.authenticator.connect(request.token, services_.clock.wall_now());
  if (!identity) {
    refuse(id, identity.error());
    return;
  }
  if (!identity->guest_token.empty()) {
    auto info = chat::guest_info(request.data);
    if (!info) {
      refuse(id, info.error());
      return;
    }
    identity->info = std::move(*info);
  }
  for (const std::string& channel : identity->channels) {
    if (const auto error = room_error(channel)) {
      refuse(id, *error);
      return;
    }
  }
  if (services_.users.is_blocked(identity->user)) {
    end(kDisconnectBlocked);
    return;
  }
  who_ = {.user = identity->user,
          .info = identity->info,
          .expires_at = identity->expires_at,
          .standing = identity->standing,
          .role = identity->role};
  connected_ = true;
  services_.users.add(*this);
  host_.on_connected();
  begin_connect(id, request, *identity);
}

// The rooms of the client's token, one after the other. The client must know of them before it gets
// anything of theirs: the reply has its place ahead of what comes live meanwhile.
struct ClientSession::Connecting {
  std::uint32_t id = 0;
  std::map<std::string, SubscribeRequest> subs;  // what the client has of them
  std::vector<std::string> channels;             // still to be joined, the next one last
  ConnectResult result;
  std::size_t replay_bytes = base::kReplayReplyBytesMax;
};

void ClientSession::begin_connect(std::uint32_t id, const ConnectRequest& request,
                                  const auth::Identity& identity) {
  ConnectResult result;
  result.client = client();
  result.expiry = expiry_of(who_.expires_at);
  if (!identity.guest_token.empty()) result.data = guest_data(identity);
  result.ping = options_.ping_seconds;
  result.pong = true;
  std::vector<std::string> channels = identity.channels;
  std::ranges::sort(channels);
  const auto twins = std::ranges::unique(channels);
  channels.erase(twins.begin(), twins.end());
  if (channels.empty()) {
    reply(id, result);
  } else if (channels.size() > base::kSubscriptionsMax) {
    end(kDisconnectChannelLimit);
  } else {
    busy_ = true;
    host_.reserve();
    join_next(std::make_shared<Connecting>(Connecting{.id = id,
                                                      .subs = request.subs,
                                                      .channels = std::move(channels),
                                                      .result = std::move(result)}));
  }
}

void ClientSession::join_next(const std::shared_ptr<Connecting>& connecting) {
  const std::string channel = std::move(connecting->channels.back());
  connecting->channels.pop_back();
  SubscribeRequest request = std::move(connecting->subs[channel]);
  request.channel = channel;
  join(request, [this, connecting, request](base::Result<Joined> joined) {
    if (ended_) return Hub::Answer::kLeave;
    if (!joined) {
      end(kDisconnectServerError);  // it comes again
      return Hub::Answer::kLeave;
    }
    std::vector<model::Publication> rest;
    connecting->result.subs[request.channel] =
        enter(request, {.room = request.channel, .side = Side::kServer}, std::move(*joined),
              connecting->replay_bytes, rest);
    for (const auto& publication : rest) host_.replay({request.channel}, publication);
    if (connecting->channels.empty()) {
      host_.fill(json_reply(connecting->id, connecting->result));
      host_.finish_later();
    } else {
      join_next(connecting);
    }
    return Hub::Answer::kStay;
  });
}

void ClientSession::on(std::uint32_t id, const RefreshRequest& request) {
  if (request.token.empty()) {
    refuse(id, kErrorBadRequest);
    return;
  }
  auto identity = services_.authenticator.connect(request.token, services_.clock.wall_now());
  if (identity && identity->user != who_.user) {
    identity = std::unexpected(auth::Refusal::kForeign);
  }
  if (!identity) {
    refuse(id, identity.error());
    return;
  }
  who_.expires_at = identity->expires_at;
  // A guest's is what it said when it came.
  if (identity->guest_token.empty()) set_info(std::move(identity->info));
  reply(id,
        RefreshResult{
            .client = std::string(client()), .version = {}, .expiry = expiry_of(who_.expires_at)});
}

// Tokens are renewed at the last moment, and clocks differ: what has expired stays for a while.
void ClientSession::check_expiry() {
  if (!connected_ || ended_) return;
  const std::int64_t expired = seconds_now() - base::kExpiryGrace.count();
  const auto is_over = [&](const auth::Expiry& at) { return at && *at < expired; };
  if (is_over(who_.expires_at)) {
    end(kDisconnectExpired);
    return;
  }
  std::vector<std::string> over;
  for (const Subscription& subscription : subscriptions_) {
    if (is_over(subscription.expires_at())) over.push_back(subscription.room);
  }
  for (const std::string& room : over) leave(room, kUnsubscribeExpired);
  flush();
}

}  // namespace palaver::rooms
