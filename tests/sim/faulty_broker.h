// SPDX-License-Identifier: Apache-2.0
// FaultyBroker: a broker on a bad day, between a real one and a shard's home. As the world's
// choices will, it fails calls, before or after they took effect; it delays answers and sink calls,
// within the order that the contract promises; it drops sink calls, doubles them, and tells of
// losses that did not happen. Made on its shard's thread by the world; tasks of the shard hold a
// pointer to it.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "broker/broker.h"
#include "tests/support/choices.h"

namespace palaver::tests::sim {

// How often something happens, of 1000 times; shared by all brokers of a world.
struct Faults {
  bool on = true;
  unsigned fails_before = 0;
  unsigned fails_after = 0;
  unsigned delays = 0;
  unsigned drops = 0;
  unsigned doubles = 0;
  unsigned losses = 0;
  base::Duration delay_max{};
  support::Choices* choices = nullptr;

  struct Counts {
    std::uint64_t failed = 0;
    std::uint64_t delayed = 0;
    std::uint64_t dropped = 0;
    std::uint64_t doubled = 0;
    std::uint64_t lost = 0;
  } counts;

  [[nodiscard]] bool happens(unsigned of_1000) { return on && choices->below(1000) < of_1000; }
  [[nodiscard]] base::Duration some_delay() {
    const auto end = std::chrono::duration_cast<std::chrono::milliseconds>(delay_max).count() + 1;
    return std::chrono::milliseconds{choices->below(static_cast<std::size_t>(end))};
  }
};

class FaultyBroker final : public broker::Broker, public broker::BrokerSink {
 public:
  using MakeBroker = std::function<std::unique_ptr<broker::Broker>(broker::BrokerSink& sink)>;

  // `executor` is the shard's own. All references outlive it.
  FaultyBroker(Faults& faults, base::Executor& executor, broker::BrokerSink& sink,
               const MakeBroker& make_behind)
      : faults_(faults), executor_(executor), sink_(sink), behind_(make_behind(*this)) {}

  void subscribe(const model::RoomName& room, broker::Completion<model::Position> done) override;
  void unsubscribe(const model::RoomName& room) override { behind_->unsubscribe(room); }
  void publish(const model::RoomName& room, model::Sender sender, base::Frame data,
               broker::PublishOptions options,
               broker::Completion<broker::PublishResult> done) override;
  void history(const model::RoomName& room, broker::HistoryQuery query,
               broker::Completion<broker::History> done) override;
  void positions(std::vector<model::RoomName> rooms,
                 broker::Completion<std::vector<model::Position>> done) override;
  void entry(const model::RoomName& room, model::Offset offset,
             broker::Completion<model::Publication> done) override;
  void redact(const model::RoomName& room, model::Sender sender, base::Frame data,
              model::Offset target, base::Frame replacement, std::string id,
              broker::Completion<broker::RedactResult> done) override;
  void remove_history(const model::RoomName& room, broker::Completion<void> done) override;
  void stop() override;

  void on_publication(const model::RoomName& room, const model::Epoch& epoch,
                      const model::Publication& publication) override;
  void on_redaction(const model::RoomName& room, model::Offset target) override;
  void on_lost(const model::RoomName& room) override;

 private:
  // True: the call fails without reaching the broker behind.
  template <typename T>
  [[nodiscard]] bool fails(broker::Completion<T>& done);
  // `done` with what may befall an answer on its way.
  template <typename T>
  [[nodiscard]] broker::Completion<T> on_its_way(broker::Completion<T> done);
  // The same for a publish, in its order.
  template <typename T>
  [[nodiscard]] broker::Completion<T> acknowledged(broker::Completion<T> done);
  void later(base::Task task);
  // What is to stay in order: sink calls, and the acknowledgements of publishes.
  void in_order(base::Task task);
  void pump();

  Faults& faults_;
  base::Executor& executor_;
  broker::BrokerSink& sink_;
  std::unique_ptr<broker::Broker> behind_;
  std::deque<base::Task> queue_;  // waits for pump()
  bool stopped_ = false;
};

}  // namespace palaver::tests::sim
