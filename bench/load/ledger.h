// SPDX-License-Identifier: Apache-2.0
// Ledger: the oracle of a run. It writes each message, and holds every delivery against what is
// due: each member of a room gets each message of that room once, byte for byte, in one order for
// all members, which keeps the order of each publisher. The first member to get a room's next
// message decides the room's order; all others must agree. Where messages have offsets, those rise
// in that order and are the same for all. Owned by the driver; it never touches a socket or a
// clock, and its memory is bounded by the messages in flight.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/histogram.h"

namespace palaver::bench::load {

using ClientIndex = std::uint32_t;  // over all rooms; the id in the URL is this + 1
using RoomIndex = std::uint32_t;

// How a server hands on a message.
enum class LineFormat {
  kArticle,  // "[YYYY-MM-DD HH:MM:SS] message (client_id)"
  kPlain,    // as it came
};

struct RoomPlan {
  std::uint32_t members = 0;
  std::uint32_t in_flight_max = 1;
  unsigned latency_class = 0;  // which histogram its deliveries go to: 0 or 1
};

inline constexpr std::size_t kLatencyClasses = 2;
// "m ", room, " ", sequence number, " ": what a message begins with.
inline constexpr std::size_t kMessageBytesMin = 20;

class Ledger {
 public:
  struct Completed {
    RoomIndex room;
    ClientIndex publisher;
  };

  // `message_bytes`: kMessageBytesMin to 32 KiB.
  Ledger(const std::vector<RoomPlan>& plan, LineFormat format, std::size_t message_bytes);

  // Notes a message as sent at `now` and returns its text, valid until the next call. At most
  // in_flight_max messages of a room may be incomplete.
  [[nodiscard]] std::string_view compose(ClientIndex publisher, Nanos now);

  // False: something is wrong with this delivery, and violation() says what. The ledger must not be
  // used after that. `offset` 0: the protocol has none.
  [[nodiscard]] bool delivered(ClientIndex client, std::string_view payload, Nanos now,
                               std::uint64_t offset = 0);
  [[nodiscard]] const std::string& violation() const { return violation_; }

  // Messages that all their members have, in the order of completion; the caller clears it.
  [[nodiscard]] std::vector<Completed>& completed() { return completed_; }
  // Tells of a message sent before `sent_before` that somebody still lacks; empty: there is none.
  [[nodiscard]] std::string overdue(Nanos sent_before) const;

  // Forgets the figures (not the state) of the time before.
  void start_recording();
  [[nodiscard]] const Histogram& latency(unsigned latency_class) const {
    return latency_[latency_class];
  }
  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] std::uint64_t messages_completed() const { return messages_completed_; }
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }
  [[nodiscard]] RoomIndex room_of(ClientIndex client) const { return clients_[client].room; }
  [[nodiscard]] ClientIndex first_client(RoomIndex room) const { return rooms_[room].first; }
  [[nodiscard]] std::uint32_t members(RoomIndex room) const { return rooms_[room].members; }
  [[nodiscard]] std::size_t room_count() const { return rooms_.size(); }
  [[nodiscard]] std::size_t client_count() const { return clients_.size(); }

 private:
  static constexpr std::size_t kStampBytes = 21;  // "[YYYY-MM-DD HH:MM:SS]"

  struct Message {
    std::uint64_t sequence = 0;  // of the room, from 1; 0: the slot is unused
    std::uint64_t position = 0;  // in the room's order, from 1; 0: nobody has it yet
    std::uint64_t before = 0;    // the publisher's message before this one; 0: none
    std::uint64_t offset = 0;    // what the server calls it
    Nanos sent = 0;
    ClientIndex publisher = 0;
    std::uint32_t remaining = 0;
    std::array<char, kStampBytes> stamp{};
  };

  struct Room {
    ClientIndex first = 0;
    std::uint32_t members = 0;
    unsigned latency_class = 0;
    std::uint64_t sent = 0;            // sequence number of the last message
    std::uint64_t ordered = 0;         // positions that somebody has reached
    std::uint64_t last_offset = 0;     // of the last of those
    std::vector<Message> messages;     // by sequence number, a ring of a power of two
    std::vector<std::uint64_t> order;  // sequence numbers by position, a ring of the same size

    [[nodiscard]] Message& message(std::uint64_t sequence) {
      return messages[sequence & (messages.size() - 1)];
    }
    [[nodiscard]] const Message& message(std::uint64_t sequence) const {
      return messages[sequence & (messages.size() - 1)];
    }
  };

  struct Client {
    RoomIndex room = 0;
    std::uint64_t position = 0;        // deliveries so far
    std::uint64_t last_published = 0;  // sequence number
  };

  bool take_place(Room& room, Client& client, ClientIndex index, std::uint64_t sequence);
  bool offset_is_right(Room& room, Message& message, std::uint64_t offset);
  bool line_is_right(std::string_view payload, std::string_view body, Message& message);
  [[nodiscard]] std::string_view body_of(std::string_view payload) const;
  [[nodiscard]] std::string_view filler(std::uint64_t sequence) const;
  [[nodiscard]] std::string who(ClientIndex index) const;
  bool violated(ClientIndex client, const std::string& text);

  LineFormat format_;
  std::size_t message_bytes_;
  std::string alphabet_;  // fillers are cut out of it, so that each message has bytes of its own
  std::string text_;      // of the last compose()
  std::vector<Room> rooms_;
  std::vector<Client> clients_;
  std::vector<Completed> completed_;
  std::array<Histogram, kLatencyClasses> latency_;
  std::uint64_t deliveries_ = 0;
  std::uint64_t messages_completed_ = 0;
  std::uint64_t in_flight_ = 0;
  std::string violation_;
};

}  // namespace palaver::bench::load
