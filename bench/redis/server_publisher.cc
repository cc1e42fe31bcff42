// SPDX-License-Identifier: Apache-2.0
// What a node has of Redis without the node: Links, RedisNode and one RedisBroker on one loop. So
// the script, its arguments, the pipelining and the feed are the server's, whatever they become.
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "bench/redis/publisher.h"
#include "broker/redis/links.h"
#include "broker/redis/redis_broker.h"
#include "broker/redis/redis_node.h"

namespace palaver::bench::redis {
namespace {

using broker::redis::Links;
using broker::redis::RedisBroker;
using broker::redis::RedisNode;

constexpr std::uint64_t kSeed = 0x5eed;  // Redis is fresh: nobody else has it or those behind it

broker::redis::RedisOptions redis_options(const PublisherOptions& options) {
  broker::redis::RedisOptions redis;
  redis.endpoint = {.host = "127.0.0.1", .port = options.port};
  return redis;
}

class ServerPublisher final : public Publisher, private broker::BrokerSink {
 public:
  ServerPublisher(net::Loop& loop, const PublisherOptions& options, std::uint32_t number)
      : options_(options),
        log_({.least = base::Severity::kWarning, .now = net::system_wall_now}),
        links_(loop, redis_options(options), kSeed + number, log_),
        executors_{&loop},
        node_(links_, executors_,
              {.bounds_of = [bounds = broker::RoomBounds{.entries_max = options.entries_max}](
                                const model::RoomName&) { return bounds; },
               .salt = 0}),
        broker_({0}, node_, *this),
        data_(base::Frame::copy_of(R"({"text":")" + std::string(options.message_bytes, 'x') +
                                   R"("})")) {
    for (std::uint32_t room = 0; room < options.rooms; ++room) {
      const std::string name = "bench" + std::to_string(number) + "-" + std::to_string(room);
      rooms_.push_back({.name = model::RoomName{name}, .last = {}});
    }
  }

  void open(Done ready) override {
    ready_ = std::move(ready);
    waiting_ = rooms_.size();
    for (const Room& room : rooms_) {
      if (options_.is_subscribed) {
        broker_.subscribe(room.name, [this](auto position) { on_open(std::move(position)); });
      } else {
        // Waits for the connection as a publish would.
        broker_.history(room.name, {}, [this](auto history) { on_open(std::move(history)); });
      }
    }
  }

  void publish(std::uint32_t room, Done done) override {
    broker_.publish(rooms_[room].name,
                    {.user = model::UserId{"guest:0123456789abcdef"},
                     .client = "0123456789abcdef0123456789abcdef",
                     .info = {}},
                    data_, {}, [this, room, done = std::move(done)](auto result) mutable {
                      done(judge(rooms_[room], std::move(result)));
                    });
  }

  std::uint64_t received() const override { return received_; }

  void close() override {
    broker_.stop();
    links_.close();
  }

 private:
  struct Room {
    model::RoomName name;
    model::Offset last;  // acknowledged
  };

  template <typename T>
  void on_open(base::Result<T> result) {
    if (!result) {
      if (ready_) std::exchange(ready_, nullptr)(std::unexpected(result.error()));
    } else if (--waiting_ == 0 && ready_) {
      std::exchange(ready_, nullptr)({});
    }
  }

  // Each is stored once, and in the order in which it was given.
  static base::Result<void> judge(Room& room, base::Result<broker::PublishResult> result) {
    if (!result) return std::unexpected(result.error());
    const model::Offset offset = result->position.offset;
    if (result->duplicate || offset <= room.last) {
      return base::fail(base::ErrorCode::kUnavailable, "an offset that does not rise");
    }
    room.last = offset;
    return {};
  }

  void on_publication(const model::RoomName& /*room*/, const model::Epoch& /*epoch*/,
                      const model::Publication& /*publication*/) override {
    ++received_;
  }
  void on_redaction(const model::RoomName& /*room*/, model::Offset /*target*/) override {}
  void on_lost(const model::RoomName& /*room*/) override {}  // then received() falls behind

  const PublisherOptions& options_;
  base::Logger log_;
  Links links_;
  std::vector<base::Executor*> executors_;
  RedisNode node_;
  RedisBroker broker_;
  base::Frame data_;
  std::vector<Room> rooms_;
  Done ready_;
  std::size_t waiting_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace

std::unique_ptr<Publisher> make_server_publisher(net::Loop& loop, const PublisherOptions& options,
                                                 std::uint32_t number) {
  return std::make_unique<ServerPublisher>(loop, options, number);
}

}  // namespace palaver::bench::redis
