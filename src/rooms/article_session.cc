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
    : options_(std::move(options)), host_(host), services_(services) {
  services_.users.add(*this);
  announce_join(services_, options_.room, options_.sender, Announcement::kTold);
}

void ArticleSession::stop(Announcement leave) {
  if (std::exchange(stopped_, true)) return;
  services_.users.remove(*this);
  announce_leave(services_, options_.room, options_.sender, leave);
}

void ArticleSession::on_text(std::string_view text,
                             broker::Completion<broker::PublishResult> done) {
  CHECK(may_publish(), "the connection asks for the right first");
  if (text.empty()) return;
  services_.broker.publish(options_.room, options_.sender, chat::text_message(text), {},
                           std::move(done));
}

void ArticleSession::check_expiry() {
  if (!options_.expires_at) return;
  const auto ends = base::WallTime{std::chrono::seconds{*options_.expires_at}};
  if (services_.clock.wall_now() >= ends) host_.disconnect(codec::wire::kDisconnectExpired);
}

void ArticleSession::obey(const broker::NodeCommand& command) {
  if (stopped_) return;
  if (const auto* refresh = std::get_if<broker::RefreshCommand>(&command)) {
    options_.expires_at = refresh->expires_at;
  }
  if (const auto code = std::visit(Meaning{*this}, command)) host_.disconnect(*code);
}

}  // namespace palaver::rooms
