// SPDX-License-Identifier: Apache-2.0
// BrokerContract: what broker.h promises, as tests that every implementation passes. A new one
// brings a BrokerHarness and one INSTANTIATE_TEST_SUITE_P; what it cannot do (move time, lose
// connections) it leaves out of its Abilities, and the tests that need it are skipped. The suite is
// single-threaded: a harness runs its shards in turn, inside run_until() and settle().
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/limits.h"
#include "broker/broker.h"
#include "model/position.h"
#include "model/publication.h"
#include "tests/contract/answer.h"

namespace palaver::tests::contract {

// A node with a fresh broker system behind it, and no rooms.
class BrokerHarness {
 public:
  struct Abilities {
    bool time = false;         // advance()
    bool connections = false;  // lose_connections()
    bool history = true;       // rooms keep what is published
  };

  virtual ~BrokerHarness() = default;
  [[nodiscard]] virtual Abilities abilities() const = 0;
  [[nodiscard]] virtual unsigned shards() const = 0;
  // The broker of a shard, one at a time.
  [[nodiscard]] virtual std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                                                    broker::BrokerSink& sink) = 0;
  // Runs `task` on the shard, later: the tests call a broker from its shard's tasks.
  virtual void post(unsigned shard, base::Task task) = 0;
  // Runs all shards until `done`; false when that takes too long.
  [[nodiscard]] virtual bool run_until(const std::function<bool()>& done) = 0;
  // Runs all shards for as long as anything that is under way may take.
  virtual void settle() = 0;
  // Moves every clock that matters, the ordering party's too.
  virtual void advance(base::Duration) {}
  // Every connection to the broker system breaks at once; new ones succeed.
  virtual void lose_connections() {}
};

// `limits` holds for what the harness makes.
struct HarnessParam {
  const char* name;
  std::function<std::unique_ptr<BrokerHarness>(const base::Limits& limits)> make;
  friend std::ostream& operator<<(std::ostream& out, const HarnessParam& p) {
    return out << p.name;
  }
};

// What a shard's sink was told, in order.
struct Event {
  enum class Kind { kPublication, kRedaction, kLost };
  Kind kind;
  std::string room;
  model::Epoch epoch;              // of a publication
  model::Publication publication;  // or, with its offset alone, the target of a redaction
};

class RecordingSink final : public broker::BrokerSink {
 public:
  void on_publication(const model::RoomName& room, const model::Epoch& epoch,
                      const model::Publication& publication) override;
  void on_redaction(const model::RoomName& room, model::Offset target) override;
  void on_lost(const model::RoomName& room) override;

  [[nodiscard]] std::vector<std::string> data_of(std::string_view room) const;
  [[nodiscard]] std::vector<model::Publication> publications_of(std::string_view room) const;

  std::vector<Event> events;
  std::function<void(const Event&)> then;  // called with each event, if set
};

class BrokerContract : public testing::TestWithParam<HarnessParam> {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Begins again with other limits.
  void start(const base::Limits& limits);

  [[nodiscard]] unsigned shards() const { return harness_->shards(); }
  // Stops the broker of shard `n` and makes another with the same sink.
  void replace_broker(unsigned n);
  // A shard of the node for any number.
  [[nodiscard]] unsigned shard(unsigned n) const { return n % shards(); }
  [[nodiscard]] broker::Broker& broker(unsigned n) { return *brokers_[shard(n)]; }
  [[nodiscard]] RecordingSink& sink(unsigned n) { return *sinks_[shard(n)]; }
  [[nodiscard]] BrokerHarness& harness() { return *harness_; }

  // Runs `task` on shard `n`, later.
  void on_shard(unsigned n, base::Task task);
  // Runs `method(completion)` on shard `n` and waits for the answer.
  template <typename T, typename Method>
  base::Result<T> wait(unsigned n, Method method) {
    return answer_on<T>(*harness_, shard(n), std::move(method));
  }

  // The calls of broker.h, on shard `n`, waited for.
  base::Result<model::Position> subscribe(unsigned n, const std::string& room);
  base::Result<broker::PublishResult> publish(unsigned n, const std::string& room,
                                              const std::string& data, const std::string& id = "",
                                              const std::string& user = "ann");
  base::Result<broker::PublishResult> publish_ephemeral(unsigned n, const std::string& room,
                                                        const std::string& data);
  base::Result<broker::PublishResult> publish_about(unsigned n, const std::string& room,
                                                    model::Offset about, const std::string& data,
                                                    const std::string& id = "");
  base::Result<broker::History> history(unsigned n, const std::string& room,
                                        broker::HistoryQuery query);
  base::Result<std::vector<model::Position>> positions(unsigned n,
                                                       const std::vector<std::string>& rooms);
  base::Result<model::Publication> entry(unsigned n, const std::string& room, model::Offset offset);
  base::Result<broker::RedactResult> redact(unsigned n, const std::string& room,
                                            model::Offset target, const std::string& id = "",
                                            const std::string& user = "ann");
  base::Result<void> remove_history(unsigned n, const std::string& room);

  // Publishes `data` on shard `n` without waiting; `answer` outlives its completion.
  using PublishAnswer = Answer<broker::PublishResult>;
  void start_publish(unsigned n, const std::string& room, const std::string& data,
                     PublishAnswer& answer, const std::string& id = "");

  // Everything that is kept, oldest first.
  std::vector<model::Publication> all(const std::string& room);
  // Publishes "1", "2", … and answers their offsets.
  std::vector<model::Offset> fill(const std::string& room, int count);

 private:
  std::unique_ptr<BrokerHarness> harness_;
  std::vector<std::unique_ptr<RecordingSink>> sinks_;
  std::vector<std::unique_ptr<broker::Broker>> brokers_;
};

[[nodiscard]] model::Sender sender(const std::string& user);
[[nodiscard]] base::Frame frame(std::string_view text);
[[nodiscard]] std::vector<std::string> data_of(const std::vector<model::Publication>& entries);
// Rising offsets, each prev the offset before; the first has `prev`.
[[nodiscard]] testing::AssertionResult is_chain(const std::vector<model::Publication>& entries,
                                                model::Offset prev);

}  // namespace palaver::tests::contract
