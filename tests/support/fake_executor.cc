// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_executor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace palaver::tests::support {
namespace {

// Far above what a test does between two looks at it: tasks that post each other without end.
constexpr std::size_t kTasksMax = 50'000'000;

constexpr base::WallTime kWallStart{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

// For the heap functions, whose front is the greatest.
constexpr auto kLater = [](const auto& a, const auto& b) {
  return std::pair(a.due, a.number) > std::pair(b.due, b.number);
};

}  // namespace

void FakeExecutor::post(base::Task task) {
  cluster_.enqueue(shard_, cluster_.running_, std::move(task));
}

void FakeExecutor::run_after(base::Duration delay, base::Task task) {
  cluster_.add_timer(shard_, delay, std::move(task));
}

base::Instant FakeExecutor::now() const { return cluster_.now_; }
base::WallTime FakeExecutor::wall_now() const { return cluster_.wall_; }

FakeCluster::FakeCluster(unsigned shards)
    : stopped_(shards, false), lanes_(shards * (shards + kFirstShard)), wall_(kWallStart) {
  CHECK(shards > 0, "a cluster has a shard");
  for (unsigned i = 0; i < shards; ++i) {
    executors_.push_back(std::make_unique<FakeExecutor>(*this, base::ShardId{i}));
  }
}

FakeCluster::FakeCluster(unsigned shards, std::uint64_t seed) : FakeCluster(shards) {
  shuffle_ = std::make_unique<std::mt19937_64>(seed);
}

FakeCluster::~FakeCluster() {
  for (unsigned i = 0; i < shards(); ++i) stop(base::ShardId{i});
}

void FakeCluster::enqueue(base::ShardId target, Poster poster, base::Task task) {
  CHECK(task != nullptr, "a task can be called");
  if (stopped_[target.value]) return;
  lanes_[target.value * lanes_per_shard() + poster].push_back({numbers_++, std::move(task)});
  ++ready_;
}

void FakeCluster::add_timer(base::ShardId shard, base::Duration delay, base::Task task) {
  CHECK(task != nullptr, "a task can be called");
  CHECK(delay >= base::Duration::zero(), "a delay is not negative");
  CHECK(running_ == kOutside || running_ == shard.value + kFirstShard,
        "run_after() is legal on the shard itself only");
  if (stopped_[shard.value]) return;
  timers_.push_back({now_ + delay, numbers_++, shard, std::move(task)});
  std::ranges::push_heap(timers_, kLater);
}

std::size_t FakeCluster::choose_lane() {
  if (shuffle_) {
    std::size_t skip = (*shuffle_)() % static_cast<std::size_t>(std::ranges::count_if(
                                           lanes_, [](const Lane& lane) { return !lane.empty(); }));
    for (std::size_t i = 0;; ++i) {
      if (!lanes_[i].empty() && skip-- == 0) return i;
    }
  }
  const auto oldest = std::ranges::min_element(lanes_, [](const Lane& a, const Lane& b) {
    if (a.empty() || b.empty()) return !a.empty();
    return a.front().number < b.front().number;
  });
  return static_cast<std::size_t>(oldest - lanes_.begin());
}

std::vector<base::Executor*> FakeCluster::executors(unsigned first, unsigned count) {
  std::vector<base::Executor*> some;
  for (unsigned i = 0; i < count; ++i) some.push_back(&shard(first + i));
  return some;
}

bool FakeCluster::run_one() {
  CHECK(!in_task(), "a task does not run tasks");
  if (ready_ == 0) return false;
  const std::size_t index = choose_lane();
  base::Task task = std::move(lanes_[index].front().task);
  lanes_[index].pop_front();
  --ready_;
  running_ = index / lanes_per_shard() + kFirstShard;
  task();
  task = nullptr;  // what it owns dies on its shard too
  running_ = kOutside;
  return true;
}

std::size_t FakeCluster::run_until_idle() {
  std::size_t count = 0;
  while (run_one()) CHECK(++count < kTasksMax, "the tasks of a test come to an end");
  return count;
}

void FakeCluster::advance(base::Duration by) {
  const base::Instant end = now_ + by;
  const auto move_to = [this](base::Instant when) {
    below_a_millisecond_ += when - now_;
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(below_a_millisecond_);
    below_a_millisecond_ -= whole;
    wall_ += whole;
    now_ = when;
  };
  run_until_idle();
  while (!timers_.empty() && timers_.front().due <= end) {
    move_to(std::max(timers_.front().due, now_));
    while (!timers_.empty() && timers_.front().due <= now_) {
      std::ranges::pop_heap(timers_, kLater);
      Timer timer = std::move(timers_.back());
      timers_.pop_back();
      enqueue(timer.shard, kTimer, std::move(timer.task));
    }
    run_until_idle();
  }
  move_to(end);
}

void FakeCluster::run_on(base::ShardId shard, base::Task task) {
  CHECK(!in_task(), "one task at a time");
  running_ = shard.value + kFirstShard;
  task();
  running_ = kOutside;
}

void FakeCluster::stop(base::ShardId shard) {
  // Tasks may post while they are destroyed; nothing is taken any more by then.
  stopped_[shard.value] = true;
  std::vector<base::Task> doomed;
  for (std::size_t poster = 0; poster < lanes_per_shard(); ++poster) {
    Lane& lane = lanes_[shard.value * lanes_per_shard() + poster];
    ready_ -= lane.size();
    for (Ready& ready : lane) doomed.push_back(std::move(ready.task));
    lane.clear();
  }
  for (Timer& timer : timers_) {
    if (timer.shard == shard) doomed.push_back(std::move(timer.task));
  }
  std::erase_if(timers_, [shard](const Timer& timer) { return timer.shard == shard; });
  std::ranges::make_heap(timers_, kLater);
}

}  // namespace palaver::tests::support
