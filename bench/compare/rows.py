# SPDX-License-Identifier: Apache-2.0
"""What is measured and what must be reached: one Row for each line of the table in bench/README.md.
Pure data; run.py carries it out and verdict.py judges it."""

from dataclasses import dataclass, field

CORE = "core_us_per_delivery"
P50 = "latency_p50_us"
P99 = "latency_p99_us"
PSS = "pss_bytes_per_connection"


@dataclass(frozen=True)
class Target:
    """`metric` of `server`, times `scale`, is at most (or at least) `bound`; with `over`, what is
    judged is its ratio to the same metric of that (row, server) in the same turn."""
    text: str
    server: str
    metric: str
    bound: float
    over: tuple = ()
    scale: float = 1.0
    at_least: bool = False


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    scenario: str
    servers: tuple
    targets: tuple
    columns: tuple  # (metric, heading, scale, decimals)
    flags: tuple = ()
    quick_flags: tuple = ()
    turns: int = 5
    server_flags: dict = field(default_factory=dict)  # server -> flags for it alone


DELIVERY_COLUMNS = (
    (CORE, "core us", 1, 2),
    ("process_us_per_delivery", "process us", 1, 2),
    (P50, "p50 ms", 1e-3, 2),
    (P99, "p99 ms", 1e-3, 2),
    ("latency_max_us", "max ms", 1e-3, 2),
    ("deliveries_per_s", "deliveries/s", 1, 0),
    ("core_share", "core busy", 1, 2),
    ("generator_share", "generator", 1, 2),
)
ALL = ("limit_uring", "limit_send", "palaver_uring", "palaver_epoll", "nchan", "ws")
LIMITS_AND_PALAVER = ("limit_uring", "limit_send", "palaver_uring", "palaver_epoll")
QUICK = ("--seconds=0.5", "--warmup=0.2")


def _core_over(server, row, limit, bound, text):
    return Target(f"core time a delivery, {text}", server, CORE, bound, over=(row, limit))


def _p99_over(server, row, limit, text):
    return Target(f"p99, {text}", server, P99, 1.5, over=(row, limit))


FANOUT = Row(
    "fanout", "one room of 1000, one message at a time", "fanout", ALL,
    (
        _core_over("palaver_uring", "fanout", "limit_uring", 1.25, "uring / bare io_uring batch"),
        _core_over("palaver_uring", "fanout", "limit_send", 0.85, "uring / bare send() loop"),
        _p99_over("palaver_uring", "fanout", "limit_uring", "uring / bare io_uring batch"),
        _core_over("palaver_epoll", "fanout", "limit_send", 1.15, "epoll / bare send() loop"),
        _p99_over("palaver_epoll", "fanout", "limit_send", "epoll / bare send() loop"),
    ),
    DELIVERY_COLUMNS, flags=("--seconds=4",), quick_flags=QUICK)

BURST = Row(
    "burst", "one room of 1000, 16 publishers, 16 messages in flight", "burst", ALL,
    (
        _core_over("palaver_uring", "fanout", "limit_send", 0.10,
                   "uring / bare send() loop of row fanout"),
        Target("p50 in ms, uring", "palaver_uring", P50, 10, scale=1e-3),
    ),
    DELIVERY_COLUMNS, flags=("--seconds=4",), quick_flags=QUICK)

ROOMS = Row(
    "rooms", "250 rooms of 5, one message at a time in each", "rooms", ALL,
    (
        _core_over("palaver_uring", "rooms", "limit_send", 0.85, "uring / bare send() loop"),
        _p99_over("palaver_uring", "rooms", "limit_uring", "uring / bare io_uring batch"),
    ),
    DELIVERY_COLUMNS, flags=("--seconds=4",), quick_flags=QUICK)

MIXED = Row(
    "mixed", "a room of 5 beside a room of 10,000 at 10 messages/s", "mixed", LIMITS_AND_PALAVER,
    (
        Target("p99 of the small room in ms, uring", "palaver_uring", P99, 60, scale=1e-3),
        Target("p99 of the small room in ms, epoll", "palaver_epoll", P99, 60, scale=1e-3),
    ),
    (
        (P50, "small p50 ms", 1e-3, 2),
        (P99, "small p99 ms", 1e-3, 2),
        ("latency_max_us", "small max ms", 1e-3, 2),
        ("big_latency_p50_us", "big p50 ms", 1e-3, 2),
        ("big_latency_p99_us", "big p99 ms", 1e-3, 2),
        (CORE, "core us", 1, 2),
        ("core_share", "core busy", 1, 2),
        ("generator_share", "generator", 1, 2),
    ),
    flags=("--seconds=8", "--warmup=2"), quick_flags=("--seconds=1", "--warmup=0.5"))

