// SPDX-License-Identifier: Apache-2.0
// Links: the process' connections to Redis, and who listens to them: rooms, presence and the bus
// share one pipe and one feed. On the loop of shard 0; app/ owns it: made before the shards run,
// closed when they have ended, destroyed after its listeners.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "broker/redis/feed.h"
#include "broker/redis/finder.h"
#include "broker/redis/options.h"
#include "broker/redis/pipe.h"
#include "net/loop.h"

namespace palaver::broker::redis {

// On the loop's thread. A channel belongs to one listener; the others do not know it.
class LinksListener {
 public:
  virtual void on_pipe_up() = 0;
  virtual void on_pipe_down() = 0;
  virtual void on_feed_down() = 0;
  virtual void on_subscribed(const std::string& channel) = 0;
  virtual void on_message(const std::string& channel, std::string_view message) = 0;

 protected:
  ~LinksListener() = default;
};

class Links final : private Pipe::Observer, private Feed::Observer, private Finder::Observer {
 public:
  // `seed`: random and different in each process. All references outlive it.
  Links(net::Loop& loop, RedisOptions options, std::uint64_t seed, const base::Logger& log);
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  // Before open().
  void add(LinksListener& listener) { listeners_.push_back(&listener); }
  // On the loop's thread; later calls do nothing.
  void open();
  // When no shard runs any more, or none has begun; no call follows.
  void close();

  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] const RedisOptions& options() const { return options_; }
  [[nodiscard]] Pipe& pipe() { return pipe_; }
  [[nodiscard]] Feed& feed() { return feed_; }
  // Of this process, unlike every other.
  [[nodiscard]] const std::string& uid() const { return uid_; }
  // Never given out before, by any process.
  [[nodiscard]] std::string fresh_id();

 private:
  void on_pipe_up() override;
  void on_pipe_down(const std::string& reason) override;
  void on_subscribed(const std::string& channel) override;
  void on_message(const std::string& channel, std::string_view message) override;
  void on_feed_down() override;
  void on_primary(const Endpoint& primary) override;

  net::Loop& loop_;
  const RedisOptions options_;
  const std::string uid_;
  Pipe pipe_;
  Feed feed_;
  Finder finder_;
  const base::Logger& log_;
  std::vector<LinksListener*> listeners_;
  std::uint64_t ids_ = 0;
  bool opened_ = false;
  bool found_ = false;  // the primary, by a sentinel
};

}  // namespace palaver::broker::redis
