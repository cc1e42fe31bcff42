// SPDX-License-Identifier: Apache-2.0
// SessionView: what a client of the Centrifuge protocol knows of one room, from what it was told
// alone, through all of its connections: and the oracle of it, like View for members without a
// session. The protocol does not tell `prev`: what each entry must follow is noted, and held
// against the truth at the end. Owned by the client's Talker; it does nothing itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/wire/raw_json.h"
#include "model/position.h"
#include "tests/sim/redactions.h"

namespace palaver::tests::sim {

class SessionView {
 public:
  struct Seen {
    std::string epoch;
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> prev;  // the entry that it must follow, if that is known
    std::string data;
    std::string user;
  };
  // What was asked for with a subscribe command.
  struct Asked {
    std::optional<model::Position> since;  // it wanted to recover
    Redactions::Moment moment = 0;
  };

  SessionView(std::string room, Redactions& redactions)
      : room_(std::move(room)), redactions_(redactions) {}

  // What the client is told, in the order of the telling.
  void subscribed(const codec::wire::RawJson& result, const Asked& asked);
  void pushed(const codec::wire::RawJson& publication);
  void history(const codec::wire::RawJson& result, Redactions::Moment asked, bool reverse);
  // It is not in the room any more: its own wish, or lost, or the connection is gone.
  void left() { live_ = false; }
  void lost();

  [[nodiscard]] const std::string& room() const { return room_; }
  [[nodiscard]] bool live() const { return live_; }
  // Where it can go on from; nothing if it was never there.
  [[nodiscard]] const std::optional<model::Position>& position() const { return position_; }
  [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }
  [[nodiscard]] std::uint64_t recoveries() const { return recoveries_; }
  [[nodiscard]] std::uint64_t losses() const { return losses_; }
  // Empty: all was as it should be.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  // An entry of a list or of a push.
  Seen entry(const codec::wire::RawJson& publication, std::optional<std::uint64_t> prev);
  void expect(bool holds, const char* what) {
    if (!holds && failure_.empty()) failure_ = room_ + ": " + what;
  }

  const std::string room_;
  Redactions& redactions_;
  bool live_ = false;
  std::optional<model::Position> position_;
  std::vector<Seen> seen_;
  std::uint64_t recoveries_ = 0;
  std::uint64_t losses_ = 0;
  std::string failure_;
};

// Members of a JSON object; empty, zero or false if it has none of this name.
[[nodiscard]] std::string text_in(const codec::wire::RawJson& json, std::string_view name);
[[nodiscard]] std::uint64_t number_in(const codec::wire::RawJson& json, std::string_view name);
[[nodiscard]] bool flag_in(const codec::wire::RawJson& json, std::string_view name);

}  // namespace palaver::tests::sim
