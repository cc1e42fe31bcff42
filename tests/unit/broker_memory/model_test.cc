// SPDX-License-Identifier: Apache-2.0
// The partition against a naive model under random operations: the model keeps everything in lists
// and looks through them. The bound of bytes has tests of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "tests/unit/broker_memory/partition_fixture.h"

namespace palaver::broker::memory {
namespace {

using model::Offset;
using model::RoomName;
using std::chrono::milliseconds;

struct ModelId {
  std::string user;
  std::string id;
  Offset offset;
  base::Instant at;
};
struct ModelEntry {
  model::Publication publication;
  Offset about;
  base::Instant at;
  bool redacted = false;
};
struct ModelResult {
  Offset offset;
  bool duplicate = false;
};
struct ModelRoom {
  RoomBounds bounds;
  std::string epoch;  // empty: made, and not met yet
  Offset last;
  Offset issued;
  std::vector<ModelEntry> entries;
  std::vector<ModelId> ids;
  bool subscribed = false;
  std::optional<base::Instant> resting;
};

// What a shard was told, as text.
using Told = std::vector<std::string>;

std::string text(const model::Publication& p) {
  return std::to_string(p.prev.value) + "<" + std::to_string(p.offset.value) + " " +
         p.sender.user.value + ":" + std::string(p.data.view());
}

class Model {
 public:
  Model(const MemoryBrokerLimits& limits, BoundsOf bounds_of,
        const tests::support::FakeCluster& cluster)
      : limits_(limits), bounds_of_(std::move(bounds_of)), cluster_(cluster) {}

  ModelRoom* find(const std::string& name) {
    const auto found = rooms.find(name);
    return found == rooms.end() ? nullptr : &found->second;
  }
  ModelRoom& open(const std::string& name) {
    const auto [room, made] = rooms.try_emplace(name);
    if (made) room->second.bounds = bounds_of_ ? bounds_of_(RoomName{name}) : limits_.room_bounds();
    return room->second;
  }

  // Nothing: kNotFound.
  std::optional<ModelResult> publish(const std::string& name, const std::string& user,
                                     const std::string& data, const std::string& id, Offset about) {
    if (const auto known = duplicate(name, user, id)) return known;
    if (about != Offset{0} && !has_target(name, about)) return {};
    return ModelResult{append(name, user, data, id, about)};
  }
  std::optional<ModelResult> redact(const std::string& name, const std::string& user,
                                    const std::string& id, Offset target) {
    if (const auto known = duplicate(name, user, id)) return known;
    if (!has_target(name, target)) return {};
    ModelRoom& room = open(name);
    for (ModelEntry& entry : room.entries) {
      const Offset offset = entry.publication.offset;
      if (entry.redacted || (offset != target && entry.about != target)) continue;
      entry.publication.data = base::Frame::copy_of("gone");
      entry.redacted = true;
      if (room.subscribed) told.push_back("redacted " + std::to_string(offset.value));
    }
    return ModelResult{append(name, user, "delete", id, Offset{0})};
  }
  std::optional<ModelResult> duplicate(const std::string& name, const std::string& user,
                                       const std::string& id) {
    ModelRoom* room = find(name);
    if (!room) return {};
    std::erase_if(room->ids, [&](const ModelId& i) { return old(i.at, limits_.dedupe_window); });
    rest(*room);
    for (const ModelId& known : room->ids) {
      if (!id.empty() && known.user == user && known.id == id) return {{known.offset, true}};
    }
    return {};
  }
  bool has_target(const std::string& name, Offset offset) {
    ModelRoom* room = find(name);
    if (!room) return false;
    trim(*room);
    return std::ranges::any_of(room->entries, [&](const ModelEntry& entry) {
      return entry.publication.offset == offset && !entry.redacted;
    });
  }
  Offset append(const std::string& name, const std::string& user, const std::string& data,
                const std::string& id, Offset about) {
    ModelRoom& room = open(name);
    room.issued = model::next_offset(room.issued, cluster_.wall_now(), 100);
    const model::Publication publication{room.issued,
                                         room.last,
                                         {.user = model::UserId{user}, .client = {}, .info = {}},
                                         base::Frame::copy_of(data)};
    room.last = room.issued;
    if (room.subscribed) told.push_back(text(publication));
    room.entries.push_back({publication, about, cluster_.now()});
    if (!id.empty()) room.ids.push_back({user, id, room.issued, cluster_.now()});
    if (room.entries.size() > room.bounds.entries_max) room.entries.erase(room.entries.begin());
    if (room.ids.size() > limits_.dedupe_ids_max) room.ids.erase(room.ids.begin());
    trim(room);
    return room.issued;
  }
  void trim(ModelRoom& room) {
    std::erase_if(room.entries,
                  [&](const ModelEntry& e) { return old(e.at, room.bounds.age_max); });
    rest(room);
  }
  void rest(ModelRoom& room) {
    if (room.subscribed || !room.entries.empty() || !room.ids.empty()) {
      room.resting.reset();
    } else if (!room.resting) {
      room.resting = cluster_.now();
    }
  }
  void sweep() {
    for (auto& [name, room] : rooms) {
      std::erase_if(room.ids, [&](const ModelId& i) { return old(i.at, limits_.dedupe_window); });
      trim(room);
    }
    std::erase_if(rooms, [&](const auto& item) {
      return item.second.resting && old(*item.second.resting, item.second.bounds.meta_ttl);
    });
  }

