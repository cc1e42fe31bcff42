// SPDX-License-Identifier: Apache-2.0
// The broker contract: entries that speak of an entry, and redacting one with all that speaks of
// it.
#include <deque>

#include "model/recovery.h"
#include "tests/contract/broker_contract.h"

namespace palaver::tests::contract {
namespace {

using base::ErrorCode;
using model::Offset;
using model::RoomName;
using std::chrono::minutes;
using Texts = std::vector<std::string>;

template <typename T>
[[nodiscard]] testing::AssertionResult is_not_found(const base::Result<T>& result) {
  if (result) return testing::AssertionFailure() << "it succeeded";
  if (result.error().code == ErrorCode::kNotFound) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().message;
}

// The targets of the redactions that a sink was told of, in order.
[[nodiscard]] std::vector<Offset> redacted_in(const RecordingSink& sink) {
  std::vector<Offset> targets;
  for (const Event& event : sink.events) {
    if (event.kind == Event::Kind::kRedaction) targets.push_back(event.publication.offset);
  }
  return targets;
}

TEST_P(BrokerContract, AboutAKeptEntryIsAnEntryLikeOthers) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto offsets = fill("room", 2);
  const auto edit = publish_about(1, "room", offsets[0], "edit");
  ASSERT_TRUE(edit.has_value());
  const auto edit_of_edit = publish_about(2, "room", edit->position.offset, "edit of edit");
  ASSERT_TRUE(edit_of_edit.has_value());
  harness().settle();
  const Texts expected{"1", "2", "edit", "edit of edit"};
  EXPECT_EQ(data_of(all("room")), expected);
  EXPECT_TRUE(is_chain(all("room"), Offset{0}));
  EXPECT_EQ(sink(0).data_of("room"), expected);
  EXPECT_TRUE(redacted_in(sink(0)).empty());
}

TEST_P(BrokerContract, AboutWhatIsNotKeptIsRefused) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto offsets = fill("room", 2);
  const Offset of_another_room = fill("other", 3).back();
  harness().settle();
  sink(0).events.clear();
  for (const Offset never : {Offset{1}, Offset{offsets[0].value - 1}, Offset{offsets[1].value + 1},
                             model::kOffsetEnd, of_another_room}) {
    EXPECT_TRUE(is_not_found(publish_about(1, "room", never, "edit", "id"))) << never.value;
  }
  // Neither the entry nor its id is stored, and nobody is told.
  EXPECT_EQ(data_of(all("room")), (Texts{"1", "2"}));
  EXPECT_FALSE(publish(1, "room", "3", "id")->duplicate);
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), Texts{"3"});
  // No room comes of it.
  EXPECT_TRUE(is_not_found(publish_about(0, "none", offsets[0], "edit", "id")));
  EXPECT_EQ(positions(0, {"none"})->front(), model::Position{});
}

TEST_P(BrokerContract, AboutWhatWasTrimmedIsRefused) {
  base::Limits limits;
  limits.history_entries_max = 3;
  start(limits);
  const auto offsets = fill("room", 4);
  EXPECT_TRUE(is_not_found(publish_about(0, "room", offsets[0], "edit")));
  ASSERT_TRUE(publish_about(0, "room", offsets[1], "edit").has_value());
  EXPECT_TRUE(is_not_found(publish_about(0, "room", offsets[1], "edit again")));
  EXPECT_TRUE(is_not_found(redact(0, "room", offsets[1])));
  EXPECT_EQ(data_of(all("room")), (Texts{"3", "4", "edit"}));
}

TEST_P(BrokerContract, AboutWhatIsTooOldIsRefused) {
  base::Limits limits;
  limits.history_age_max = minutes{10};
  start(limits);
  if (!harness().abilities().time) GTEST_SKIP() << "time cannot be moved";
  const auto offsets = fill("room", 1);
  harness().advance(minutes{6});
  ASSERT_TRUE(publish_about(0, "room", offsets[0], "edit").has_value());
  harness().advance(minutes{6});
  EXPECT_TRUE(is_not_found(publish_about(0, "room", offsets[0], "edit again")));
  EXPECT_TRUE(is_not_found(redact(0, "room", offsets[0])));
  EXPECT_EQ(data_of(all("room")), Texts{"edit"});
}

TEST_P(BrokerContract, AboutWhatIsOfAnotherEpochIsRefused) {
  const auto offsets = fill("room", 1);
  ASSERT_TRUE(remove_history(0, "room"));
  EXPECT_TRUE(is_not_found(publish_about(0, "room", offsets[0], "edit")));
  EXPECT_TRUE(is_not_found(redact(0, "room", offsets[0])));
  EXPECT_TRUE(all("room").empty());
}

