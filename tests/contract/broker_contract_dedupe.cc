// SPDX-License-Identifier: Apache-2.0
// The broker contract: what a publish id does and does not do.
#include <deque>
#include <set>

#include "tests/contract/broker_contract.h"

namespace palaver::tests::contract {
namespace {

using base::ErrorCode;
using model::Offset;
using model::RoomName;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_P(BrokerContract, RetryIsStoredOnce) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto first = publish(0, "room", "1", "id");
  const auto again = publish(1, "room", "1 again", "id");
  ASSERT_TRUE(first && again);
  EXPECT_FALSE(first->duplicate);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->position, first->position);
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), (std::vector<std::string>{"1"}));
  EXPECT_EQ(data_of(all("room")), (std::vector<std::string>{"1"}));
}

TEST_P(BrokerContract, IdBelongsToItsRoomAndUser) {
  const auto first = publish(0, "room", "1", "id", "ann");
  for (const auto& other :
       {publish(0, "room", "2", "id", "bob"), publish(0, "room", "3", "id", ""),
        publish(0, "other", "4", "id", "ann"), publish(0, "room", "5", "id2", "ann")}) {
    ASSERT_TRUE(other.has_value());
    EXPECT_FALSE(other->duplicate);
  }
  // Not even where user and id run together.
  EXPECT_FALSE(publish(0, "room", "6", "nid", "an")->duplicate);
  EXPECT_FALSE(publish(0, "room", "7", ":id", "ann")->duplicate);
  EXPECT_FALSE(publish(0, "room", "8", "id", "ann:")->duplicate);
  EXPECT_EQ(publish(0, "room", "9", "id", "ann")->position, first->position);
}

TEST_P(BrokerContract, WithoutIdNothingIsARetry) {
  ASSERT_TRUE(publish(0, "room", "same") && publish(0, "room", "same"));
  EXPECT_EQ(all("room").size(), 2U);
}

TEST_P(BrokerContract, OneOfManyRetriesAtOnceIsStored) {
  std::deque<PublishAnswer> answers;
  std::size_t came = 0;
  for (unsigned n = 0; n < 12; ++n) {
    PublishAnswer& answer = answers.emplace_back();
    answer.then = [&came] { ++came; };
    start_publish(n, "room", std::to_string(n), answer, "id");
  }
  ASSERT_TRUE(harness().run_until([&] { return came == answers.size(); }));
  std::size_t stored = 0;
  for (const PublishAnswer& answer : answers) {
    ASSERT_TRUE(answer.result().has_value());
    EXPECT_EQ(answer.result()->position, answers.front().result()->position);
    if (!answer.result()->duplicate) ++stored;
  }
  EXPECT_EQ(stored, 1U);
  EXPECT_EQ(all("room").size(), 1U);
}

TEST_P(BrokerContract, IdIsKnownForTheWindowAfterTheFirst) {
  if (!harness().abilities().time) GTEST_SKIP() << "time cannot be moved";
  ASSERT_TRUE(publish(0, "room", "1", "id"));
  harness().advance(base::kDedupeWindow - seconds{1});
  EXPECT_TRUE(publish(0, "room", "2", "id")->duplicate);  // and does not begin a new window
  harness().advance(seconds{2});
  EXPECT_FALSE(publish(0, "room", "3", "id")->duplicate);
  EXPECT_TRUE(publish(0, "room", "4", "id")->duplicate);
  EXPECT_EQ(data_of(all("room")), (std::vector<std::string>{"1", "3"}));
}

TEST_P(BrokerContract, IdOutlivesItsEntry) {
  base::Limits limits;
  limits.history_entries_max = 2;
  start(limits);
  const auto first = publish(0, "room", "1", "id");
  fill("room", 5);
  ASSERT_EQ(entry(0, "room", first->position.offset).error().code, ErrorCode::kNotFound);
  const auto again = publish(0, "room", "1", "id");
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->position, first->position);
}

TEST_P(BrokerContract, ARoomRemembersABoundedNumberOfIds) {
  std::size_t came = 0;
  std::size_t duplicates = 0;
  on_shard(0, [&] {
    for (std::size_t i = 0; i <= base::kDedupeIdsMax; ++i) {
      broker(0).publish(RoomName{"room"}, sender("ann"), frame("x"),
                        {.retention = model::Retention::kHistory, .id = std::to_string(i)},
                        [&](base::Result<broker::PublishResult> result) {
                          ++came;
                          if (!result || result->duplicate) ++duplicates;
                        });
    }
  });
  ASSERT_TRUE(harness().run_until([&] { return came == base::kDedupeIdsMax + 1; }));
  EXPECT_EQ(duplicates, 0U);
  EXPECT_TRUE(publish(0, "room", "x", "1")->duplicate);
  EXPECT_TRUE(publish(0, "room", "x", std::to_string(base::kDedupeIdsMax))->duplicate);
  EXPECT_FALSE(publish(0, "room", "x", "0")->duplicate);
}

TEST_P(BrokerContract, IdsHaveALength) {
  const std::string longest(base::kDedupeIdBytesMax, 'i');
  EXPECT_FALSE(publish(0, "room", "1", longest)->duplicate);
  EXPECT_TRUE(publish(0, "room", "1", longest)->duplicate);
  const auto longer = publish(0, "room", "2", longest + "i");
  ASSERT_FALSE(longer.has_value());
  EXPECT_EQ(longer.error().code, ErrorCode::kInvalidArgument);
  const auto redacted = redact(0, "room", all("room")[0].offset, longest + "i");
  ASSERT_FALSE(redacted.has_value());
  EXPECT_EQ(redacted.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(all("room").size(), 1U);
  ASSERT_FALSE(publish(0, "not made", "2", longest + "i").has_value());
  EXPECT_EQ(positions(0, {"not made"})->front(), model::Position{});
}

}  // namespace
}  // namespace palaver::tests::contract
