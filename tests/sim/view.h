// SPDX-License-Identifier: Apache-2.0
// View: what a member knows, from its byte stream alone, through all of its connections: and the
// oracle of it. Each publication must follow the one before, unless the member was told that
// something was lost or that it did not recover. Owned by the world's client; it does nothing
// itself.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "model/position.h"
#include "rooms/join.h"
#include "tests/sim/truth.h"

namespace palaver::tests::sim {

class View {
 public:
  enum class State { kOut, kReplaying, kLive, kLost, kClosed };
  struct Seen {
    std::string epoch;
    std::uint64_t offset = 0;
    Entry entry;
  };
  using Mode = palaver::rooms::JoinOptions::Replay;

  // Lines of the stream beside publications (support::line_of).
  [[nodiscard]] static std::string joined_line(const palaver::rooms::JoinOptions& options,
                                               const palaver::rooms::Joined& joined);
  static constexpr const char* kRefused = "refused";
  static constexpr const char* kLeft = "left";
  static constexpr const char* kLostLine = "lost";
  static constexpr const char* kClose = "close";

  // Bytes that arrived.
  void receive(const std::string& bytes);
  // The connection is gone, and with it a line that is not whole.
  void disconnected();

  [[nodiscard]] State state() const { return state_; }
  // Where it can go on from; nothing if it does not know.
  [[nodiscard]] const std::optional<model::Position>& position() const { return position_; }
  [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }
  [[nodiscard]] std::uint64_t recoveries() const { return recoveries_; }
  [[nodiscard]] std::uint64_t losses() const { return losses_; }
  // Empty: all was as it should be. Ends with the last lines.
  [[nodiscard]] std::string failure() const;

 private:
  void line(const std::string& text);
  void joined(const std::string& text);
  void publication(const std::string& text);
  void expect(bool holds, const char* what) {
    if (!holds && failure_.empty()) failure_ = what;
  }

  State state_ = State::kOut;
  std::optional<model::Position> position_;
  // Of the join that is being replayed.
  Mode mode_{};
  bool recovered_ = false;
  std::size_t replay_left_ = 0;
  bool first_ = false;  // the next line begins a replay: what it follows is not known
  std::string epoch_;
  std::uint64_t joined_at_ = 0;

  std::uint64_t last_ = 0;
  std::string stream_;
  std::vector<Seen> seen_;
  std::deque<std::string> log_;
  std::uint64_t recoveries_ = 0;
  std::uint64_t losses_ = 0;
  std::string failure_;
};

}  // namespace palaver::tests::sim
