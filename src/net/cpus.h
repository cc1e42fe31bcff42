// SPDX-License-Identifier: Apache-2.0
// How many CPUs this process may really use.
#pragma once

#include <string>

namespace palaver::net {

// The CPUs of the affinity mask, lowered to the quota of the cgroup (`cpu.max` of version 2 of the
// process's own group and those above it, rounded up), at least 1. `cgroup_root` and
// `self_cgroup_file` are /sys/fs/cgroup and /proc/self/cgroup outside tests.
[[nodiscard]] unsigned usable_cpus(const std::string& cgroup_root = "/sys/fs/cgroup",
                                   const std::string& self_cgroup_file = "/proc/self/cgroup");

}  // namespace palaver::net
