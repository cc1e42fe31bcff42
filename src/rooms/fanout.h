// SPDX-License-Identifier: Apache-2.0
// Fanout: the outboxes of a shard's connections, and the turn's end in which they are served.
//
// In a turn a publication is only appended to its room's run. At the end collect() makes one send
// for each socket: a member that owes nothing else sends straight from the joined run, which all
// members share; the rest (a backlog, several rooms, replies, a join in mid-turn) take the slow
// path through their outbox. settle() reads the results; what a socket did not take becomes its
// backlog.
//
// One instance a shard, used on its thread. It never does I/O, and no member ever waits for
// another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/frame.h"
#include "base/send_op.h"
#include "rooms/encoding.h"
#include "rooms/inline_list.h"
#include "rooms/outbox.h"
#include "rooms/room.h"

namespace palaver::rooms {

// Why a frame that was owed is never sent.
enum class Drop : std::uint8_t {
  kSlow,    // its member owed too much and was cut off
  kGone,    // its connection ended first
  kBehind,  // its member was behind, and it was droppable
  kCount,
};

struct FanoutCounters {
  std::uint64_t deliveries = 0;       // live publications owed to members
  std::uint64_t bytes_sent = 0;       // taken by the kernel
  std::uint64_t runs_joined = 0;      // runs of two frames or more
  std::uint64_t slow_path_sends = 0;  // sends that came from an outbox
  std::uint64_t fast_path_sends = 0;  // sends straight from a run
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::kCount)> frames_dropped{};

  [[nodiscard]] std::uint64_t dropped(Drop why) const {
    return frames_dropped.at(static_cast<std::size_t>(why));
  }
  void count(Drop why, std::size_t frames) {
    frames_dropped.at(static_cast<std::size_t>(why)) += frames;
  }
};

class Fanout {
 public:
  enum class Bound {
    kOutbox,  // counts against outbox_bytes_max
    kOwn,     // the caller bounds it: one HTTP response, a close frame
  };
  // What the owner of the connections has to do after a turn. The lists are valid until the next
  // collect().
  struct Outcome {
    std::vector<MemberId> blocked;     // wait until the socket is writable, then resume()
    std::vector<MemberId> broken;      // the peer is gone
    std::vector<MemberId> overflowed;  // owed too much; frames not begun are dropped already
  };

  explicit Fanout(std::size_t outbox_bytes_max) : outbox_bytes_max_(outbox_bytes_max) {}

  // Connections. `socket` is what SendOp::socket will name.
  [[nodiscard]] MemberId open(int socket);
  // Leaves all rooms and forgets what is owed.
  void close(MemberId member);
  [[nodiscard]] bool is_open(MemberId member) const;
  // The connection that has this slot now.
  [[nodiscard]] MemberId id_of(std::uint32_t slot) const { return {slot, slots_[slot].generation}; }
  // Queues bytes for one connection, after everything it is owed by now.
  void send(MemberId member, base::Frame frame, Bound bound);
  // Keeps a place in the order of what the connection is owed, for a frame that comes later: what
  // is queued meanwhile waits. At most one at a time.
  void reserve(MemberId member);
  // The frame, not empty, for the place that reserve() kept.
  void fill(MemberId member, base::Frame frame);
  [[nodiscard]] std::size_t owed_bytes(MemberId member) const;
  void resume(MemberId member);

  // Rooms. `room` outlives its members and, until the next collect(), a publish().
  void join(Room& room, MemberId member, Encoding encoding);
  // No effect when it is not a member. What the member is owed from this turn's run is not sent.
  void leave(Room& room, MemberId member);
  void leave_all(MemberId member);
  struct RoomOf {
    Room* room = nullptr;
    Encoding encoding{};
  };
  // The rooms of a member, in no order.
  [[nodiscard]] std::vector<RoomOf> rooms_of(MemberId member) const;
  // What is droppable passes members by that owe more than a sixteenth of outbox_bytes_max.
  void publish(Room& room, const EncodedFrames& frames, Importance importance = Importance::kKept);
  // The room will be destroyed: forgets its runs. It has no members.
  void forget(Room& room);

  // The sends of this turn, one for each socket; `ops` is replaced. Its bytes live until settle().
  void collect(std::vector<base::SendOp>& ops);
  // `ops` of the last collect(), carried out.
  [[nodiscard]] const Outcome& settle(std::span<const base::SendOp> ops);
  // Outboxes that could go on sending at once, or overflows to be told: the next turn must not
  // wait.
  [[nodiscard]] bool has_ready() const {
    return !ready_.empty() || !dirty_.empty() || !overflowed_.empty();
  }

  [[nodiscard]] const FanoutCounters& counters() const { return counters_; }

 private:
  struct Membership {
    Room* room = nullptr;
    std::uint32_t index = 0;  // in the audience's members
    Encoding encoding{};
  };
  struct Slot {
    Outbox outbox;
    int socket = -1;  // -1: free
    std::uint32_t generation = 0;
    std::uint32_t turn = 0;  // the turn that `debts` is of
    std::uint8_t debts = 0;  // runs of this turn that the member is in: 1, or 2 for more
    bool ready = false;      // in ready_
    bool blocked = false;    // waits for resume()
    bool cut_off = false;    // overflowed or broken: rooms owe it nothing any more
    InlineList<Membership> memberships;
  };
  struct Run {
    Audience* audience = nullptr;
    base::Frame frame;
  };
  static constexpr std::uint32_t kSlowPath = ~std::uint32_t{0};
  struct OpOwner {
    std::uint32_t slot = 0;
    std::uint32_t run = kSlowPath;
  };

  Slot& slot_of(MemberId member);
  void mark_ready(std::uint32_t index);
  void check_bound(std::uint32_t index);
  // How many frames went into the outbox.
  std::size_t take_runs(Slot& slot);
  std::size_t take_run(Slot& slot, const Audience& audience, Member& member);
  void pass_by(Audience& audience);
  void remove(std::uint32_t index, std::size_t membership);
  void seal_runs();
  void count_debts();
  void collect_run(std::uint32_t run, std::vector<base::SendOp>& ops);
  void collect_ready(std::vector<base::SendOp>& ops);
  void settle_one(const base::SendOp& op, OpOwner owner);

  const std::size_t outbox_bytes_max_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<Room*> dirty_;
  std::vector<std::uint32_t> ready_;

  std::uint32_t turn_ = 0;
  std::vector<Run> runs_;  // of the turn that is being collected
  std::vector<OpOwner> owners_;
  std::vector<iovec> pieces_;
  Outcome outcome_;
  std::vector<MemberId> overflowed_;  // open ones, found since the last settle()
  FanoutCounters counters_;
};

}  // namespace palaver::rooms
