# SPDX-License-Identifier: Apache-2.0
"""The servers under comparison: how each is started, when it is ready, which processes are its own.
Every start is fresh, on a free port of 127.0.0.1, on the given cores; stop() leaves nothing behind.
The one place that knows Palaver's flags."""

import os
import pathlib
import signal
import socket
import subprocess
import time

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 3

# Rate limits stay on, raised by name, since the load generator speaks for a thousand people.
PALAVER_FLAGS = (
    "--host=127.0.0.1",
    "--messages-per-second=1000000",
    "--messages-burst=1000000",
)


# The Centrifuge client protocol instead of the article's.
SDK_LOAD_FLAGS = ("--protocol=json",)


class Unavailable(Exception):
    """A server that cannot take part; the text says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def spawn(command, cores, log):
    """A child on `cores`, in a session of its own; affinity is inherited across exec."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=subprocess.STDOUT, start_new_session=True)
    finally:
        os.sched_setaffinity(0, own)


def children_of(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


class Server:
    """One way to serve. command(port, scratch) may raise Unavailable. `program` drives it, with
    `scenario` or, without one, that of the row."""

    def __init__(self, name, label, command, *, load_flags=(), health=None,
                 program="palaver_bench_load", scenario=None):
        self.name = name
        self.label = label
        self.command = command
        self.program = program
        self.scenario = scenario
        self.load_flags = tuple(load_flags)
        self.health = health  # path that answers 200 when it is ready; None: a connect is enough

    def start(self, cores, scratch, _other_cores=None):
        return Running(self, cores, scratch)


class Running:
    """A started server; ready when the constructor returns. A context manager."""

    def __init__(self, server, cores, scratch):
        self.server = server
        self.port = free_port()
        command = server.command(self.port, scratch)
        self.log_path = scratch / f"{server.name}.log"
        with open(self.log_path, "wb") as log:
            started = time.perf_counter()
            self.process = spawn(command, cores, log)
        try:
            self._wait_until_ready()
        except Unavailable:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - started

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                code = self.process.returncode
                raise Unavailable(f"ended with {code} at its start; {self._tail()}")
            if self._is_ready():
                return
        raise Unavailable(f"not ready after {START_SECONDS_MAX} s; {self._tail()}")

    def _is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
                if self.server.health is None:
                    return True
                peer.sendall(f"GET {self.server.health} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                             "Connection: close\r\n\r\n".encode())
                return peer.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def _tail(self):
        text = self.log_path.read_text(encoding="utf-8", errors="replace").strip()
        return text.splitlines()[-1] if text else "it said nothing"

    def pids(self):
        return [self.process.pid, *children_of(self.process.pid)]

    def load_flags(self):
        """Those that are not known before the start."""
        return []

    def figures(self):
        """What was measured beside the load generator."""
        return {}

    def stop(self):
        """Asks, and then takes the whole session down; workers of a dead master included."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _binary(path):
    if not path.exists():
        raise Unavailable(f"{path.name} is not built")
    return str(path)


def limit(name, label, binary):
    return Server(name, label, lambda port, _: [_binary(binary), f"--port={port}"])


def palaver(name, label, binary, *, io, shards=1, load_flags=(), redis_port=None):
    def command(port, _):
        redis = [f"--redis-url=redis://127.0.0.1:{redis_port}"] if redis_port else []
        return [_binary(binary), f"--port={port}", f"--io={io}", f"--shards={shards}",
                *PALAVER_FLAGS, *redis]
    return Server(name, label, command, load_flags=load_flags,
                  health="/ready" if redis_port else "/health")
