# SPDX-License-Identifier: Apache-2.0
"""The judgement of script/bench on made-up figures: ratios are taken within a turn, a turn that
failed drops out, and a target is judged by the median. No process is started."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compare"))

import rows  # noqa: E402
from verdict import judge, noise_note, ratios, spread  # noqa: E402

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

    def test_every_target_names_what_is_measured(self):
        by_name = {row.name: row for row in rows.TRAFFIC_ROWS}
        for row in rows.TRAFFIC_ROWS:
            for wanted in row.targets:
                self.assertIn(wanted.server, row.servers)
                if wanted.over:
                    self.assertIn(wanted.over[1], by_name[wanted.over[0]].servers)


if __name__ == "__main__":
    unittest.main()
