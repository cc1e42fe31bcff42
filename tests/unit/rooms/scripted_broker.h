// SPDX-License-Identifier: Apache-2.0
// ScriptedBroker: a Broker that does nothing by itself. It keeps each call until the test answers
// it, so that every order and every failure can be brought about.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "broker/broker.h"

namespace palaver::tests::rooms {

class ScriptedBroker final : public broker::Broker {
 public:
  struct Subscribe {
    model::RoomName room;
    broker::Completion<model::Position> done;
  };
  struct Read {
    model::RoomName room;
    broker::HistoryQuery query;
    broker::Completion<broker::History> done;
  };
  struct Positions {
    std::vector<model::RoomName> rooms;
    broker::Completion<std::vector<model::Position>> done;
  };
  struct Publish {
    model::RoomName room;
    model::Sender sender;
    std::string data;
    broker::PublishOptions options;
    broker::Completion<broker::PublishResult> done;
  };

  // Calls that wait for an answer, oldest first.
  std::deque<Subscribe> subscribes;
  std::deque<Read> reads;
  std::deque<Positions> checks;
  std::deque<Publish> publishes;
  std::set<model::RoomName> subscribed;  // or about to be

  // The oldest call of a kind, taken out.
  template <typename Call>
  [[nodiscard]] static Call take(std::deque<Call>& calls) {
    CHECK(!calls.empty(), "the call has been made");
    Call call = std::move(calls.front());
    calls.pop_front();
    return call;
  }

  void subscribe(const model::RoomName& room, broker::Completion<model::Position> done) override {
    subscribed.insert(room);
    subscribes.push_back({room, std::move(done)});
  }
  void unsubscribe(const model::RoomName& room) override { subscribed.erase(room); }
  void publish(const model::RoomName& room, model::Sender sender, base::Frame data,
               broker::PublishOptions options,
               broker::Completion<broker::PublishResult> done) override {
    publishes.push_back(
        {room, std::move(sender), std::string(data.view()), std::move(options), std::move(done)});
  }
  void history(const model::RoomName& room, broker::HistoryQuery query,
               broker::Completion<broker::History> done) override {
    reads.push_back({room, query, std::move(done)});
  }
  void positions(std::vector<model::RoomName> rooms,
                 broker::Completion<std::vector<model::Position>> done) override {
    checks.push_back({std::move(rooms), std::move(done)});
  }
  void entry(const model::RoomName&, model::Offset,
             broker::Completion<model::Publication>) override {
    CHECK(false, "rooms do not ask for an entry");
  }
  void redact(const model::RoomName&, model::Sender, base::Frame, model::Offset, base::Frame,
              std::string, broker::Completion<broker::RedactResult>) override {
    CHECK(false, "rooms do not redact");
  }
  void remove_history(const model::RoomName&, broker::Completion<void>) override {
    CHECK(false, "rooms do not remove a history");
  }
  void stop() override {
    subscribes.clear();
    reads.clear();
    checks.clear();
    publishes.clear();
  }
};

}  // namespace palaver::tests::rooms