TEST_P(BrokerContract, RetryOfAnEditIsKnownThoughItsTargetIsGone) {
  base::Limits limits;
  limits.history_entries_max = 3;
  start(limits);
  const auto offsets = fill("room", 2);
  const auto redacted = publish_about(0, "room", offsets[0], "edit", "redacted");
  ASSERT_TRUE(redact(0, "room", offsets[0]).has_value());
  const auto again = publish_about(1, "room", offsets[0], "edit", "redacted");
  ASSERT_TRUE(redacted && again);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->position, redacted->position);
  EXPECT_TRUE(is_not_found(publish_about(1, "room", offsets[0], "edit", "another")));

  const auto second = fill("room", 1);
  const auto trimmed = publish_about(0, "room", second[0], "edit", "trimmed");
  fill("room", 5);
  const auto later = publish_about(1, "room", second[0], "edit", "trimmed");
  ASSERT_TRUE(trimmed && later);
  EXPECT_TRUE(later->duplicate);
  EXPECT_EQ(later->position, trimmed->position);
}

TEST_P(BrokerContract, NothingEphemeralIsAboutAnEntry) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto offsets = fill("room", 1);
  const auto result = wait<broker::PublishResult>(0, [&](auto done) {
    broker(0).publish(RoomName{"room"}, sender("ann"), frame("typing"),
                      {.retention = model::Retention::kEphemeral, .id = {}, .about = offsets[0]},
                      std::move(done));
  });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), Texts{"1"});
}

TEST_P(BrokerContract, RedactReplacesAndTellsInOneStep) {
  for (unsigned n = 0; n < shards(); ++n) ASSERT_TRUE(subscribe(n, "room"));
  const auto offsets = fill("room", 4);
  const auto edit = publish_about(0, "room", offsets[1], "edit");
  const auto of_another = publish_about(0, "room", offsets[0], "edit of another");
  const auto of_edit = publish_about(0, "room", edit->position.offset, "edit of edit");
  const auto reaction = publish_about(0, "room", offsets[1], "reaction");
  ASSERT_TRUE(of_another && of_edit && reaction);
  const auto before = all("room");
  harness().settle();
  for (unsigned n = 0; n < shards(); ++n) sink(n).events.clear();
  const auto result = redact(1, "room", offsets[1], "id", "mod");
  ASSERT_TRUE(result.has_value());
  harness().settle();

  const auto after = all("room");
  EXPECT_EQ(data_of(after), (Texts{"1", "gone", "3", "4", "gone", "edit of another", "edit of edit",
                                   "gone", "delete"}));
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].offset, before[i].offset);
    EXPECT_EQ(after[i].prev, before[i].prev);
    EXPECT_EQ(after[i].sender, before[i].sender);
  }
  EXPECT_EQ(after.back().offset, result->position.offset);
  EXPECT_EQ(after.back().sender, sender("mod"));
  EXPECT_TRUE(is_chain(after, Offset{0}));
  for (const Offset gone : {offsets[1], edit->position.offset, reaction->position.offset}) {
    const auto found = entry(0, "room", gone);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->offset, gone);
    EXPECT_EQ(found->data.view(), "gone");
  }

  const std::vector<Offset> targets{offsets[1], edit->position.offset, reaction->position.offset};
  for (unsigned n = 0; n < shards(); ++n) {
    const auto& events = sink(n).events;
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(redacted_in(sink(n)), targets);
    EXPECT_EQ(events[3].kind, Event::Kind::kPublication);
    EXPECT_EQ(events[3].publication.offset, result->position.offset);
    EXPECT_EQ(events[3].publication.prev, reaction->position.offset);
  }
}

TEST_P(BrokerContract, WhatIsRedactedIsNoTargetAnyMore) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto offsets = fill("room", 2);
  const auto edit = publish_about(0, "room", offsets[0], "edit");
  ASSERT_TRUE(edit && redact(0, "room", offsets[0]));
  const auto before = data_of(all("room"));
  harness().settle();
  sink(0).events.clear();
  // The entry, and what was about it: neither can be edited, nor redacted again.
  for (const Offset gone : {offsets[0], edit->position.offset}) {
    EXPECT_TRUE(is_not_found(publish_about(1, "room", gone, "edit again")));
    EXPECT_TRUE(is_not_found(redact(1, "room", gone, "id", "mod")));
  }
  EXPECT_TRUE(is_not_found(redact(1, "room", Offset{offsets[0].value - 1})));
  EXPECT_TRUE(is_not_found(redact(1, "none", offsets[0])));
  EXPECT_EQ(positions(0, {"none"})->front(), model::Position{});
  harness().settle();
  EXPECT_EQ(data_of(all("room")), before);
  EXPECT_TRUE(sink(0).events.empty());
  EXPECT_FALSE(publish(1, "room", "x", "id", "mod")->duplicate);
}

