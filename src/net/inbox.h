// SPDX-License-Identifier: Apache-2.0
// Inbox: the tasks that other threads hand to a loop, the only road between shards. push() is legal
// from every thread; the loop's thread takes everything at once. It never runs a task.
#pragma once

#include <mutex>
#include <vector>

#include "base/executor.h"

namespace palaver::net {

class Inbox {
 public:
  // True if the inbox was empty: then, and only then, the loop has to be woken.
  [[nodiscard]] bool push(base::Task task);
  // Appends all tasks to `out` in the order of their arrival.
  void take(std::vector<base::Task>& out);

 private:
  std::mutex mutex_;
  std::vector<base::Task> tasks_;
};

}  // namespace palaver::net
