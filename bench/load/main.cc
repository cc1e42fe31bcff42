// SPDX-License-Identifier: Apache-2.0
// palaver_bench_load: drives a room-chat server with one scenario and prints the figures. Exit code
// 0 says that every delivery arrived once, in order, in time and whole; 1 that one did not, and
// standard error says which; 2 that the command line is wrong.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "bench/load/options.h"
#include "bench/load/scenarios.h"

namespace {

using namespace palaver::bench::load;

// A socket for each member: as many as the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) std::perror("setrlimit");
}

palaver::base::Result<Report> run(const Options& options) {
  switch (options.scenario) {
    case Scenario::kIdle:
      return run_idle(options);
    case Scenario::kConnect:
      return run_connect(options);
    case Scenario::kRecover:
      return run_recover(options);
    case Scenario::kCut:
      return run_cut(options);
    default:
      return run_traffic(options);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  raise_descriptor_limit();
  const auto report = run(options);
  if (!report) {
    std::fprintf(stderr, "FAILED %s: %s\n", options.scenario_name.c_str(),
                 report.error().message.c_str());
    return EXIT_FAILURE;
  }
  if (options.json_path != "-") report->print();
  if (options.json_path.empty()) return EXIT_SUCCESS;
  if (const auto written = report->write_json(options.json_path); !written) {
    std::fprintf(stderr, "%s\n", written.error().message.c_str());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
