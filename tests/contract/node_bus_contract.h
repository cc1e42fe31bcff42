// SPDX-License-Identifier: Apache-2.0
// NodeBusContract: what node_bus.h promises, as tests that every implementation passes. A new one
// brings a NodeBusHarness and one INSTANTIATE_TEST_SUITE_P. The suite is single-threaded: a harness
// runs its shards in turn, inside run_until() and settle().
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "broker/node_bus.h"
#include "tests/contract/answer.h"

namespace palaver::tests::contract {

// Shards with a fresh bus behind them, on which nothing was sent. They may be of several nodes.
class NodeBusHarness {
 public:
  virtual ~NodeBusHarness() = default;
  [[nodiscard]] virtual unsigned shards() const = 0;
  [[nodiscard]] virtual unsigned node_of(unsigned shard) const = 0;
  // The instance of a shard, one at a time. Called between tasks, or in one of that shard.
  [[nodiscard]] virtual std::unique_ptr<broker::NodeBus> make_bus(unsigned shard,
                                                                  broker::NodeBusSink& sink) = 0;
  // Whether a task of this shard runs now.
  [[nodiscard]] virtual bool runs(unsigned shard) const = 0;
  // Runs `task` on the shard, later: the tests call an instance from its shard's tasks.
  virtual void post(unsigned shard, base::Task task) = 0;
  // Runs all shards until `done`; false when that takes too long.
  [[nodiscard]] virtual bool run_until(const std::function<bool()>& done) = 0;
  // Runs all shards for as long as anything that is under way may take.
  virtual void settle() = 0;
};

struct NodeBusParam {
  const char* name;
  std::function<std::unique_ptr<NodeBusHarness>()> make;
  friend std::ostream& operator<<(std::ostream& out, const NodeBusParam& p) {
    return out << p.name;
  }
};

// All that a command says, as text.
[[nodiscard]] std::string text_of(const broker::NodeCommand& command);
// A command that is known by its text.
[[nodiscard]] broker::NodeCommand command(const std::string& text);

class NodeBusContract : public testing::TestWithParam<NodeBusParam> {
 protected:
  using Texts = std::vector<std::string>;

  // A shard's sink: notes what it is told.
  struct Sink final : broker::NodeBusSink {
    Sink(NodeBusHarness& of, unsigned number) : harness(of), shard(number) {}
    void on_command(const broker::NodeCommand& command) override;

    NodeBusHarness& harness;
    const unsigned shard;
    Texts texts;
    std::function<void()> then;  // after each command
  };

  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] unsigned shards() const { return harness_->shards(); }
  // A shard for any number.
  [[nodiscard]] unsigned shard(unsigned n) const { return n % shards(); }
  [[nodiscard]] broker::NodeBus& bus(unsigned n) { return *buses_[shard(n)]; }
  [[nodiscard]] Sink& sink(unsigned n) { return *sinks_[shard(n)]; }
  [[nodiscard]] NodeBusHarness& harness() { return *harness_; }
  // What shard `n` was told since the last time.
  [[nodiscard]] Texts told(unsigned n) { return std::exchange(sink(n).texts, {}); }

  // The instance of shard `n` stops, and a new one takes its place.
  void stop_and_replace(unsigned n);
  // Runs `task` on shard `n`, later.
  void on_shard(unsigned n, base::Task task) { harness_->post(shard(n), std::move(task)); }
  // Sends from shard `n` and waits for the answer.
  base::Result<void> send(unsigned n, broker::NodeCommand command);

 private:
  std::unique_ptr<NodeBusHarness> harness_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<std::unique_ptr<broker::NodeBus>> buses_;
};

}  // namespace palaver::tests::contract
