// SPDX-License-Identifier: Apache-2.0
// palaver_bench_redis: publishes through a Redis on this machine as the server does, or plainly
// (XADD and PUBLISH), and prints what it cost. Exit code 0 says that every message was acknowledged
// and seen once; 1 that one was not, and standard error says which; 2 that the command line is
// wrong.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "bench/redis/pump.h"

namespace {

using palaver::bench::redis::Pump;
using palaver::bench::redis::PumpOptions;

constexpr int kUsageExitCode = 2;

struct Arguments {
  PumpOptions pump;
  double seconds = 5;
  double warmup = 1;
  std::string json_path;  // "-": standard output
};

void add_flags(CLI::App& app, Arguments& arguments) {
  PumpOptions& pump = arguments.pump;
  app.add_option("publisher", pump.publisher, "server|plain")
      ->required()
      ->check(CLI::IsMember({"server", "plain"}));
  app.add_option("--port", pump.publishes.port, "of a Redis on 127.0.0.1")->required();
  app.add_option("--rooms", pump.publishes.rooms, "of each publisher")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--publishers", pump.publishers, "each with connections and rooms of its own")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--in-flight", pump.in_flight, "messages of each publisher")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--subscribed", pump.publishes.is_subscribed, "false: nobody gets them")
      ->capture_default_str();
  app.add_option("--message-bytes", pump.publishes.message_bytes)->capture_default_str();
  app.add_option("--entries-max", pump.publishes.entries_max, "of a room")->capture_default_str();
  app.add_option("--seconds", arguments.seconds, "measured part")->capture_default_str();
  app.add_option("--warmup", arguments.warmup, "seconds")->capture_default_str();
  app.add_option("--server-pid", pump.server_pids)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--server-core", pump.server_cores)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--json", arguments.json_path, "file for the figures; -: standard output");
}

palaver::base::Duration duration_of(double seconds) {
  return std::chrono::duration_cast<palaver::base::Duration>(
      std::chrono::duration<double>(seconds));
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Publishes through Redis and measures what it costs."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_flags(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == EXIT_SUCCESS ? EXIT_SUCCESS : kUsageExitCode;
  }
  arguments.pump.duration = duration_of(arguments.seconds);
  arguments.pump.warmup = duration_of(arguments.warmup);

  const auto report = Pump(arguments.pump).run();
  if (!report) {
    std::fprintf(stderr, "FAILED %s: %s\n", arguments.pump.publisher.c_str(),
                 report.error().message.c_str());
    return EXIT_FAILURE;
  }
  if (arguments.json_path != "-") report->print();
  if (arguments.json_path.empty()) return EXIT_SUCCESS;
  if (const auto written = report->write_json(arguments.json_path); !written) {
    std::fprintf(stderr, "%s\n", written.error().message.c_str());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
