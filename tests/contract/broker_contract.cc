// SPDX-License-Identifier: Apache-2.0
// The fixture of the broker suite; the tests are in the files beside it.
#include "tests/contract/broker_contract.h"

#include <set>
#include <string_view>
#include <utility>

namespace palaver::tests::contract {

using broker::PublishOptions;
using model::Offset;
using model::RoomName;

void RecordingSink::on_publication(const RoomName& room, const model::Epoch& epoch,
                                   const model::Publication& publication) {
  events.push_back({Event::Kind::kPublication, room.value, epoch, publication});
  if (then) then(events.back());
}

void RecordingSink::on_redaction(const RoomName& room, Offset target) {
  Event event{Event::Kind::kRedaction, room.value, {}, {}};
  event.publication.offset = target;
  events.push_back(std::move(event));
  if (then) then(events.back());
}

void RecordingSink::on_lost(const RoomName& room) {
  events.push_back({Event::Kind::kLost, room.value, {}, {}});
  if (then) then(events.back());
}

std::vector<model::Publication> RecordingSink::publications_of(std::string_view room) const {
  std::vector<model::Publication> found;
  for (const Event& event : events) {
    if (event.kind == Event::Kind::kPublication && event.room == room) {
      found.push_back(event.publication);
    }
  }
  return found;
}

std::vector<std::string> RecordingSink::data_of(std::string_view room) const {
  return contract::data_of(publications_of(room));
}

namespace {

// What holds of a broker that keeps nothing, too; a new test needs a history until it stands here.
const std::set<std::string_view> kWithoutHistory = {
    "SubscribingTwiceDeliversOnce", "UnsubscribedShardsHearNothing",
    "EphemeralToNobodyMakesNoRoom", "AJoinThatIsRefusedMakesNoRoom",
    "StopDropsWhatIsUnderWay",      "SinkMayStopTheBroker",
    "CompletionMayStopTheBroker",   "NewBrokerOfAShardInheritsNothing",
    "ReadingMakesNoRoom",
};

}  // namespace

void BrokerContract::SetUp() {
  start(base::Limits{});
  if (harness_->abilities().history) return;
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const bool ours = std::string_view(test->test_suite_name()).ends_with("BrokerContract");
  const std::string_view name = test->name();
  if (ours && !kWithoutHistory.contains(name.substr(0, name.find('/')))) {
    GTEST_SKIP() << "nothing is kept";
  }
}

void BrokerContract::start(const base::Limits& limits) {
  TearDown();
  harness_ = GetParam().make(limits);
  for (unsigned i = 0; i < harness_->shards(); ++i) {
    sinks_.push_back(std::make_unique<RecordingSink>());
    brokers_.push_back(harness_->make_broker(base::ShardId{i}, *sinks_.back()));
  }
}

void BrokerContract::TearDown() {
  for (const auto& broker : brokers_) broker->stop();
  brokers_.clear();
  if (harness_) harness_->settle();
  harness_.reset();
  sinks_.clear();
}

void BrokerContract::replace_broker(unsigned n) {
  auto& slot = brokers_[shard(n)];
  slot->stop();
  slot.reset();
  harness_->settle();
  slot = harness_->make_broker(base::ShardId{shard(n)}, sink(n));
}

void BrokerContract::on_shard(unsigned n, base::Task task) {
  harness_->post(shard(n), std::move(task));
}

void BrokerContract::start_publish(unsigned n, const std::string& room, const std::string& data,
                                   PublishAnswer& answer, const std::string& id) {
  on_shard(n, [this, n, room, data, &answer, id] {
    broker(n).publish(RoomName{room}, sender("ann"), frame(data),
                      PublishOptions{.retention = model::Retention::kHistory, .id = id},
                      answer.completion());
    answer.call_returned();
  });
}

base::Result<model::Position> BrokerContract::subscribe(unsigned n, const std::string& room) {
  return wait<model::Position>(
      n, [&](auto done) { broker(n).subscribe(RoomName{room}, std::move(done)); });
}

base::Result<broker::PublishResult> BrokerContract::publish(unsigned n, const std::string& room,
                                                            const std::string& data,
                                                            const std::string& id,
                                                            const std::string& user) {
  return wait<broker::PublishResult>(n, [&](auto done) {
    broker(n).publish(RoomName{room}, sender(user), frame(data),
                      PublishOptions{.retention = model::Retention::kHistory, .id = id},
                      std::move(done));
  });
}

base::Result<broker::PublishResult> BrokerContract::publish_ephemeral(unsigned n,
                                                                      const std::string& room,
                                                                      const std::string& data) {
  return wait<broker::PublishResult>(n, [&](auto done) {
    broker(n).publish(RoomName{room}, sender("ann"), frame(data),
                      PublishOptions{.retention = model::Retention::kEphemeral, .id = "same"},
                      std::move(done));
  });
}

base::Result<broker::PublishResult> BrokerContract::publish_about(unsigned n,
                                                                  const std::string& room,
                                                                  Offset about,
                                                                  const std::string& data,
                                                                  const std::string& id) {
  return wait<broker::PublishResult>(n, [&](auto done) {
    broker(n).publish(
        RoomName{room}, sender("ann"), frame(data),
        PublishOptions{.retention = model::Retention::kHistory, .id = id, .about = about},
        std::move(done));
  });
}

base::Result<broker::History> BrokerContract::history(unsigned n, const std::string& room,
                                                      broker::HistoryQuery query) {
  return wait<broker::History>(
      n, [&](auto done) { broker(n).history(RoomName{room}, query, std::move(done)); });
}

base::Result<std::vector<model::Position>> BrokerContract::positions(
    unsigned n, const std::vector<std::string>& rooms) {
  std::vector<RoomName> names;
  for (const std::string& room : rooms) names.push_back(RoomName{room});
  return wait<std::vector<model::Position>>(
      n, [&](auto done) { broker(n).positions(names, std::move(done)); });
}

base::Result<model::Publication> BrokerContract::entry(unsigned n, const std::string& room,
                                                       Offset offset) {
  return wait<model::Publication>(
      n, [&](auto done) { broker(n).entry(RoomName{room}, offset, std::move(done)); });
}

base::Result<broker::RedactResult> BrokerContract::redact(unsigned n, const std::string& room,
                                                          Offset target, const std::string& id,
                                                          const std::string& user) {
  return wait<broker::RedactResult>(n, [&](auto done) {
    broker(n).redact(RoomName{room}, sender(user), frame("delete"), target, frame("gone"), id,
                     std::move(done));
  });
}

base::Result<void> BrokerContract::remove_history(unsigned n, const std::string& room) {
  return wait<void>(n,
                    [&](auto done) { broker(n).remove_history(RoomName{room}, std::move(done)); });
}

std::vector<model::Publication> BrokerContract::all(const std::string& room) {
  const auto result = history(0, room, {.since = {}, .limit = 100'000});
  EXPECT_TRUE(result.has_value());
  return result ? result->entries : std::vector<model::Publication>{};
}

std::vector<Offset> BrokerContract::fill(const std::string& room, int count) {
  std::vector<Offset> offsets;
  for (int i = 1; i <= count; ++i) {
    const auto result = publish(static_cast<unsigned>(i), room, std::to_string(i));
    EXPECT_TRUE(result.has_value());
    if (result) offsets.push_back(result->position.offset);
  }
  return offsets;
}

model::Sender sender(const std::string& user) {
  return {.user = model::UserId{user},
          .client = "a-client-of-" + user,
          .info = R"({"name":")" + user + "\"}"};
}

base::Frame frame(std::string_view text) { return base::Frame::copy_of(text); }

std::vector<std::string> data_of(const std::vector<model::Publication>& entries) {
  std::vector<std::string> data;
  for (const model::Publication& entry : entries) data.emplace_back(entry.data.view());
  return data;
}

testing::AssertionResult is_chain(const std::vector<model::Publication>& entries, Offset prev) {
  for (const model::Publication& entry : entries) {
    if (entry.prev != prev) {
      return testing::AssertionFailure() << "the entry at " << entry.offset.value << " has prev "
                                         << entry.prev.value << ", not " << prev.value;
    }
    if (entry.offset <= prev) {
      return testing::AssertionFailure() << entry.offset.value << " follows " << prev.value;
    }
    prev = entry.offset;
  }
  return testing::AssertionSuccess();
}

}  // namespace palaver::tests::contract
