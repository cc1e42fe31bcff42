// SPDX-License-Identifier: Apache-2.0
// FailingBroker: another broker, one of whose calls fails with kUnavailable: the nth of all brokers
// that share a counter. Nothing of that call reaches the broker behind it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "broker/broker.h"

namespace palaver::tests::rooms {

class FailingBroker final : public broker::Broker {
 public:
  // `executor` is the shard's own; `calls` counts and outlives it.
  FailingBroker(std::unique_ptr<broker::Broker> behind, base::Executor& executor, unsigned& calls,
                unsigned failing_call)
      : behind_(std::move(behind)),
        executor_(executor),
        calls_(calls),
        failing_call_(failing_call) {}

  void subscribe(const model::RoomName& room, broker::Completion<model::Position> done) override {
    if (!fails(done)) behind_->subscribe(room, std::move(done));
  }
  void unsubscribe(const model::RoomName& room) override { behind_->unsubscribe(room); }
  void publish(const model::RoomName& room, model::Sender sender, base::Frame data,
               broker::PublishOptions options,
               broker::Completion<broker::PublishResult> done) override {
    if (fails(done)) return;
    behind_->publish(room, std::move(sender), std::move(data), std::move(options), std::move(done));
  }
  void history(const model::RoomName& room, broker::HistoryQuery query,
               broker::Completion<broker::History> done) override {
    if (!fails(done)) behind_->history(room, query, std::move(done));
  }
  void positions(std::vector<model::RoomName> rooms,
                 broker::Completion<std::vector<model::Position>> done) override {
    if (!fails(done)) behind_->positions(std::move(rooms), std::move(done));
  }
  void entry(const model::RoomName& room, model::Offset offset,
             broker::Completion<model::Publication> done) override {
    if (!fails(done)) behind_->entry(room, offset, std::move(done));
  }
  void redact(const model::RoomName& room, model::Sender sender, base::Frame data,
              model::Offset target, base::Frame replacement, std::string id,
              broker::Completion<broker::RedactResult> done) override {
    if (fails(done)) return;
    behind_->redact(room, std::move(sender), std::move(data), target, std::move(replacement),
                    std::move(id), std::move(done));
  }
  void remove_history(const model::RoomName& room, broker::Completion<void> done) override {
    if (!fails(done)) behind_->remove_history(room, std::move(done));
  }
  void stop() override { behind_->stop(); }

 private:
  template <typename T>
  [[nodiscard]] bool fails(broker::Completion<T>& done) {
    if (calls_++ != failing_call_) return false;
    executor_.post([done = std::move(done)]() mutable {
      done(base::fail(base::ErrorCode::kUnavailable, "the test says no"));
    });
    return true;
  }

  std::unique_ptr<broker::Broker> behind_;
  base::Executor& executor_;
  unsigned& calls_;
  const unsigned failing_call_;
};

}  // namespace palaver::tests::rooms
