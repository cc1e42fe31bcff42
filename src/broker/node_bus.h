// SPDX-License-Identifier: Apache-2.0
// NodeBus: how one node asks all nodes to do something to the connections of a user, wherever they
// are. Each shard holds one instance and calls it on its own thread. Contract, held by
// tests/contract for all:
//
//  - Every shard of every node, the caller's own included, gets each command once, in the order in
//    which one shard sent them; a node that is away gets those that it missed only for blocks.
//  - A call never completes inside itself. It completes on the calling shard when all shards of
//    this node have obeyed and the other nodes have been told.
//  - A block holds until its time, on nodes that start later too.
//  - After stop() nothing is called any more.
//  - Errors: kUnavailable: this node has obeyed, the others may have not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "broker/broker.h"
#include "model/position.h"
#include "model/publication.h"

namespace palaver::broker {

// The connections that fit all that is not empty; something is.
struct Whom {
  model::UserId user;
  std::string client;
  std::string session;
};

struct DisconnectCommand {
  Whom whom;
  std::uint32_t code = 0;  // 0: the usual one
  std::string reason;
  std::vector<std::string> spared;  // clients that stay
};
struct SubscribeCommand {
  Whom whom;
  model::RoomName room;
  std::string info;                        // JSON, or empty: beside the member's in this room
  std::string data;                        // JSON, or empty: for the client
  std::optional<std::int64_t> expires_at;  // seconds since 1970
  std::optional<model::Position> since;    // what came after it is replayed
};
struct UnsubscribeCommand {
  Whom whom;
  model::RoomName room;
  std::uint32_t code = 0;  // 0: the usual one
  std::string reason;
};
struct RefreshCommand {
  Whom whom;
  bool expired = false;  // it ends now
  std::optional<std::int64_t> expires_at;
  std::string info;  // JSON: what others see from now on; empty: as before
};
struct SendCommand {
  Whom whom;
  std::string data;  // JSON
};
// From now on the user has no connections, and gets none.
struct BlockCommand {
  model::UserId user;
  std::optional<std::int64_t> until;  // seconds since 1970; unset: for good
};
struct UnblockCommand {
  model::UserId user;
};

using NodeCommand = std::variant<DisconnectCommand, SubscribeCommand, UnsubscribeCommand,
                                 RefreshCommand, SendCommand, BlockCommand, UnblockCommand>;

// Called on the shard's thread.
class NodeBusSink {
 public:
  virtual ~NodeBusSink() = default;
  virtual void on_command(const NodeCommand& command) = 0;
};

class NodeBus {
 public:
  virtual ~NodeBus() = default;
  virtual void send(NodeCommand command, Completion<void> done) = 0;
  // No completion and no sink call follows. Idempotent.
  virtual void stop() = 0;
};

}  // namespace palaver::broker
