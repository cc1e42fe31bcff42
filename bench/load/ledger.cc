// SPDX-License-Identifier: Apache-2.0
// A message reads "m RRRRRR SSSSSSSSSS xyz...": its room, its sequence number in that room, and a
// filler that depends on the number. Rings hold twice the messages that may be in flight, so a
// message that comes a second time soon after is still known and can be named.
#include "bench/load/ledger.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "base/check.h"

namespace palaver::bench::load {
namespace {

constexpr std::size_t kLetters = 26;
// Messages that may be sent while an earlier one is still on its way, for one that may be in
// flight.
constexpr std::size_t kSkew = 16;
constexpr std::size_t kRoomDigits = 6;
constexpr std::size_t kSequenceDigits = 10;
constexpr std::size_t kRoomAt = 2;
constexpr std::size_t kSequenceAt = kRoomAt + kRoomDigits + 1;
static_assert(kSequenceAt + kSequenceDigits + 1 == kMessageBytesMin);

void append_digits(std::string& out, std::uint64_t value, std::size_t digits) {
  const std::size_t end = out.size() + digits;
  out.append(digits, '0');
  for (std::size_t at = end; value != 0 && at > end - digits; value /= 10) {
    out[--at] = static_cast<char>('0' + value % 10);
  }
}

// The largest number for anything but digits: there is no such room or message.
std::uint64_t read_digits(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::numeric_limits<std::uint64_t>::max();
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

bool is_stamp(std::string_view stamp) {
  constexpr std::string_view kShape = "[0000-00-00 00:00:00]";
  if (stamp.size() != kShape.size()) return false;
  return std::ranges::equal(stamp, kShape, [](char have, char want) {
    return want == '0' ? have >= '0' && have <= '9' : have == want;
  });
}

}  // namespace

Ledger::Ledger(const std::vector<RoomPlan>& plan, LineFormat format, std::size_t message_bytes)
    : format_(format), message_bytes_(std::max(message_bytes, kMessageBytesMin)) {
  for (std::size_t i = 0; i < message_bytes_ + kLetters; ++i) {
    alphabet_.push_back(static_cast<char>('a' + i % kLetters));
  }
  for (const RoomPlan& room_plan : plan) {
    CHECK(room_plan.latency_class < kLatencyClasses, "there are two latency classes");
    const std::size_t ring = std::bit_ceil(std::size_t{room_plan.in_flight_max} * kSkew);
    Room room;
    room.first = static_cast<ClientIndex>(clients_.size());
    room.members = room_plan.members;
    room.latency_class = room_plan.latency_class;
    room.messages.resize(ring);
    room.order.resize(ring);
    clients_.resize(clients_.size() + room.members,
                    Client{.room = static_cast<RoomIndex>(rooms_.size())});
    rooms_.push_back(std::move(room));
  }
}

std::string_view Ledger::filler(std::uint64_t sequence) const {
  return std::string_view(alphabet_).substr(static_cast<std::size_t>(sequence % kLetters),
                                            message_bytes_ - kMessageBytesMin);
}

std::string_view Ledger::compose(ClientIndex publisher, Nanos now) {
  Client& client = clients_[publisher];
  Room& room = rooms_[client.room];
  const std::uint64_t sequence = ++room.sent;
  Message& message = room.message(sequence);
  CHECK(message.remaining == 0, "more messages in flight than the plan allows");
  message = {.sequence = sequence,
             .before = client.last_published,
             .sent = now,
             .publisher = publisher,
             .remaining = room.members};
  client.last_published = sequence;
  ++in_flight_;

  text_.assign("m ");
  append_digits(text_, client.room, kRoomDigits);
  text_.push_back(' ');
  append_digits(text_, sequence, kSequenceDigits);
  text_.push_back(' ');
  text_.append(filler(sequence));
  return text_;
}

std::string_view Ledger::body_of(std::string_view payload) const {
  if (format_ == LineFormat::kPlain) return payload;
  return payload.size() < kStampBytes + 1 + message_bytes_
             ? std::string_view()
             : payload.substr(kStampBytes + 1, message_bytes_);
}

bool Ledger::delivered(ClientIndex index, std::string_view payload, Nanos now,
                       std::uint64_t offset) {
  Client& client = clients_[index];
  Room& room = rooms_[client.room];
  const std::string_view body = body_of(payload);
  if (body.size() != message_bytes_ || !body.starts_with("m ")) {
    return violated(index, "got a text that is no message: " + std::string(payload.substr(0, 200)));
  }
  const std::uint64_t room_number = read_digits(body.substr(kRoomAt, kRoomDigits));
  const std::uint64_t sequence = read_digits(body.substr(kSequenceAt, kSequenceDigits));
  if (room_number != client.room) {
    return violated(index, "got a message of room " + std::to_string(room_number));
  }
  if (sequence == 0 || sequence > room.sent) {
    return violated(index, "got message " + std::to_string(sequence) + ", which was never sent");
  }
  if (!take_place(room, client, index, sequence)) return false;

  Message& message = room.message(sequence);
  if (!line_is_right(payload, body, message)) {
    return violated(index, "message " + std::to_string(sequence) +
                               " is garbled: " + std::string(payload.substr(0, 200)));
  }
  if (!offset_is_right(room, message, offset)) {
    return violated(index, "message " + std::to_string(sequence) + " has the wrong offset " +
                               std::to_string(offset));
  }
  latency_[room.latency_class].record(now - message.sent);
  ++deliveries_;
  if (--message.remaining == 0) {
    ++messages_completed_;
    --in_flight_;
    completed_.push_back({client.room, message.publisher});
  }
  return true;
}

// Moves the client one place on in the room's order, if `sequence` is what belongs there.
bool Ledger::take_place(Room& room, Client& client, ClientIndex index, std::uint64_t sequence) {
  const std::uint64_t position = client.position + 1;
  Message& message = room.message(sequence);
  const bool is_known = message.sequence == sequence;
  if (!is_known || (message.position != 0 && message.position < position)) {
    return violated(index, "got message " + std::to_string(sequence) + " a second time");
  }
  if (position <= room.ordered) {
    const std::uint64_t due = room.order[position & (room.order.size() - 1)];
    if (due != sequence) {
      return violated(index, "got message " + std::to_string(sequence) + " where message " +
                                 std::to_string(due) +
                                 " was due: missing, or out of the order that others saw");
    }
  } else {
    const Message& before = room.message(message.before);
    const bool overtook =
        before.sequence == message.before && message.before != 0 && before.position == 0;
    if (overtook) {
      return violated(index, "got message " + std::to_string(sequence) + " before message " +
                                 std::to_string(message.before) + " of the same publisher");
    }
    room.order[position & (room.order.size() - 1)] = sequence;
    room.ordered = position;
    message.position = position;
  }
  client.position = position;
  return true;
}

bool Ledger::offset_is_right(Room& room, Message& message, std::uint64_t offset) {
  const bool is_first = message.remaining == room.members;
  if (!is_first) return offset == message.offset;
  if (offset != 0 && offset <= room.last_offset) return false;
  room.last_offset = offset;
  message.offset = offset;
  return true;
}

bool Ledger::line_is_right(std::string_view payload, std::string_view body, Message& message) {
  if (body[kSequenceAt - 1] != ' ' || body[kMessageBytesMin - 1] != ' ' ||
      body.substr(kMessageBytesMin) != filler(message.sequence)) {
    return false;
  }
  if (format_ == LineFormat::kPlain) return true;

  const std::string_view stamp = payload.substr(0, kStampBytes);
  if (message.stamp[0] == '\0') {
    if (!is_stamp(stamp)) return false;
    std::ranges::copy(stamp, message.stamp.begin());
  }
  std::array<char, 16> suffix{' ', '('};
  const auto end = std::to_chars(suffix.data() + 2, suffix.data() + 14, message.publisher + 1).ptr;
  *end = ')';
  return stamp == std::string_view(message.stamp.data(), kStampBytes) &&
         payload[kStampBytes] == ' ' &&
         payload.substr(kStampBytes + 1 + message_bytes_) ==
             std::string_view(suffix.data(), static_cast<std::size_t>(end + 1 - suffix.data()));
}

std::string Ledger::overdue(Nanos sent_before) const {
  constexpr std::size_t kNamedMax = 5;
  for (const Room& room : rooms_) {
    const std::uint64_t ring = room.messages.size();
    for (std::uint64_t sequence = room.sent > ring ? room.sent - ring + 1 : 1;
         sequence <= room.sent; ++sequence) {
      const Message& message = room.message(sequence);
      if (message.remaining == 0 || message.sent >= sent_before) continue;
      std::string text = "message " + std::to_string(sequence) + " of " + who(message.publisher) +
                         " is missing at " + std::to_string(message.remaining) + " of " +
                         std::to_string(room.members) + " members:";
      std::size_t named = 0;
      for (ClientIndex index = room.first; index < room.first + room.members; ++index) {
        if (message.position != 0 && clients_[index].position >= message.position) continue;
        if (++named > kNamedMax) return text + " ...";
        text += " client " + std::to_string(index + 1);
      }
      return text;
    }
  }
  return {};
}

void Ledger::start_recording() {
  for (Histogram& histogram : latency_) histogram.clear();
  deliveries_ = 0;
  messages_completed_ = 0;
}

std::string Ledger::who(ClientIndex index) const {
  return "client " + std::to_string(index + 1) + " in room " + std::to_string(clients_[index].room);
}

bool Ledger::violated(ClientIndex client, const std::string& text) {
  violation_ = who(client) + ": " + text;
  return false;
}

}  // namespace palaver::bench::load
