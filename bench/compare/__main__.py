# SPDX-License-Identifier: Apache-2.0
"""Compares Palaver with the limit programs and its peers; see bench/README.md. Exit code 0: all ran
and every delivery was right, though targets may be missed; 1: a run failed."""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import peers  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
from machine import Machine  # noqa: E402
from run import Runner  # noqa: E402
from servers import SDK_LOAD_FLAGS, Unavailable, limit, palaver  # noqa: E402
from systems import redis_systems  # noqa: E402
from verdict import Verdict, judge, noise_note, rate_note, spread  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GENERATOR_SHARE_MAX = 0.9  # busier than this, it is the generator that is measured
ROW_NAMES = tuple(row.name for row in rows.TRAFFIC_ROWS) + rows.EXTRA_ROWS


def arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW",
                        help=f"{', '.join(ROW_NAMES)}; none: all")
    parser.add_argument("--quick", action="store_true", help="a minute or two: only that it runs")
    parser.add_argument("--turns", type=int, help="of each row, instead of its own number")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "bench")
    options = parser.parse_args()
    unknown = set(options.rows) - set(ROW_NAMES)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    options.rows = options.rows or list(ROW_NAMES)
    return options


def all_servers(binaries):
    program = binaries / "palaver"
    servers = (
        limit("limit_uring", "bare io_uring batch", binaries / "palaver_limit_uring"),
        limit("limit_send", "bare send() loop", binaries / "palaver_limit_send"),
        palaver("palaver_uring", "Palaver, uring", program, io="uring"),
        palaver("palaver_epoll", "Palaver, epoll", program, io="epoll"),
        palaver("palaver_2shards", "Palaver, 2 shards", program, io="uring", shards=2),
        palaver("palaver_sdk", "Palaver, SDKs' protocol", program, io="uring",
                load_flags=SDK_LOAD_FLAGS),
        peers.nchan(),
        peers.ws(),
        peers.centrifugo(),
        *redis_systems(program),
    )
    return {server.name: server for server in servers}


def turns_of(options, chosen):
    """For each turn its (row, server) pairs: the rows' own, and what their targets compare with."""
    by_name = {row.name: row for row in rows.TRAFFIC_ROWS}
    turns = {row.name: options.turns or (1 if options.quick else row.turns) for row in chosen}
    pairs_by_turn = [[] for _ in range(max(turns.values(), default=0))]
    for row in chosen:
        pairs = [(row, name) for name in row.servers]
        for target in row.targets:
            if target.over and target.over[0] not in turns:
                pairs.append((by_name[target.over[0]], target.over[1]))
        for turn in range(turns[row.name]):
            pairs_by_turn[turn] += pairs
    return pairs_by_turn


def start_verdict(server, machine, scratch, quick):
    times = []
    note = ""
    try:
        for _ in range(3 if quick else rows.START_TURNS):
            machine.wait_for_quiet()
            with server.start(machine.server_cores, scratch) as running:
                times.append(running.start_seconds * 1e3)
    except Unavailable as reason:
        note = str(reason)
    return Verdict("start: from fork to an answer on /health, ms", rows.START_MS_MAX, False,
                   spread(times), note)


def size_verdict(binary, scratch):
    text = "size: of the stripped binary, MB"
    strip = shutil.which("strip")
    if not binary.exists() or strip is None:
        return Verdict(text, rows.BINARY_MB_MAX, False, None, "palaver or strip is not here")
    stripped = scratch / "palaver.stripped"
    run = subprocess.run([strip, "--strip-all", "-o", str(stripped), str(binary)],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return Verdict(text, rows.BINARY_MB_MAX, False, None, run.stderr.strip())
    return Verdict(text, rows.BINARY_MB_MAX, False, spread([stripped.stat().st_size / 1e6]))


def shards_note(results, machine):
    """(note, may be judged): the generator needs a core that the shards do not."""
    figures = [f for f in results.get(("shards", "palaver_2shards"), []) if f]
    if not figures:
        return "", True
    busy = spread(f["generator_share"] for f in figures).median
    server = spread(f["process_share"] for f in figures).median
    profile = f"generator {busy:.2f} of a core, server {server:.2f} of 2"
    if not machine.has_room_for(2):
        return f"{len(machine.cores)} cores for 2 shards and the generator; {profile}", False
    if busy > GENERATOR_SHARE_MAX:
        return f"the generator is the limit; {profile}", False
    return profile, True


def verdicts_of(options, chosen, runner, machine, scratch):
    verdicts = []
    for row in chosen:
        note, is_judged = noise_note(runner.results, row), True
        if row is rows.SHARDS:
            note, is_judged = shards_note(runner.results, machine)
        for target in row.targets:
            if row is rows.REDIS_RATE:
                note, is_judged = rate_note(runner.results, row, target.server)
            verdicts.append(judge(runner.results, row, target, note, is_judged))
    if "start" in options.rows:
        verdicts.append(start_verdict(runner.servers["palaver_uring"], machine, scratch,
                                      options.quick))
    if "size" in options.rows:
        verdicts.append(size_verdict(options.bin / "palaver", scratch))
    return verdicts


def main():
    options = arguments()
    machine = Machine(waits_for_quiet=not options.quick)
    if len(machine.cores) < 2:
        sys.exit("two cores are needed: one serves, one drives")
    peers.fetch_packages()
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [row for row in rows.TRAFFIC_ROWS if row.name in options.rows]
    servers = all_servers(options.bin)

    with tempfile.TemporaryDirectory(prefix="palaver-bench-") as directory:
        scratch = pathlib.Path(directory)
        runner = Runner(machine, servers, options.bin, scratch, options.quick)
        runner.run_all(turns_of(options, chosen))
        verdicts = verdicts_of(options, chosen, runner, machine, scratch)

    for row in chosen:
        report.print_row(row, runner.results, servers)
    report.print_verdicts(verdicts, options.quick)
    report.print_rest(runner.skipped, runner.failures, servers, machine)
    result = options.out / "result.json"
    result.write_text(json.dumps(report.as_json(runner.results, verdicts, runner.skipped,
                                                runner.failures, machine, options.quick),
                                 indent=1) + "\n", encoding="utf-8")
    print(f"\nAll figures: {result}")
    return 1 if runner.failures else 0


if __name__ == "__main__":
    sys.exit(main())
