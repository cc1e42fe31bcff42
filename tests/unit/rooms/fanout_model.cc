// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/rooms/fanout_model.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/limits.h"

namespace palaver::tests::rooms {

using palaver::rooms::Drop;
using palaver::rooms::EncodedFrames;
using palaver::rooms::Encoding;
using palaver::rooms::Fanout;
using palaver::rooms::Importance;
using palaver::rooms::index_of;
using palaver::rooms::kEncodingCount;
using palaver::rooms::MemberId;
using palaver::rooms::Room;

namespace {

bool has(const std::vector<MemberId>& members, MemberId member) {
  return std::ranges::find(members, member) != members.end();
}

}  // namespace

bool ModelConnection::seal() {
  if (open_.empty()) return false;
  sealed_.push_back(std::exchange(open_, {}));
  return true;
}

std::deque<std::string>* ModelConnection::begun() {
  if (begun_bytes_ == 0) return nullptr;
  return &sealed_.front().at(begun_);
}

std::size_t ModelConnection::drop_unbegun() {
  std::size_t units = 0;
  for (const Segment& segment : sealed_) {
    for (const auto& [source, queue] : segment) units += queue.size();
  }
  const std::deque<std::string>* queue = begun();
  const std::string kept = queue ? queue->front() : std::string();
  sealed_.clear();
  if (kept.empty()) return units;
  sealed_.push_back({{begun_, {kept}}});
  return units - 1;
}

bool ModelConnection::receive(std::string_view bytes) {
  while (!bytes.empty()) {
    if (begun_bytes_ == 0) begun_ = static_cast<unsigned char>(bytes.front());
    if (sealed_.empty() || !sealed_.front().contains(begun_)) return false;
    std::deque<std::string>& queue = sealed_.front()[begun_];
    const std::string_view rest = std::string_view(queue.front()).substr(begun_bytes_);
    const std::size_t size = std::min(rest.size(), bytes.size());
    if (rest.substr(0, size) != bytes.substr(0, size)) return false;
    bytes.remove_prefix(size);
    begun_bytes_ += size;
    if (size < rest.size()) continue;
    begun_bytes_ = 0;
    queue.pop_front();
    if (queue.empty()) sealed_.front().erase(begun_);
    if (sealed_.front().empty()) sealed_.pop_front();
  }
  return true;
}

std::size_t ModelConnection::owed_bytes() const {
  std::size_t bytes = 0;
  for (const Segment& segment : sealed_) {
    for (const auto& [source, queue] : segment) {
      for (const std::string& unit : queue) bytes += unit.size();
    }
  }
  return bytes - begun_bytes_;
}

FanoutRig::FanoutRig(support::Choices& choices, Options options)
    : choices_(choices), options_(options), fanout_(options.outbox_bytes_max) {
  rooms_.resize(options.rooms);
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    rooms_[i].room = std::make_unique<Room>(model::RoomName{"room-" + std::to_string(i)});
  }
}

// The first byte tells from where a unit came, the next four make it unlike all others.
std::string FanoutRig::new_unit(ModelConnection::Source source) {
  std::string unit(5 + choices_.below(options_.unit_bytes_max), 'a');
  ++serial_;
  unit.front() = static_cast<char>(source);
  std::memcpy(unit.data() + 1, &serial_, sizeof(serial_));
  return unit;
}

FanoutRig::Connection* FanoutRig::pick() {
  return connections_.empty() ? nullptr : connections_[choices_.below(connections_.size())].get();
}

void FanoutRig::step() {
  const std::size_t what = choices_.below(15);
  if (what < 4) {
    publish(choices_.below(rooms_.size()));
  } else if (what < 8) {
    end_turn(false);
  } else if (Connection* connection = pick(); connection == nullptr || what == 8) {
    if (connections_.size() < options_.connections_max) open();
  } else if (what < 12) {
    join_or_leave(*connection);
  } else if (what < 14) {
    send(*connection);
  } else {
    if (choices_.one_in(4)) close(*connection);
    if (choices_.one_in(4)) forget(choices_.below(rooms_.size()));
  }
}

void FanoutRig::open() {
  auto connection = std::make_unique<Connection>();
  connection->socket = network_.open();
  connection->id = fanout_.open(connection->socket);
  for (const MemberId& old : closed_) {
    expect(!(old == connection->id), "an id is never given out again");
    expect(!fanout_.is_open(old), "a closed connection stays closed");
  }
  expect(fanout_.is_open(connection->id), "an open connection is open");
  expect(fanout_.id_of(connection->id.slot) == connection->id, "id_of() knows who has the slot");
  connections_.push_back(std::move(connection));
}

