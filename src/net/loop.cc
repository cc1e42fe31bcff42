// SPDX-License-Identifier: Apache-2.0
#include "net/loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace palaver::net {

namespace {

// Tasks that tasks post run in the same turn, so that a publication reaches its members' sockets at
// the end of the turn in which it was read; but not without end.
constexpr int kTaskRoundsMax = 16;

}  // namespace

// UNSAFE_IO: no locks around the reactor's I/O state, which one thread uses; posting from other
// threads keeps its lock and stays legal.
Loop::Loop() : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), work_(context_.get_executor()) {}

Loop::~Loop() = default;

void Loop::post(base::Task task) {
  if (std::this_thread::get_id() == thread_.load(std::memory_order_relaxed)) {
    ready_.push_back(std::move(task));
    return;
  }
  if (inbox_.push(std::move(task))) boost::asio::post(context_, [this] { touch(); });
}

void Loop::run_after(base::Duration delay, base::Task task) {
  auto timer = std::make_unique<boost::asio::steady_timer>(context_, delay);
  auto& waiting = *timer;
  waiting.async_wait([this, timer = std::move(timer),
                      task = std::move(task)](const boost::system::error_code& error) mutable {
    if (error) return;  // the loop is being destroyed
    touch();
    task();
  });
}

base::Instant Loop::now() const { return std::chrono::steady_clock::now(); }

base::WallTime Loop::wall_now() const { return system_wall_now(); }

void Loop::touch() {
  if (in_turn_) return;
  in_turn_ = true;
  turn_began_ = now();
}

void Loop::run(TurnEnd& turn_end) {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  bool more = true;  // the first turn does not wait: what was prepared before run() is done at once
  while (!stopping_.load(std::memory_order_relaxed)) {
    more = turn(turn_end, more ? context_.poll_one() : context_.run_one());
  }
  drop_tasks();
}

bool Loop::turn(TurnEnd& turn_end, std::size_t events) {
  while (events > 0 && events < base::kTurnEventsMax && context_.poll_one() > 0) ++events;
  touch();
  bool more = run_tasks();
  more |= turn_end.end_turn();
  more |= !ready_.empty();
  in_turn_ = false;
  return more;
}

bool Loop::run_turn(TurnEnd& turn_end, base::Duration wait_max) {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  const bool waits = wait_max > base::Duration{0};
  return turn(turn_end, waits ? context_.run_one_for(wait_max) : context_.poll_one());
}

void Loop::drop_tasks() {
  std::vector<base::Task> dropped;
  do {
    dropped.clear();  // what a task owns may post when it goes: never into the vector at hand
    inbox_.take(ready_);
    dropped.swap(ready_);
  } while (!dropped.empty());
}

bool Loop::run_tasks() {
  for (int round = 0; round < kTaskRoundsMax; ++round) {
    inbox_.take(ready_);
    if (ready_.empty()) return false;
    running_.swap(ready_);
    for (base::Task& task : running_) task();
    running_.clear();
  }
  return true;
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  boost::asio::post(context_, [] {});
}

base::WallTime system_wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace palaver::net
