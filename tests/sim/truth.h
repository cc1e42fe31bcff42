// SPDX-License-Identifier: Apache-2.0
// Truth: what the broker accepted, in its order, for each room and epoch: the sink of a broker of
// its own that nothing befalls. The oracle compares with it what members saw and publishers were
// told; by itself it sees that the order has no gap, nothing is stored twice, and the chat's rules
// were kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "chat/act.h"
#include "model/position.h"

namespace palaver::tests::sim {

struct Entry {
  std::uint64_t prev = 0;
  std::string data;
  std::string user = {};  // who published it
  bool redacted = false;

  // Whether a member may have seen it like this, or what a deleted entry holds in its place.
  [[nodiscard]] bool shows_as(std::uint64_t seen_prev, std::string_view seen_data) const {
    return prev == seen_prev && (data == seen_data || (redacted && seen_data == chat::kGoneData));
  }
};

// Users that may delete what others said.
[[nodiscard]] inline bool is_moderator(std::string_view user) { return user.starts_with("boss"); }

class Truth final : public broker::BrokerSink {
 public:
  void on_publication(const model::RoomName& room, const model::Epoch& epoch,
                      const model::Publication& publication) override {
    if (publication.offset.value == 0) return;
    Room& told = rooms_[room.value];
    told.epoch = epoch.value;
    Epoch& now = told.epochs[epoch.value];
    const std::uint64_t last = now.entries.empty() ? 0 : now.entries.rbegin()->first;
    const std::string data(publication.data.view());
    if (publication.offset.value <= last || publication.prev.value != last) {
      fail("the broker's own order has a gap");
    }
    if (!now.offsets.emplace(data, publication.offset.value).second) fail("stored twice: " + data);
    const Entry entry{.prev = last, .data = data, .user = publication.sender.user.value};
    check_act(now, entry);
    now.entries[publication.offset.value] = entry;
    ++entries_;
  }
  void on_redaction(const model::RoomName& room, model::Offset target) override {
    Room& told = rooms_[room.value];
    const auto entry = told.epochs[told.epoch].entries.find(target.value);
    if (entry == told.epochs[told.epoch].entries.end()) {
      fail("a redaction of what is not there");
    } else {
      entry->second.redacted = true;
    }
  }
  void on_lost(const model::RoomName&) override {}

  // Null: there never was one.
  [[nodiscard]] const Entry* find(const std::string& room, const std::string& epoch,
                                  std::uint64_t offset) const {
    const auto at_room = rooms_.find(room);
    if (at_room == rooms_.end()) return nullptr;
    const auto at_epoch = at_room->second.epochs.find(epoch);
    if (at_epoch == at_room->second.epochs.end()) return nullptr;
    const auto entry = at_epoch->second.entries.find(offset);
    return entry == at_epoch->second.entries.end() ? nullptr : &entry->second;
  }
  // Where the room has, or once had, an entry with this data.
  [[nodiscard]] std::optional<model::Position> find(const std::string& room,
                                                    const std::string& data) const {
    const auto at_room = rooms_.find(room);
    if (at_room == rooms_.end()) return std::nullopt;
    for (const auto& [name, epoch] : at_room->second.epochs) {
      const auto found = epoch.offsets.find(data);
      if (found != epoch.offsets.end()) return model::Position{{name}, {found->second}};
    }
    return std::nullopt;
  }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  struct Epoch {
    std::map<std::uint64_t, Entry> entries;        // by offset
    std::map<std::string, std::uint64_t> offsets;  // by data
  };
  struct Room {
    std::string epoch;  // the newest
    std::map<std::string, Epoch> epochs;
  };

  // Who edits or deletes may do so, and the entry was there.
  void check_act(const Epoch& epoch, const Entry& entry) {
    const auto act = chat::read_act(entry.data);
    if (!act || (act->kind != chat::Kind::kEdit && act->kind != chat::Kind::kDelete)) return;
    const auto target = epoch.entries.find(act->target.value);
    if (target == epoch.entries.end()) {
      fail("an act upon nothing: " + entry.data);
      return;
    }
    const bool deletes = act->kind == chat::Kind::kDelete;
    const bool may = target->second.user == entry.user || (deletes && is_moderator(entry.user));
    if (!may) fail("an act that its user may not do: " + entry.data);
    // The redaction is told before the entry that tells why.
    if (target->second.redacted != deletes) fail("an act upon a deleted entry: " + entry.data);
  }
  void fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  std::map<std::string, Room> rooms_;
  std::uint64_t entries_ = 0;
  std::string failure_;
};

}  // namespace palaver::tests::sim