IDLE = Row(
    "idle", "9,000 idle connections in 100 rooms, a window of 60 s with pings", "idle",
    ("limit_send", "palaver_uring"),
    (
        Target("memory (PSS) in bytes a connection", "palaver_uring", PSS, 1000),
        Target("share of a core in %", "palaver_uring", "core_share", 1.0, scale=100),
    ),
    (
        (PSS, "PSS bytes", 1, 0),
        ("core_share", "core %", 100, 2),
        ("core_sampled_share", "sampled %", 100, 2),
        ("process_share", "process %", 100, 2),
        ("pings", "pings", 1, 0),
        (P50, "p50 ms", 1e-3, 2),
        (P99, "p99 ms", 1e-3, 2),
        ("latency_max_us", "max ms", 1e-3, 2),
    ),
    flags=("--seconds=60", "--min-pings=2"),
    quick_flags=("--seconds=2", "--members=1000"), turns=1)

CONNECT = Row(
    "connect", "9,000 handshakes, 64 at a time", "connect", ALL,
    (Target("core time in us a handshake", "palaver_uring", "core_us_per_handshake", 45),),
    (
        ("core_us_per_handshake", "core us", 1, 1),
        ("process_us_per_handshake", "process us", 1, 1),
        ("handshakes_per_s", "handshakes/s", 1, 0),
        (P50, "p50 ms", 1e-3, 2),
        (P99, "p99 ms", 1e-3, 2),
        ("latency_max_us", "max ms", 1e-3, 2),
        ("generator_share", "generator", 1, 2),
    ),
    quick_flags=("--members=2000",))

SHARDS = Row(
    "shards", "two rooms of 500, one message at a time in each: 1 shard, 2 shards", "rooms",
    ("palaver_uring", "palaver_2shards"),
    (
        Target("deliveries/s, 2 shards / 1 shard", "palaver_2shards", "deliveries_per_s", 1.7,
               over=("shards", "palaver_uring"), at_least=True),
    ),
    DELIVERY_COLUMNS, flags=("--rooms=2", "--members=500", "--seconds=4"),
    quick_flags=("--rooms=2", "--members=500", *QUICK))

SDK = Row(
    "sdk", "one room of 1000, one message at a time, by the SDKs' protocol and the article's",
    "fanout", ("palaver_uring", "palaver_sdk", "centrifugo"),
    (
        _core_over("palaver_sdk", "sdk", "palaver_uring", 1.10, "SDKs' protocol / the article's"),
        _core_over("palaver_sdk", "sdk", "centrifugo", 0.35, "SDKs' protocol / Centrifugo"),
    ),
    DELIVERY_COLUMNS, flags=("--seconds=4",), quick_flags=QUICK)

SDK_IDLE = Row(
    "sdk_idle", "the same as idle by the SDKs' protocol", "idle", ("palaver_sdk", "centrifugo"),
    (
        Target("memory (PSS) in bytes a connection", "palaver_sdk", PSS, 1600),
        Target("memory a connection, Palaver / Centrifugo", "palaver_sdk", PSS, 0.1,
               over=("sdk_idle", "centrifugo")),
    ),
    IDLE.columns, flags=IDLE.flags, quick_flags=IDLE.quick_flags, turns=1)

RECOVER = Row(
    "recover", "1,000 SDK clients that missed 100 messages each come back at once", "recover",
    ("palaver_sdk",),
    (Target("s until all have recovered", "palaver_sdk", "recovered_s", 2),),
    (
        ("recovered_s", "all back s", 1, 3),
        ("recovered_messages", "messages", 1, 0),
        ("core_us_per_client", "core us", 1, 1),
        ("process_us_per_client", "process us", 1, 1),
        ("handshake_p99_us", "open p99 ms", 1e-3, 2),
        ("generator_share", "generator", 1, 2),
    ))

MESSAGE = "process_us_per_message"
RATE = "messages_per_s"
REDIS_QUICK = ("--seconds=0.5", "--warmup=0.3")
# Four rooms, so that each soon has as many messages as it keeps.
SIXTEEN_IN_FLIGHT = {
    "redis_plain": ("--rooms=4", "--in-flight=16"),
    "redis_client": ("--rooms=4", "--in-flight=16"),
    "redis_four": ("--rooms=4", "--in-flight=16", "--publishers=4"),
    "redis_palaver": ("--rooms=4", "--in-flight=4", "--members=1"),
}

