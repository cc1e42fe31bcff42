// SPDX-License-Identifier: Apache-2.0
// Feed: the one socket to a data node of Redis that subscriptions come from. It keeps the set of
// channels, on every connection again, asks for many in one command, and pings: a connection that
// is silent for too long is not trusted. What it missed while it was away is the caller's business.
// Owned and used on its loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/redis/backoff.h"
#include "broker/redis/guard.h"
#include "broker/redis/options.h"
#include "codec/resp/resp.h"
#include "net/client_stream.h"

namespace palaver::broker::redis {

class Feed final : private net::ClientStream::Observer {
 public:
  class Observer {
   public:
    virtual void on_feed_up() = 0;
    virtual void on_feed_down() = 0;
    // Everything published from now on comes, until on_unsubscribed().
    virtual void on_subscribed(const std::string& channel) = 0;
    // Of those that had been subscribed: by a lost connection, or by Redis.
    virtual void on_unsubscribed(const std::string& channel) = 0;
    virtual void on_message(const std::string& channel, std::string_view message) = 0;
    // Channels are elsewhere: MOVED.
    virtual void on_feed_moved(const codec::resp::Reply& error) = 0;

   protected:
    ~Observer() = default;
  };
  // How channels are published: to all nodes (PUBLISH), or within the slot of their name in a
  // cluster (SPUBLISH).
  enum class Kind : std::uint8_t { kPlain, kSharded };

  // Begins to connect. All references outlive it.
  Feed(net::Loop& loop, const RedisOptions& options, Endpoint address, Kind kind,
       Observer& observer);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Ends the connection. Nothing is called any more.
  void close();

  [[nodiscard]] bool up() const { return state_ == State::kUp; }
  // Later on_subscribed(), on this connection and on each one that follows.
  void subscribe(unsigned partition, const std::string& channel);
  // A message that is on its way may still come.
  void unsubscribe(const std::string& channel);
  struct Taken {
    std::string channel;
    bool subscribed = false;
  };
  // Ends the subscriptions of a partition, without a call.
  [[nodiscard]] std::vector<Taken> take(unsigned partition);

 private:
  enum class State : std::uint8_t { kClosed, kConnecting, kGreeting, kUp };
  struct Channel {
    unsigned partition = 0;
    bool wanted = false;      // by the caller
    bool asked = false;       // what Redis was told last on this connection
    bool told = false;        // the caller, of what it wants now
    unsigned unanswered = 0;  // subscriptions that Redis has not confirmed yet
  };

  void on_open() override;
  void on_bytes(std::string_view bytes) override;
  void on_closed(const std::string& reason) override;

  void connect();
  void begin();
  void on_push(codec::resp::Reply push);
  void on_subscription(std::string_view kind, const std::string& name);
  void change(const std::string& channel);
  void flush();
  void write_commands(std::string_view command, std::vector<const std::string*> channels);
  void drop();
  void tick();

  net::Loop& loop_;
  const RedisOptions& options_;
  const Endpoint address_;
  const Kind kind_;
  Observer& observer_;
  State state_ = State::kConnecting;
  std::unique_ptr<net::ClientStream> stream_;
  codec::resp::ReplyReader reader_;
  std::size_t greetings_ = 0;
  std::unordered_map<std::string, Channel> channels_;
  std::vector<std::string> changed_;  // to be looked at at the end of the turn
  bool flush_posted_ = false;
  base::Instant heard_;
  base::Instant pinged_;
  Backoff backoff_;
  Guard guard_;
};

}  // namespace palaver::broker::redis
