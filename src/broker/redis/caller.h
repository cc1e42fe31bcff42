// SPDX-License-Identifier: Apache-2.0
// Caller: the part that is the same in what a shard has of a node that meets others through Redis:
// its seat there, and its calls that wait for answers. A member of the shard's instance, used on
// its thread.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "base/strong.h"
#include "broker/completion.h"
#include "broker/redis/answer.h"
#include "broker/seat.h"
#include "broker/slots.h"

namespace palaver::broker::redis {

// `Results`: what its calls answer, each once.
template <typename Node, typename... Results>
class Caller {
 public:
  // `node` outlives it; `instance`, of which it is a member, is who sits there.
  template <typename Instance>
  Caller(base::ShardId shard, Node& node, Instance& instance)
      : node_(node), address_(node.attach(shard, instance)) {}
  ~Caller() { stop(); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  [[nodiscard]] broker::Address address() const { return address_; }
  [[nodiscard]] bool stopped() const { return stopped_; }

  // `work`, a void(Node&), where Redis is.
  template <typename Work>
  void tell(Work work) {
    if (!stopped_) node_.ask(std::move(work));
  }
  // `work`, a void(Node&, Answer<T>), there; its answer goes to `done`.
  template <typename T, typename Work>
  void call(Completion<T> done, Work work) {
    if (stopped_) return;
    const bool refused = waiting_ >= kCallsUnderWayMax;
    ++waiting_;
    const Answer<T> answer{address_, std::get<Slots<Completion<T>>>(calls_).add(std::move(done))};
    node_.ask([answer, refused, work = std::move(work)](Node& node) mutable {
      if (refused) {
        node.template reply<T>(answer, too_many_calls());
      } else {
        work(node, answer);
      }
    });
  }
  // By the node.
  template <typename T>
  void answer(CallId call, base::Result<T> result) {
    Completion<T> done = std::get<Slots<Completion<T>>>(calls_).take(call);
    --waiting_;
    done(std::move(result));
  }
  // Idempotent.
  void stop() {
    if (std::exchange(stopped_, true)) return;
    node_.detach(address_);
    // Out of the object first: what completions own may call back while it is destroyed.
    const auto dropped = std::exchange(calls_, {});
  }

 private:
  Node& node_;
  const broker::Address address_;
  std::tuple<Slots<Completion<Results>>...> calls_;
  std::size_t waiting_ = 0;
  bool stopped_ = false;
};

}  // namespace palaver::broker::redis
