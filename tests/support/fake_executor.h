// SPDX-License-Identifier: Apache-2.0
// FakeCluster: the shards of a node (each an Executor and a Clock) without threads, for tests and
// the simulation. Everything runs on the test's thread, inside run_*() and advance(), under one
// fake time that moves only in advance(). A run is a pure function of the test and, in the seeded
// mode, of the seed. It keeps the Executor's promises and no more: what one poster posts to one
// target runs in that order; in the seeded mode all else is shuffled, as threads would.
//
// It must outlive its users; tasks that are left over are destroyed with it, without being run.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/strong.h"

namespace palaver::tests::support {

class FakeCluster;

class FakeExecutor final : public base::Executor, public base::Clock {
 public:
  FakeExecutor(FakeCluster& cluster, base::ShardId shard) : cluster_(cluster), shard_(shard) {}

  void post(base::Task task) override;
  void run_after(base::Duration delay, base::Task task) override;
  [[nodiscard]] base::Instant now() const override;
  [[nodiscard]] base::WallTime wall_now() const override;

 private:
  FakeCluster& cluster_;
  base::ShardId shard_;
};

class FakeCluster {
 public:
  // Tasks run in the order in which they were posted.
  explicit FakeCluster(unsigned shards);
  // The next task is any that the Executor's contract allows, by `seed`.
  FakeCluster(unsigned shards, std::uint64_t seed);
  ~FakeCluster();
  FakeCluster(const FakeCluster&) = delete;
  FakeCluster& operator=(const FakeCluster&) = delete;

  [[nodiscard]] unsigned shards() const { return static_cast<unsigned>(executors_.size()); }
  [[nodiscard]] FakeExecutor& shard(unsigned index) { return *executors_.at(index); }

  // Of all shards, or of `count` from `first` on: what a node of them is made of.
  [[nodiscard]] std::vector<base::Executor*> executors() { return executors(0, shards()); }
  [[nodiscard]] std::vector<base::Executor*> executors(unsigned first, unsigned count);

  // Runs one task. False: none is ready.
  bool run_one();
  // Runs until no task is ready (timers that are not due wait); answers how many ran.
  std::size_t run_until_idle();
  // Runs what is ready, then moves both clocks by `by`, stopping at each timer to run it and all
  // that follows from it at its own time.
  void advance(base::Duration by);
  // The wall clock alone jumps, forward or back.
  void jump_wall(std::chrono::milliseconds by) { wall_ += by; }
  // Runs `task` at once as one of the shard's, ahead of all that wait for it. Not inside a task.
  void run_on(base::ShardId shard, base::Task task);
  // The shard ends: its tasks and timers are destroyed, and so is whatever is posted to it later.
  void stop(base::ShardId shard);

  // True while a task runs, that is, on "a shard's thread".
  [[nodiscard]] bool in_task() const { return running_ != kOutside; }
  // The same for one shard.
  [[nodiscard]] bool runs(base::ShardId shard) const {
    return running_ == kFirstShard + shard.value;
  }
  [[nodiscard]] std::size_t ready() const { return ready_; }
  [[nodiscard]] std::size_t timers() const { return timers_.size(); }
  [[nodiscard]] base::Instant now() const { return now_; }
  [[nodiscard]] base::WallTime wall_now() const { return wall_; }

 private:
  friend class FakeExecutor;

  // Who posts: a shard by its index, a timer of the target, or the test itself.
  using Poster = std::size_t;
  static constexpr Poster kTimer = 0;
  static constexpr Poster kOutside = 1;
  static constexpr Poster kFirstShard = 2;

  struct Ready {
    std::uint64_t number;  // in the order of posting
    base::Task task;
  };
  struct Timer {
    base::Instant due;
    std::uint64_t number;
    base::ShardId shard;
    base::Task task;
  };
  using Lane = std::deque<Ready>;  // one poster to one target

  void enqueue(base::ShardId target, Poster poster, base::Task task);
  void add_timer(base::ShardId shard, base::Duration delay, base::Task task);
  [[nodiscard]] std::size_t choose_lane();
  [[nodiscard]] std::size_t lanes_per_shard() const { return executors_.size() + kFirstShard; }

  std::vector<std::unique_ptr<FakeExecutor>> executors_;
  std::vector<bool> stopped_;
  std::vector<Lane> lanes_;    // of all shards, shard by shard
  std::vector<Timer> timers_;  // a heap, the next one first
  std::unique_ptr<std::mt19937_64> shuffle_;
  Poster running_ = kOutside;
  std::size_t ready_ = 0;
  std::uint64_t numbers_ = 0;
  base::Instant now_{std::chrono::hours{1000}};
  base::Duration below_a_millisecond_{0};
  base::WallTime wall_;
};

}  // namespace palaver::tests::support
