// SPDX-License-Identifier: Apache-2.0
// Presence: who is in a room, on all nodes. Each shard holds one instance, adds its own members
// through it and calls it on its own thread; implementations share what is behind. Contract, held
// by tests/contract for all:
//
//  - A call never completes inside itself. Its completion runs later, once, on the calling shard;
//    after stop() none runs any more (it is destroyed), and calls do nothing.
//  - The calls of one instance for one room take effect in their order; the answer to a question
//    shows all that was asked before. What another instance added shows once its add() completed.
//  - A member stays until it is removed, however long it is silent: keeping its lease is the
//    implementation's business. It belongs to the instance that added it last; when that one's node
//    dies, or it is stopped, the member is gone after kPresenceLease at the latest.
//  - Completions may call the instance, stop() too, but not destroy it.
//  - A room that nobody is in has no members; that is no error.
//  - Errors: kUnavailable (temporary; nothing was done as far as is known), kLimit (a bound is
//    reached; nothing was done), kInvalidArgument. Members have no bound of their own: there are no
//    more than connections and their rooms.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/limits.h"
#include "broker/completion.h"
#include "model/publication.h"

namespace palaver::broker {

struct PresenceStats {
  std::size_t clients = 0;
  // Distinct user ids. Anonymous members share the id "", so each of them is a user of its own.
  std::size_t users = 0;
  friend bool operator==(const PresenceStats&, const PresenceStats&) = default;
};

class Presence {
 public:
  virtual ~Presence() = default;

  // `member.client` is the member's key in the room, and is one connection's alone; empty:
  // kInvalidArgument. Adding it again replaces what is known of it.
  virtual void add(const model::RoomName& room, model::Sender member, Completion<void> done) = 0;
  // A member that is not there is fine. If the implementation cannot do it now, it takes effect
  // within kPresenceLease.
  virtual void remove(const model::RoomName& room, const std::string& client) = 0;

  // All members, in no order.
  virtual void members(const model::RoomName& room,
                       Completion<std::vector<model::Sender>> done) = 0;
  virtual void stats(const model::RoomName& room, Completion<PresenceStats> done) = 0;

  // No completion follows. Idempotent.
  virtual void stop() = 0;
};

}  // namespace palaver::broker
