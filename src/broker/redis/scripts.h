// SPDX-License-Identifier: Apache-2.0
// The Lua scripts: each is one atomic step of Redis. They decide by their arguments, the room's
// keys and the clock of Redis alone; docs/OPERATIONS.md lists the commands that they use.
#pragma once

#include <array>
#include <string>

namespace palaver::broker::redis {

// All take the keys of RoomKeys::all() unless it is said otherwise, and answer with an error reply
// only when Redis itself is in trouble (no memory, read-only).
enum class ScriptId : std::uint8_t {
  // Argument: salt and bounds (see RoomArguments), channel, header, data, id, about.
  // Answers {"ok" | "duplicate", epoch, offset} or {"absent"}.
  kPublish,
  // channel, header, data, id, target, replacement: the same answers.
  kRedact,
  // since, limit, bytes, direction. {epoch, last, n × (offset, prev, header, data)}.
  kHistory,
  // channel, epoch, witness: {"ok" | "trimmed", epoch, last}. Makes the room if it is not there; a
  // witness that has vanished begins a new epoch.
  kCheck,
  // channel: {epoch} of the new one, or {""}.
  kRemove,
  // Keys: the metas of many rooms of one partition; arguments: the time to keep each, 0: as before.
  // {epoch, last, …}
  kPositions,
  // Key: the nodes. Arguments: a node, or empty, and its lease (ms). All nodes that live.
  kLease,
  // Key: the members of a room. Arguments: a client and its node, which it must still be of.
  kLeave,
};

struct Script {
  ScriptId id;
  std::string text;
  std::string sha;  // of the text: what Redis calls it
};

// In the order of ScriptId.
[[nodiscard]] const std::array<Script, 8>& scripts();

}  // namespace palaver::broker::redis
