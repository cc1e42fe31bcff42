// SPDX-License-Identifier: Apache-2.0
// Clients: the sockets of a run, all WebSocket clients of one server on one edge-triggered epoll.
// Owned by the driver, single-threaded. All sockets share one receive buffer and a client keeps
// bytes only while a frame is cut in two. Pings of RFC 6455 are answered here. It never reconnects:
// a connection that ends is a failure of the run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bench/load/histogram.h"
#include "bench/load/ledger.h"

namespace palaver::bench::load {

// CLOCK_MONOTONIC.
[[nodiscard]] Nanos now_nanos();

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::uint32_t connect_in_flight = 0;  // at least 1
  // Sockets are spread over this many loopback addresses, since one has 28,000 ports and those of
  // the run before may still be waiting.
  std::uint32_t source_addresses = 8;
};

class ClientEvents {
 public:
  virtual ~ClientEvents() = default;
  // The connection is upgraded. May call send_text().
  virtual void on_open(ClientIndex client) = 0;
  // `payload` ends with the call. May call send_text().
  virtual void on_text(ClientIndex client, std::string_view payload, Nanos now) = 0;
};

class Clients {
 public:
  Clients(Target target, ClientEvents& events);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  struct Place {
    std::string path;
    std::uint16_t port = 0;
  };

  // Begins to open one more connection for each place, connect_in_flight at a time; turn() goes on
  // with it. Not from within a call of ClientEvents.
  void open(std::vector<Place> places);
  [[nodiscard]] std::size_t opened() const { return opened_; }
  [[nodiscard]] const Histogram& handshakes() const { return handshakes_; }

  // The text goes out at once. A socket that takes less is an error: the server has stopped
  // reading.
  [[nodiscard]] base::Result<void> send_text(ClientIndex client, std::string_view text);

  // Waits for events, at most so long, and handles them.
  [[nodiscard]] base::Result<void> turn(Nanos wait_max);

  // A ping in words of the server's own, which its reader has answered.
  void count_ping(ClientIndex client);
  [[nodiscard]] std::uint64_t pings() const { return pings_; }
  // The smallest number of pings that one client got.
  [[nodiscard]] std::uint32_t pings_of_the_poorest() const;

 private:
  enum class State : std::uint8_t { kIdle, kConnecting, kHandshake, kOpen };

  struct Client {
    int fd = -1;
    State state = State::kIdle;
    std::uint32_t pings = 0;
    Nanos started = 0;
    std::string rest;  // the beginning of a frame whose end has not come
  };

  void connect_more();
  void begin_connect(ClientIndex index);
  void on_event(ClientIndex index, std::uint32_t events);
  void on_connected(ClientIndex index);
  void read(ClientIndex index, bool until_end);
  // Returns the number of bytes that were understood.
  std::size_t take(ClientIndex index, std::string_view bytes, Nanos now);
  std::size_t take_handshake(ClientIndex index, std::string_view bytes, Nanos now);
  void send_frame(ClientIndex index, std::string_view frame);
  void fail(ClientIndex index, const std::string& what);

  Target target_;
  ClientEvents& events_;
  int epoll_fd_ = -1;
  std::vector<Client> clients_;
  std::vector<Place> places_;
  ClientIndex next_ = 0;  // to connect
  std::uint32_t connecting_ = 0;
  std::size_t opened_ = 0;
  std::uint64_t pings_ = 0;
  std::uint32_t mask_ = 0x5bd1e995;
  Histogram handshakes_;
  std::string frame_;  // of the last send
  std::unique_ptr<char[]> buffer_;
  std::string failure_;  // the first one; it stays
};

}  // namespace palaver::bench::load
