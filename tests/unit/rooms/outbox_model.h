// SPDX-License-Identifier: Apache-2.0
// OutboxRig: an Outbox beside a naive model of it, a list of bytes that know where their units end.
// Each step does one operation to both and compares all that can be seen. Shared by the unit test
// and the fuzz target; it stops at the first difference and says which.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/frame.h"
#include "rooms/outbox.h"
#include "tests/support/choices.h"

namespace palaver::tests::rooms {

class OutboxRig {
 public:
  explicit OutboxRig(support::Choices& choices) : choices_(choices) {}

  // Empty: no difference so far.
  [[nodiscard]] const std::string& failure() const { return failure_; }

  void step() {
    switch (choices_.below(8)) {
      case 0:
      case 1:
      case 2:
        push();
        break;
      case 3:
        drop();
        break;
      case 4:
        if (choices_.one_in(4)) {
          reserve_or_fill();
        } else if (choices_.one_in(16)) {
          outbox_.clear();
          owed_.clear();
          place_.reset();
        }
        break;
      default:
        send();
    }
    expect(outbox_.bytes() == owed_.size(), "bytes() is what is owed");
    expect(outbox_.unit_count() ==
               static_cast<std::size_t>(std::ranges::count(owed_, true, &Byte::ends)),
           "unit_count() is the units that have not ended");
    expect(outbox_.empty() == (owed_.empty() && !place_), "empty() is nothing owed");
  }

  // All that is left comes out whole.
  void finish() {
    if (place_) reserve_or_fill();
    while (!outbox_.empty() && failure_.empty()) {
      take(gather(choices_.below(5000) + 1, 3));
    }
    expect(owed_.empty(), "nothing is left behind");
  }

 private:
  struct Byte {
    char value;
    bool begins;  // a unit
    bool ends;
  };

  void push() {
    std::vector<base::Frame> parts;
    std::vector<Byte> bytes;
    const std::size_t units = choices_.one_in(4) ? choices_.below(6) + 1 : 1;
    for (std::size_t i = 0; i < units; ++i) {
      std::string unit(choices_.below(choices_.one_in(8) ? 3000 : 12) + 1, '\0');
      for (char& c : unit) {
        c = static_cast<char>(serial_++);
        bytes.push_back({c, &c == &unit.front(), &c == &unit.back()});
      }
      parts.push_back(base::Frame::copy_of(unit));
    }
    // A unit that has begun is pushed to an empty outbox only, as after a partial send.
    std::size_t offset = choices_.one_in(2) ? choices_.below(bytes.size() + 1) : 0;
    if (!owed_.empty() || place_) {
      while (offset < bytes.size() && !bytes[offset].begins) ++offset;
    }
    outbox_.push(base::Frame::join(parts), offset);
    owed_.insert(owed_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset), bytes.end());
  }

  void reserve_or_fill() {
    if (!place_) {
      outbox_.reserve();
      place_ = owed_.size();
      return;
    }
    const char value = static_cast<char>(serial_++);
    expect(outbox_.fill(base::Frame::copy_of({&value, 1})), "fill() finds its place");
    owed_.insert(owed_.begin() + static_cast<std::ptrdiff_t>(*place_), Byte{value, true, true});
    place_.reset();
  }

  void send() {
    const std::size_t bytes_max = choices_.below(choices_.one_in(3) ? 4000 : 20);
    const std::size_t gathered = gather(bytes_max, choices_.below(6));
    take(choices_.below(gathered + 1));
  }

  void take(std::size_t bytes) {
    outbox_.consume(bytes);
    owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(bytes));
    if (place_) *place_ -= bytes;
  }

  std::size_t gather(std::size_t bytes_max, std::size_t pieces_max) {
    std::vector<iovec> pieces{{nullptr, 0}};  // it appends
    const std::size_t bytes = outbox_.gather(pieces, bytes_max, pieces_max);
    expect(bytes <= bytes_max && pieces.size() - 1 <= pieces_max, "gather() keeps its bounds");
    const std::size_t ready = place_.value_or(owed_.size());  // what stands before a place
    expect(bytes > 0 || ready == 0 || bytes_max == 0 || pieces_max == 0,
           "gather() gives what there is");
    expect(bytes == bytes_max || bytes == ready || pieces.size() - 1 == pieces_max,
           "gather() stops at a bound only");
    std::size_t at = 0;
    for (const iovec& piece : pieces) {
      const auto* data = static_cast<const char*>(piece.iov_base);
      for (std::size_t i = 0; i < piece.iov_len; ++i, ++at) {
        if (at < owed_.size() && owed_[at].value == data[i]) continue;
        expect(false, "gather() gives the bytes in order");
        return 0;
      }
    }
    expect(at == bytes, "gather() counts its bytes");
    return bytes;
  }

  void drop() {
    const std::size_t dropped = outbox_.drop_unbegun();
    expect(dropped == drop_from_model(), "drop_unbegun() counts the units");
    if (place_) expect(!outbox_.fill(base::Frame::copy_of("x")), "a dropped place is not filled");
    place_.reset();
  }

  std::size_t drop_from_model() {
    std::size_t kept = 0;
    if (!owed_.empty() && !owed_.front().begins) {
      while (!owed_[kept].ends) ++kept;
      ++kept;
    }
    const auto end = owed_.begin() + static_cast<std::ptrdiff_t>(kept);
    const auto dropped = std::count_if(end, owed_.end(), [](Byte byte) { return byte.begins; });
    owed_.erase(end, owed_.end());
    return static_cast<std::size_t>(dropped);
  }

  void expect(bool holds, const char* what) {
    if (!holds && failure_.empty()) failure_ = what;
  }

  support::Choices& choices_;
  palaver::rooms::Outbox outbox_;
  std::deque<Byte> owed_;
  std::optional<std::size_t> place_;  // reserved, before this byte
  unsigned serial_ = 0;
  std::string failure_;
};

}  // namespace palaver::tests::rooms
