// SPDX-License-Identifier: Apache-2.0
// Publisher: a way to publish one message of a fixed length into one of some rooms through Redis.
// Two kinds: the server's own client with the server's own script, and what the same would cost
// without order, dedupe and positions: XADD and PUBLISH. Owned by the pump, on its loop's thread;
// it keeps no pace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop.h"

namespace palaver::bench::redis {

struct PublisherOptions {
  std::uint16_t port = 0;  // of a Redis on 127.0.0.1
  std::uint32_t rooms = 16;
  std::size_t message_bytes = 100;
  std::size_t entries_max = 1000;  // that each room keeps
  bool is_subscribed = true;       // the publisher also subscribes to its rooms
};

class Publisher {
 public:
  using Done = std::move_only_function<void(base::Result<void>)>;
  virtual ~Publisher() = default;

  // `ready`: connected, and subscribed if that is asked for.
  virtual void open(Done ready) = 0;
  // `done` when Redis has acknowledged it, later.
  virtual void publish(std::uint32_t room, Done done) = 0;
  // Messages that the subscriber got.
  [[nodiscard]] virtual std::uint64_t received() const = 0;
  // No call follows.
  virtual void close() = 0;
};

// The loop and the options outlive the publisher. The one of the server is destroyed after its
// loop has ended. Each has rooms of its own, by its `number`.
[[nodiscard]] std::unique_ptr<Publisher> make_server_publisher(net::Loop& loop,
                                                               const PublisherOptions& options,
                                                               std::uint32_t number);
[[nodiscard]] std::unique_ptr<Publisher> make_plain_publisher(net::Loop& loop,
                                                              const PublisherOptions& options,
                                                              std::uint32_t number);

}  // namespace palaver::bench::redis
