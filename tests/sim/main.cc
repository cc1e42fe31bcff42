// SPDX-License-Identifier: Apache-2.0
// The simulation as a program: --seed=N runs worlds from this seed on, --seeds=N so many of them.
// It stops at the first promise that was not kept, and says by which seed to see it again.
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/sim/world.h"

namespace {

using palaver::tests::sim::Totals;
using palaver::tests::sim::World;
using palaver::tests::support::RandomChoices;

constexpr unsigned kSteps = 1500;

volatile std::sig_atomic_t running_seed = 0;

// A CHECK that fails inside a world.
void on_abort(int) {
  std::fprintf(stderr, "aborted: --seed=%lld --seeds=1\n", static_cast<long long>(running_seed));
}

bool parse(std::string_view argument, std::string_view name, std::uint64_t& value) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  const char* const end = argument.data() + argument.size();
  const auto [at, error] = std::from_chars(argument.data(), end, value);
  return error == std::errc{} && at == end;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 1;
  std::uint64_t count = 100;
  for (int i = 1; i < argc; ++i) {
    if (parse(argv[i], "--seed=", first) || parse(argv[i], "--seeds=", count)) continue;
    std::fprintf(stderr, "usage: %s [--seed=N] [--seeds=N]\n", argv[0]);
    return 2;
  }
  std::signal(SIGABRT, on_abort);
  Totals totals;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    running_seed = static_cast<std::sig_atomic_t>(seed);
    RandomChoices choices(seed);
    World world(choices, seed, kSteps);
    const std::string failure = world.run();
    if (!failure.empty()) {
      std::fprintf(stderr, "--seed=%llu --seeds=1: %s\n", static_cast<unsigned long long>(seed),
                   failure.c_str());
      return 1;
    }
    world.add_to(totals);
  }
  const auto print = [](const char* what, std::uint64_t number) {
    std::printf("%s %llu\n", what, static_cast<unsigned long long>(number));
  };
  print("worlds", totals.worlds);
  print("entries", totals.entries);
  print("deliveries", totals.deliveries);
  print("recoveries", totals.recoveries);
  print("losses", totals.losses);
  print("overflows", totals.overflows);
  print("breaks", totals.breaks);
  print("restarts", totals.restarts);
  print("holes filled", totals.holes);
  print("tails filled", totals.tails);
  print("talkers", totals.talkers);
  print("replies", totals.replies);
  print("session deliveries", totals.session_deliveries);
  print("session recoveries", totals.session_recoveries);
  print("session losses", totals.session_losses);
  print("redactions told", totals.redactions);
  print("calls failed", totals.faults.failed);
  print("delayed", totals.faults.delayed);
  print("dropped", totals.faults.dropped);
  print("doubled", totals.faults.doubled);
  print("told lost", totals.faults.lost);
  return 0;
}
