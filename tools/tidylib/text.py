# SPDX-License-Identifier: Apache-2.0
"""A source file as the rules see it: its lines, its code without comments, its functions.

C++ is not parsed; blanking comments and literals and counting braces is enough for lengths and
forbidden names, and never depends on a compiler.
"""

import ast
import pathlib
import re

# In this order: what begins first wins, so a quote in a comment is no string and vice versa.
_BLANKED = re.compile(
    r"""
      //(?:[^\\\n]|\\.|\\\n)*              # comment to the end of the line
    | /\*.*?\*/                            # comment in between
    | R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
    | "(?:[^"\\\n]|\\.)*"
    | (?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'  # not the separator in 1'000
    """,
    re.VERBOSE | re.DOTALL,
)
_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\\\n]|\\.|\\\n)*", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


class Source:
    """One file. `path` is relative to the repository, with forward slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self._code = None

    @property
    def suffix(self):
        return pathlib.PurePosixPath(self.path).suffix

    @property
    def name(self):
        return pathlib.PurePosixPath(self.path).name

    @property
    def interpreter(self):
        """The program that the first line names, or ''."""
        return self.lines[0][2:] if self.lines and self.lines[0].startswith("#!") else ""

    @property
    def code(self):
        """C++ or JavaScript without comments and literals; same lines, same columns."""
        if self._code is None:
            self._code = _BLANKED.sub(_blank, self.text)
        return self._code

    @property
    def opening(self):
        """The line comments at the top of a C++ file, as a list of lines."""
        opening = []
        for line in self.lines:
            if not line.startswith("//"):
                break
            opening.append(line)
        return opening

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def matches(self, pattern):
        """(line number, matched text) of each place in the code."""
        for match in re.finditer(pattern, self.code):
            yield self.line_of(match.start()), match.group().strip()

    def includes(self):
        """(line number, '<' or '"', what) of each #include."""
        for number, line in enumerate(self.lines, 1):
            if match := _INCLUDE.match(line):
                yield number, match.group(1), match.group(2)


def cxx_functions(source):
    """(first line, last line) of each function with a body, from its signature to its last brace.

    A lambda counts as a part of the function around it; braces of namespaces and classes are passed
    through. `head` is the text since the last thing that ended at this depth.
    """
    code = _PREPROCESSOR.sub(_blank, source.code)
    scopes = []  # of each open brace: "scope", "body" or "initializer"
    head_start, parens, body_start = 0, 0, None
    for at, character in enumerate(code):
        if character in "()":
            parens += 1 if character == "(" else -1
        elif character == "{":
            kind = "initializer" if parens else _brace_kind(code[head_start:at])
            if body_start is None and kind == "body":
                body_start, body_depth = head_start, len(scopes)
            scopes.append((kind, parens))
            parens = 0
            if kind == "scope":
                head_start = at + 1
        elif character == "}" and scopes:
            kind, parens = scopes.pop()
            if body_start is not None and len(scopes) == body_depth:
                text = code[body_start:at]
                first = body_start + len(text) - len(text.lstrip())
                yield source.line_of(first), source.line_of(at)
                body_start = None
            if kind != "initializer":
                head_start = at + 1
        elif character == ";" and not parens:
            head_start = at + 1


_ACCESS = re.compile(r"\b(?:public|protected|private)\s*:(?!:)")
_ATTRIBUTE = re.compile(r"\[\[.*?\]\]", re.DOTALL)
_SCOPE = re.compile(r"(?:(?:inline|static|const|constexpr|typedef)\s+)*"
                    r"(?:namespace|class|struct|union|enum|extern)\b")
_INIT_LIST = re.compile(r"\)[^;{}()]*(?<!:):(?!:)")


def _without_template(head):
    """`head` without the parameter lists of `template <...>` before it."""
    while head.startswith("template"):
        depth = 0
        for at, character in enumerate(head):
            depth += {"<": 1, ">": -1}.get(character, 0)
            if character == ">" and depth == 0:
                head = head[at + 1:].strip()
                break
        else:
            break
    return head


def _brace_kind(head):
    """What a brace opens after `head`, outside of parentheses."""
    head = _without_template(_ATTRIBUTE.sub(" ", _ACCESS.sub(" ", head)).strip())
    if _SCOPE.match(head):
        return "scope"
    if "(" not in head or head.endswith("="):
        return "initializer"
    if _INIT_LIST.search(head) and re.search(r"[\w>]$", head):
        return "initializer"  # of a member: `A() : member_{1} {}`
    return "body"


def python_functions(source):
    """(first line, last line) of each function."""
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.end_lineno
