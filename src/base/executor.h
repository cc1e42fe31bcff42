// SPDX-License-Identifier: Apache-2.0
// Executor: runs tasks later on one shard. post() is legal from every thread and is the only road
// between shards; tasks posted by one thread run in the order of their posting. run_after() is
// legal on the shard itself only. A task never runs inside the call that hands it over. After the
// shard has stopped, tasks are destroyed without being run.
#pragma once

#include <functional>

#include "base/clock.h"

namespace palaver::base {

using Task = std::move_only_function<void()>;

class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(Task task) = 0;
  // Not before `delay` (0 or more) has passed. No handle: a task that may have become pointless
  // asks its own state when it runs.
  virtual void run_after(Duration delay, Task task) = 0;
};

}  // namespace palaver::base
