// SPDX-License-Identifier: Apache-2.0
// The presence contract: its fixture, and the tests of who is in a room.
#include "tests/contract/presence_contract.h"

#include <random>
#include <set>
#include <utility>

namespace palaver::tests::contract {

using broker::PresenceStats;
using model::RoomName;
using std::chrono::seconds;

void PresenceContract::SetUp() {
  harness_ = GetParam().make();
  for (unsigned i = 0; i < shards(); ++i) presences_.push_back(harness_->make_presence(i));
}

void PresenceContract::TearDown() {
  for (const auto& presence : presences_) presence->stop();
  presences_.clear();
  harness_->settle();
}

void PresenceContract::kill_and_replace(unsigned n) {
  auto& slot = presences_[shard(n)];
  harness_->kill(std::move(slot));
  slot = harness_->make_presence(shard(n));
}

void PresenceContract::stop_and_replace(unsigned n) {
  auto& slot = presences_[shard(n)];
  slot->stop();
  slot.reset();
  slot = harness_->make_presence(shard(n));
}

void PresenceContract::let_leases_end() { harness_->advance(base::kPresenceLease + seconds{1}); }

base::Result<void> PresenceContract::add(unsigned n, const std::string& room,
                                         const model::Sender& member) {
  return wait<void>(n,
                    [&](auto done) { presence(n).add(RoomName{room}, member, std::move(done)); });
}

void PresenceContract::remove(unsigned n, const std::string& room, const std::string& client) {
  on_shard(n, [this, n, room, client] { presence(n).remove(RoomName{room}, client); });
  harness_->settle();
}

base::Result<PresenceStats> PresenceContract::stats(unsigned n, const std::string& room) {
  return wait<PresenceStats>(
      n, [&](auto done) { presence(n).stats(RoomName{room}, std::move(done)); });
}

PresenceContract::Members PresenceContract::members(unsigned n, const std::string& room) {
  const auto result = wait<std::vector<model::Sender>>(
      n, [&](auto done) { presence(n).members(RoomName{room}, std::move(done)); });
  EXPECT_TRUE(result.has_value());
  Members members;
  if (!result) return members;
  for (const model::Sender& member : *result) {
    EXPECT_TRUE(members.emplace(member.client, member).second) << member.client << " twice";
  }
  return members;
}

model::Sender member(const std::string& client, const std::string& user, const std::string& info) {
  return {.user = model::UserId{user}, .client = client, .info = info};
}

namespace {

using base::ErrorCode;

TEST_P(PresenceContract, NobodyIsInARoomAtFirst) {
  for (unsigned n = 0; n < shards(); ++n) {
    EXPECT_TRUE(members(n, "room").empty());
    EXPECT_EQ(stats(n, "room"), PresenceStats{});
  }
}

TEST_P(PresenceContract, AMemberIsSeenFromEverywhereAsItWasAdded) {
  const auto ann = member("c1", "ann", R"({"name":"Änn"})");
  const auto bob = member("c2", "bob");
  const auto long_one = member(std::string(300, 'c'), std::string(200, 'u'), std::string(999, 'i'));
  ASSERT_TRUE(add(0, "room", ann) && add(1, "room", bob) && add(2, "room", long_one));
  ASSERT_TRUE(add(1, "other", ann));
  for (unsigned n = 0; n < shards(); ++n) {
    EXPECT_EQ(members(n, "room"), (Members{{"c1", ann}, {"c2", bob}, {long_one.client, long_one}}));
    EXPECT_EQ(members(n, "other"), (Members{{"c1", ann}}));
    EXPECT_EQ(stats(n, "room"), (PresenceStats{3, 3}));
    EXPECT_EQ(stats(n, "other"), (PresenceStats{1, 1}));
  }
}

TEST_P(PresenceContract, AddingAgainReplaces) {
  ASSERT_TRUE(add(0, "room", member("c1", "ann", "1")));
  ASSERT_TRUE(add(0, "room", member("c1", "ann", "2")));
  EXPECT_EQ(members(1, "room"), (Members{{"c1", member("c1", "ann", "2")}}));
  EXPECT_EQ(stats(1, "room"), (PresenceStats{1, 1}));
  // The user too, from and to anonymous as well.
  for (const char* user : {"bob", "", "ann"}) {
    ASSERT_TRUE(add(0, "room", member("c1", user, "3")));
    EXPECT_EQ(members(1, "room"), (Members{{"c1", member("c1", user, "3")}}));
    EXPECT_EQ(stats(1, "room"), (PresenceStats{1, 1}));
  }
}

TEST_P(PresenceContract, RemovedMembersAreGone) {
  ASSERT_TRUE(add(0, "room", member("c1", "ann")) && add(0, "room", member("c2", "bob")));
  ASSERT_TRUE(add(0, "other", member("c1", "ann")));
  remove(0, "room", "c1");
  EXPECT_EQ(members(1, "room"), (Members{{"c2", member("c2", "bob")}}));
  EXPECT_EQ(members(1, "other"), (Members{{"c1", member("c1", "ann")}}));
  // Again, and what never was there.
  for (const char* client : {"c1", "never", ""}) remove(0, "room", client);
  remove(0, "never", "c1");
  EXPECT_EQ(stats(1, "room"), (PresenceStats{1, 1}));
  EXPECT_EQ(stats(1, "never"), PresenceStats{});
  remove(0, "room", "c2");
  EXPECT_TRUE(members(0, "room").empty());
  EXPECT_EQ(stats(0, "room"), PresenceStats{});
}

TEST_P(PresenceContract, UsersAreCountedOnceAndAnonymousOnesEach) {
  const char* const users[] = {"ann", "ann", "bob", "", "", "", "ann"};
  for (unsigned i = 0; i < std::size(users); ++i) {
    ASSERT_TRUE(add(i, "room", member("c" + std::to_string(i), users[i])));
  }
  EXPECT_EQ(stats(0, "room"), (PresenceStats{7, 5}));
  remove(0, "room", "c0");
  EXPECT_EQ(stats(0, "room"), (PresenceStats{6, 5}));
  remove(1, "room", "c1");
  remove(3, "room", "c3");
  EXPECT_EQ(stats(0, "room"), (PresenceStats{4, 4}));
  remove(6, "room", "c6");
  EXPECT_EQ(stats(0, "room"), (PresenceStats{3, 3}));
}

TEST_P(PresenceContract, AMemberNeedsAClient) {
  const auto result = add(0, "room", member("", "ann"));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(stats(0, "room"), PresenceStats{});
}

// Texts that would run together in a careless key.
TEST_P(PresenceContract, NamesAreTakenAsTheyAre) {
  const std::vector<std::pair<std::string, std::string>> keys = {
      {"a", "b:c"}, {"a:b", "c"}, {"a", "b"}, {"a ", "b"}, {"{a}", "b"}, {"a", "B"}};
  for (const auto& [room, client] : keys) {
    ASSERT_TRUE(add(0, room, member(client, client + "@" + room, room)));
  }
  remove(0, "a:b", "b:c");
  EXPECT_EQ(members(1, "a").size(), 3U);
  for (const auto& [room, client] : keys) {
    EXPECT_EQ(members(1, room)[client], member(client, client + "@" + room, room));
  }
}

TEST_P(PresenceContract, CallsForARoomTakeEffectInTheirOrder) {
  for (unsigned n = 0; n < shards(); ++n) {
    std::vector<std::size_t> seen;
    std::size_t answers = 0;
    const std::string room = "room-" + std::to_string(n);
    on_shard(n, [&, n] {
      const RoomName name{room};
      const auto look = [&] {
        presence(n).stats(name, [&](base::Result<PresenceStats> stats) {
          ASSERT_TRUE(stats.has_value());
          seen.push_back(stats->clients);
          ++answers;
        });
      };
      const auto join = [&](const char* client) {
        presence(n).add(name, member(client, "ann"), [&](base::Result<void> added) {
          EXPECT_TRUE(added.has_value());
          ++answers;
        });
      };
      look();
      join("c1");
      look();
      join("c2");
      look();
      presence(n).remove(name, "c1");
      look();
      join("c1");
      presence(n).remove(name, "c1");
      presence(n).remove(name, "c2");
      look();
    });
    ASSERT_TRUE(harness().run_until([&] { return answers == 8; }));
    EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 1, 0}));
  }
}

