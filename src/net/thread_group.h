// SPDX-License-Identifier: Apache-2.0
// ThreadGroup: the threads that run a node's loops beside the main one. Owned by whoever owns the
// loops; it stops nobody, it only waits.
#pragma once

#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace palaver::net {

class ThreadGroup {
 public:
  void start(std::move_only_function<void()> body) {
    threads_.emplace_back([body = std::move(body)]() mutable { body(); });
  }
  // Until all bodies have returned; the destructor does the same.
  void join() { threads_.clear(); }

 private:
  std::vector<std::jthread> threads_;
};

}  // namespace palaver::net
