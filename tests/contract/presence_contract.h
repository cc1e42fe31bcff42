// SPDX-License-Identifier: Apache-2.0
// PresenceContract: what presence.h promises, as tests that every implementation passes. A new one
// brings a PresenceHarness and one INSTANTIATE_TEST_SUITE_P. The suite is single-threaded: a
// harness runs its shards in turn, inside run_until() and settle().
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "broker/presence.h"
#include "model/publication.h"
#include "tests/contract/answer.h"

namespace palaver::tests::contract {

// Shards with a fresh presence system behind them, and nobody in any room. They may be of several
// nodes.
class PresenceHarness {
 public:
  virtual ~PresenceHarness() = default;
  [[nodiscard]] virtual unsigned shards() const = 0;
  // The instance of a shard, one at a time. Called between tasks, or in one of that shard.
  [[nodiscard]] virtual std::unique_ptr<broker::Presence> make_presence(unsigned shard) = 0;
  // The instance ends as its node does when it dies: without a word, if the implementation can.
  virtual void kill(std::unique_ptr<broker::Presence> presence) = 0;
  // Runs `task` on the shard, later: the tests call an instance from its shard's tasks.
  virtual void post(unsigned shard, base::Task task) = 0;
  // Runs all shards until `done`; false when that takes too long.
  [[nodiscard]] virtual bool run_until(const std::function<bool()>& done) = 0;
  // Runs all shards for as long as anything that is under way may take.
  virtual void settle() = 0;
  // Lets so much time pass by every clock that matters, while all shards run.
  virtual void advance(base::Duration by) = 0;
};

struct PresenceParam {
  const char* name;
  std::function<std::unique_ptr<PresenceHarness>()> make;
  friend std::ostream& operator<<(std::ostream& out, const PresenceParam& p) {
    return out << p.name;
  }
};

class PresenceContract : public testing::TestWithParam<PresenceParam> {
 protected:
  // A room's members by their client ids.
  using Members = std::map<std::string, model::Sender>;

  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] unsigned shards() const { return harness_->shards(); }
  // A shard for any number.
  [[nodiscard]] unsigned shard(unsigned n) const { return n % shards(); }
  [[nodiscard]] broker::Presence& presence(unsigned n) { return *presences_[shard(n)]; }
  [[nodiscard]] PresenceHarness& harness() { return *harness_; }

  // The instance of shard `n` ends, and a new one takes its place.
  void kill_and_replace(unsigned n);
  void stop_and_replace(unsigned n);
  // All that dead instances have left is gone.
  void let_leases_end();

  // Runs `task` on shard `n`, later.
  void on_shard(unsigned n, base::Task task) { harness_->post(shard(n), std::move(task)); }
  // Runs `method(completion)` on shard `n` and waits for the answer.
  template <typename T, typename Method>
  base::Result<T> wait(unsigned n, Method method) {
    return answer_on<T>(*harness_, shard(n), std::move(method));
  }

  // The calls of presence.h, on shard `n`, waited for.
  base::Result<void> add(unsigned n, const std::string& room, const model::Sender& member);
  void remove(unsigned n, const std::string& room, const std::string& client);
  base::Result<broker::PresenceStats> stats(unsigned n, const std::string& room);
  // Fails the test if there is no answer, or a client is there twice.
  Members members(unsigned n, const std::string& room);

 private:
  std::unique_ptr<PresenceHarness> harness_;
  std::vector<std::unique_ptr<broker::Presence>> presences_;
};

[[nodiscard]] model::Sender member(const std::string& client, const std::string& user,
                                   const std::string& info = "");

}  // namespace palaver::tests::contract
