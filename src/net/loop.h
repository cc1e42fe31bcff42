// SPDX-License-Identifier: Apache-2.0
// Loop: a shard's event loop on Boost.Asio, run in turns. A turn waits for an event, takes up to
// kTurnEventsMax of them, runs the tasks that were posted, and ends with TurnEnd::end_turn(), where
// the work that the events marked is done (DESIGN "work in batches"). Made on any thread, run on
// one; all but post() and stop() belong to that thread. Sockets and timers made on context() are
// touched by it alone.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "net/inbox.h"

namespace palaver::net {

class TurnEnd {
 public:
  virtual ~TurnEnd() = default;
  // True when work remains that no event will announce: then the next turn does not wait.
  [[nodiscard]] virtual bool end_turn() = 0;
};

class Loop final : public base::Executor, public base::Clock {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void post(base::Task task) override;
  void run_after(base::Duration delay, base::Task task) override;
  [[nodiscard]] base::Instant now() const override;
  [[nodiscard]] base::WallTime wall_now() const override;

  // Turns until stop(). Afterwards the remaining tasks are destroyed, not run.
  void run(TurnEnd& turn_end);
  // One turn, which waits for its first event so long at most, on the calling thread: several loops
  // may share it that way, in tests. True when the next turn should not wait.
  bool run_turn(TurnEnd& turn_end, base::Duration wait_max);
  // From any thread; the turn under way is finished.
  void stop();

  // Handlers of I/O call this first: it marks the begin of the turn's work for turn_began().
  void touch();
  [[nodiscard]] base::Instant turn_began() const { return turn_began_; }

  [[nodiscard]] boost::asio::io_context& context() { return context_; }

 private:
  // `events`: how many of this turn have been handled.
  bool turn(TurnEnd& turn_end, std::size_t events);
  bool run_tasks();
  void drop_tasks();

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::atomic<std::thread::id> thread_;
  std::atomic<bool> stopping_ = false;
  Inbox inbox_;
  std::vector<base::Task> ready_;    // posted by this thread, or taken from the inbox
  std::vector<base::Task> running_;  // the batch of ready_ that is being run
  base::Instant turn_began_{};
  bool in_turn_ = false;
};

// The system's UTC clock: for whoever has no Loop, such as the log.
[[nodiscard]] base::WallTime system_wall_now();

}  // namespace palaver::net
