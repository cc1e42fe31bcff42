# SPDX-License-Identifier: Apache-2.0
"""Prints what was found: a table for each row, then each target with its verdict."""

from rows import CORE
from verdict import ratios, spread, values_of


def _number(value):
    decimals = 0 if value >= 100 else 1 if value >= 10 else 3 if value < 1 else 2
    return f"{value:,.{decimals}f}"


def print_row(row, results, servers):
    print(f"\n{row.name}: {row.title}")
    has_ratio = "limit_send" in row.servers and CORE in [column[0] for column in row.columns]
    ratio_heading = "x send() (spread)" if has_ratio else ""
    headings = "".join(f"{heading:>14}" for _, heading, _, _ in row.columns)
    print(f"  {'':<22}{headings}  {ratio_heading}".rstrip())
    for name in row.servers:
        cells = []
        for metric, _, scale, decimals in row.columns:
            found = spread(v for v in values_of(results, row.name, name, metric) if v is not None)
            text = "-" if found is None else f"{found.median * scale:,.{decimals}f}"
            cells.append(f"{text:>14}")
        ratio = ""
        if ratio_heading:
            over = spread(ratios(results, (row.name, name), (row.name, "limit_send"), CORE))
            ratio = "" if over is None else f"  {over.median:.2f} ({over.low:.2f}-{over.high:.2f})"
        print(f"  {servers[name].label:<22}{''.join(cells)}{ratio}")


def print_verdicts(verdicts, quick):
    print("\ntargets" + (" (--quick: it runs; the figures mean little)" if quick else ""))
    for verdict in verdicts:
        bound = f"{'>=' if verdict.at_least else '<='} {verdict.bound:g}"
        if verdict.value is None:
            word, value = "not measured", ""
        else:
            word = {True: "reached", False: "NOT reached", None: "no verdict"}[verdict.is_reached]
            value = (f"{_number(verdict.value.median)} "
                     f"({_number(verdict.value.low)}-{_number(verdict.value.high)})")
        note = f"  [{verdict.note}]" if verdict.note else ""
        print(f"  {word:<13} {verdict.text:<66} {bound:>8}  {value}{note}")


def print_rest(skipped, failures, servers, machine):
    for name, reason in skipped.items():
        print(f"\nskipped {servers[name].label}: {reason}")
    for failure in failures:
        print(f"\nFAILED {failure}")
    if machine.noisy_runs:
        print(f"\nThe cores were not quiet before {machine.noisy_runs} of {machine.runs} runs: "
              "other programs' time is in the figures.")


def as_json(results, verdicts, skipped, failures, machine, quick):
    return {
        "machine": machine.describe(),
        "quick": quick,
        "targets": [
            {"text": v.text, "bound": v.bound, "at_least": v.at_least, "reached": v.is_reached,
             "median": v.value and v.value.median, "low": v.value and v.value.low,
             "high": v.value and v.value.high, "note": v.note}
            for v in verdicts
        ],
        "skipped": skipped,
        "failures": failures,
        "turns": [{"row": row, "server": server, "figures": figures}
                  for (row, server), figures in results.items()],
    }