void FanoutRig::close(Connection& connection) {
  fanout_.close(connection.id);
  network_.close(connection.socket);
  std::erase(overflowed_, connection.id);
  closed_.push_back(connection.id);
  std::erase_if(connections_, [&](const auto& other) { return other.get() == &connection; });
}

void FanoutRig::send(Connection& connection) {
  const std::string unit = new_unit(ModelConnection::kDirect);
  const bool bounded = choices_.one_in(2);
  fanout_.send(connection.id, base::Frame::copy_of(unit),
               bounded ? Fanout::Bound::kOutbox : Fanout::Bound::kOwn);
  for (auto& [room, membership] : connection.rooms) {
    membership.from = rooms_[room].run[index_of(membership.encoding)];
  }
  if (connection.broken) return;
  if (connection.model.seal() && connection.model.owed_bytes() > options_.outbox_bytes_max) {
    overflow(connection);
  }
  connection.model.owe(ModelConnection::kDirect, unit);
  connection.model.seal();
  if (bounded && connection.model.owed_bytes() > options_.outbox_bytes_max) overflow(connection);
  expect(fanout_.owed_bytes(connection.id) == connection.model.owed_bytes(),
         "owed_bytes() after a send");
}

void FanoutRig::publish(std::size_t room) {
  EncodedFrames frames;
  std::array<std::string, kEncodingCount> units;
  for (std::size_t i = 0; i < kEncodingCount; ++i) {
    if (choices_.one_in(6)) continue;  // an encoding without a frame
    units[i] = new_unit(room);
    frames[i] = base::Frame::copy_of(units[i]);
  }
  const bool droppable = choices_.one_in(8);
  fanout_.publish(*rooms_[room].room, frames,
                  droppable ? Importance::kDroppable : Importance::kKept);
  std::array<bool, kEncodingCount> heard{};
  for (const auto& connection : connections_) {
    const auto membership = connection->rooms.find(room);
    if (membership == connection->rooms.end()) continue;
    const std::size_t i = index_of(membership->second.encoding);
    if (units[i].empty()) continue;
    heard[i] = true;
    if (droppable && passes_by(*connection)) {
      membership->second.from += 1;
      continue;
    }
    if (!connection->overflowed && !connection->broken) connection->model.owe(room, units[i]);
  }
  for (std::size_t i = 0; i < kEncodingCount; ++i) rooms_[room].run[i] += heard[i] ? 1 : 0;
}

// What is owed by now comes first; the next unit never does.
bool FanoutRig::passes_by(Connection& connection) {
  if (connection.overflowed || connection.broken) return false;
  if (connection.model.owed_bytes() <= options_.outbox_bytes_max / 16) return false;
  for (auto& [room, membership] : connection.rooms) {
    membership.from = rooms_[room].run[index_of(membership.encoding)];
  }
  ++passed_by_;
  if (connection.model.seal() && connection.model.owed_bytes() > options_.outbox_bytes_max) {
    overflow(connection);
  }
  return true;
}

void FanoutRig::join_or_leave(Connection& connection) {
  const std::size_t room = choices_.below(rooms_.size());
  if (connection.rooms.contains(room)) {
    if (choices_.one_in(4)) leave(connection, room);
  } else {
    const auto encoding = static_cast<Encoding>(choices_.below(kEncodingCount));
    fanout_.join(*rooms_[room].room, connection.id, encoding);
    connection.rooms[room] = {encoding, rooms_[room].run[index_of(encoding)]};
  }
  expect(fanout_.rooms_of(connection.id).size() == connection.rooms.size(), "rooms_of()");
}

void FanoutRig::leave(Connection& connection, std::size_t room) {
  fanout_.leave(*rooms_[room].room, connection.id);
  fanout_.leave(*rooms_[room].room, connection.id);  // no effect
  connection.model.forget_unsealed(room);
  connection.rooms.erase(room);
}

// The room goes with everybody in it, as when it is empty; a new one takes its place.
void FanoutRig::forget(std::size_t room) {
  for (const auto& connection : connections_) {
    if (connection->rooms.contains(room)) leave(*connection, room);
  }
  fanout_.forget(*rooms_[room].room);
  rooms_[room] = {.room = std::make_unique<Room>(model::RoomName{"again"}), .run = {}};
}

void FanoutRig::overflow(Connection& connection) {
  if (connection.overflowed || connection.broken) return;
  connection.overflowed = true;
  dropped_ += connection.model.drop_unbegun();
  connection.model.clear_unsealed();
  overflowed_.push_back(connection.id);
}

