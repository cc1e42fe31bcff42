# SPDX-License-Identifier: Apache-2.0
"""The load generator against servers of known conduct: every scenario passes on the limit programs,
those of the SDKs' protocol on a small server of it, and each kind of wrong delivery makes it exit
with 1 and name the mistake. Servers bind a free port of 127.0.0.1 and end with the test."""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import unittest

BIN = pathlib.Path()
SDK_SERVER = pathlib.Path(__file__).resolve().parent / "sdk_server.py"
TRAFFIC = ["--seconds=0.4", "--warmup=0.1", "--settle=0.1", "--timeout=1"]
NO_URING = 3


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One of our servers, listening; killed at the end of the with block."""

    def __init__(self, name, *flags):
        self.port = free_port()
        program = [sys.executable, SDK_SERVER] if name == SDK_SERVER else [BIN / name]
        command = [*program, f"--port={self.port}", *flags]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def __enter__(self):
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                continue
        if self.process.returncode == NO_URING:
            raise unittest.SkipTest("the kernel forbids io_uring")
        raise AssertionError(f"the server ended with {self.process.returncode}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def load(server, scenario, *flags):
    command = [BIN / "palaver_bench_load", scenario, f"--port={server.port}",
               f"--server-pid={server.process.pid}", "--server-core=0", "--json=-", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


class Healthy(unittest.TestCase):
    def check(self, scenario, *flags):
        for name in ("palaver_limit_send", "palaver_limit_uring"):
            with self.subTest(server=name), Server(name, "--ping-interval=1") as server:
                run = load(server, scenario, *TRAFFIC, *flags)
                self.assertEqual(run.returncode, 0, run.stderr)
                figures = json.loads(run.stdout)
                self.assertGreater(figures["latency_p99_us"], 0)
                yield figures

    def test_fanout(self):
        for figures in self.check("fanout", "--members=50"):
            self.assertGreater(figures["deliveries"], 50)
            self.assertGreater(figures["core_us_per_delivery"], 0)

    def test_burst(self):
        for figures in self.check("burst", "--members=50", "--publishers=8", "--in-flight=16"):
            self.assertGreater(figures["deliveries"], 50)

    def test_rooms(self):
        for figures in self.check("rooms", "--members=5", "--rooms=20"):
            self.assertEqual(figures["connections"], 100)

    def test_mixed(self):
        for figures in self.check("mixed", "--members=200"):
            self.assertGreater(figures["big_latency_p99_us"], 0)

    def test_long_messages(self):
        for figures in self.check("fanout", "--members=10", "--message-bytes=20000"):
            self.assertGreater(figures["deliveries"], 10)

    def test_idle(self):
        # 50 descriptors fall into two buckets or more of a second's pings.
        for figures in self.check("idle", "--members=50", "--rooms=5", "--seconds=1.6",
                                  "--min-pings=1"):
            self.assertGreaterEqual(figures["pings"], 50)
            self.assertIn("pss_bytes_per_connection", figures)

    def test_connect(self):
        for figures in self.check("connect", "--members=100", "--rooms=5"):
            self.assertEqual(figures["connections"], 100)


class Faults(unittest.TestCase):
    def check(self, fault, words, scenario, *flags, after=2000):
        with Server("palaver_bench_faulty", f"--fault={fault}", f"--after={after}") as server:
            run = load(server, scenario, *TRAFFIC, *flags)
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn(words, run.stderr)
            self.assertTrue(run.stderr.startswith("FAILED"), run.stderr)

    def test_drop_with_nothing_behind_it(self):
        self.check("drop", "is missing at 1 of 50 members", "fanout", "--members=50")

    def test_drop_with_more_behind_it(self):
        self.check("drop", "was due", "burst", "--members=50", "--in-flight=16")

    def test_double(self):
        self.check("double", "a second time", "fanout", "--members=50")

    def test_double_of_the_last(self):
        self.check("double", "a second time", "fanout", "--members=50", "--messages=1",
                   "--warmup=0", after=49)

    def test_swap(self):
        self.check("swap", "was due", "burst", "--members=50", "--in-flight=16")

    def test_garble(self):
        self.check("garble", "garbled", "rooms", "--members=5", "--rooms=10")

    def test_close(self):
        self.check("close", "closed the connection", "fanout", "--members=50")

    def test_drop_beside_a_big_room(self):
        self.check("drop", "was due", "mixed", "--members=200", after=300)

    def test_nobody_there(self):
        run = subprocess.run([BIN / "palaver_bench_load", "fanout", f"--port={free_port()}"],
                             capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("refused", run.stderr)


class HealthySdk(unittest.TestCase):
    def check(self, scenario, *flags):
        with Server(SDK_SERVER, "--ping-interval=1") as server:
            run = load(server, scenario, "--protocol=json", *TRAFFIC, *flags)
            self.assertEqual(run.returncode, 0, run.stderr)
            return json.loads(run.stdout)

    def test_fanout(self):
        self.assertGreater(self.check("fanout", "--members=20")["deliveries"], 20)

    def test_many_in_flight(self):
        figures = self.check("burst", "--members=10", "--publishers=4", "--in-flight=8")
        self.assertGreater(figures["deliveries"], 10)

    def test_idle(self):
        figures = self.check("idle", "--members=20", "--rooms=5", "--seconds=1.6", "--min-pings=1")
        self.assertGreaterEqual(figures["pings"], 20)

    def test_connect(self):
        self.assertEqual(self.check("connect", "--members=20", "--rooms=3")["connections"], 20)

    def test_recover(self):
        figures = self.check("recover", "--members=20", "--missed=30")
        self.assertEqual(figures["recovered_messages"], 600)
        self.assertGreater(figures["recovered_s"], 0)

    def test_an_outside_publisher(self):
        # It is in a room of its own: what it publishes comes to the 20, and not to itself.
        with Server(SDK_SERVER) as server:
            run = load(server, "fanout", "--protocol=json", "--members=20",
                       f"--publish-port={server.port}", *TRAFFIC)
            self.assertEqual(run.returncode, 0, run.stderr)
            figures = json.loads(run.stdout)
            self.assertEqual(figures["connections"], 21)
            self.assertGreaterEqual(figures["messages"], 1)

    def test_pauses(self):
        figures = self.check("fanout", "--members=2", "--pause=0.1")
        self.assertLessEqual(figures["messages"], 5)


class CommandLine(unittest.TestCase):
    def check(self, words, *arguments):
        run = subprocess.run([BIN / "palaver_bench_load", *arguments, "--port=1"],
                             capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn(words, run.stderr)

    def test_the_article_has_no_outside_publisher(self):
        self.check("wants --protocol=json", "fanout", "--publish-port=1")

    def test_a_cut_needs_to_know_what_to_cut(self):
        self.check("cut wants", "cut", "--publish-port=1", "--server-pid=1", "--redis-port=1")
        self.check("cut wants", "cut", "--publish-port=1", "--redis-port=1", "--redis-client=1")


class SdkFaults(unittest.TestCase):
    def check(self, fault, words, scenario, *flags, after=100):
        with Server(SDK_SERVER, f"--fault={fault}", f"--after={after}") as server:
            run = load(server, scenario, "--protocol=json", *TRAFFIC, *flags)
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn(words, run.stderr)

    def test_drop_with_nothing_behind_it(self):
        self.check("drop", "is missing at 1 of 20 members", "fanout", "--members=20")

    def test_drop_with_more_behind_it(self):
        self.check("drop", "was due", "burst", "--members=20", "--in-flight=16", after=105)

    def test_double(self):
        self.check("double", "a second time", "fanout", "--members=20")

    def test_swap(self):
        self.check("swap", "was due", "burst", "--members=20", "--in-flight=16", after=105)

    def test_garble(self):
        self.check("garble", "no message", "rooms", "--members=5", "--rooms=4")

    def test_an_offset_that_does_not_rise(self):
        self.check("offset", "wrong offset", "fanout", "--members=20")

    def test_an_offset_that_others_did_not_see(self):
        self.check("offset", "wrong offset", "fanout", "--members=20", after=105)

    def test_a_hole_in_what_is_recovered(self):
        self.check("forget", "was due", "recover", "--members=5", "--missed=10")

    def test_a_server_that_does_not_speak_it(self):
        with Server("palaver_limit_send") as server:
            run = load(server, "fanout", "--protocol=json", "--members=5", *TRAFFIC)
            self.assertEqual(run.returncode, 1, run.stdout)


def main():
    global BIN
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    options, rest = parser.parse_known_args()
    BIN = options.bin
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
