// SPDX-License-Identifier: Apache-2.0
// The flags, by CLI11. Seconds on the command line become nanoseconds here and nowhere else.
#include "bench/load/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace palaver::bench::load {
namespace {

constexpr double kNanosPerSecond = 1e9;
constexpr int kUsageExitCode = 2;
constexpr std::uint32_t kConnectInFlight = 64;

Nanos nanos(double seconds) { return static_cast<Nanos>(seconds * kNanosPerSecond); }

const std::map<std::string, Scenario> kScenarios = {
    {"fanout", Scenario::kFanout},   {"burst", Scenario::kBurst}, {"rooms", Scenario::kRooms},
    {"mixed", Scenario::kMixed},     {"idle", Scenario::kIdle},   {"connect", Scenario::kConnect},
    {"recover", Scenario::kRecover}, {"cut", Scenario::kCut},
};

const std::map<std::string, ProtocolKind> kProtocols = {
    {"article", ProtocolKind::kArticle},
    {"json", ProtocolKind::kJson},
};

const std::map<std::string, LineFormat> kFormats = {
    {"article", LineFormat::kArticle},
    {"plain", LineFormat::kPlain},
};

struct Shape {
  std::uint32_t members;
  std::uint32_t rooms;
  std::uint32_t publishers;  // 0: every member
  std::uint32_t in_flight;
};

Shape default_shape(Scenario scenario) {
  switch (scenario) {
    case Scenario::kFanout:
      return {1000, 1, 0, 1};
    case Scenario::kBurst:
      return {1000, 1, 16, 16};
    case Scenario::kRooms:
      return {5, 250, 0, 1};
    case Scenario::kMixed:
      return {10'000, 1, 0, 1};
    case Scenario::kIdle:
    case Scenario::kConnect:
      return {9'000, 100, 0, 1};
    case Scenario::kRecover:
      return {1000, 1, 0, 1};
    case Scenario::kCut:
      return {1, 10'000, 0, 1};
  }
  return {};
}

const char* default_path(ProtocolKind protocol) {
  return protocol == ProtocolKind::kJson ? "/connection/websocket" : "/ws/{room}/{id}";
}

struct Seconds {
  double duration = 5;
  double warmup = 1;
  double timeout = 10;
  double settle = 0.3;
  double small_pause = 0.02;
  double pause = 0;
};

void add_flags(CLI::App& app, Options& options, Seconds& seconds) {
  app.add_option("scenario", options.scenario_name,
                 "fanout|burst|rooms|mixed|idle|connect|recover|cut")
      ->required()
      ->check(CLI::IsMember(kScenarios));
  app.add_option("--host", options.target.host, "IPv4 address of the server")
      ->capture_default_str();
  app.add_option("--port", options.target.port)->required();
  app.add_option("--protocol", options.protocol, "article or json (recover, cut: always json)")
      ->transform(CLI::CheckedTransformer(kProtocols));
  app.add_option("--path-template", options.path_template, "with {room} and {id}");
  app.add_option("--room-prefix", options.room_prefix)->capture_default_str();
  app.add_option("--format", options.format, "how lines come back: article or plain")
      ->transform(CLI::CheckedTransformer(kFormats));
  app.add_option("--members", options.members,
                 "of a room (idle, connect: in all; recover: that come back)");
  app.add_option("--rooms", options.rooms);
  app.add_option("--publishers", options.publishers, "of a room; 0: all take turns");
  app.add_option("--in-flight", options.in_flight, "messages of a room at one time");
  app.add_option("--small-members", options.small_members, "mixed: of the small room");
  app.add_option("--small-pause", seconds.small_pause, "mixed: seconds between its messages");
  app.add_option("--rate", options.big_messages_per_second, "mixed: messages/s, big room");
  app.add_option("--pause", seconds.pause, "fanout, burst, rooms: seconds between messages");
  app.add_option("--publish-port", options.publish_port,
                 "json: another client, at this port, publishes for all");
  app.add_option("--redis-port", options.redis_port, "cut: of the Redis");
  app.add_option("--redis-client", options.redis_clients, "cut: ids of the server's connections")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--missed", options.missed, "recover: messages")->check(CLI::Range(1, 300));
  app.add_option("--message-bytes", options.message_bytes)
      ->check(CLI::Range(kMessageBytesMin, std::size_t{32 * 1024}))
      ->capture_default_str();
  app.add_option("--seconds", seconds.duration, "measured part; idle: the window");
  app.add_option("--warmup", seconds.warmup, "seconds");
  app.add_option("--messages", options.messages_max, "end after so many; 0: by time");
  app.add_option("--timeout", seconds.timeout, "seconds after which a delivery is missing");
  app.add_option("--settle", seconds.settle, "seconds after connecting, and at the end");
  app.add_option("--min-pings", options.pings_min, "idle: that each client must get");
  app.add_option("--connect-in-flight", options.target.connect_in_flight, "recover: all")
      ->check(CLI::PositiveNumber);
  app.add_option("--source-addresses", options.target.source_addresses, "127.0.0.2 and up")
      ->check(CLI::Range(1, 250));
  app.add_option("--server-pid", options.server_pids)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--server-core", options.server_cores)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--json", options.json_path, "file for the figures; -: standard output");
}

// What no single flag shows.
void check_together(const Options& options) {
  const char* mistake = nullptr;
  if (options.publish_port != 0 && options.protocol != ProtocolKind::kJson) {
    mistake = "--publish-port wants --protocol=json";
  }
  const bool knows_redis = options.redis_port != 0 && !options.redis_clients.empty();
  if (options.scenario == Scenario::kCut &&
      (options.publish_port == 0 || options.server_pids.empty() || !knows_redis)) {
    mistake = "cut wants --publish-port, --server-pid, --redis-port and --redis-client";
  }
  if (mistake == nullptr) return;
  std::fprintf(stderr, "%s\n", mistake);
  std::exit(kUsageExitCode);
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  Seconds seconds;
  CLI::App app{"Drives a room-chat server and checks every delivery."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_flags(app, options, seconds);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == EXIT_SUCCESS ? EXIT_SUCCESS : kUsageExitCode);
  }

  options.scenario = kScenarios.at(options.scenario_name);
  const Shape shape = default_shape(options.scenario);
  if (options.scenario == Scenario::kRecover || options.scenario == Scenario::kCut) {
    options.protocol = ProtocolKind::kJson;
  }
  check_together(options);
  if (options.protocol == ProtocolKind::kJson) options.format = LineFormat::kPlain;
  if (options.path_template.empty()) options.path_template = default_path(options.protocol);
  if (options.members == 0) options.members = shape.members;
  if (options.target.connect_in_flight == 0) {
    const bool all_at_once = options.scenario == Scenario::kRecover;
    options.target.connect_in_flight = all_at_once ? options.members : kConnectInFlight;
  }
  if (options.rooms == 0) options.rooms = shape.rooms;
  if (options.publishers == 0) options.publishers = shape.publishers;
  if (options.in_flight == 0) options.in_flight = shape.in_flight;
  options.duration = nanos(seconds.duration);
  options.warmup = nanos(seconds.warmup);
  options.timeout = nanos(seconds.timeout);
  options.settle = nanos(seconds.settle);
  options.small_pause = nanos(seconds.small_pause);
  options.pause = nanos(seconds.pause);
  return options;
}

}  // namespace palaver::bench::load
