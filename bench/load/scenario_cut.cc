// SPDX-License-Identifier: Apache-2.0
// cut: a node with many rooms of one member each, whose messages are published at another node of
// the same Redis. The node is stopped (SIGSTOP), Redis closes its connections, and each room gets a
// message that Redis has acknowledged to the other node; then the node goes on (SIGCONT), finds its
// connections closed, and the clock runs until the last member has what its room missed. While it
// is stopped it can do nothing, so that all it has to do is in the time, and nothing else is.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "bench/load/driver.h"
#include "bench/load/scenarios.h"
#include "bench/load/usage.h"

namespace palaver::bench::load {
namespace {

constexpr Nanos kWaitMax = 10'000'000;
// Messages that wait for their acknowledgement: one socket carries all of them.
constexpr std::uint64_t kUnacknowledgedMax = 256;
// The node must find out for itself; longer than this it would notice that it was away.
constexpr Nanos kStoppedMax = 4'000'000'000;

base::Result<void> fail_with(const std::string& what) {
  return base::fail(base::ErrorCode::kUnavailable, what);
}

// Stopped from its making to resume(), or to its end at the latest.
class Stopped {
 public:
  explicit Stopped(const std::vector<int>& pids) : pids_(pids) { signal_all(SIGSTOP); }
  ~Stopped() { resume(); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

  void resume() { signal_all(SIGCONT); }

 private:
  void signal_all(int number) {
    for (const int pid : pids_) kill(pid, number);
  }
  const std::vector<int>& pids_;
};

// A connection to Redis for a few words, in its inline form.
class RedisTalk {
 public:
  RedisTalk() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~RedisTalk() { close(fd_); }
  RedisTalk(const RedisTalk&) = delete;
  RedisTalk& operator=(const RedisTalk&) = delete;

  base::Result<void> connect_to(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
    return fail_with(std::string("Redis: ") + std::strerror(errno));
  }

  // `reply`: what one line must be, without its end.
  base::Result<void> ask(const std::string& command, std::string_view reply) {
    const std::string line = command + "\r\n";
    std::string got;
    if (send(fd_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
      return fail_with(command + ": " + std::strerror(errno));
    }
    while (!got.ends_with("\r\n")) {
      char byte = 0;
      if (recv(fd_, &byte, 1, 0) != 1) return fail_with(command + ": no answer");
      got.push_back(byte);
    }
    got.resize(got.size() - 2);
    if (got == reply) return {};
    return fail_with(command + ": Redis says " + got);
  }

 private:
  int fd_;
};

base::Result<void> kill_connections(const Options& options) {
  RedisTalk redis;
  if (auto connected = redis.connect_to(options.redis_port); !connected) return connected;
  for (const std::uint64_t id : options.redis_clients) {
    if (auto killed = redis.ask("CLIENT KILL ID " + std::to_string(id), ":1"); !killed) {
      return killed;
    }
  }
  return {};
}

// A message in each room; returns when Redis has all of them.
base::Result<void> publish_to_all(Driver& driver, RoomIndex rooms) {
  const std::uint64_t before = driver.published();
  const auto acknowledged = [&] { return driver.published() - before; };
  for (RoomIndex room = 0; room < rooms; ++room) {
    if (auto sent = driver.publish(driver.ledger().first_client(room)); !sent) return sent;
    while (room + 1 - acknowledged() >= kUnacknowledgedMax) {
      if (auto turned = driver.turn(kWaitMax); !turned) return turned;
    }
  }
  while (acknowledged() < rooms) {
    if (auto turned = driver.turn(kWaitMax); !turned) return turned;
  }
  return {};
}

base::Result<void> until_delivered(Driver& driver) {
  while (driver.ledger().in_flight() != 0) {
    if (auto turned = driver.turn(kWaitMax); !turned) return turned;
  }
  driver.ledger().completed().clear();
  return {};
}

base::Result<void> prove(Driver& driver, RoomIndex rooms) {
  if (auto published = publish_to_all(driver, rooms); !published) return published;
  return until_delivered(driver);
}

struct Cut {
  double missed_s = 0;  // that the messages took while the node was stopped
  Usage recovery;
};

base::Result<Cut> cut(Driver& driver, const Options& options) {
  Cut result;
  Meter meter(options.server_cores, options.server_pids);
  Stopped stopped(options.server_pids);
  const Nanos began = now_nanos();
  if (auto killed = kill_connections(options); !killed) return std::unexpected(killed.error());
  if (auto published = publish_to_all(driver, options.rooms); !published) {
    return std::unexpected(published.error());
  }
  const Nanos lasted = now_nanos() - began;
  if (driver.ledger().deliveries() != 0) {
    return base::fail(base::ErrorCode::kUnavailable, "a stopped node has delivered");
  }
  if (lasted > kStoppedMax) {
    return base::fail(base::ErrorCode::kUnavailable, "the node was stopped for too long");
  }
  result.missed_s = static_cast<double>(lasted) / 1e9;

  meter.start();
  stopped.resume();
  if (auto recovered = until_delivered(driver); !recovered) {
    return std::unexpected(recovered.error());
  }
  result.recovery = meter.read();
  return result;
}

}  // namespace

base::Result<Report> run_cut(const Options& options) {
  Driver driver(options, std::vector<RoomPlan>(options.rooms,
                                               {.members = options.members, .in_flight_max = 1}));
  if (auto opened = driver.open(); !opened) return std::unexpected(opened.error());
  if (auto settled = driver.turn_until(now_nanos() + options.settle); !settled) {
    return std::unexpected(settled.error());
  }
  if (auto proved = prove(driver, options.rooms); !proved) return std::unexpected(proved.error());

  driver.set_phase("cut");
  driver.ledger().start_recording();
  const auto found = cut(driver, options);
  if (!found) return std::unexpected(found.error());
  const auto deliveries = static_cast<double>(driver.ledger().deliveries());
  if (auto proved = prove(driver, options.rooms); !proved) return std::unexpected(proved.error());
  if (auto finished = driver.finish(); !finished) return std::unexpected(finished.error());

  Report report(options.scenario_name);
  report.add("connections", static_cast<double>(driver.ledger().client_count()));
  report.add("rooms", options.rooms);
  report.add("missed_messages", deliveries);
  report.add("missed_s", found->missed_s);
  report.add("caught_up_s", found->recovery.wall);
  report.add_usage(found->recovery, "room", options.rooms);
  return report;
}

}  // namespace palaver::bench::load
