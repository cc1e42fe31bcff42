# SPDX-License-Identifier: Apache-2.0
"""What the rules know about the house, as data: floors, libraries, lengths, places and words.

FLOORS is the table "Floors" of the design: a new folder gets its row here in the commit that makes
it. Nothing in this file computes.
"""

LINE_MAX = 100
FUNCTION_MAX = 70
FILE_MAX = 500

# A floor's interfaces are the headers that lie directly in the folder; its implementations are the
# folders below. "broker" names the first, "broker/*" the second.
_INTERFACES = ("base", "model", "broker", "auth")
_CODECS = ("codec/http", "codec/ws", "codec/wire", "codec/resp", "codec/tls")
_BELOW_SERVER = (
    *_INTERFACES, *_CODECS, "net", "broker/*", "auth/*", "rooms", "chat",
)

# Folder of src/ -> the folders that it may include beside itself. The longest fitting name counts.
FLOORS = {
    "base": (),
    "model": ("base",),
    "codec/http": ("base",),
    "codec/ws": ("base",),
    "codec/wire": ("base", "model"),
    "codec/resp": ("base",),
    "codec/tls": ("base",),
    "net": ("base",),
    "broker": ("base", "model"),
    "broker/memory": ("base", "model", "broker"),
    "broker/redis": ("base", "model", "broker", "net", *_CODECS),
    "auth": ("base", "model"),
    "auth/jwt": ("base", "model", "auth", *_CODECS),
    "chat": (*_INTERFACES, "codec/wire"),
    "rooms": (*_INTERFACES, "codec/wire", "chat"),
    "server": _BELOW_SERVER,
    "app": (*_BELOW_SERVER, "server"),
    "boost": (),  # the compiled halves of Boost: linked, never included
}

# Headers of libraries and of the system -> the folders that may include them. The first row that
# fits counts; what no row names is free.
LIBRARIES = (
    (r"boost/asio/buffer\.hpp", ("codec/http", "net", "server", "app", "broker/redis")),
    (r"boost/asio.*", ("net", "server", "app", "broker/redis", "boost")),
    (r"boost/beast.*", ("codec/http", "boost")),
    (r"liburing\.h", ("net",)),
    (r"(sys/(socket|epoll|eventfd|timerfd|un)|poll|netdb)\.h", ("net", "server", "app")),
)
# Folders that stand on the standard library alone, and the POSIX headers that they get with it.
STANDARD_ONLY = ("base", "model")
STANDARD_POSIX = ("unistd.h", "sys/uio.h")

# Where the rules about time, threads and so on do not hold: path prefixes.
CLOCK_HOMES = ("src/net/", "tests/unit/net/")
THREAD_HOMES = ("src/net/", "tests/unit/net/")
GETENV_HOMES = ("src/app/",)
# Functions of tests/e2e that may wait by the clock: each asks for a condition until a deadline.
SLEEP_HELPERS = ("until",)

SOURCE_SUFFIXES = (".h", ".cc", ".py", ".sh", ".mjs", ".js", ".ts", ".css", ".html", ".cmake")
CXX_SUFFIXES = (".h", ".cc")

# Directories that are not ours, or are data.
SKIPPED_DIRECTORIES = {
    ".git", "build", "node_modules", "__pycache__", "fuzz/corpus", "docs/images",
}

# Texts that name one machine or one mirror: (pattern, which files, cure). In pieces, so that this
# file does not hold what it forbids.
WORDS = (
    (r"/wo" r"rk/|/ro" r"ot/|/ho" r"me/\w", r".*",
     "a path of one machine: make it relative to the repository"),
    (r'"resolved"\s*:', r"(.*/)?package-lock\.json",
     "a registry's address in a lock file: npm install --omit-lockfile-registry-resolved"),
    (r"\bregistry" r"\s*=", r"(.*/)?\.npmrc",
     "a registry of one place: leave the choice to the user"),
)
