// SPDX-License-Identifier: Apache-2.0
// Pipe: the one socket to a data node of Redis that commands go through, in the order in which they
// were given. It connects by itself, again and again; what is not answered when the connection
// breaks is sent once more on the next one, so that commands must bear to be repeated. Each has a
// time by which it is answered, with kUnavailable at the latest. Owned and used on its loop's
// thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "broker/redis/backoff.h"
#include "broker/redis/options.h"
#include "broker/redis/scripts.h"
#include "codec/resp/resp.h"
#include "net/client_stream.h"

namespace palaver::broker::redis {

class Pipe final : private net::ClientStream::Observer {
 public:
  using Done = std::move_only_function<void(base::Result<codec::resp::Reply>)>;
  enum class Repeat : std::uint8_t { kAllowed, kNever };  // after a cut, if it may have been done

  class Observer {
   public:
    // A connection is up, and all that waited has been sent on it.
    virtual void on_pipe_up() = 0;
    virtual void on_pipe_down(const std::string& reason) = 0;

   protected:
    ~Observer() = default;
  };

  // All references outlive it; `options` too.
  Pipe(net::Loop& loop, const RedisOptions& options, Observer& observer, const base::Logger& log);
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void open(Endpoint address);
  // From now on it is there; the connection to the old one ends.
  void move(Endpoint address);
  // No call of anybody follows; what waits is destroyed.
  void close();

  [[nodiscard]] bool up() const { return state_ == State::kUp; }
  // Later: an error reply of Redis that means "not now" (loading, a replica, out of memory) is
  // kUnavailable, too.
  void send(std::span<const std::string> command, Done done, Repeat repeat = Repeat::kAllowed);
  void run(ScriptId script, std::span<const std::string> keys,
           std::span<const std::string> arguments, Done done);

 private:
  // kNew: what is asked waits for open().
  enum class State : std::uint8_t { kNew, kClosed, kConnecting, kGreeting, kUp };
  struct Call {
    std::string bytes;
    base::Instant deadline;
    Done done;  // null: answered already, by its deadline
    Repeat repeat = Repeat::kAllowed;
    bool sent = false;
  };

  void on_open() override;
  void on_bytes(std::string_view bytes) override;
  void on_closed(const std::string& reason) override;

  void connect();
  void greet();
  void on_greeting(const codec::resp::Reply& reply);
  void on_reply(codec::resp::Reply reply);
  void enqueue(std::string bytes, Done done, Repeat repeat);
  void flush_later();
  void flush();
  void drop(const std::string& reason);
  void tick();
  void expire();

  net::Loop& loop_;
  const RedisOptions& options_;
  Observer& observer_;
  const base::Logger& log_;
  State state_ = State::kNew;
  Endpoint address_;
  std::unique_ptr<net::ClientStream> stream_;
  codec::resp::ReplyReader reader_;
  std::size_t greetings_ = 0;  // replies that the greeting waits for
  std::deque<Call> calls_;     // the first `sent_` of them are on the connection
  std::size_t sent_ = 0;
  std::size_t waiting_bytes_ = 0;
  base::Instant heard_;  // from Redis, or when it began to owe an answer
  bool flush_posted_ = false;
  bool ticking_ = false;
  bool told_ = false;  // that it is away
  Backoff backoff_;
};

}  // namespace palaver::broker::redis
