// SPDX-License-Identifier: Apache-2.0
// The world's sockets: what they take at the end of a turn, and what the peers read of it.
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "tests/sim/seat.h"
#include "tests/sim/world.h"

namespace palaver::tests::sim {

using palaver::rooms::Fanout;
using palaver::rooms::MemberId;

void World::end_turn(std::size_t index, unsigned shard) {
  Fanout& fanout = nodes_[index]->fanout(shard);
  std::vector<Serial> done;
  for (auto& [serial, connection] : connections_) {
    if (connection.node != index || connection.shard != shard) continue;
    if (connection.blocked && (healed_ || one_in(2))) {
      connection.blocked = false;
      fanout.resume(connection.member);
    }
    if (connection.closing && fanout.owed_bytes(connection.member) == 0) done.push_back(serial);
  }
  for (const Serial serial : done) {
    if (healed_ || one_in(2)) cut(serial);
  }
  std::vector<base::SendOp> ops;
  fanout.collect(ops);
  for (base::SendOp& op : ops) op.result = take(op);
  const Fanout::Outcome outcome = fanout.settle(ops);
  const auto serial_of = [&](MemberId member) -> Serial {
    for (const auto& [serial, connection] : connections_) {
      const bool here = connection.node == index && connection.shard == shard;
      if (here && connection.member == member) return serial;
    }
    return -1;
  };
  for (const MemberId member : outcome.blocked) {
    if (const Serial serial = serial_of(member); serial >= 0) {
      connections_.at(serial).blocked = true;
    }
  }
  for (const MemberId member : outcome.overflowed) {
    ++overflows_;
    if (const Serial serial = serial_of(member); serial >= 0) {
      begin_close(connections_.at(serial));
    }
  }
  for (const MemberId member : outcome.broken) {
    ++breaks_;
    if (const Serial serial = serial_of(member); serial >= 0) cut(serial);
  }
}

std::int64_t World::take(const base::SendOp& op) {
  const auto found = connections_.find(op.socket);
  if (found == connections_.end()) return -EPIPE;  // cut, and its shard does not know yet
  Connection& connection = found->second;
  std::size_t size = op.size;
  if (!healed_) {
    if (connection.stalls) return -EAGAIN;
    if (one_in(400)) return -ECONNRESET;
    if (below(1000) >= connection.speed) {
      size = below(op.size + 1);
      if (size == 0) return -EAGAIN;
    }
  }
  std::string bytes;
  if (op.iov_count == 0) {
    bytes.append(op.data, op.size);
  } else {
    for (std::uint32_t i = 0; i < op.iov_count; ++i) {
      bytes.append(static_cast<const char*>(op.iov[i].iov_base), op.iov[i].iov_len);
    }
  }
  CHECK(bytes.size() == op.size, "a send's pieces are its size");
  connection.kernel.append(bytes, 0, size);
  return static_cast<std::int64_t>(size);
}

void World::read(Connection& connection) {
  if (connection.seat) {
    Talker& talker = *talkers_[connection.client].talker;
    talker.receive(std::exchange(connection.kernel, {}));
    expect(talker.failure().empty(), talker.failure());
    return;
  }
  View& view = clients_[connection.client].view;
  view.receive(std::exchange(connection.kernel, {}));
  expect(view.failure().empty(), view.failure());
}

// Whatever the sockets do: an outbox has its bound, the unit that was begun, and what was said to
// this member alone.
void World::check_bounds() {
  for (const auto& [serial, connection] : connections_) {
    const std::size_t owed =
        nodes_[connection.node]->fanout(connection.shard).owed_bytes(connection.member);
    const std::size_t most =
        options_.outbox_bytes_max + connection.own_bytes + connection.unit_bytes + 500;
    expect(owed <= most, "an outbox above its bound");
  }
}

}  // namespace palaver::tests::sim
