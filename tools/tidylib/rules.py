# SPDX-License-Identifier: Apache-2.0
"""The rules: each takes a Source and yields (line number, message); the message names the cure.

A line that must break a rule says so on the spot, itself or in the line above it:
`tidy: allow(rule): reason`. A whole file is excused by the same text in its opening comment.
"""

import re

from tidylib import tables
from tidylib.text import cxx_functions, python_functions


def _is_cxx(source):
    return source.suffix in tables.CXX_SUFFIXES


def _is_in(source, *prefixes):
    return source.path.startswith(prefixes)


def _is_code(source):
    return (source.suffix in tables.SOURCE_SUFFIXES or source.name == "CMakeLists.txt"
            or bool(re.search(r"\b(sh|bash|python3)$", source.interpreter)))


def _row(folder, rows):
    """The longest row that is `folder` or lies above it. None: there is none."""
    while folder:
        if folder in rows:
            return folder
        folder = folder.rpartition("/")[0]
    return None


# --- floors -------------------------------------------------------------------------------------


def _allows(rows, own, target):
    """Whether a file of row `own` may include a header of the folder `target`."""
    if target == own:
        return True
    for name in rows[own]:
        if name == target or (name.endswith("/*") and target.startswith(name[:-1])):
            return True
        if target.startswith(name + "/") and target not in rows and name not in ("broker", "auth"):
            return True
    return False


def floors(source, rows=None):
    """A folder of src/ includes only what its row names."""
    rows = tables.FLOORS if rows is None else rows
    if not (_is_cxx(source) and _is_in(source, "src/")):
        return
    folder = source.path[len("src/"):].rpartition("/")[0]
    own = _row(folder, rows)
    if own is None:
        yield 1, f"src/{folder} has no floor: add its row to FLOORS in tools/tidylib/tables.py"
        return
    for number, kind, what in source.includes():
        target = _row(what.rpartition("/")[0], rows) if kind == '"' else None
        if kind == "<":
            continue
        if target is None:
            yield number, f'"{what}" is not a path from src/: write "folder/file.h"'
        elif not _allows(rows, own, target):
            yield number, (f"{own}/ may not include {target}/ (it may: "
                           f"{', '.join(rows[own]) or 'nothing'}): move the code to the floor "
                           "where it belongs, or pass what you need in through an interface")


def libraries(source):
    """Sockets, event loops and libraries stay on the floors that own them."""
    if not (_is_cxx(source) and _is_in(source, "src/")):
        return
    folder = source.path[len("src/"):].rpartition("/")[0]
    for number, kind, what in source.includes():
        if kind != "<":
            continue
        if (_row(folder, tables.STANDARD_ONLY) and re.search(r"[./]", what)
                and what not in tables.STANDARD_POSIX):
            yield number, f"{folder}/ stands on the standard library alone: <{what}> belongs above"
        for pattern, homes in tables.LIBRARIES:
            if re.fullmatch(pattern, what):
                if not _row(folder, homes):
                    yield number, (f"<{what}> belongs to {', '.join(homes)}: take bytes and return "
                                   "events, or pass an interface in")
                break


# --- lengths ------------------------------------------------------------------------------------


def line_length(source):
    """Lines to 100 columns."""
    if not _is_code(source) or source.suffix == ".html":  # attributes do not break well
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > tables.LINE_MAX:
            yield number, f"{len(line)} columns, {tables.LINE_MAX} are allowed: break the line"


def function_length(source):
    """Functions to 70 lines, signature included."""
    if _is_cxx(source):
        functions = cxx_functions(source)
    elif source.suffix == ".py" or source.interpreter.endswith("python3"):
        functions = python_functions(source)
    else:
        return
    for first, last in functions:
        if last - first + 1 > tables.FUNCTION_MAX:
            yield first, (f"a function of {last - first + 1} lines, {tables.FUNCTION_MAX} are "
                          "allowed: give its steps names of their own")


def file_length(source):
    """A file stops at 500 lines."""
    if _is_code(source) and len(source.lines) > tables.FILE_MAX:
        yield 1, (f"{len(source.lines)} lines, {tables.FILE_MAX} are allowed: split the file along "
                  "what it does")


# --- what belongs elsewhere ---------------------------------------------------------------------

_CLOCKS = (r"\b(?:steady|system|high_resolution|utc|file)_clock\s*::\s*now\b"
           r"|\b(?:gettimeofday|clock_gettime|timespec_get|steady_timer|system_timer)\b"
           r"|(?<![\w.>])time\s*\(\s*(?:nullptr|NULL|0|&\s*\w+)\s*\)")
_THREADS = (r"\bstd\s*::\s*(?:j?thread|(?:recursive_|shared_|timed_|recursive_timed_)?mutex"
            r"|condition_variable(?:_any)?|(?:lock_guard|unique_lock|scoped_lock|shared_lock)"
            r"|async|call_once|counting_semaphore|binary_semaphore|latch|barrier)\b(?!\s*::\s*id)"
            r"|\bpthread_\w+")
