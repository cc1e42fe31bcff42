// SPDX-License-Identifier: Apache-2.0
// Redactions: when clients were told that an entry was deleted, and what they got of the past. Its
// oracle: what somebody asks for after anybody was told of a delete holds nothing of the text that
// was deleted, nor of its edits. Owned by the world; it is judged at the end, when the truth is
// known.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chat/act.h"
#include "tests/sim/truth.h"

namespace palaver::tests::sim {

class Redactions {
 public:
  // The order in which things are told and asked for.
  using Moment = std::uint64_t;

  [[nodiscard]] Moment now() const { return now_; }

  // A client learns that its delete was done, or sees another's.
  void told(const std::string& room, const std::string& data) {
    ++now_;
    told_.try_emplace({room, data}, now_);
  }
  // A client got an entry of the past that it asked for at `asked`.
  void replayed(const std::string& room, const std::string& epoch, std::uint64_t offset,
                const std::string& data, Moment asked) {
    if (data != chat::kGoneData) replayed_.push_back({room, epoch, offset, data, asked});
  }

  // Empty: all was as it should be.
  [[nodiscard]] std::string failure(const Truth& truth) const {
    std::map<Place, Moment> gone;  // deleted entries, and when somebody was told
    for (const auto& [what, moment] : told_) {
      const auto& [room, data] = what;
      const auto at = truth.find(room, data);
      if (!at) return "told of a delete that is not stored: " + data;
      const Place place{room, at->epoch.value, chat::read_act(data)->target.value};
      const auto [first, is_new] = gone.emplace(place, moment);
      if (!is_new) first->second = std::min(first->second, moment);
    }
    for (const Replayed& each : replayed_) {
      const auto act = chat::read_act(each.data);
      const bool deletes = act && act->kind == chat::Kind::kDelete;
      // An edit goes with what it is about.
      for (const std::uint64_t offset : {each.offset, act ? act->target.value : 0}) {
        const auto found = gone.find(Place{each.room, each.epoch, offset});
        if (!deletes && found != gone.end() && found->second <= each.asked) {
          return "replayed although it was deleted: " + each.data;
        }
      }
    }
    return {};
  }
  [[nodiscard]] std::uint64_t count() const { return told_.size(); }

 private:
  struct Place {
    std::string room;
    std::string epoch;
    std::uint64_t offset = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Replayed {
    std::string room;
    std::string epoch;
    std::uint64_t offset = 0;
    std::string data;
    Moment asked = 0;
  };

  Moment now_ = 0;
  std::map<std::pair<std::string, std::string>, Moment> told_;  // by room and data, the first time
  std::vector<Replayed> replayed_;
};

}  // namespace palaver::tests::sim
