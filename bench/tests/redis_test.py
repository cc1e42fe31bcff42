# SPDX-License-Identifier: Apache-2.0
"""The rows of Redis with the server and a real redis-server: each yields the figures that its
targets want, and what goes wrong on the way is named instead of measured. Everything listens on
free ports of 127.0.0.1 and ends with the test."""

import argparse
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compare"))

import rows  # noqa: E402
import servers  # noqa: E402
import systems  # noqa: E402
from machine import Machine  # noqa: E402
from run import Runner  # noqa: E402
from verdict import judge  # noqa: E402

BIN = pathlib.Path()
CUT = ("--rooms=20", "--timeout=2", "--json=-")


class RedisTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="palaver-bench-test-")
        self.addCleanup(directory.cleanup)
        self.scratch = pathlib.Path(directory.name)
        self.machine = Machine(waits_for_quiet=False)
        self.systems = {system.name: system for system in systems.redis_systems(BIN / "palaver")}

    def start(self, name):
        return self.systems[name].start(*self.machine.cores_for(1)[:1], self.scratch)

    def run_program(self, program, *arguments):
        return subprocess.run([BIN / program, *arguments], capture_output=True, text=True,
                              timeout=60, check=False)


class Rows(RedisTest):
    def test_each_row_has_its_figures(self):
        for row in rows.TRAFFIC_ROWS:
            if not row.name.startswith("redis_"):
                continue
            with self.subTest(row=row.name):
                runner = Runner(self.machine, self.systems, BIN, self.scratch, quick=True)
                runner.run_all([[(row, name) for name in row.servers]])
                self.assertEqual((runner.failures, runner.skipped), ([], {}))
                for target in row.targets:
                    self.assertIsNotNone(judge(runner.results, row, target).value, target.text)


class Cut(RedisTest):
    def cut(self, system, *flags):
        pids = ",".join(map(str, system.pids()))
        return self.run_program("palaver_bench_load", "cut", f"--port={system.port}",
                                f"--server-pid={pids}", *CUT, *system.load_flags(), *flags)

    @staticmethod
    def is_stopped(pid):
        status = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        return status.rsplit(")", 1)[1].split()[0] == "T"

    def test_a_connection_that_is_not_there(self):
        with self.start("redis_cut") as system:
            run = self.cut(system, "--redis-client=999999")
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn("Redis says", run.stderr)
            self.assertFalse(self.is_stopped(system.pids()[0]))

    def test_messages_that_the_other_node_does_not_take(self):
        with self.start("redis_cut") as system:
            run = self.cut(system, f"--publish-port={system.port}")
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn("is missing", run.stderr)
            self.assertFalse(self.is_stopped(system.pids()[0]))


class Publishers(RedisTest):
    def publish(self, publisher, port, *flags):
        return self.run_program("palaver_bench_redis", publisher, f"--port={port}",
                                "--seconds=0.3", "--warmup=0.1", "--json=-", *flags)

    def test_nobody_subscribed(self):
        for publisher in ("plain", "server"):
            with self.subTest(publisher=publisher), self.start("redis_plain") as redis:
                run = self.publish(publisher, redis.port, "--subscribed=false")
                self.assertEqual(run.returncode, 0, run.stderr)

    def test_a_redis_that_refuses(self):
        for publisher in ("plain", "server"):
            with self.subTest(publisher=publisher), self.start("redis_plain") as redis:
                with socket.create_connection(("127.0.0.1", redis.port)) as peer:
                    peer.sendall(b"CONFIG SET maxmemory 1\r\n")
                    self.assertEqual(peer.recv(16), b"+OK\r\n")
                run = self.publish(publisher, redis.port)
                self.assertEqual(run.returncode, 1, run.stdout)
                self.assertIn("OOM", run.stderr)

    def test_nobody_there(self):
        for publisher in ("plain", "server"):
            with self.subTest(publisher=publisher):
                run = self.publish(publisher, servers.free_port())
                self.assertEqual(run.returncode, 1, run.stdout)
                self.assertIn("FAILED", run.stderr)


def main():
    global BIN
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    options, rest = parser.parse_known_args()
    BIN = options.bin.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
