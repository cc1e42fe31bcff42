// SPDX-License-Identifier: Apache-2.0
#include "net/inbox.h"

#include <iterator>
#include <utility>

namespace palaver::net {

bool Inbox::push(base::Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  return tasks_.size() == 1;
}

void Inbox::take(std::vector<base::Task>& out) {
  const std::lock_guard lock(mutex_);
  if (out.empty()) {
    out.swap(tasks_);  // both buffers keep their capacity: no allocation at a steady pace
    return;
  }
  out.insert(out.end(), std::make_move_iterator(tasks_.begin()),
             std::make_move_iterator(tasks_.end()));
  tasks_.clear();
}

}  // namespace palaver::net
