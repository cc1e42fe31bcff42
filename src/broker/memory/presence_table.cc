// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/presence_table.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"

namespace palaver::broker::memory {
namespace {

std::uint32_t size_of(const std::string& text) {
  CHECK(text.size() <= std::numeric_limits<std::uint32_t>::max(), "a member's texts are short");
  return static_cast<std::uint32_t>(text.size());
}

}  // namespace

PresenceTable::Member::Member(const model::Sender& sender, Users::value_type* user, Address owner)
    : texts_(std::make_unique_for_overwrite<char[]>(sender.client.size() + sender.info.size() +
                                                    sender.room_info.size())),
      client_bytes_(size_of(sender.client)),
      info_bytes_(size_of(sender.info)),
      room_info_bytes_(size_of(sender.room_info)),
      user_(user),
      owner_(owner) {
  char* const client_end = std::ranges::copy(sender.client, texts_.get()).out;
  std::ranges::copy(sender.room_info, std::ranges::copy(sender.info, client_end).out);
}

model::Sender PresenceTable::Member::sender() const {
  return {.user = user_ ? user_->first : model::UserId{},
          .client = std::string(client()),
          .info = std::string(texts_.get() + client_bytes_, info_bytes_),
          .room_info = std::string(texts_.get() + client_bytes_ + info_bytes_, room_info_bytes_)};
}

base::Result<void> PresenceTable::add(const model::RoomName& name, const model::Sender& member,
                                      Address owner) {
  if (member.client.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument, "a member has a client id");
  }
  Room& room = rooms_[name];
  // Before the old one goes: a user who stays is not forgotten in between.
  Users::value_type* user = nullptr;
  if (member.user.value.empty()) {
    ++room.anonymous;
  } else {
    user = &*room.users.try_emplace(member.user).first;
    ++user->second;
  }
  const auto old = room.members.find(std::string_view(member.client));
  if (old != room.members.end()) room.erase(old);
  room.members.emplace(member, user, owner);
  return {};
}

void PresenceTable::remove(const model::RoomName& name, std::string_view client) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  const auto member = room.members.find(client);
  if (member == room.members.end()) return;
  room.erase(member);
  if (room.members.empty()) rooms_.erase(found);
}

std::vector<model::Sender> PresenceTable::members(const model::RoomName& name) const {
  std::vector<model::Sender> senders;
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return senders;
  senders.reserve(found->second.members.size());
  for (const Member& member : found->second.members) senders.push_back(member.sender());
  return senders;
}

PresenceStats PresenceTable::stats(const model::RoomName& name) const {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return {};
  const Room& room = found->second;
  return {.clients = room.members.size(), .users = room.users.size() + room.anonymous};
}

void PresenceTable::remove_all_of(Address owner) {
  for (auto at = rooms_.begin(); at != rooms_.end();) {
    Room& room = at->second;
    for (auto member = room.members.cbegin(); member != room.members.cend();) {
      member = member->owner() == owner ? room.erase(member) : std::next(member);
    }
    at = room.members.empty() ? rooms_.erase(at) : std::next(at);
  }
}

PresenceTable::Members::const_iterator PresenceTable::Room::erase(Members::const_iterator member) {
  Users::value_type* const user = member->user();
  if (!user) {
    --anonymous;
  } else if (--user->second == 0) {
    users.erase(users.find(user->first));
  }
  return members.erase(member);
}

}  // namespace palaver::broker::memory
