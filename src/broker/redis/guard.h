// SPDX-License-Identifier: Apache-2.0
// Guard: lets an object be gone before the tasks that it posted: those do nothing then. A member of
// the object; used on its thread.
#pragma once

#include <memory>
#include <utility>

namespace palaver::broker::redis {

class Guard {
 public:
  Guard() = default;
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  template <typename Work>
  [[nodiscard]] auto operator()(Work work) const {
    return [alive = std::weak_ptr<const char>(alive_), work = std::move(work)]() mutable {
      if (!alive.expired()) work();
    };
  }

 private:
  std::shared_ptr<const char> alive_ = std::make_shared<const char>();
};

}  // namespace palaver::broker::redis