  std::map<std::string, ModelRoom> rooms;
  Told told;

 private:
  [[nodiscard]] bool old(base::Instant at, base::Duration bound) const {
    return cluster_.now() - at >= bound;
  }

  const MemoryBrokerLimits limits_;
  const BoundsOf bounds_of_;
  const tests::support::FakeCluster& cluster_;
};

// One run: the partition and its model side by side.
class SideBySide {
 public:
  SideBySide(const MemoryBrokerLimits& limits, const BoundsOf& bounds_of, unsigned seed)
      : random_(seed), test_(limits, seed, bounds_of), model_(limits, bounds_of, test_.cluster) {}

  void step();

 private:
  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  Offset some_offset(const std::string& name);
  void check_epoch(const std::string& name, const model::Epoch& epoch);
  void check_told();
  void check_usage();
  void publish(const std::string& name);
  void redact(const std::string& name);
  void ephemeral(const std::string& name);
  void read(const std::string& name);
  void subscription(const std::string& name);
  void remove(const std::string& name);
  void time_passes();

  std::mt19937 random_;
  PartitionUnderTest test_;
  Model model_;
  std::set<std::string> epochs_;  // none comes twice
  int published_ = 0;
};

Offset SideBySide::some_offset(const std::string& name) {
  const ModelRoom* room = model_.find(name);
  if (!room || room->entries.empty() || below(4) == 0) return Offset{below(3)};
  const auto& entry = room->entries[below(static_cast<unsigned>(room->entries.size()))];
  return Offset{entry.publication.offset.value + below(3) - 1};
}

void SideBySide::check_epoch(const std::string& name, const model::Epoch& epoch) {
  ModelRoom& room = model_.open(name);
  if (room.epoch.empty()) {
    room.epoch = epoch.value;
    ASSERT_TRUE(epochs_.insert(epoch.value).second) << "an epoch came again";
  }
  ASSERT_EQ(epoch.value, room.epoch);
}

void SideBySide::check_told() {
  Told told;
  for (const Addressed& addressed : test_.outgoing.take(kShard.shard)) {
    if (const auto* published = std::get_if<Published>(&addressed.message)) {
      check_epoch(published->room.value, published->epoch);
      told.push_back(text(published->publication));
    } else if (const auto* redacted = std::get_if<Redacted>(&addressed.message)) {
      for (const Offset target : redacted->targets) {
        told.push_back("redacted " + std::to_string(target.value));
      }
    } else {
      told.push_back("lost " + std::get<Lost>(addressed.message).room.value);
    }
  }
  ASSERT_EQ(told, model_.told);
  model_.told.clear();
}

void SideBySide::check_usage() {
  std::size_t entries = 0;
  std::size_t ids = 0;
  for (const auto& [name, room] : model_.rooms) {
    entries += room.entries.size();
    ids += room.ids.size();
  }
  ASSERT_EQ(test_.partition.usage().rooms, model_.rooms.size());
  ASSERT_EQ(test_.partition.usage().entries, entries);
  ASSERT_EQ(test_.partition.usage().ids, ids);
  ASSERT_EQ(test_.partition.usage().bytes == 0, model_.rooms.empty());
}

void SideBySide::publish(const std::string& name) {
  const std::string user = below(2) == 0 ? "ann" : "bob";
  const std::string id = below(2) == 0 ? "id-" + std::to_string(below(6)) : "";
  const std::string data = std::to_string(++published_);
  const Offset about = below(3) == 0 ? some_offset(name) : Offset{0};
  const auto expected = model_.publish(name, user, data, id, about);
  const auto result = test_.partition.publish(
      RoomName{name}, {.user = model::UserId{user}, .client = {}, .info = {}},
      base::Frame::copy_of(data),
      {.retention = model::Retention::kHistory, .id = id, .about = about});
  ASSERT_EQ(result.has_value(), expected.has_value());
  if (!result) {
    ASSERT_EQ(result.error().code, base::ErrorCode::kNotFound);
    return;
  }
  check_epoch(name, result->position.epoch);
  ASSERT_EQ(result->position.offset, expected->offset);
  ASSERT_EQ(result->duplicate, expected->duplicate);
}

void SideBySide::redact(const std::string& name) {
  const Offset target = some_offset(name);
  const std::string id = below(3) == 0 ? "id-" + std::to_string(below(6)) : "";
  const auto expected = model_.redact(name, "mod", id, target);
  const auto result = test_.partition.redact(
      RoomName{name}, {.user = model::UserId{"mod"}, .client = {}, .info = {}},
      base::Frame::copy_of("delete"), target, base::Frame::copy_of("gone"), id);
  ASSERT_EQ(result.has_value(), expected.has_value());
  if (result) {
    ASSERT_EQ(result->position.offset, expected->offset);
  } else {
    ASSERT_EQ(result.error().code, base::ErrorCode::kNotFound);
  }
}

void SideBySide::ephemeral(const std::string& name) {
  const ModelRoom* room = model_.find(name);
  if (room && room->subscribed) model_.told.emplace_back("0<0 ann:typing");
  const auto result = test_.partition.publish(
      RoomName{name}, {.user = model::UserId{"ann"}, .client = {}, .info = {}},
      base::Frame::copy_of("typing"), {.retention = model::Retention::kEphemeral, .id = {}});
  ASSERT_TRUE(result.has_value());
  ASSERT_EQ(result->position.offset, Offset{0});
}

void SideBySide::read(const std::string& name) {
  ModelRoom* room = model_.find(name);
  if (room) model_.trim(*room);
  HistoryQuery query;
  if (below(3) > 0) query.since = some_offset(name);
  query.limit = below(8);
  if (below(2) == 0) query.direction = HistoryQuery::Direction::kReverse;
  std::vector<std::string> expected;
  if (room) {
    const bool forward = query.direction == HistoryQuery::Direction::kForward;
    std::vector<ModelEntry> entries = room->entries;
    if (!forward) std::ranges::reverse(entries);
    for (const ModelEntry& entry : entries) {
      const Offset offset = entry.publication.offset;
      if (query.since && (forward ? offset <= *query.since : offset >= *query.since)) continue;
      if (expected.size() < query.limit) expected.push_back(text(entry.publication));
    }
  }
  const auto result = test_.partition.history(RoomName{name}, query);
  ASSERT_TRUE(result.has_value());
  std::vector<std::string> got;
  for (const auto& entry : result->entries) got.push_back(text(entry));
  ASSERT_EQ(got, expected);
  ASSERT_EQ(result->top, test_.position(name));
  ASSERT_EQ(result->top.offset, room ? room->last : Offset{0});
  if (room) check_epoch(name, result->top.epoch);

  const Offset at = some_offset(name);
  const auto entry = test_.partition.entry(RoomName{name}, at);
  const auto there = [&](const ModelEntry& e) { return e.publication.offset == at; };
  ASSERT_EQ(entry.has_value(), room && std::ranges::any_of(room->entries, there));
}

void SideBySide::subscription(const std::string& name) {
  if (below(2) == 0) {
    ModelRoom& room = model_.open(name);
    room.subscribed = true;
    model_.rest(room);
    const auto result = test_.partition.subscribe(RoomName{name}, kShard);
    ASSERT_TRUE(result.has_value());
    check_epoch(name, result->epoch);
    ASSERT_EQ(result->offset, room.last);
    return;
  }
  test_.partition.unsubscribe(RoomName{name}, kShard);
  if (ModelRoom* room = model_.find(name)) {
    room->subscribed = false;
    model_.rest(*room);
  }
}

void SideBySide::remove(const std::string& name) {
  ASSERT_TRUE(test_.partition.remove_history(RoomName{name}).has_value());
  ModelRoom* room = model_.find(name);
  if (!room) return;
  room->entries.clear();
  room->ids.clear();
  room->epoch.clear();
  room->last = Offset{0};
  model_.rest(*room);
  if (room->subscribed) model_.told.push_back("lost " + name);
}

void SideBySide::time_passes() {
  test_.cluster.advance(milliseconds{below(400)});
  if (below(4) == 0) test_.cluster.jump_wall(milliseconds{below(2000)} - milliseconds{1000});
  if (below(2) == 0) {
    ASSERT_EQ(test_.partition.sweep(), Partition::Sweep::kDone);
    model_.sweep();
  }
}

void SideBySide::step() {
  const std::string name = "room-" + std::to_string(below(4));
  const unsigned kind = below(100);
  if (kind < 45) {
    publish(name);
  } else if (kind < 55) {
    redact(name);
  } else if (kind < 60) {
    ephemeral(name);
  } else if (kind < 75) {
    read(name);
  } else if (kind < 85) {
    subscription(name);
  } else if (kind < 88) {
    remove(name);
  } else {
    time_passes();
  }
  if (testing::Test::HasFatalFailure()) return;
  check_told();
  check_usage();
}

void run(const BoundsOf& bounds_of) {
  MemoryBrokerLimits limits = boundless();
  limits.entries_max = 6;
  limits.age_max = milliseconds{1500};
  limits.dedupe_window = milliseconds{700};
  limits.dedupe_ids_max = 4;
  limits.meta_ttl = milliseconds{1000};
  for (unsigned seed = 0; seed < 200; ++seed) {
    SideBySide side_by_side(limits, bounds_of, seed);
    for (int i = 0; i < 300; ++i) {
      side_by_side.step();
      if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
  }
}

TEST(PartitionModel, AgreesUnderRandomOperations) { run(nullptr); }

TEST(PartitionModel, AgreesWhenRoomsHaveBoundsOfTheirOwn) {
  run([](const RoomName& room) -> RoomBounds {
    if (room.value == "room-0") {
      return {.entries_max = 3, .age_max = milliseconds{5000}, .meta_ttl = milliseconds{300}};
    }
    if (room.value == "room-1") {
      return {.entries_max = 0, .age_max = milliseconds{5000}, .meta_ttl = milliseconds{0}};
    }
    return {.entries_max = 9, .age_max = milliseconds{400}, .meta_ttl = milliseconds{2500}};
  });
}

}  // namespace
}  // namespace palaver::broker::memory
