// SPDX-License-Identifier: Apache-2.0
// FanoutRig: a Fanout with fake sockets beside a naive model of what each connection must receive.
// Each step does one random operation, or ends the turn and compares the bytes that arrived, the
// outcome and the counters with the model. Shared by the unit test and the fuzz target; it stops at
// the first difference and says which.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rooms/fanout.h"
#include "rooms/room.h"
#include "tests/support/choices.h"
#include "tests/unit/rooms/fake_network.h"

namespace palaver::tests::rooms {

// A connection as the model sees it: units, each a string, in the order in which they are owed.
// Each unit's first byte is its source.
class ModelConnection {
 public:
  using Source =
      std::size_t;  // a room, 0 to 254; what comes from different rooms in a turn may change places
  static constexpr Source kDirect = 255;

  void owe(Source source, std::string unit) { open_[source].push_back(std::move(unit)); }
  // All that is owed by now comes before all that follows. Answers whether there was anything new.
  bool seal();
  // Of this turn's run, what is not sealed.
  void forget_unsealed(Source source) { open_.erase(source); }
  // Takes sealed units away but the one that has begun; answers how many.
  std::size_t drop_unbegun();
  void clear_unsealed() { open_.clear(); }

  // Bytes that arrived; false: they are not what is owed.
  [[nodiscard]] bool receive(std::string_view bytes);
  // Sealed and not received.
  [[nodiscard]] std::size_t owed_bytes() const;

 private:
  using Segment = std::map<Source, std::deque<std::string>>;
  // The queue whose front has begun, or null.
  [[nodiscard]] std::deque<std::string>* begun();

  std::deque<Segment> sealed_;
  Segment open_;
  Source begun_ = 0;
  std::size_t begun_bytes_ = 0;  // 0: no unit has begun
};

class FanoutRig {
 public:
  struct Options {
    std::size_t outbox_bytes_max = 3000;
    std::size_t unit_bytes_max = 400;
    std::size_t rooms = 3;
    std::size_t connections_max = 6;
  };

  FanoutRig(support::Choices& choices, Options options);
  void step();
  // Sockets take all from now on: everything that is owed arrives.
  void finish();
  // Empty: no difference so far.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] const palaver::rooms::FanoutCounters& counters() const {
    return fanout_.counters();
  }

 private:
  struct Membership {
    palaver::rooms::Encoding encoding{};
    std::size_t from = 0;  // of the run
  };
  struct Connection {
    palaver::rooms::MemberId id;
    int socket = -1;
    ModelConnection model;
    std::map<std::size_t, Membership> rooms;
    bool blocked = false;
    bool broken = false;
    bool overflowed = false;
  };
  struct ModelRoom {
    std::unique_ptr<palaver::rooms::Room> room;
    std::array<std::size_t, palaver::rooms::kEncodingCount> run{};  // units of this turn
  };

  void open();
  void close(Connection& connection);
  void send(Connection& connection);
  void publish(std::size_t room);
  bool passes_by(Connection& connection);
  void join_or_leave(Connection& connection);
  void leave(Connection& connection, std::size_t room);
  void forget(std::size_t room);

  void end_turn(bool sockets_take_all);
  // What the turn's end owes; which connections send straight from a run, and which overflow.
  void seal(Connection& connection);
  void settle(Connection& connection, const base::SendOp* op,
              const palaver::rooms::Fanout::Outcome& outcome);
  void overflow(Connection& connection);
  std::string new_unit(ModelConnection::Source source);
  Connection* pick();
  void expect(bool holds, const char* what) {
    if (!holds && failure_.empty()) failure_ = what;
  }

  support::Choices& choices_;
  const Options options_;
  palaver::rooms::Fanout fanout_;
  FakeNetwork network_;
  std::vector<ModelRoom> rooms_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<base::SendOp> ops_;
  std::vector<palaver::rooms::MemberId> overflowed_;  // by the model, since the last settle()
  std::vector<palaver::rooms::MemberId> closed_;      // all that ever were
  std::uint32_t serial_ = 0;
  std::uint64_t fast_ = 0;
  std::uint64_t sends_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t passed_by_ = 0;
  std::string failure_;
};

}  // namespace palaver::tests::rooms
