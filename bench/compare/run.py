# SPDX-License-Identifier: Apache-2.0
"""Carries the rows out: in each turn every server of every row once, started fresh on the server's
core and driven from the generator's. Turns alternate in direction, so that a drift of the machine
falls on all alike. What a run yields is the generator's JSON, or the reason why there is none."""

import json
import subprocess
import sys

from servers import Unavailable

RUN_SECONDS_MAX = 180


class Failure(Exception):
    """A run whose deliveries were not all right; the text is the generator's."""


class Runner:
    def __init__(self, machine, servers, binaries, scratch, quick):
        self.machine = machine
        self.servers = servers
        self.binaries = binaries
        self.scratch = scratch
        self.quick = quick
        self.results = {}   # (row, server) -> the figures of each turn, None where it failed
        self.skipped = {}   # server -> reason
        self.failures = []  # texts

    def run_all(self, pairs_by_turn):
        """`pairs_by_turn`: for each turn the (row, server name) pairs to run."""
        total = sum(len(pairs) for pairs in pairs_by_turn)
        done = 0
        for turn, pairs in enumerate(pairs_by_turn):
            for row, name in pairs if turn % 2 == 0 else reversed(pairs):
                done += 1
                self._say(f"turn {turn + 1}, {row.name}: {name} ({done} of {total})")
                figures = None if name in self.skipped else self._try(row, name)
                self.results.setdefault((row.name, name), []).append(figures)
        self._say("")

    def _try(self, row, name):
        try:
            return self._run(row, name)
        except Unavailable as reason:
            self.skipped[name] = str(reason)
        except Failure as reason:
            self.failures.append(f"{row.name}, {self.servers[name].label}: {reason}")
        return None

    def _run(self, row, name):
        server = self.servers[name]
        shards = 2 if name == "palaver_2shards" else 1
        server_cores, generator_cores = self.machine.cores_for(shards)
        is_quiet = self.machine.wait_for_quiet()
        with server.start(server_cores, self.scratch, generator_cores) as running:
            command = ["taskset", "-c", _list(generator_cores),
                       str(self.binaries / server.program), server.scenario or row.scenario,
                       f"--port={running.port}", f"--server-pid={_list(running.pids())}",
                       f"--server-core={_list(server_cores)}", "--json=-",
                       *(row.quick_flags if self.quick else row.flags),
                       *row.server_flags.get(name, ()), *server.load_flags,
                       *running.load_flags()]
            try:
                run = subprocess.run(command, capture_output=True, text=True, check=False,
                                     timeout=RUN_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                raise Failure(f"not done after {RUN_SECONDS_MAX} s") from None
            beside = running.figures()
        if run.returncode != 0:
            raise Failure(run.stderr.strip() or f"exit code {run.returncode}")
        return json.loads(run.stdout) | beside | {"quiet": is_quiet}

    @staticmethod
    def _say(text):
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        elif text:
            print(text, file=sys.stderr, flush=True)


def _list(numbers):
    return ",".join(str(number) for number in sorted(numbers))
