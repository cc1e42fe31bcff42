// SPDX-License-Identifier: Apache-2.0
// DataNode: one Redis that holds data, with the two sockets that this process has to it. Owned by
// Links.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "broker/redis/feed.h"
#include "broker/redis/keys.h"
#include "broker/redis/pipe.h"

namespace palaver::broker::redis {

struct DataNode final : private Pipe::Observer, private Feed::Observer {
  class Observer {
   public:
    virtual void on_pipe_up(DataNode& node) = 0;
    virtual void on_pipe_down(DataNode& node) = 0;
    virtual void on_refused(DataNode& node, Call call, const codec::resp::Reply& error) = 0;
    virtual void on_ended(const Call& call) = 0;
    virtual void on_feed_up() = 0;
    virtual void on_feed_down() = 0;
    virtual void on_subscribed(const std::string& channel) = 0;
    virtual void on_unsubscribed(const std::string& channel) = 0;
    virtual void on_message(const std::string& channel, std::string_view message) = 0;
    virtual void on_feed_moved(DataNode& node, const codec::resp::Reply& error) = 0;

   protected:
    ~Observer() = default;
  };

  DataNode(net::Loop& loop, const RedisOptions& options, const Endpoint& address, Feed::Kind kind,
           Observer& to, const base::Logger& log)
      : endpoint(address),
        observer(to),
        down_since(loop.now()),
        pipe(loop, options, address, *this, log),
        feed(loop, options, address, kind, *this) {}

  const Endpoint endpoint;
  Observer& observer;
  PartitionSet partitions;       // that are here
  base::Instant down_since;      // if the pipe is not up
  base::Instant spared_until{};  // it is to answer a redirected call, without partitions
  Pipe pipe;
  Feed feed;

 private:
  void on_pipe_up() override { observer.on_pipe_up(*this); }
  void on_pipe_down() override { observer.on_pipe_down(*this); }
  void on_refused(Call call, const codec::resp::Reply& error) override {
    observer.on_refused(*this, std::move(call), error);
  }
  void on_ended(const Call& call) override { observer.on_ended(call); }
  void on_feed_up() override { observer.on_feed_up(); }
  void on_feed_down() override { observer.on_feed_down(); }
  void on_subscribed(const std::string& channel) override { observer.on_subscribed(channel); }
  void on_unsubscribed(const std::string& channel) override { observer.on_unsubscribed(channel); }
  void on_message(const std::string& channel, std::string_view message) override {
    observer.on_message(channel, message);
  }
  void on_feed_moved(const codec::resp::Reply& error) override {
    observer.on_feed_moved(*this, error);
  }
};

}  // namespace palaver::broker::redis