void FanoutRig::seal(Connection& connection) {
  std::size_t runs = 0;
  bool whole = connection.model.owed_bytes() == 0;
  for (auto& [room, membership] : connection.rooms) {
    if (rooms_[room].run[index_of(membership.encoding)] == 0) continue;
    ++runs;
    whole = whole && std::exchange(membership.from, 0) == 0;
  }
  for (auto& [room, membership] : connection.rooms) membership.from = 0;
  connection.model.seal();
  if (runs == 0 || connection.overflowed || connection.broken) return;
  if (runs == 1 && whole && !connection.blocked) {
    ++fast_;
  } else if (connection.model.owed_bytes() > options_.outbox_bytes_max) {
    overflow(connection);
  }
}

void FanoutRig::end_turn(bool sockets_take_all) {
  for (const auto& connection : connections_) {
    if (!connection->blocked || !choices_.one_in(2)) continue;
    connection->blocked = false;
    fanout_.resume(connection->id);
  }
  for (const auto& connection : connections_) seal(*connection);
  for (ModelRoom& room : rooms_) room.run.fill(0);

  fanout_.collect(ops_);
  network_.send(ops_, [&](int, std::size_t size) -> std::int64_t {
    expect(size <= base::kTurnSocketBytesMax, "a socket gets its share of a turn at most");
    if (sockets_take_all || choices_.one_in(2)) return static_cast<std::int64_t>(size);
    if (choices_.one_in(3)) return -EAGAIN;
    if (choices_.one_in(16)) return choices_.one_in(2) ? -EPIPE : -ECONNRESET;
    return static_cast<std::int64_t>(choices_.below(size) + 1);
  });
  const Fanout::Outcome& outcome = fanout_.settle(ops_);

  for (const auto& connection : connections_) {
    const auto op = std::ranges::find(ops_, connection->socket, &base::SendOp::socket);
    settle(*connection, op == ops_.end() ? nullptr : &*op, outcome);
  }
  sends_ += ops_.size();
  auto reported = outcome.overflowed;
  const auto by_slot = [](const MemberId& a, const MemberId& b) { return a.slot < b.slot; };
  std::ranges::sort(reported, by_slot);
  std::ranges::sort(overflowed_, by_slot);
  expect(reported == overflowed_, "each overflow is reported, once");
  overflowed_.clear();
  const auto& counters = fanout_.counters();
  expect(counters.bytes_sent == bytes_sent_, "bytes_sent");
  expect(counters.fast_path_sends == fast_, "the fast path is taken when it can be");
  expect(counters.fast_path_sends + counters.slow_path_sends == sends_, "each send is counted");
  // Frames of a run that never came into the outbox are not counted.
  expect(counters.dropped(Drop::kSlow) <= dropped_, "frames_dropped");
  expect(counters.dropped(Drop::kBehind) == passed_by_, "members that are behind are passed by");
  // Its owner closes what is broken, soon.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (connections_[i]->broken && choices_.one_in(2)) close(*connections_[i]);
  }
}

void FanoutRig::settle(Connection& connection, const base::SendOp* op,
                       const Fanout::Outcome& outcome) {
  std::string& received = network_.received(connection.socket);
  expect(connection.model.receive(received), "the bytes that arrive are the ones that are owed");
  bytes_sent_ += received.size();
  received.clear();
  if (op != nullptr) {
    expect(!connection.broken, "a broken socket is never tried again");
    expect(!connection.blocked, "a full socket waits until it can be written");
    connection.broken = op->result < 0 && op->result != -EAGAIN;
  }
  const bool reported = has(outcome.broken, connection.id);
  expect(reported == (op != nullptr && connection.broken), "a broken socket is reported, once");
  if (connection.broken) return;
  // What a run's own send leaves behind is bounded too.
  if (op != nullptr && op->iov_count == 0 &&
      connection.model.owed_bytes() > options_.outbox_bytes_max) {
    overflow(connection);
  }
  const std::size_t owed = connection.model.owed_bytes();
  expect(fanout_.owed_bytes(connection.id) == owed, "owed_bytes() after a turn");
  const bool stopped =
      op != nullptr && owed > 0 && op->result < static_cast<std::int64_t>(op->size);
  connection.blocked |= stopped;
  expect(has(outcome.blocked, connection.id) == stopped, "a full socket is reported");
}

void FanoutRig::finish() {
  // Each turn at least one blocked connection of two goes on, and each takes 64 KiB.
  for (int i = 0; i < 200 && failure_.empty(); ++i) {
    const bool owed = std::ranges::any_of(connections_, [&](const auto& connection) {
      return !connection->broken && fanout_.owed_bytes(connection->id) > 0;
    });
    if (!owed && !fanout_.has_ready()) return;
    for (const auto& connection : connections_) {
      if (connection->broken || !std::exchange(connection->blocked, false)) continue;
      fanout_.resume(connection->id);
    }
    end_turn(true);
  }
  expect(false, "what is owed arrives in the end");
}

}  // namespace palaver::tests::rooms
