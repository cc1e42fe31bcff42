// SPDX-License-Identifier: Apache-2.0
// RedisShards: the shards of a node with real loops, run in turn on the test's thread, and what a
// suite's harness needs of them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "net/loop.h"

namespace palaver::tests::contract {

class RedisShards {
 public:
  explicit RedisShards(unsigned count) {
    for (unsigned i = 0; i < count; ++i) loops_.push_back(std::make_unique<net::Loop>());
  }

  [[nodiscard]] unsigned count() const { return static_cast<unsigned>(loops_.size()); }
  [[nodiscard]] net::Loop& loop(unsigned shard) { return *loops_[shard]; }
  [[nodiscard]] std::vector<base::Executor*> executors() {
    std::vector<base::Executor*> all;
    for (const auto& loop : loops_) all.push_back(loop.get());
    return all;
  }
  // Runs all in turn; false: it took too long.
  [[nodiscard]] bool run_until(const std::function<bool()>& done,
                               base::Duration most = std::chrono::seconds{20}) {
    const base::Instant end = loops_.front()->now() + most;
    while (!done()) {
      if (loops_.front()->now() > end) return false;
      bool more = false;
      for (std::size_t i = loops_.size(); i-- > 0;) {
        // The last one waits a little, and only if nobody has work.
        const bool waits = i == 0 && !more;
        running_ = i;
        more |= loops_[i]->run_turn(nothing_, waits ? kWait : base::Duration{0});
      }
      running_ = loops_.size();
    }
    return true;
  }
  // Whether this shard's turn is being run.
  [[nodiscard]] bool runs(unsigned shard) const { return running_ == shard; }
  [[nodiscard]] bool running() const { return running_ < loops_.size(); }
  void run_for(base::Duration time) {
    const base::Instant end = loops_.front()->now() + time;
    (void)run_until([&] { return loops_.front()->now() >= end; });
  }

 private:
  static constexpr base::Duration kWait = std::chrono::microseconds{200};
  struct Nothing final : net::TurnEnd {
    bool end_turn() override { return false; }
  };

  Nothing nothing_;
  std::size_t running_ = static_cast<std::size_t>(-1);
  std::vector<std::unique_ptr<net::Loop>> loops_;
};

}  // namespace palaver::tests::contract