_SLEEPS = (r"\bsleep_(?:for|until)\b|\b(?:usleep|nanosleep|clock_nanosleep)\b"
           r"|(?<![\w.>])sleep\s*\(")


def clock(source):
    """Time is asked of base::Clock, so that tests can bring their own."""
    if not (_is_cxx(source) and _is_in(source, "src/", "tests/", "fuzz/")):
        return
    if _is_in(source, *tables.CLOCK_HOMES):
        return
    for number, what in source.matches(_CLOCKS):
        yield number, f"{what} outside net/: take a base::Clock& and ask it"


def thread(source):
    """Shards share nothing: threads and locks live in net/."""
    if not (_is_cxx(source) and _is_in(source, "src/", "tests/", "fuzz/")):
        return
    if _is_in(source, *tables.THREAD_HOMES):
        return
    for number, what in source.matches(_THREADS):
        yield number, (f"{what} outside net/: own the state on one shard and post to its "
                       "base::Executor (a mutex needs a page in docs/adr/)")


def getenv(source):
    """The environment is read once, in app/."""
    if not (_is_cxx(source) and _is_in(source, "src/")) or _is_in(source, *tables.GETENV_HOMES):
        return
    for number, what in source.matches(r"\b(?:secure_)?getenv\b|\benviron\b"):
        yield number, f"{what} outside app/: take the value by constructor, app/ reads it"


def catch(source):
    """Exceptions of a library are caught in its adapter."""
    if not (_is_cxx(source) and _is_in(source, "src/")):
        return
    if any(re.search(r"\badapter: \w", line) for line in source.opening):
        return
    for number, _ in source.matches(r"\bcatch\s*\("):
        yield number, ("catch outside an adapter: use the library's error codes, or say "
                       "`// adapter: <library>` in the file's opening comment and return a Result")


def throw(source):
    """We throw nothing."""
    if _is_cxx(source) and _is_in(source, "src/"):
        for number, _ in source.matches(r"\bthrow\b"):
            yield number, "throw: return a base::Result (operating error) or CHECK (our own bug)"


def sleep(source):
    """A test waits for an event, never for time to pass; a server never sleeps."""
    if _is_cxx(source) and _is_in(source, "src/", "tests/", "fuzz/"):
        for number, what in source.matches(_SLEEPS):
            yield number, f"{what}: wait for the event itself, or advance the test's fake clock"
    elif _is_in(source, "tests/") and source.suffix in (".mjs", ".js"):
        yield from _script_sleeps(source)


def _script_sleeps(source):
    helper = ""
    for number, line in enumerate(source.lines, 1):
        if match := re.match(r"(?:export )?(?:async )?(?:function|const|let)\s+(\w+)", line):
            helper = match.group(1)
        if helper in tables.SLEEP_HELPERS or re.match(r"\s*(//|\*)", line):
            continue
        if re.search(r"timers/promises|waitForTimeout|=>\s*setTimeout\(|await setTimeout\(", line):
            yield number, ("a sleep in a test: wait for the event with a deadline (helpers that "
                           f"may sleep: {', '.join(tables.SLEEP_HELPERS)})")


# --- how a file begins, and what it must not hold -----------------------------------------------


def spdx(source):
    """Each source names its licence."""
    if _is_code(source) and source.text.strip():
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in source.lines[:3]):
            yield 1, "no licence: begin the file with SPDX-License-Identifier: Apache-2.0"


def header(source):
    """A header opens with what it is, then `#pragma once`."""
    if source.suffix != ".h":
        return
    if len(source.opening) < 2:
        yield 1, "the header does not say what it is: open it with a comment of 3 to 8 lines"
    rest = source.lines[len(source.opening):]
    if not rest or rest[0] != "#pragma once":
        yield len(source.opening) + 1, "`#pragma once` belongs right after the opening comment"


def word(source):
    """Nothing in the tree names the machine or the mirror where it was made."""
    for pattern, files, cure in tables.WORDS:
        if not re.fullmatch(files, source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            if match := re.search(pattern, line):
                yield number, f"'{match.group().strip()}': {cure}"


RULES = {
    "floors": floors,
    "libraries": libraries,
    "line-length": line_length,
    "function-length": function_length,
    "file-length": file_length,
    "clock": clock,
    "thread": thread,
    "getenv": getenv,
    "catch": catch,
    "throw": throw,
    "sleep": sleep,
    "spdx": spdx,
    "header": header,
    "word": word,
}

_ALLOW = re.compile(r"tidy: allow\(([\w-]+)\): \S")


def _excuses(source, rule):
    """The lines that `rule` leaves alone; 0 stands for the whole file."""
    excused = set()
    for number, line in enumerate(source.lines, 1):
        if (match := _ALLOW.search(line)) and match.group(1) == rule:
            excused |= {number, number + 1}
            if number <= len(source.opening):
                excused.add(0)
    return excused


def check(source):
    """(line number, rule, message) of everything wrong with one file."""
    for name, rule in RULES.items():
        excused = _excuses(source, name)
        if 0 in excused:
            continue
        for number, message in rule(source):
            if number not in excused:
                yield number, name, message
