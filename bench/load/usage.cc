// SPDX-License-Identifier: Apache-2.0
// On a tickless kernel the idle time of /proc/stat is measured exactly, while user and system are
// sampled by the tick, which a server that wakes with the timer can dodge or hit always. So the
// core's busy time is what is not idle; the sum of the sampled fields is kept for comparison.
#include "bench/load/usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "bench/load/clients.h"

namespace palaver::bench::load {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct CoreTimes {
  double busy = 0;
  double idle = 0;
  double steal = 0;
};

// proc(5): cpuN user nice system idle iowait irq softirq steal, in clock ticks.
CoreTimes core_times(unsigned core, double tick) {
  std::ifstream stat("/proc/stat");
  const std::string wanted = "cpu" + std::to_string(core) + " ";
  for (std::string line; std::getline(stat, line);) {
    if (!line.starts_with(wanted)) continue;
    std::istringstream fields(line.substr(wanted.size()));
    std::array<double, 8> field{};
    for (double& value : field) fields >> value;
    const auto& [user, nice, system, idle, iowait, irq, softirq, steal] = field;
    return {.busy = (user + nice + system + irq + softirq) * tick,
            .idle = (idle + iowait) * tick,
            .steal = steal * tick};
  }
  return {};
}

// proc(5): in /proc/PID/stat, utime and stime are the 12th and 13th field after the command's name.
double process_time(int pid, double tick) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(stat, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double utime = 0;
  double stime = 0;
  fields >> utime >> stime;
  return (utime + stime) * tick;
}

}  // namespace

Meter::Meter(std::vector<unsigned> cores, std::vector<int> pids)
    : cores_(std::move(cores)), pids_(std::move(pids)) {}

void Meter::start() { start_ = total(); }

Usage Meter::total() const {
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  Usage total;
  total.wall = static_cast<double>(now_nanos()) / 1e9;
  for (const unsigned core : cores_) {
    const CoreTimes times = core_times(core, tick);
    total.core += total.wall - times.idle - times.steal;
    total.core_sampled += times.busy;
    total.steal += times.steal;
  }
  for (const int pid : pids_) total.process += process_time(pid, tick);
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  total.generator = seconds_of(own.ru_utime) + seconds_of(own.ru_stime);
  return total;
}

Usage Meter::read() const {
  const Usage now = total();
  return {.wall = now.wall - start_.wall,
          .core = now.core - start_.core,
          .core_sampled = now.core_sampled - start_.core_sampled,
          .steal = now.steal - start_.steal,
          .process = now.process - start_.process,
          .generator = now.generator - start_.generator};
}

base::Result<std::uint64_t> pss_bytes(const std::vector<int>& pids) {
  std::uint64_t sum = 0;
  for (const int pid : pids) {
    const std::string path = "/proc/" + std::to_string(pid) + "/smaps_rollup";
    std::ifstream rollup(path);
    std::uint64_t kilobytes = 0;
    for (std::string name; rollup >> name;) {
      if (name != "Pss:") continue;
      rollup >> kilobytes;
      break;
    }
    if (kilobytes == 0) return base::fail(base::ErrorCode::kSystem, "no Pss in " + path);
    sum += kilobytes * 1024;
  }
  return sum;
}

}  // namespace palaver::bench::load
