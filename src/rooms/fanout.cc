// SPDX-License-Identifier: Apache-2.0
#include "rooms/fanout.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace palaver::rooms {

namespace {

// Pieces of one send on the slow path: far below IOV_MAX, and a page of iovecs.
constexpr std::size_t kPiecesPerSend = 64;

}  // namespace

MemberId Fanout::open(int socket) {
  CHECK(socket >= 0, "a connection has a socket");
  std::uint32_t index = 0;
  if (free_slots_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.socket = socket;
  return {index, slot.generation};
}

void Fanout::close(MemberId member) {
  Slot& slot = slot_of(member);
  leave_all(member);
  if (slot.ready) std::erase(ready_, member.slot);
  if (slot.cut_off) std::erase(overflowed_, member);
  counters_.count(Drop::kGone, slot.outbox.unit_count());
  const std::uint32_t generation = slot.generation + 1;
  slot = {};
  slot.generation = generation;
  free_slots_.push_back(member.slot);
}

bool Fanout::is_open(MemberId member) const {
  if (member.slot >= slots_.size()) return false;
  const Slot& slot = slots_[member.slot];
  return slot.socket >= 0 && slot.generation == member.generation;
}

Fanout::Slot& Fanout::slot_of(MemberId member) {
  CHECK(is_open(member), "only open connections are used");
  return slots_[member.slot];
}

void Fanout::send(MemberId member, base::Frame frame, Bound bound) {
  Slot& slot = slot_of(member);
  if (take_runs(slot) > 0) check_bound(member.slot);
  slot.outbox.push(std::move(frame));
  mark_ready(member.slot);
  if (bound == Bound::kOutbox) check_bound(member.slot);
}

void Fanout::reserve(MemberId member) {
  Slot& slot = slot_of(member);
  if (take_runs(slot) > 0) check_bound(member.slot);
  slot.outbox.reserve();
}

void Fanout::fill(MemberId member, base::Frame frame) {
  Slot& slot = slot_of(member);
  if (!slot.outbox.fill(std::move(frame))) return;  // it has overflowed
  mark_ready(member.slot);
  check_bound(member.slot);
}

std::size_t Fanout::owed_bytes(MemberId member) const {
  CHECK(is_open(member), "only open connections are used");
  return slots_[member.slot].outbox.bytes();
}

void Fanout::resume(MemberId member) {
  Slot& slot = slot_of(member);
  slot.blocked = false;
  mark_ready(member.slot);
}

void Fanout::mark_ready(std::uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.ready || slot.blocked || slot.outbox.empty()) return;
  slot.ready = true;
  ready_.push_back(index);
}

void Fanout::check_bound(std::uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.cut_off || slot.outbox.bytes() <= outbox_bytes_max_) return;
  slot.cut_off = true;
  counters_.count(Drop::kSlow, slot.outbox.drop_unbegun());
  overflowed_.push_back({index, slot.generation});
}

// Before anything else is queued, the frames that the member is owed from this turn's runs go
// ahead: a connection sees events in the order in which they happened.
std::size_t Fanout::take_runs(Slot& slot) {
  std::size_t frames = 0;
  for (const Membership& membership : slot.memberships) {
    if (!membership.room->dirty) continue;
    Audience& audience = membership.room->audiences[index_of(membership.encoding)];
    frames += take_run(slot, audience, audience.members[membership.index]);
  }
  return frames;
}

std::size_t Fanout::take_run(Slot& slot, const Audience& audience, Member& member) {
  const auto& run = audience.run;
  const std::size_t from = std::exchange(member.from, static_cast<std::uint32_t>(run.size()));
  if (slot.cut_off) return 0;
  for (std::size_t i = from; i < run.size(); ++i) slot.outbox.push(run[i]);
  counters_.deliveries += run.size() - from;
  return run.size() - from;
}

void Fanout::join(Room& room, MemberId member, Encoding encoding) {
  Slot& slot = slot_of(member);
  Audience& audience = room.audiences[index_of(encoding)];
  slot.memberships.push_back(
      {&room, static_cast<std::uint32_t>(audience.members.size()), encoding});
  audience.members.push_back({member.slot, static_cast<std::uint32_t>(slot.memberships.size() - 1),
                              static_cast<std::uint32_t>(audience.run.size())});
}

