// SPDX-License-Identifier: Apache-2.0
#include "net/cpus.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string_view>

namespace palaver::net {

namespace {

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

unsigned affinity_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
}

// "max 100000" or "150000 100000": quota and period in microseconds.
double quota_of(const std::string& file_name) {
  std::ifstream file(file_name);
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return kNoQuota;
  double microseconds = 0;
  for (const char digit : quota) {
    if (digit < '0' || digit > '9') return kNoQuota;
    microseconds = microseconds * 10 + (digit - '0');
  }
  return microseconds > 0 ? microseconds / period : kNoQuota;
}

// The path of the process's group in the unified hierarchy: the line "0::/path".
std::string own_group(const std::string& self_cgroup_file) {
  std::ifstream file(self_cgroup_file);
  constexpr std::string_view kUnified = "0::";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kUnified)) return line.substr(kUnified.size());
  }
  return "/";
}

}  // namespace

unsigned usable_cpus(const std::string& cgroup_root, const std::string& self_cgroup_file) {
  double quota = kNoQuota;
  std::string group = own_group(self_cgroup_file);
  while (true) {
    quota = std::min(quota, quota_of(cgroup_root + group + "/cpu.max"));
    const std::size_t slash = group.rfind('/');
    if (group.empty() || slash == std::string::npos) break;
    group.resize(slash);
  }
  const unsigned cpus = affinity_cpus();
  if (quota >= cpus) return cpus;
  return std::max(static_cast<unsigned>(std::ceil(quota)), 1U);
}

}  // namespace palaver::net
