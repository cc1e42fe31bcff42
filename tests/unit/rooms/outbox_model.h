// SPDX-License-Identifier: Apache-2.0
// OutboxRig: an Outbox beside a naive model of it, a list of bytes that know where their units end.
// Each step does one operation to both and compares all that can be seen. Shared by the unit test
// and the fuzz target; it stops at the first difference and says which.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
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
        expect(outbox_.drop_unbegun() == drop_from_model(), "drop_unbegun counts the units");
        break;
      case 4:
        if (!choices_.one_in(16)) break;
        outbox_.clear();
        owed_.clear();
        break;
      default:
        send();
    }
    expect(outbox_.bytes() == owed_.size(), "bytes() is what is owed");
    expect(outbox_.unit_count() ==
               static_cast<std::size_t>(std::ranges::count(owed_, true, &Byte::ends)),
           "unit_count() is the units that have not ended");
    expect(outbox_.empty() == owed_.empty(), "empty() is nothing owed");
  }

  // All that is left comes out whole.
  void finish() {
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
    if (!owed_.empty()) {
      while (offset < bytes.size() && !bytes[offset].begins) ++offset;
    }
    outbox_.push(base::Frame::join(parts), offset);
    owed_.insert(owed_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset), bytes.end());
  }

  void send() {
    const std::size_t bytes_max = choices_.below(choices_.one_in(3) ? 4000 : 20);
    const std::size_t gathered = gather(bytes_max, choices_.below(6));
    take(choices_.below(gathered + 1));
  }

  void take(std::size_t bytes) {
    outbox_.consume(bytes);
    owed_.erase(owed_.begin(), owed_.begin() + static_cast<std::ptrdiff_t>(bytes));
  }

  std::size_t gather(std::size_t bytes_max, std::size_t pieces_max) {
    std::vector<iovec> pieces{{nullptr, 0}};  // it appends
    const std::size_t bytes = outbox_.gather(pieces, bytes_max, pieces_max);
    expect(bytes <= bytes_max && pieces.size() - 1 <= pieces_max, "gather() keeps its bounds");
    expect(bytes > 0 || owed_.empty() || bytes_max == 0 || pieces_max == 0,
           "gather() gives what there is");
    expect(bytes == bytes_max || bytes == owed_.size() || pieces.size() - 1 == pieces_max,
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
  unsigned serial_ = 0;
  std::string failure_;
};

}  // namespace palaver::tests::rooms
