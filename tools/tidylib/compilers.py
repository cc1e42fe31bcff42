# SPDX-License-Identifier: Apache-2.0
"""The slow checks: each header compiled alone, clang-tidy over src/.

Both take the compiler's flags from build/dev/compile_commands.json and remember what passed in
build/lint/, one empty file for each (command, content of the file and of every project header that
it reaches). System headers are not in the key: after an upgrade of the system, delete build/lint.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess

from tidylib.text import Source

CLANG_TIDY = "clang-tidy-19"


class Commands:
    """The compile commands of the dev preset."""

    def __init__(self, root):
        self.root = root
        self.directory = root / "build" / "dev"
        self.entries = {}
        for entry in json.loads((self.directory / "compile_commands.json").read_text()):
            path = pathlib.Path(entry["directory"], entry["file"])
            if path.is_relative_to(root):
                flags = self._flags(shlex.split(entry["command"]), entry["file"])
                self.entries[path.relative_to(root).as_posix()] = flags

    @staticmethod
    def _flags(words, file):
        """The compiler and its flags, without what names this one file."""
        flags, skip = [], False
        for word in words:
            if skip or word in ("-c", file):
                skip = False
            elif word in ("-o", "-MF", "-MT", "-MQ"):
                skip = True
            else:
                flags.append(word)
        return flags

    def nearest(self, path):
        """The flags of the source that shares most of its folders with `path`."""
        def shared(other):
            return len(os.path.commonpath([path, other]))
        return self.entries[max(sorted(self.entries), key=shared)]


class Key:
    """Hashes a file together with the project headers that it reaches."""

    def __init__(self, root):
        self.root = root
        self._reached = {}

    def _find(self, name, includer):
        for base in ("src", ".", os.path.dirname(includer)):
            path = os.path.normpath(os.path.join(base, name))
            if (self.root / path).is_file():
                return path
        return None

    def _includes(self, path):
        if path not in self._reached:
            source = Source(path, (self.root / path).read_text())
            found = (self._find(what, path) for _, kind, what in source.includes() if kind == '"')
            self._reached[path] = [other for other in found if other]
        return self._reached[path]

    def of(self, path, *more):
        todo, seen = [path], set()
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo += self._includes(current)
        digest = hashlib.sha256()
        for text in more:
            digest.update(text.encode() + b"\0")
        for name in sorted(seen):
            digest.update(name.encode() + b"\0" + (self.root / name).read_bytes() + b"\0")
        return digest.hexdigest()


def _run(root, jobs):
    """Runs (name, key, command, input) jobs that have not passed yet; the number of failures."""
    stamps = root / "build" / "lint"
    stamps.mkdir(parents=True, exist_ok=True)
    todo = [job for job in jobs if not (stamps / job[1]).exists()]

    def run(job):
        _, key, command, text = job
        done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=root)
        if done.returncode == 0:
            (stamps / key).touch()
        return done

    failures = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (name, *_), done in zip(todo, pool.map(run, todo)):
            if done.returncode != 0:
                failures += 1
                print(f"{name}: failed\n{done.stdout}{done.stderr}", flush=True)
    print(f"{len(jobs)} files, {len(todo)} checked, {failures} failed")
    return failures


def headers(root, paths):
    """Compiles each header of `paths` alone."""
    commands, key = Commands(root), Key(root)
    jobs = []
    for path in paths:
        include = path.removeprefix("src/")
        command = [*commands.nearest(path), "-fsyntax-only", "-I", str(root), "-x", "c++", "-"]
        jobs.append((path, key.of(path, *command), command, f'#include "{include}"\n'))
    return _run(root, jobs)


def clang_tidy(root, paths):
    """Runs clang-tidy over those sources of `paths` that the dev preset compiles."""
    commands, key = Commands(root), Key(root)
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, text=True, check=True)
    settings = (root / ".clang-tidy").read_text()
    jobs = []
    for path in paths:
        if path not in commands.entries:
            continue
        command = [CLANG_TIDY, "-p", str(commands.directory), "--quiet",
                   "--extra-arg=-Wno-unknown-warning-option", str(root / path)]
        about = (version.stdout, settings, *command, *commands.entries[path])
        jobs.append((path, key.of(path, *about), command, None))
    return _run(root, jobs)