REDIS_CPU = Row(
    "redis_cpu", "16 messages in flight in 4 rooms: Redis' own time for each", "rooms",
    ("redis_plain", "redis_client", "redis_palaver"),
    (
        Target("Redis' CPU a publish, Palaver / XADD and PUBLISH", "redis_palaver", MESSAGE, 4.5,
               over=("redis_cpu", "redis_plain")),
        Target("Redis' CPU a publish, Palaver's client / XADD and PUBLISH", "redis_client", MESSAGE,
               4.5, over=("redis_cpu", "redis_plain")),
    ),
    (
        (MESSAGE, "Redis us", 1, 2),
        ("process_share", "Redis busy", 1, 2),
        ("core_share", "core busy", 1, 2),
        (P50, "p50 ms", 1e-3, 2),
        ("generator_share", "generator", 1, 2),
    ),
    flags=("--seconds=4", "--warmup=1.5"), quick_flags=REDIS_QUICK,
    server_flags=SIXTEEN_IN_FLIGHT)

REDIS_RATE = Row(
    "redis_rate", "16 messages of each client in flight in 4 rooms of its own", "server",
    ("redis_plain", "redis_client", "redis_four"),
    (
        Target("publishes/s by one client, which waits for its answers", "redis_client", RATE,
               50_000, at_least=True),
        Target("publishes/s by four", "redis_four", RATE, 50_000, at_least=True),
    ),
    (
        (RATE, "publishes/s", 1, 0),
        (MESSAGE, "Redis us", 1, 2),
        ("process_share", "Redis busy", 1, 2),
        ("core_share", "core busy", 1, 2),
        (P50, "p50 ms", 1e-3, 2),
        (P99, "p99 ms", 1e-3, 2),
        ("generator_share", "generator", 1, 2),
    ),
    flags=REDIS_CPU.flags, quick_flags=REDIS_QUICK, server_flags=SIXTEEN_IN_FLIGHT)

REDIS_LATENCY = Row(
    "redis_latency", "published at one node, delivered at another, a message every 10 ms", "fanout",
    ("redis_nodes", "local_node"),
    (Target("p50 in ms from node to node", "redis_nodes", P50, 1.5, scale=1e-3),),
    (
        (P50, "p50 ms", 1e-3, 3),
        (P99, "p99 ms", 1e-3, 2),
        ("latency_max_us", "max ms", 1e-3, 2),
        ("messages", "messages", 1, 0),
        ("core_share", "core busy", 1, 2),
    ),
    flags=("--members=1", "--pause=0.01", "--seconds=4"),
    quick_flags=("--members=1", "--pause=0.01", *REDIS_QUICK))

REDIS_FANOUT = Row(
    "redis_fanout", "a room of 1000 whose messages are published at another node, by SDK clients",
    "fanout", ("local_node", "redis_nodes"),
    (_core_over("redis_nodes", "redis_fanout", "local_node", 1.15, "from another node / local"),),
    DELIVERY_COLUMNS, flags=("--seconds=4",), quick_flags=QUICK)

REDIS_RECOVER = Row(
    "redis_recover", "a node with 10,000 rooms loses its Redis and misses a message in each", "cut",
    ("redis_cut",),
    (Target("s until all rooms have what they missed", "redis_cut", "caught_up_s", 1),),
    (
        ("caught_up_s", "caught up s", 1, 3),
        ("missed_messages", "messages", 1, 0),
        ("core_us_per_room", "core us", 1, 1),
        ("process_us_per_room", "process us", 1, 1),
        ("core_share", "core busy", 1, 2),
        ("generator_share", "generator", 1, 2),
    ),
    flags=("--timeout=20",), quick_flags=("--rooms=500",))

REDIS_SOCKETS = Row(
    "redis_sockets", "2,000 clients in 200 rooms of one node", "idle", ("redis_counted",),
    (Target("sockets of the node to Redis", "redis_counted", "redis_sockets", 2),),
    (
        ("redis_sockets", "sockets", 1, 0),
        ("connections", "clients", 1, 0),
    ),
    flags=("--members=2000", "--rooms=200", "--seconds=2"),
    quick_flags=("--members=2000", "--rooms=200", "--seconds=0.5"), turns=1)

TRAFFIC_ROWS = (FANOUT, BURST, ROOMS, MIXED, CONNECT, SHARDS, IDLE, SDK, SDK_IDLE, RECOVER,
                REDIS_CPU, REDIS_RATE, REDIS_LATENCY, REDIS_FANOUT, REDIS_RECOVER, REDIS_SOCKETS)

# These two are measured without the load generator.
START_MS_MAX = 20
START_TURNS = 11
BINARY_MB_MAX = 6
EXTRA_ROWS = ("start", "size")
