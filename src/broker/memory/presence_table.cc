// SPDX-License-Identifier: Apache-2.0
#include "broker/memory/presence_table.h"

#include <algorithm>
#include <array>
#include <iterator>
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

PresenceTable::Member::Member(const model::Sender& sender, Address owner)
    : client_bytes_(size_of(sender.client)),
      user_bytes_(size_of(sender.user.value)),
      info_bytes_(size_of(sender.info)),
      room_info_bytes_(size_of(sender.room_info)),
      owner_(owner) {
  const std::array texts{std::string_view(sender.client), std::string_view(sender.user.value),
                         std::string_view(sender.info), std::string_view(sender.room_info)};
  std::size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  texts_ = std::make_unique_for_overwrite<char[]>(bytes);
  char* end = texts_.get();
  for (const std::string_view text : texts) end = std::ranges::copy(text, end).out;
}

model::Sender PresenceTable::Member::sender() const {
  const std::size_t info = std::size_t{client_bytes_} + user_bytes_;
  return {.user = {std::string(user())},
          .client = std::string(client()),
          .info = std::string(part(info, info_bytes_)),
          .room_info = std::string(part(info + info_bytes_, room_info_bytes_))};
}

base::Result<void> PresenceTable::add(const model::RoomName& name, const model::Sender& member,
                                      Address owner) {
  if (member.client.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument, "a member has a client id");
  }
  Room& room = rooms_[name];
  room.stats.reset();
  const auto old = room.members.find(std::string_view(member.client));
  if (old != room.members.end()) room.members.erase(old);
  room.members.emplace(member, owner);
  return {};
}

void PresenceTable::remove(const model::RoomName& name, std::string_view client) {
  const auto found = rooms_.find(name);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  const auto member = room.members.find(client);
  if (member == room.members.end()) return;
  room.members.erase(member);
  room.stats.reset();
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
  if (room.stats) return *room.stats;
  std::unordered_set<std::string_view> users;
  std::size_t anonymous = 0;
  for (const Member& member : room.members) {
    if (member.user().empty()) {
      ++anonymous;
    } else {
      users.insert(member.user());
    }
  }
  const PresenceStats stats{.clients = room.members.size(), .users = users.size() + anonymous};
  room.stats = stats;
  return stats;
}

void PresenceTable::remove_all_of(Address owner) {
  for (auto at = rooms_.begin(); at != rooms_.end();) {
    Room& room = at->second;
    const auto removed = std::erase_if(
        room.members, [owner](const Member& member) { return member.owner() == owner; });
    if (removed > 0) room.stats.reset();
    at = room.members.empty() ? rooms_.erase(at) : std::next(at);
  }
}

}  // namespace palaver::broker::memory
