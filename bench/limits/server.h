// SPDX-License-Identifier: Apache-2.0
// Server<Sender>: the thinnest room-chat server that can be driven by the load generator. One
// thread, one epoll; at the end of a turn each room with new lines sends them, joined, to each of
// its members through the Sender, which is all in which the limit programs differ. A member that
// does not take its bytes at once is a failure of the experiment, and is closed. Owned by main();
// it has no limits, no history, no slow path, no clean end: it shows what the kernel costs and
// nothing else.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "bench/limits/protocol.h"

namespace palaver::bench::limits {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  unsigned ping_interval_s = 25;  // 0: none
};

struct Send {
  int fd;
  std::string_view bytes;
};

// What a Sender is: it sends everything before it returns and appends to `failed` the descriptors
// that did not take all their bytes. No descriptor comes twice in one call.
template <typename T>
concept Sender = requires(T sender, std::span<const Send> sends, std::vector<int>& failed) {
  sender.send_all(sends, failed);
};

template <Sender S>
class Server {
 public:
  Server(ServerOptions options, S& sender);

  // Serves until the process is killed; returns only if it cannot.
  [[nodiscard]] base::Error run();

 private:
  struct Room;
  struct Connection {
    int fd = -1;
    Room* room = nullptr;   // null before the upgrade
    std::size_t place = 0;  // in the room's members
    std::string client_id;
    std::string rest;  // the beginning of what is not complete
  };
  struct Room {
    std::vector<Connection*> members;
    std::string run;  // the frames of this turn
    bool is_dirty = false;
  };

  void on_listener();
  void on_readable(Connection& connection);
  std::size_t take(Connection& connection, char* bytes, std::size_t size);
  [[nodiscard]] bool upgrade(Connection& connection, std::string_view bytes, std::size_t& used);
  void publish(Connection& connection, std::string_view message);
  void flush();
  void ping_next_bucket();
  void send_now(std::span<const Send> sends);
  void drop(Connection& connection);
  std::string_view stamp();

  ServerOptions options_;
  S& sender_;
  int listener_ = -1;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::unordered_map<std::string, std::unique_ptr<Room>> rooms_;
  std::vector<Room*> dirty_;
  std::vector<Send> sends_;
  std::vector<int> failed_;
  std::int64_t stamp_second_ = -1;
  std::string stamp_;
  std::size_t bucket_ = 0;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace palaver::bench::limits

#include "bench/limits/server_impl.h"
