// SPDX-License-Identifier: Apache-2.0
// Truth: what the broker accepted, in its order, for each room and epoch: the sink of a broker of
// its own that nothing befalls. The oracle compares with it what members saw and publishers were
// told.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "broker/broker.h"
#include "model/position.h"

namespace palaver::tests::sim {

struct Entry {
  std::uint64_t prev = 0;
  std::string data;
  friend bool operator==(const Entry&, const Entry&) = default;
};

class Truth final : public broker::BrokerSink {
 public:
  void on_publication(const model::RoomName& room, const model::Epoch& epoch,
                      const model::Publication& publication) override {
    if (publication.offset.value == 0) return;
    Epoch& told = rooms_[room.value][epoch.value];
    const std::uint64_t last = told.entries.empty() ? 0 : told.entries.rbegin()->first;
    const std::string data(publication.data.view());
    if (publication.offset.value <= last || publication.prev.value != last) {
      fail("the broker's own order has a gap");
    }
    if (!told.data.insert(data).second) fail("stored twice: " + data);
    told.entries[publication.offset.value] = {last, data};
    ++entries_;
  }
  void on_redaction(const model::RoomName&, model::Offset) override {}
  void on_lost(const model::RoomName&) override {}

  // Null: there never was one.
  [[nodiscard]] const Entry* find(const std::string& room, const std::string& epoch,
                                  std::uint64_t offset) const {
    const auto at_room = rooms_.find(room);
    if (at_room == rooms_.end()) return nullptr;
    const auto at_epoch = at_room->second.find(epoch);
    if (at_epoch == at_room->second.end()) return nullptr;
    const auto entry = at_epoch->second.entries.find(offset);
    return entry == at_epoch->second.entries.end() ? nullptr : &entry->second;
  }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  struct Epoch {
    std::map<std::uint64_t, Entry> entries;  // by offset
    std::set<std::string> data;
  };
  void fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  std::map<std::string, std::map<std::string, Epoch>> rooms_;
  std::uint64_t entries_ = 0;
  std::string failure_;
};

}  // namespace palaver::tests::sim
