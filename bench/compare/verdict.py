# SPDX-License-Identifier: Apache-2.0
"""From figures to sentences: medians over turns, ratios within a turn, and whether a target is
reached. Pure: no process is started here."""

import statistics
from dataclasses import dataclass


STRANGERS_SHARE_MAX = 0.3  # of the measured core: beyond, a rate is not judged


@dataclass(frozen=True)
class Spread:
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    text: str
    bound: float
    at_least: bool
    value: Spread | None  # None: not measured
    note: str = ""
    is_judged: bool = True  # False: measured, but not by a method that allows a verdict

    @property
    def is_reached(self):
        if self.value is None or not self.is_judged:
            return None
        if self.at_least:
            return self.value.median >= self.bound
        return self.value.median <= self.bound


def spread(values):
    values = list(values)
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values))


def values_of(results, row, server, metric):
    """The metric in each turn; None where the run failed or the figure is not there."""
    return [None if figures is None else figures.get(metric)
            for figures in results.get((row, server), [])]


def ratios(results, numerator, denominator, metric):
    """(row, server) over (row, server), turn by turn, of the turns that have both."""
    above = values_of(results, *numerator, metric)
    below = values_of(results, *denominator, metric)
    return [a / b for a, b in zip(above, below) if a is not None and b]


def noise_note(results, row):
    """How many of the row's runs shared the cores with strangers; empty: none."""
    runs = [figures for (name, _), turns in results.items() if name == row.name
            for figures in turns if figures]
    noisy = sum(1 for figures in runs if not figures.get("quiet", True))
    return f"{noisy} of {len(runs)} runs not quiet" if noisy else ""


def rate_note(results, row, server):
    """(note, may be judged): a rate says something only if what is measured had its core for
    itself."""
    runs = [figures for figures in results.get((row.name, server), []) if figures]
    if not runs:
        return "", True
    own = statistics.median(figures["process_share"] for figures in runs)
    core = statistics.median(figures["core_share"] for figures in runs)
    profile = f"the core was {core:.2f} busy, {own:.2f} of it with its own"
    if core - own > STRANGERS_SHARE_MAX:
        return f"others used the core; {profile}", False
    return profile, True


def judge(results, row, target, note="", is_judged=True):
    here = (row.name, target.server)
    if target.over:
        values = ratios(results, here, target.over, target.metric)
    else:
        values = [value * target.scale
                  for value in values_of(results, *here, target.metric) if value is not None]
    text = f"{row.name}: {target.text}"
    return Verdict(text, target.bound, target.at_least, spread(values), note, is_judged)
