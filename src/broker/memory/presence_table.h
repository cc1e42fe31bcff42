// SPDX-License-Identifier: Apache-2.0
// PresenceTable: the members of the rooms whose home is one shard. It runs on that shard alone, has
// no thread, clock or queue, and answers at once; the PresenceNode owns it and does the talking.
//
// A room may have a hundred thousand members and a node a million, so they are stored closely: the
// texts of a member in one piece of memory, its user once for the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "broker/memory/message.h"
#include "broker/presence.h"
#include "model/publication.h"

namespace palaver::broker::memory {

class PresenceTable {
 public:
  PresenceTable() = default;
  PresenceTable(const PresenceTable&) = delete;
  PresenceTable& operator=(const PresenceTable&) = delete;

  // The calls of presence.h; `owner` is the instance that adds.
  [[nodiscard]] base::Result<void> add(const model::RoomName& name, const model::Sender& member,
                                       Address owner);
  void remove(const model::RoomName& name, std::string_view client);
  [[nodiscard]] std::vector<model::Sender> members(const model::RoomName& name) const;
  [[nodiscard]] PresenceStats stats(const model::RoomName& name) const;

  // What `owner` added last. Looks at every member: for the end of a shard.
  void remove_all_of(Address owner);

  [[nodiscard]] std::size_t room_count() const { return rooms_.size(); }

 private:
  // The users of a room who are not anonymous, and how many members are of each.
  using Users = std::unordered_map<model::UserId, std::uint32_t>;

  class Member {
   public:
    Member(const model::Sender& sender, Users::value_type* user, Address owner);

    [[nodiscard]] std::string_view client() const { return {texts_.get(), client_bytes_}; }
    [[nodiscard]] Address owner() const { return owner_; }
    [[nodiscard]] Users::value_type* user() const { return user_; }  // null: anonymous
    [[nodiscard]] model::Sender sender() const;

   private:
    std::unique_ptr<char[]> texts_;  // client, info and room_info
    std::uint32_t client_bytes_;
    std::uint32_t info_bytes_;
    std::uint32_t room_info_bytes_;
    Users::value_type* user_;  // in its room's table, where nodes stay in place
    Address owner_;
  };

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view client) const {
      return std::hash<std::string_view>{}(client);
    }
    std::size_t operator()(const Member& member) const { return (*this)(member.client()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
    static std::string_view key(std::string_view client) { return client; }
    static std::string_view key(const Member& member) { return member.client(); }
  };
  using Members = std::unordered_set<Member, Hash, Equal>;

  // Never without members.
  struct Room {
    Users users;
    Members members;
    std::size_t anonymous = 0;

    Members::const_iterator erase(Members::const_iterator member);
  };

  std::unordered_map<model::RoomName, Room> rooms_;
};

}  // namespace palaver::broker::memory
