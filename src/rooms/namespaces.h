// SPDX-License-Identifier: Apache-2.0
// Namespaces: what rooms keep and who may do what in them, by the name of the room: what stands
// before its first ':' names its namespace, a leading '$' aside; rooms without ':' have the options
// of no namespace. Made once from the configuration, immutable, shared by all shards.
//
// The keys are Centrifugo 6's; the defaults are a chat's: everything is on and allowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "auth/authenticator.h"
#include "base/limits.h"
#include "base/result.h"

namespace palaver::rooms {

// A right of those who are in the room, of anybody, or of nobody. `anonymous` widens it to users
// that no token names.
struct Right {
  bool client = true;      // anybody that is connected
  bool subscriber = true;  // whoever is in the room
  bool anonymous = true;

  [[nodiscard]] bool allows(auth::Standing standing, bool subscribed) const {
    return (client || (subscriber && subscribed)) &&
           (anonymous || standing == auth::Standing::kVerified);
  }
};

struct RoomOptions {
  bool presence = true;
  bool join_leave = true;
  bool force_push_join_leave = false;  // to members that have not asked for it, too
  bool force_recovery = true;          // each subscription is recoverable, whether it asked or not
  std::uint32_t history_size = base::Limits{}.history_entries_max;
  std::chrono::milliseconds history_ttl = base::Limits{}.history_age_max;
  std::chrono::milliseconds history_meta_ttl = base::Limits{}.history_meta_ttl;
  Right subscribe;  // its `subscriber` means nothing
  Right publish;
  Right read_presence;
  Right read_history;
};

// Rooms that begin with it need a subscription token.
[[nodiscard]] inline bool is_private(std::string_view room) { return room.starts_with('$'); }

// Whether somebody may enter it without one; `options` are the room's.
[[nodiscard]] inline bool is_open_to(const RoomOptions& options, std::string_view room,
                                     auth::Standing standing) {
  return !is_private(room) && options.subscribe.allows(standing, false);
}

class Namespaces {
 public:
  Namespaces() = default;
  explicit Namespaces(RoomOptions without_namespace) : without_(without_namespace) {}

  // kInvalidArgument: not a name (letters, digits, '-', '_', '.'; 1 to 64), or there is one.
  [[nodiscard]] base::Result<void> add(const std::string& name, const RoomOptions& options);

  // Null: the namespace that the room's name begins with is not known.
  [[nodiscard]] const RoomOptions* find(std::string_view room) const;

 private:
  RoomOptions without_;
  std::map<std::string, RoomOptions, std::less<>> named_;
};

}  // namespace palaver::rooms
