# SPDX-License-Identifier: Apache-2.0
"""The judgement of script/bench on made-up figures: ratios are taken within a turn, a turn that
failed drops out, and a target is judged by the median. What it reads in /proc and from Redis. No
process is started."""

import os
import pathlib
import socket
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compare"))

import rows  # noqa: E402
import systems  # noqa: E402
from servers import Unavailable  # noqa: E402
from verdict import judge, noise_note, rate_note, ratios, spread  # noqa: E402

ROW = rows.Row("row", "", "fanout", ("ours", "limit"), (), ())


def target(bound, **more):
    return rows.Target("text", "ours", "cost", bound, **more)


def results(ours, limit):
    def figures(values):
        return [None if value is None else {"cost": value} for value in values]
    return {("row", "ours"): figures(ours), ("row", "limit"): figures(limit)}


class Verdicts(unittest.TestCase):
    def test_ratios_are_of_the_same_turn(self):
        found = results([2, 6, 30], [1, 2, 100])
        self.assertEqual(ratios(found, ("row", "ours"), ("row", "limit"), "cost"), [2, 3, 0.3])

    def test_a_turn_that_failed_drops_out(self):
        found = results([2, None, 4], [1, 1, None])
        self.assertEqual(ratios(found, ("row", "ours"), ("row", "limit"), "cost"), [2])

    def test_the_median_decides(self):
        verdict = judge(results([1, 9, 2], [1, 1, 1]), ROW, target(2, over=("row", "limit")))
        self.assertTrue(verdict.is_reached)
        self.assertEqual((verdict.value.low, verdict.value.high), (1, 9))
        self.assertFalse(judge(results([1, 9, 3], [1, 1, 1]), ROW,
                               target(2, over=("row", "limit"))).is_reached)

    def test_absolute_targets_are_scaled(self):
        verdict = judge(results([5000], []), ROW, target(10, scale=1e-3))
        self.assertEqual(verdict.value.median, 5)
        self.assertTrue(verdict.is_reached)

    def test_at_least(self):
        self.assertTrue(judge(results([2], [1]), ROW, target(
            1.7, over=("row", "limit"), at_least=True)).is_reached)
        self.assertFalse(judge(results([1.6], [1]), ROW, target(
            1.7, over=("row", "limit"), at_least=True)).is_reached)

    def test_what_was_not_measured_is_neither(self):
        self.assertIsNone(judge({}, ROW, target(1)).is_reached)
        self.assertIsNone(spread([]))

    def test_noise_is_told(self):
        self.assertEqual(noise_note(results([1], [1]), ROW), "")
        loud = {("row", "ours"): [{"cost": 1, "quiet": False}, None, {"cost": 1, "quiet": True}]}
        self.assertEqual(noise_note(loud, ROW), "1 of 2 runs not quiet")

    def test_a_rate_is_judged_only_on_a_core_of_its_own(self):

        def judged(core, process):
            found = {("row", "ours"): [{"core_share": core, "process_share": process}, None]}
            return rate_note(found, ROW, "ours")[1]
        self.assertTrue(judged(1.0, 0.9))
        self.assertTrue(judged(0.4, 0.3))  # idle is its own fault
        self.assertFalse(judged(1.0, 0.3))
        self.assertEqual(rate_note({}, ROW, "ours"), ("", True))

    def test_every_target_names_what_is_measured(self):
        by_name = {row.name: row for row in rows.TRAFFIC_ROWS}
        for row in rows.TRAFFIC_ROWS:
            for wanted in row.targets:
                self.assertIn(wanted.server, row.servers)
                if wanted.over:
                    self.assertIn(wanted.over[1], by_name[wanted.over[0]].servers)


TCP_TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:5383 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0
   1: 0200007F:AD4E 0100007F:5383 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0
"""
CLIENT_LIST = """\
id=3 addr=127.0.0.1:44382 laddr=127.0.0.1:21379 fd=7 name= age=1 cmd=evalsha
id=14 addr=127.0.0.1:44384 laddr=127.0.0.1:21379 fd=8 name= age=1 cmd=subscribe
"""


class Systems(unittest.TestCase):
    def test_reads_the_table_of_sockets(self):
        self.assertEqual(systems.tcp_rows(TCP_TABLE), [
            ("127.0.0.1:21379", "0.0.0.0:0", "11"), ("127.0.0.2:44366", "127.0.0.1:21379", "12")])

    def test_a_socket_that_stands_twice_in_the_table_is_one(self):
        again = TCP_TABLE + TCP_TABLE.splitlines()[2] + "\n"
        self.assertEqual(systems.tcp_rows(again), systems.tcp_rows(TCP_TABLE))

    def test_finds_the_sockets_of_a_process_alone(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            self.assertEqual(systems.sockets_to(os.getpid(), port), [])
            with socket.create_connection(("127.0.0.1", port)) as one, \
                    socket.create_connection(("127.0.0.1", port)) as other:
                own = {f"127.0.0.1:{peer.getsockname()[1]}" for peer in (one, other)}
                self.assertEqual(set(systems.sockets_to(os.getpid(), port)), own)
                # The same sockets, asked for in the name of another process.
                self.assertEqual(systems.sockets_to(os.getppid(), port), [])

    def test_finds_what_redis_calls_a_connection(self):
        self.assertEqual(systems.ids_in(CLIENT_LIST, ["127.0.0.1:44384"]), ["14"])
        with self.assertRaises(KeyError):
            systems.ids_in(CLIENT_LIST, ["127.0.0.1:1"])

    def test_without_redis_the_rows_are_skipped_with_the_reason(self):
        with tempfile.TemporaryDirectory() as scratch, \
                unittest.mock.patch("shutil.which", return_value=None):
            for system in systems.redis_systems(pathlib.Path("palaver")):
                if system.engine == "redis":
                    with self.assertRaisesRegex(Unavailable, "redis-server is not installed"):
                        system.start(os.sched_getaffinity(0), pathlib.Path(scratch))

    def test_every_row_of_redis_knows_its_servers(self):
        names = {system.name for system in systems.redis_systems(pathlib.Path("palaver"))}
        for row in rows.TRAFFIC_ROWS:
            if row.name.startswith("redis_"):
                self.assertLessEqual(set(row.servers), names)
                self.assertLessEqual(set(row.server_flags), set(row.servers) | names)


if __name__ == "__main__":
    unittest.main()