// Random operations from all shards against a table that a test can see through. Every answer is
// waited for, so that the order is known.
TEST_P(PresenceContract, AgreesWithANaiveModelUnderRandomOperations) {
  constexpr unsigned kSteps = 600;
  struct ModelMember {
    model::Sender sender;
    unsigned owner;
  };
  const unsigned seed = 7 + shards();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&random](unsigned end) { return static_cast<unsigned>(random() % end); };
  std::map<std::string, std::map<std::string, ModelMember>> rooms;

  for (unsigned step = 0; step < kSteps; ++step) {
    const std::string room = "room-" + std::to_string(below(3));
    const std::string client = "client-" + std::to_string(below(8));
    const unsigned n = shard(below(100));
    const unsigned kind = below(100);
    if (kind < 60) {
      const auto added = member(client, below(3) == 0 ? "" : "user-" + std::to_string(below(4)),
                                std::string(below(40), 'i'));
      ASSERT_TRUE(add(n, room, added));
      rooms[room].insert_or_assign(client, ModelMember{added, n});
    } else if (kind < 95) {
      remove(n, room, client);
      rooms[room].erase(client);
    } else {
      if (below(2) == 0) {
        kill_and_replace(n);
      } else {
        stop_and_replace(n);
      }
      let_leases_end();
      for (auto& [name, of] : rooms) {
        std::erase_if(of, [n](const auto& item) { return item.second.owner == n; });
      }
    }
    for (const auto& [name, of] : rooms) {
      Members expected;
      std::set<std::string> users;
      for (const auto& [id, m] : of) {
        expected.emplace(id, m.sender);
        users.insert(m.sender.user.value.empty() ? "anonymous " + id : m.sender.user.value);
      }
      const unsigned from = below(shards());
      ASSERT_EQ(members(from, name), expected) << "step " << step;
      ASSERT_EQ(stats(from, name), (PresenceStats{expected.size(), users.size()})) << step;
    }
  }
}

}  // namespace
}  // namespace palaver::tests::contract