void Fanout::leave(Room& room, MemberId member) {
  const Slot& slot = slot_of(member);
  const auto found = std::ranges::find(slot.memberships, &room, &Membership::room);
  if (found == slot.memberships.end()) return;
  remove(member.slot, static_cast<std::size_t>(found - slot.memberships.begin()));
}

void Fanout::leave_all(MemberId member) {
  const Slot& slot = slot_of(member);
  while (!slot.memberships.empty()) remove(member.slot, slot.memberships.size() - 1);
}

// Both lists are unordered: the last takes the place of the removed one, and its twin is told.
void Fanout::remove(std::uint32_t index, std::size_t membership_index) {
  auto& memberships = slots_[index].memberships;
  const Membership membership = memberships[membership_index];
  auto& members = membership.room->audiences[index_of(membership.encoding)].members;

  members[membership.index] = members.back();
  members.pop_back();
  if (membership.index < members.size()) {
    const Member& moved = members[membership.index];
    slots_[moved.slot].memberships[moved.membership].index = membership.index;
  }
  memberships[membership_index] = memberships.back();
  memberships.pop_back();
  if (membership_index < memberships.size()) {
    const Membership& moved = memberships[membership_index];
    auto& twin = moved.room->audiences[index_of(moved.encoding)].members[moved.index];
    twin.membership = static_cast<std::uint32_t>(membership_index);
  }
}

std::vector<Fanout::RoomOf> Fanout::rooms_of(MemberId member) const {
  CHECK(is_open(member), "only open connections are used");
  std::vector<RoomOf> rooms;
  for (const Membership& membership : slots_[member.slot].memberships) {
    rooms.push_back({membership.room, membership.encoding});
  }
  return rooms;
}

void Fanout::publish(Room& room, const EncodedFrames& frames, Importance importance) {
  for (std::size_t i = 0; i < kEncodingCount; ++i) {
    Audience& audience = room.audiences[i];
    if (audience.members.empty() || frames[i].empty()) continue;
    if (importance == Importance::kDroppable) pass_by(audience);
    audience.run.push_back(frames[i]);
    if (room.dirty) continue;
    room.dirty = true;
    dirty_.push_back(&room);
  }
}

// Members that are behind are not owed the frame that comes next.
void Fanout::pass_by(Audience& audience) {
  for (Member& member : audience.members) {
    Slot& slot = slots_[member.slot];
    if (slot.cut_off || slot.outbox.bytes() <= outbox_bytes_max_ / 16) continue;
    if (take_runs(slot) > 0) check_bound(member.slot);
    member.from = static_cast<std::uint32_t>(audience.run.size()) + 1;
    counters_.count(Drop::kBehind, 1);
  }
}

void Fanout::forget(Room& room) {
  CHECK(room.member_count() == 0, "only an empty room is forgotten");
  if (room.dirty) std::erase(dirty_, &room);
}

void Fanout::collect(std::vector<base::SendOp>& ops) {
  ops.clear();
  owners_.clear();
  pieces_.clear();
  outcome_ = {};
  ++turn_;
  seal_runs();
  if (runs_.size() > 1) count_debts();
  for (std::uint32_t run = 0; run < runs_.size(); ++run) collect_run(run, ops);
  collect_ready(ops);
}

// Smallest rooms first: their members do not wait for the large ones.
void Fanout::seal_runs() {
  if (dirty_.size() > 1) {
    std::ranges::sort(dirty_, {}, [](const Room* room) { return room->member_count(); });
  }
  for (Room* room : dirty_) {
    room->dirty = false;
    for (Audience& audience : room->audiences) {
      if (audience.run.empty()) continue;
      if (audience.members.empty()) {
        audience.run.clear();
        continue;
      }
      counters_.runs_joined += audience.run.size() > 1 ? 1 : 0;
      runs_.push_back({&audience, base::Frame::join(audience.run)});
    }
  }
  dirty_.clear();
}