TEST_P(BrokerContract, RedactingAnEditLeavesItsTarget) {
  const auto offsets = fill("room", 1);
  const auto edit = publish_about(0, "room", offsets[0], "edit");
  ASSERT_TRUE(edit && redact(0, "room", edit->position.offset));
  EXPECT_EQ(data_of(all("room")), (Texts{"1", "gone", "delete"}));
  ASSERT_TRUE(subscribe(0, "room"));
  EXPECT_TRUE(publish_about(0, "room", offsets[0], "edit").has_value());
  // What was redacted alone is not told of twice.
  ASSERT_TRUE(redact(0, "room", offsets[0]).has_value());
  EXPECT_EQ(data_of(all("room")), (Texts{"gone", "gone", "delete", "gone", "delete"}));
  harness().settle();
  const auto told = redacted_in(sink(0));
  EXPECT_EQ(told, (std::vector<Offset>{offsets[0], all("room")[3].offset}));
}

TEST_P(BrokerContract, RedactIsDeduplicatedLikePublish) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto offsets = fill("room", 2);
  const auto first = redact(0, "room", offsets[0], "id");
  ASSERT_TRUE(first.has_value());
  harness().settle();
  const std::size_t told = sink(0).events.size();
  // Though its target is redacted by now, or another, or none.
  for (const Offset target : {offsets[0], offsets[1], Offset{1}}) {
    const auto again = redact(1, "room", target, "id");
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->position, first->position);
  }
  EXPECT_EQ(publish(1, "room", "x", "id")->position, first->position);
  harness().settle();
  EXPECT_EQ(sink(0).events.size(), told);
  EXPECT_EQ(data_of(all("room")), (Texts{"gone", "2", "delete"}));
}

// Edits from all shards while one redacts: each that was acknowledged as stored came before the
// redaction and went with it; all others were refused.
TEST_P(BrokerContract, AnEditThatRacesWithARedactionIsRedactedOrRefused) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto offsets = fill("room", 1);
  std::deque<PublishAnswer> edits;
  std::size_t came = 0;
  const auto start_edits = [&](unsigned rounds) {
    for (unsigned n = 0; n < shards() * rounds; ++n) {
      PublishAnswer& answer = edits.emplace_back();
      answer.then = [&came] { ++came; };
      on_shard(n, [this, n, &answer, target = offsets[0]] {
        broker(n).publish(RoomName{"room"}, sender("ann"), frame("edit"),
                          {.retention = model::Retention::kHistory, .id = {}, .about = target},
                          answer.completion());
        answer.call_returned();
      });
    }
  };
  start_edits(5);
  const auto redacted = redact(1, "room", offsets[0]);
  ASSERT_TRUE(redacted.has_value());
  start_edits(2);
  ASSERT_TRUE(harness().run_until([&] { return came == edits.size(); }));
  harness().settle();
  std::size_t stored = 0;
  for (const PublishAnswer& edit : edits) {
    if (!edit.result()) {
      EXPECT_TRUE(is_not_found(edit.result()));
      continue;
    }
    ++stored;
    const Offset offset = edit.result()->position.offset;
    EXPECT_LT(offset, redacted->position.offset);
    EXPECT_EQ(entry(0, "room", offset)->data.view(), "gone");
  }
  EXPECT_LE(stored, edits.size() - 2UL * shards());
  EXPECT_EQ(all("room").size(), stored + 2);
  EXPECT_EQ(redacted_in(sink(0)).size(), stored + 1);
}

TEST_P(BrokerContract, RedactedEntriesCountForHistoryAndRecovery) {
  base::Limits limits;
  limits.history_entries_max = 5;
  start(limits);
  const auto offsets = fill("room", 4);
  ASSERT_TRUE(redact(0, "room", offsets[1]).has_value());
  const auto read = history(0, "room", {.since = offsets[0], .limit = 9});
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(data_of(read->entries), (Texts{"gone", "3", "4", "delete"}));
  EXPECT_TRUE(is_chain(read->entries, offsets[0]));
  EXPECT_EQ(data_of(history(0, "room", {.since = offsets[1], .limit = 1})->entries), Texts{"3"});
  EXPECT_TRUE(model::recovered_from({read->top.epoch, offsets[0]}, read->top, &read->entries[0]));

  // And for the bound: the oldest goes, redacted or not.
  fill("room", 2);
  EXPECT_EQ(data_of(all("room")), (Texts{"3", "4", "delete", "1", "2"}));
  EXPECT_TRUE(is_chain(all("room"), offsets[1]));
}

}  // namespace
}  // namespace palaver::tests::contract
