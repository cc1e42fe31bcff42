// SPDX-License-Identifier: Apache-2.0
// Pipe: the one socket to a data node of Redis that commands go through, in the order in which they
// were given. It connects by itself, again and again; what is not answered when the connection
// breaks is sent once more on the next one, so that commands must bear to be repeated. Each has a
// time by which it is answered, with kUnavailable at the latest. Owned and used on its loop's
// thread.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "broker/redis/backoff.h"
#include "broker/redis/call.h"
#include "broker/redis/guard.h"
#include "broker/redis/options.h"
#include "codec/resp/resp.h"
#include "net/client_stream.h"

namespace palaver::broker::redis {

class Pipe final : private net::ClientStream::Observer {
 public:
  class Observer {
   public:
    // A connection is up, and all that waited has been sent on it.
    virtual void on_pipe_up() = 0;
    virtual void on_pipe_down() = 0;
    // Not here, or not now: MOVED, ASK, TRYAGAIN, CLUSTERDOWN. The call is the observer's again.
    virtual void on_refused(Call call, const codec::resp::Reply& error) = 0;
    // It is the pipe's no more: it was answered, or its time is over.
    virtual void on_ended(const Call& call) = 0;

   protected:
    ~Observer() = default;
  };

  // Begins to connect. All references outlive it; `options` too.
  Pipe(net::Loop& loop, const RedisOptions& options, Endpoint address, Observer& observer,
       const base::Logger& log);
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] bool up() const { return state_ == State::kUp; }
  [[nodiscard]] bool idle() const { return calls_.empty(); }
  // Later: an error reply of Redis that means "not now" (loading, a replica, out of memory) is
  // kUnavailable, too.
  void enqueue(Call call);
  // The calls of a partition that are not on a connection.
  [[nodiscard]] std::vector<Call> take(unsigned partition);
  // Ends the connection. Answers the calls that may be made elsewhere; the others fail. Nothing is
  // called any more.
  [[nodiscard]] std::vector<Call> close();

 private:
  enum class State : std::uint8_t { kClosed, kConnecting, kGreeting, kUp };
  // A success that waits for replicas.
  struct Unreplicated {
    Call::Done done;
    codec::resp::Reply reply;
  };

  void on_open() override;
  void on_bytes(std::string_view bytes) override;
  void on_closed(const std::string& reason) override;

  void connect();
  void greet();
  void on_greeting(const codec::resp::Reply& reply);
  void on_reply(codec::resp::Reply reply);
  void answer(Call call, codec::resp::Reply reply);
  void wait_for_replicas(Call::Done done, codec::resp::Reply reply);
  void on_replicas(const base::Result<codec::resp::Reply>& count);
  void flush_later();
  void flush();
  void drop(const std::string& reason);
  // What may not be made on another connection, out of calls_.
  [[nodiscard]] std::vector<Call> take_bound();
  void fail(std::vector<Call> calls, const std::string& reason);
  void tick();
  void expire();

  net::Loop& loop_;
  const RedisOptions& options_;
  const Endpoint address_;
  Observer& observer_;
  const base::Logger& log_;
  State state_ = State::kConnecting;
  std::unique_ptr<net::ClientStream> stream_;
  codec::resp::ReplyReader reader_;
  std::size_t greetings_ = 0;  // replies that the greeting waits for
  std::deque<Call> calls_;     // the first `sent_` of them are on the connection
  std::size_t sent_ = 0;
  std::vector<Unreplicated> unreplicated_;  // in the order of their answers
  base::Instant heard_;                     // from Redis, or when it began to owe an answer
  bool flush_posted_ = false;
  bool told_ = false;  // that it is away
  Backoff backoff_;
  Guard guard_;
};

}  // namespace palaver::broker::redis
