# SPDX-License-Identifier: Apache-2.0
"""The machine: which core serves and which one drives, and whether anybody else is using them. The
measured figure is a core's busy time, so a compiler next door would be charged to the server."""

import os
import pathlib
import platform
import time

QUIET_SHARE_MAX = 0.05
QUIET_SAMPLE_SECONDS = 0.2
QUIET_WAIT_SECONDS_MAX = 10       # before one run
QUIET_WAIT_SECONDS_IN_ALL = 120  # then we stop waiting, and count only


class Machine:
    def __init__(self, *, waits_for_quiet):
        self.cores = sorted(os.sched_getaffinity(0))
        self.server_cores = {self.cores[0]}
        self.generator_cores = {self.cores[-1]}
        self.patience = QUIET_WAIT_SECONDS_IN_ALL if waits_for_quiet else 0
        self.noisy_runs = 0
        self.runs = 0
        os.sched_setaffinity(0, self.generator_cores)

    def cores_for(self, shards):
        """(server, generator): a core for each shard. With too few, the generator shares them, and
        has_room_for() says so."""
        if shards == 1:
            return self.server_cores, self.generator_cores
        server = set(self.cores[:shards])
        return server, set(self.cores[shards:]) or set(self.cores)

    def has_room_for(self, shards):
        return len(self.cores) > shards

    def wait_for_quiet(self):
        """Returns when the cores are idle (True), or after a while (False, and counted)."""
        self.runs += 1
        started = time.monotonic()
        while self._busy_share() > QUIET_SHARE_MAX:
            waited = time.monotonic() - started
            if waited > min(QUIET_WAIT_SECONDS_MAX, self.patience):
                self.noisy_runs += 1
                self.patience = max(0, self.patience - waited)
                return False
        return True

    def _busy_share(self):
        before = self._idle_seconds()
        time.sleep(QUIET_SAMPLE_SECONDS)
        after = self._idle_seconds()
        return max(1 - (after[core] - before[core]) / QUIET_SAMPLE_SECONDS for core in before)

    def _idle_seconds(self):
        tick = os.sysconf("SC_CLK_TCK")
        idle = {}
        for line in pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines():
            name, *fields = line.split()
            if name.startswith("cpu") and name != "cpu" and int(name[3:]) in self.cores:
                idle[int(name[3:])] = (int(fields[3]) + int(fields[4])) / tick
        return idle

    def describe(self):
        model = "unknown"
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
        return {"cpu": model, "cores": len(self.cores), "kernel": platform.release(),
                "runs": self.runs, "noisy_runs": self.noisy_runs}
