// SPDX-License-Identifier: Apache-2.0
// PresenceTable: the members of the rooms whose home is one shard. It runs on that shard alone, has
// no thread, clock or queue, and answers at once; the PresenceNode owns it and does the talking.
//
// A room may have a hundred thousand members and a node a million, so they are stored closely: the
// texts of a member in one piece of memory, and users are counted when somebody asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
  class Member {
   public:
    Member(const model::Sender& sender, Address owner);

    [[nodiscard]] std::string_view client() const { return part(0, client_bytes_); }
    [[nodiscard]] std::string_view user() const { return part(client_bytes_, user_bytes_); }
    [[nodiscard]] Address owner() const { return owner_; }
    [[nodiscard]] model::Sender sender() const;

   private:
    [[nodiscard]] std::string_view part(std::size_t from, std::size_t bytes) const {
      return {texts_.get() + from, bytes};
    }

    std::unique_ptr<char[]> texts_;  // client, user, info, room_info
    std::uint32_t client_bytes_;
    std::uint32_t user_bytes_;
    std::uint32_t info_bytes_;
    std::uint32_t room_info_bytes_;
    Address owner_;
  };

  // Without exceptions, so that the table keeps no hashes beside its members.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view client) const noexcept {
      return std::hash<std::string_view>{}(client);
    }
    std::size_t operator()(const Member& member) const noexcept { return (*this)(member.client()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
    static std::string_view key(std::string_view client) { return client; }
    static std::string_view key(const Member& member) { return member.client(); }
  };

  // Never without members.
  struct Room {
    std::unordered_set<Member, Hash, Equal> members;
    // Of the members as they are; counted once for all who ask until somebody comes or goes.
    mutable std::optional<PresenceStats> stats;
  };

  std::unordered_map<model::RoomName, Room> rooms_;
};

}  // namespace palaver::broker::memory
