// SPDX-License-Identifier: Apache-2.0
#include "rooms/users.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <variant>
#include <vector>

#include "base/limits.h"

namespace palaver::rooms {

namespace {

std::size_t hash_of(const model::UserId& user) { return std::hash<model::UserId>{}(user); }

bool is_over(const auth::Expiry& until, base::WallTime now) {
  return until && base::WallTime{std::chrono::seconds{*until}} <= now;
}

// Whether a command for `whom` is meant for this one. A WebSocket has no session id of its own.
bool fits(const broker::Whom& whom, const UserSession& session) {
  return whom.session.empty() && (whom.user.value.empty() || session.user() == whom.user) &&
         (whom.client.empty() || whom.client == session.client());
}

// Unset is for good.
bool ends_before(const auth::Expiry& a, const auth::Expiry& b) { return a && (!b || *a < *b); }

}  // namespace

void Users::add(UserSession& session) { sessions_.emplace(hash_of(session.user()), &session); }

void Users::remove(UserSession& session) {
  const auto [first, last] = sessions_.equal_range(hash_of(session.user()));
  const auto found =
      std::find_if(first, last, [&](const auto& entry) { return entry.second == &session; });
  if (found != last) sessions_.erase(found);
}

std::vector<std::size_t> Users::hashes() const {
  std::vector<std::size_t> all;
  for (const auto& [hash, session] : sessions_) {
    const bool anonymous = session->user().value.empty();
    // Equal keys are neighbours.
    if (!anonymous && !all.empty() && all.back() == hash) continue;
    all.push_back(anonymous ? std::hash<std::string>{}(session->client()) : hash);
  }
  return all;
}

bool Users::is_blocked(const model::UserId& user) const {
  const auto found = blocked_.find(user);
  return found != blocked_.end() && !is_over(found->second, clock_.wall_now());
}

void Users::on_command(const broker::NodeCommand& command) {
  if (const auto* block_command = std::get_if<broker::BlockCommand>(&command)) {
    block(*block_command);
    tell({.user = block_command->user, .client = {}, .session = {}}, command);
  } else if (const auto* unblock = std::get_if<broker::UnblockCommand>(&command)) {
    blocked_.erase(unblock->user);
  } else {
    std::visit(
        [&](const auto& each) {
          if constexpr (requires { each.whom; }) tell(each.whom, command);
        },
        command);
  }
}

// Sessions may come and go while one of them obeys.
void Users::tell(const broker::Whom& whom, const broker::NodeCommand& command) {
  std::vector<UserSession*> told;
  auto [first, last] = sessions_.equal_range(hash_of(whom.user));
  if (whom.user.value.empty()) {  // a client without its user: looked for everywhere
    first = sessions_.begin();
    last = sessions_.end();
  }
  for (auto entry = first; entry != last; ++entry) {
    if (fits(whom, *entry->second)) told.push_back(entry->second);
  }
  for (UserSession* session : told) session->obey(command);
}

// Of too many blocks the one that would end first goes.
void Users::block(const broker::BlockCommand& command) {
  blocked_[command.user] = command.until;
  if (blocked_.size() <= base::kBlockedUsersMax) return;
  const base::WallTime now = clock_.wall_now();
  std::erase_if(blocked_, [&](const auto& entry) { return is_over(entry.second, now); });
  if (blocked_.size() <= base::kBlockedUsersMax) return;
  blocked_.erase(std::ranges::min_element(
      blocked_, [](const auto& a, const auto& b) { return ends_before(a.second, b.second); }));
}

}  // namespace palaver::rooms
