// SPDX-License-Identifier: Apache-2.0
#include "rooms/article_session.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "chat/message.h"

namespace palaver::rooms {

namespace {

// What a command means to somebody who has one room and no words for anything else.
struct Meaning {
  const ArticleSession& session;

  using Code = std::optional<codec::wire::DisconnectCode>;
  Code operator()(const broker::DisconnectCommand& command) const {
    const auto& spared = command.spared;
    if (std::ranges::find(spared, session.client()) != spared.end()) return std::nullopt;
    return codec::wire::kDisconnectForced;
  }
  Code operator()(const broker::UnsubscribeCommand& command) const {
    if (command.room != session.room()) return std::nullopt;
    return codec::wire::kDisconnectForced;
  }
  Code operator()(const broker::RefreshCommand& command) const {
    if (!command.expired) return std::nullopt;
    return codec::wire::kDisconnectExpired;
  }
  Code operator()(const broker::BlockCommand& /*command*/) const {
    return codec::wire::kDisconnectBlocked;
  }
  Code operator()(const auto& /*command*/) const { return std::nullopt; }
};

}  // namespace

ArticleSession::ArticleSession(Options options, SessionHost& host, const SessionServices& services)
    : room_(std::move(options.room)),
      user_(std::move(options.sender.user)),
      host_(host),
      services_(services),
      client_(options.sender.client),
      publishing_(options.publishing) {
  if (!options.sender.info.empty() || options.expires_at) {
    from_token_ = std::make_unique<FromToken>(
        FromToken{.info = std::move(options.sender.info), .expires_at = options.expires_at});
  }
  services_.users.add(*this);
  announce_join(services_, room_, sender(), Announcement::kTold);
}

model::Sender ArticleSession::sender() const {
  return {.user = user_,
          .client = std::string(client_.view()),
          .info = from_token_ ? from_token_->info : std::string()};
}

void ArticleSession::stop(Announcement leave) {
  if (std::exchange(stopped_, true)) return;
  services_.users.remove(*this);
  announce_leave(services_, room_, sender(), leave);
}

void ArticleSession::on_text(std::string_view text,
                             broker::Completion<broker::PublishResult> done) {
  CHECK(may_publish(), "the connection asks for the right first");
  if (text.empty()) return;
  services_.broker.publish(room_, sender(), chat::text_message(text), {}, std::move(done));
}

void ArticleSession::check_expiry() {
  const auth::Expiry expires_at = from_token_ ? from_token_->expires_at : std::nullopt;
  if (!expires_at) return;
  const auto ends = base::WallTime{std::chrono::seconds{*expires_at}};
  if (services_.clock.wall_now() >= ends) host_.disconnect(codec::wire::kDisconnectExpired);
}

void ArticleSession::set_expiry(auth::Expiry expires_at) {
  if (!from_token_) from_token_ = std::make_unique<FromToken>();
  from_token_->expires_at = expires_at;
}

void ArticleSession::obey(const broker::NodeCommand& command) {
  if (stopped_) return;
  if (const auto* refresh = std::get_if<broker::RefreshCommand>(&command)) {
    set_expiry(refresh->expires_at);
  }
  if (const auto code = std::visit(Meaning{*this}, command)) host_.disconnect(*code);
}

}  // namespace palaver::rooms