// A socket gets one send a turn: members of several rooms of the turn are found first.
void Fanout::count_debts() {
  for (const Run& run : runs_) {
    for (const Member& member : run.audience->members) {
      Slot& slot = slots_[member.slot];
      slot.debts = slot.turn == turn_ ? 2 : 1;
      slot.turn = turn_;
    }
  }
}

void Fanout::collect_run(std::uint32_t run_index, std::vector<base::SendOp>& ops) {
  Run& run = runs_[run_index];
  auto& audience = *run.audience;
  const bool alone = runs_.size() == 1;
  const std::size_t size = std::min(run.frame.size(), base::kTurnSocketBytesMax);
  std::uint64_t fast = 0;
  for (Member& member : audience.members) {
    Slot& slot = slots_[member.slot];
    if (slot.outbox.empty() && member.from == 0 && (alone || slot.debts == 1) && !slot.blocked &&
        !slot.cut_off) [[likely]] {
      base::SendOp op;
      op.socket = slot.socket;
      op.data = run.frame.data();
      op.size = size;
      ops.push_back(op);
      owners_.push_back({member.slot, run_index});
      ++fast;
      continue;
    }
    take_run(slot, audience, member);
    member.from = 0;
    mark_ready(member.slot);
    check_bound(member.slot);
  }
  counters_.fast_path_sends += fast;
  counters_.deliveries += fast * audience.run.size();
  audience.run.clear();
}

void Fanout::collect_ready(std::vector<base::SendOp>& ops) {
  const std::size_t first_op = ops.size();
  for (const std::uint32_t index : ready_) {
    Slot& slot = slots_[index];
    slot.ready = false;
    if (slot.outbox.empty()) continue;
    const std::size_t before = pieces_.size();
    base::SendOp op;
    op.socket = slot.socket;
    op.size = slot.outbox.gather(pieces_, base::kTurnSocketBytesMax, kPiecesPerSend);
    if (op.size == 0) continue;  // a reserved place comes first
    op.iov_count = static_cast<std::uint32_t>(pieces_.size() - before);
    ops.push_back(op);
    owners_.push_back({index, kSlowPath});
    ++counters_.slow_path_sends;
  }
  ready_.clear();
  // Only now have the pieces their final place.
  const iovec* next = pieces_.data();
  for (std::size_t i = first_op; i < ops.size(); ++i) {
    ops[i].iov = next;
    next += ops[i].iov_count;
  }
}

const Fanout::Outcome& Fanout::settle(std::span<const base::SendOp> ops) {
  CHECK(ops.size() == owners_.size(), "the sends that were collected are settled");
  for (std::size_t i = 0; i < ops.size(); ++i) settle_one(ops[i], owners_[i]);
  owners_.clear();
  runs_.clear();
  outcome_.overflowed.swap(overflowed_);
  overflowed_.clear();
  return outcome_;
}

void Fanout::settle_one(const base::SendOp& op, OpOwner owner) {
  const bool broken = op.result < 0 && op.result != -EAGAIN;
  const auto sent = static_cast<std::size_t>(std::max<std::int64_t>(op.result, 0));
  counters_.bytes_sent += sent;
  if (owner.run != kSlowPath && !broken) {
    const base::Frame& frame = runs_[owner.run].frame;
    if (sent == frame.size()) [[likely]]
      return;
    slots_[owner.slot].outbox.push(frame, sent);
    check_bound(owner.slot);
  }
  Slot& slot = slots_[owner.slot];
  const MemberId member{owner.slot, slot.generation};
  if (broken) {
    slot.blocked = true;  // never tried again
    slot.cut_off = true;
    outcome_.broken.push_back(member);
    return;
  }
  if (owner.run == kSlowPath) slot.outbox.consume(sent);
  if (slot.outbox.empty()) return;
  if (sent < op.size) {
    slot.blocked = true;
    outcome_.blocked.push_back(member);
  } else {
    mark_ready(owner.slot);  // only our own bound per turn stopped it
  }
}

}  // namespace palaver::rooms
