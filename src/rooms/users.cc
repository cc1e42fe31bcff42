// SPDX-License-Identifier: Apache-2.0
#include "rooms/users.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <utility>
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

UserSession*& Users::bucket_of(const model::UserId& user) {
  return buckets_[hash_of(user) & (buckets_.size() - 1)];
}

void Users::add(UserSession& session) {
  if (size_ == buckets_.size()) grow();
  UserSession*& bucket = bucket_of(session.user());
  session.next_ = std::exchange(bucket, &session);
  ++size_;
}

void Users::remove(UserSession& session) {
  if (buckets_.empty()) return;
  UserSession** at = &bucket_of(session.user());
  while (*at != nullptr && *at != &session) at = &(*at)->next_;
  if (*at == nullptr) return;
  *at = std::exchange(session.next_, nullptr);
  --size_;
}

void Users::grow() {
  constexpr std::size_t kFirstBuckets = 16;
  std::vector<UserSession*> old(std::max(kFirstBuckets, buckets_.size() * 2));
  old.swap(buckets_);
  for (UserSession* chain : old) {
    while (chain != nullptr) {
      UserSession* const session = std::exchange(chain, chain->next_);
      session->next_ = std::exchange(bucket_of(session->user()), session);
    }
  }
}

std::vector<std::size_t> Users::hashes() const {
  std::vector<std::size_t> all;
  for (const UserSession* session : buckets_) {
    for (; session != nullptr; session = session->next_) {
      const bool anonymous = session->user().value.empty();
      all.push_back(anonymous ? std::hash<std::string_view>{}(session->client())
                              : hash_of(session->user()));
    }
  }
  std::ranges::sort(all);
  const auto twins = std::ranges::unique(all);
  all.erase(twins.begin(), twins.end());
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
  if (buckets_.empty()) return;
  // A client without its user is looked for everywhere.
  const bool everywhere = whom.user.value.empty();
  UserSession** const first = everywhere ? buckets_.data() : &bucket_of(whom.user);
  for (UserSession* session : std::span(first, everywhere ? buckets_.size() : 1)) {
    for (; session != nullptr; session = session->next_) {
      if (fits(whom, *session)) told.push_back(session);
    }
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
