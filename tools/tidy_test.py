# SPDX-License-Identifier: Apache-2.0
"""Tests of the rules: for each one a file that breaks it and one that does not."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from tidylib import rules, tables  # noqa: E402
from tidylib.text import Source, cxx_functions  # noqa: E402

TIDY = pathlib.Path(__file__).resolve().parent / "tidy"
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
HEAD = LICENCE + "// What it is.\n"


def findings(path, text, rule=None):
    """The (line, rule) pairs of one file, of one rule or of all."""
    found = [(line, name) for line, name, _ in rules.check(Source(path, text))]
    return [pair for pair in found if rule in (None, pair[1])]


def body(lines):
    return "void f() {\n" + "  g();\n" * (lines - 2) + "}\n"


class Rule(unittest.TestCase):
    def breaks(self, rule, path, text, line=None):
        found = findings(path, text, rule)
        self.assertEqual(len(found), 1, f"{rule} on {path}:\n{text}\nfound {found}")
        if line is not None:
            self.assertEqual(found[0][0], line)

    def keeps(self, rule, path, text):
        self.assertEqual(findings(path, text, rule), [], f"{rule} on {path}:\n{text}")


class Floors(Rule):
    def test_every_message_names_the_cure(self):
        source = Source("src/base/a.h", HEAD + '#pragma once\n#include "net/loop.h"\n')
        _, _, message = next(iter(rules.check(source)))
        self.assertIn("base/ may not include net/", message)
        self.assertIn("through an interface", message)

    def test_up_is_refused_and_down_is_allowed(self):
        self.breaks("floors", "src/base/a.cc", HEAD + '#include "model/position.h"\n', 3)
        self.keeps("floors", "src/model/a.cc", HEAD + '#include "base/check.h"\n')
        self.breaks("floors", "src/net/a.cc", HEAD + '#include "model/position.h"\n')
        self.breaks("floors", "src/rooms/a.cc", HEAD + '#include "net/loop.h"\n')
        self.breaks("floors", "src/rooms/a.cc", HEAD + '#include "server/shard.h"\n')
        self.keeps("floors", "src/server/a.cc", HEAD + '#include "rooms/hub.h"\n')
        self.keeps("floors", "src/app/main.cc", HEAD + '#include "server/shard.h"\n')

    def test_own_folder(self):
        self.keeps("floors", "src/codec/ws/a.cc", HEAD + '#include "codec/ws/mask.h"\n')
        self.keeps("floors", "src/broker/memory/a.cc", HEAD + '#include "broker/memory/room.h"\n')

    def test_codecs_do_not_know_each_other(self):
        self.breaks("floors", "src/codec/ws/a.cc", HEAD + '#include "codec/http/request.h"\n')
        self.keeps("floors", "src/codec/wire/a.cc", HEAD + '#include "model/position.h"\n')
        self.breaks("floors", "src/codec/ws/a.cc", HEAD + '#include "model/position.h"\n')

    def test_interfaces_are_not_implementations(self):
        self.keeps("floors", "src/rooms/a.cc", HEAD + '#include "broker/broker.h"\n')
        self.breaks("floors", "src/rooms/a.cc", HEAD + '#include "broker/memory/room.h"\n')
        self.breaks("floors", "src/broker/broker.h", HEAD + '#include "broker/memory/room.h"\n')
        self.breaks("floors", "src/broker/memory/a.cc", HEAD + '#include "net/loop.h"\n')
        self.breaks("floors", "src/broker/memory/a.cc", HEAD + '#include "auth/jwt/jwt.h"\n')
        self.keeps("floors", "src/app/a.cc", HEAD + '#include "broker/redis/redis_broker.h"\n')

    def test_paths_begin_at_src(self):
        self.breaks("floors", "src/rooms/a.cc", HEAD + '#include "hub.h"\n')
        self.breaks("floors", "src/rooms/a.cc", HEAD + '#include "../base/check.h"\n')
        self.breaks("floors", "src/rooms/a.cc", HEAD + '#include "tests/support/fake.h"\n')

    def test_a_new_folder_needs_a_row(self):
        self.breaks("floors", "src/attic/a.cc", HEAD, 1)

    def test_the_table_has_no_cycle(self):
        for name, row in tables.FLOORS.items():
            for below in row:
                other = tables.FLOORS[below.removesuffix("/*")]
                self.assertNotIn(name, other, f"{name} and {below} include each other")

    def test_tests_may_include_anything(self):
        self.keeps("floors", "tests/unit/a_test.cc", HEAD + '#include "server/shard.h"\n')


class Libraries(Rule):
    def test_event_loop_and_sockets_stay_in_net(self):
        for what in ("boost/asio/post.hpp", "sys/socket.h", "liburing.h", "sys/epoll.h"):
            self.breaks("libraries", "src/rooms/a.cc", HEAD + f"#include <{what}>\n")
            self.keeps("libraries", "src/net/a.cc", HEAD + f"#include <{what}>\n")

    def test_the_http_codec_has_the_parser_and_no_loop(self):
        self.keeps("libraries", "src/codec/http/a.cc", HEAD + "#include <boost/beast/http.hpp>\n")
        self.keeps("libraries", "src/codec/http/a.cc", HEAD + "#include <boost/asio/buffer.hpp>\n")
        self.breaks("libraries", "src/codec/http/a.cc", HEAD + "#include <boost/asio.hpp>\n")

    def test_the_ground_floor_stands_on_the_standard_library(self):
        self.breaks("libraries", "src/base/a.cc", HEAD + "#include <boost/json.hpp>\n")
        self.keeps("libraries", "src/base/a.cc", HEAD + "#include <cstdio>\n#include <unistd.h>\n")


class Lengths(Rule):
    def test_line(self):
        self.breaks("line-length", "src/base/a.cc", HEAD + "// " + "x" * 98 + "\n", 3)
        self.keeps("line-length", "src/base/a.cc", HEAD + "// " + "x" * 97 + "\n")
        self.keeps("line-length", "src/base/a.cc", HEAD + "// " + "é" * 97 + "\n")
        self.keeps("line-length", "docs/a.md", "x" * 200)
        self.breaks("line-length", "script/a", "#!/bin/sh\n#" + "x" * 100 + "\n")

    def test_function(self):
        self.breaks("function-length", "src/base/a.cc", HEAD + body(71), 3)
        self.keeps("function-length", "src/base/a.cc", HEAD + body(70))

    def test_function_of_python(self):
        text = "def f():\n" + "    g()\n" * 70
        self.breaks("function-length", "tools/a.py", text, 1)
        self.keeps("function-length", "tools/a.py", text.removesuffix("    g()\n"))

    def test_file(self):
        self.breaks("file-length", "src/base/a.cc", HEAD + "\n" * 499, 1)
        self.keeps("file-length", "src/base/a.cc", HEAD + "\n" * 498)


class Functions(unittest.TestCase):
    """The brace counter finds functions whatever they look like."""

    def spans(self, text):
        return list(cxx_functions(Source("a.cc", text)))

    def test_methods_in_classes_in_namespaces(self):
        text = ("namespace a {\nclass B : public C<int> {\n public:\n  B() = default;\n"
                "  int f() const {\n    return 1;\n  }\n private:\n  int x_{0};\n};\n}\n")
        self.assertEqual(self.spans(text), [(5, 7)])

    def test_member_initializers(self):
        self.assertEqual(self.spans("A::A(int x)\n    : a_{x},\n      b_{x} {\n  f();\n}\n"),
                         [(1, 5)])
        self.assertEqual(self.spans("A::A(int x) : a_(x) {\n  f();\n}\nint g() {\n}\n"),
                         [(1, 3), (4, 5)])

    def test_templates_and_trailing_types(self):
        text = ("template <class T, typename U = std::vector<T>>\n"
                "auto f(T t) noexcept -> Result<U> {\n  if (t) {\n  }\n  return {};\n}\n")
        self.assertEqual(self.spans(text), [(1, 6)])

    def test_lambdas_are_part_of_the_function(self):
        self.assertEqual(self.spans("void f() {\n  g([](int x) {\n    h(x);\n  });\n}\n"), [(1, 5)])

    def test_data_is_no_function(self):
        self.assertEqual(self.spans("const std::vector<int> k = {\n  1,\n  f(2),\n};\n"), [])
        self.assertEqual(self.spans("enum class E : int {\n  kA,\n};\n"), [])
        self.assertEqual(self.spans("struct S {\n  int x{f(1)};\n  int y = g(2);\n};\n"), [])

    def test_macros_comments_and_literals_hide_braces(self):
        text = ('#define X(a) \\\n  do { \\\n  } while (0)\n// {\n/* { */\nconst char* s = "{";\n'
                "char c = '{';\nint n = 1'000;\nauto r = R\"x({)\")x\";\nvoid f() {\n}\n")
        self.assertEqual(self.spans(text), [(10, 11)])

    def test_cases_of_tests(self):
        self.assertEqual(self.spans("TEST(Frame, Joins) {\n  f();\n}\n"), [(1, 3)])


class Places(Rule):
    """What belongs elsewhere: refused in one place, allowed in another and in comments."""

    def holds(self, rule, code, refused, allowed):
        text = HEAD + f"void f() {{\n  {code}\n}}\n"
        self.breaks(rule, refused, text, 4)
        self.keeps(rule, allowed, text)
        self.keeps(rule, refused, HEAD + f"// {code}\n")

    def test_clock(self):
        for code in ("auto t = std::chrono::steady_clock::now();", "time_t t = time(nullptr);",
                     "std::chrono::system_clock::now();", "clock_gettime(CLOCK_REALTIME, &t);",
                     "gettimeofday(&t, nullptr);", "asio::steady_timer t(io);"):
            self.holds("clock", code, "src/rooms/a.cc", "src/net/a.cc")
        self.holds("clock", "steady_clock::now();", "tests/sim/a.cc", "bench/load/a.cc")
        self.keeps("clock", "src/rooms/a.cc", HEAD + "auto t = clock_.now(); frame.time(0);\n")
        self.keeps("clock", "src/rooms/a.cc", HEAD + "std::chrono::steady_clock::time_point t;\n")

    def test_thread(self):
        for code in ("std::thread t(f);", "std::jthread t(f);", "std::mutex m;",
                     "std::shared_mutex m;", "std::lock_guard l(m);", "std::condition_variable c;",
                     "pthread_create(&t, 0, f, 0);"):
            self.holds("thread", code, "src/broker/memory/a.cc", "src/net/a.cc")
        self.keeps("thread", "src/base/a.cc", HEAD + "std::atomic<int> n; std::thread::id id;\n")

    def test_getenv(self):
        self.holds("getenv", 'auto p = std::getenv("PORT");', "src/server/a.cc", "src/app/a.cc")

    def test_catch(self):
        text = "void f() {\n  try { g(); } catch (const std::exception&) {}\n}\n"
        self.breaks("catch", "src/codec/http/a.cc", HEAD + text, 4)
        self.keeps("catch", "src/codec/http/a.cc", HEAD + "// adapter: Boost.URL\n" + text)
        self.keeps("catch", "tests/unit/a.cc", HEAD + text)

    def test_throw(self):
        self.holds("throw", "throw std::runtime_error(x);", "src/base/a.cc", "tests/unit/a.cc")

    def test_sleep(self):
        for code in ("std::this_thread::sleep_for(1ms);", "usleep(10);", "sleep(1);"):
            self.holds("sleep", code, "tests/unit/a.cc", "bench/load/a.cc")
        self.keeps("sleep", "tests/unit/a.cc", HEAD + "fake.sleep(1); oversleep(1);\n")

    def test_sleep_of_end_to_end_tests(self):
        nap = "  await new Promise((resolve) => setTimeout(resolve, 20));\n}\n"
        path = "tests/e2e/a.mjs"
        self.breaks("sleep", path, LICENCE + "async function f() {\n" + nap, 3)
        self.keeps("sleep", path, LICENCE + "export async function until(x) {\n" + nap)
        self.breaks("sleep", path, LICENCE + "import { setTimeout } from 'timers/promises';\n")
        self.breaks("sleep", path, LICENCE + "await page.waitForTimeout(100);\n")
        self.keeps("sleep", path, LICENCE + "const t = setTimeout(() => reject(late), ms);\n")


class Beginnings(Rule):
    def test_licence(self):
        for path in ("src/base/a.cc", "web/a.js", "cmake/a.cmake"):
            self.breaks("spdx", path, "// text\n", 1)
        self.breaks("spdx", "tools/a.py", "# text\n", 1)
        self.breaks("spdx", "script/a", "#!/bin/sh\necho\n")
        self.keeps("spdx", "script/a", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")
        self.keeps("spdx", "docs/a.md", "text\n")

    def test_header(self):
        self.keeps("header", "src/base/a.h", HEAD + "#pragma once\n")
        self.breaks("header", "src/base/a.h", LICENCE + "#pragma once\n", 1)
        self.breaks("header", "src/base/a.h", HEAD + "\n#include <string>\n#pragma once\n", 3)
        self.breaks("header", "src/base/a.h", HEAD, 3)

    def test_words(self):
        self.breaks("word", "docs/a.md", "see /wo" + "rk/main for it\n", 1)
        self.keeps("word", "docs/a.md", "see docs/adr and ./network/\n")
        self.breaks("word", "tests/e2e/package-lock.json", '"resolved": "https://x"\n')
        self.keeps("word", "tests/e2e/package-lock.json", '"integrity": "sha512-x"\n')


class Excuses(Rule):
    NAP = "  usleep(1);\n"

    def test_a_reason_on_the_line_or_above_it(self):
        above = "  // tidy: allow(sleep): the kernel has no event for this\n" + self.NAP
        self.keeps("sleep", "tests/unit/a.cc", HEAD + above)
        self.keeps("sleep", "tests/unit/a.cc", HEAD + "usleep(1);  // tidy: allow(sleep): why\n")

    def test_one_place_only_and_one_rule_only(self):
        twice = "  // tidy: allow(sleep): why\n" + self.NAP + self.NAP
        self.breaks("sleep", "tests/unit/a.cc", HEAD + twice, 5)
        self.breaks("sleep", "tests/unit/a.cc", HEAD + "// tidy: allow(clock): why\n\n" + self.NAP)

    def test_a_reason_is_asked_for(self):
        self.breaks("sleep", "tests/unit/a.cc", HEAD + "usleep(1);  // tidy: allow(sleep):\n")

    def test_the_opening_comment_excuses_the_file(self):
        text = HEAD + "// tidy: allow(sleep): why\n\n" + self.NAP + self.NAP
        self.keeps("sleep", "tests/unit/a.cc", text)


class Program(unittest.TestCase):
    """tools/tidy itself, on a tree of its own."""

    def run_on(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                target = pathlib.Path(root, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text if isinstance(text, bytes) else text.encode())
            return subprocess.run([sys.executable, str(TIDY), "--root", root],
                                  capture_output=True, text=True, check=False)

    def test_a_clean_tree(self):
        done = self.run_on({"src/base/a.cc": HEAD, "docs/images/a.png": b"\x89PNG\xff"})
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_findings_have_a_place_and_end_with_1(self):
        done = self.run_on({"src/base/a.cc": HEAD + "std::mutex m;\n"})
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"^src/base/a\.cc:3: std::mutex outside net/.*\[thread\]\n$")

    def test_what_is_not_ours_is_left_alone(self):
        bad = "std::mutex m;" + "x" * 200
        done = self.run_on({"build/dev/src/a.cc": bad, "fuzz/corpus/ws/1.cc": bad,
                            "tests/e2e/node_modules/ws/a.js": bad})
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
