# SPDX-License-Identifier: Apache-2.0
"""Servers that are several processes: nodes of Palaver and the Redis between them. What is measured
(a node, or Redis) has the server's cores for itself; everything else is on the generator's."""

import os
import pathlib
import shutil
import socket
import threading

from servers import SDK_LOAD_FLAGS, Running, Server, Unavailable, palaver

SOCKETS_INTERVAL_SECONDS = 0.25


def _redis_command(port, scratch):
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("redis-server is not installed (script/bootstrap bench)")
    return [program, f"--port {port}", "--bind 127.0.0.1", f"--dir {scratch}", "--save ''",
            "--appendonly no"]


class System(Server):
    """`nodes`: how many; the load generator's clients are at the first. `measures`: "node" (the
    first) or "redis", or without nodes always Redis. `engine`: "redis", or "memory" for a node
    that is alone. `is_published_outside`: the generator's outside publisher is at the last node."""

    def __init__(self, name, label, binary, *, nodes=0, measures="redis", engine="redis",
                 is_published_outside=False, is_cut=False, counts_sockets=False, **more):
        super().__init__(name, label, None, **more)
        self.binary = binary
        self.nodes = nodes
        self.measures = measures
        self.engine = engine
        self.is_published_outside = is_published_outside
        self.is_cut = is_cut
        self.counts_sockets = counts_sockets

    def start(self, cores, scratch, other_cores=None):
        return RunningSystem(self, cores, other_cores or cores, scratch)


class RunningSystem:
    """As servers.Running."""

    def __init__(self, system, cores, other_cores, scratch):
        self.system = system
        self.parts = []
        self.redis = None
        self.nodes = []
        try:
            self._start(cores, other_cores, scratch)
        except BaseException:
            self.stop()
            raise
        self.port = (self.nodes or [self.redis])[0].port
        self.count = SocketCount(self.nodes[0], self.redis) if system.counts_sockets else None

    def _start(self, cores, other_cores, scratch):
        system = self.system
        measures_node = system.nodes > 0 and system.measures == "node"
        if system.engine == "redis":
            self.redis = self._part(Server("redis", "Redis", _redis_command),
                                    other_cores if measures_node else cores, scratch)
        for index in range(system.nodes):
            node = palaver(f"{system.name}-{index}", system.label, system.binary, io="uring",
                           redis_port=self.redis and self.redis.port)
            has_cores = measures_node and index == 0
            self.nodes.append(self._part(node, cores if has_cores else other_cores, scratch))

    def _part(self, server, cores, scratch):
        part = Running(server, cores, scratch)
        self.parts.append(part)
        return part

    def pids(self):
        measured = self.redis if self.system.measures == "redis" else self.nodes[0]
        return measured.pids()

    def load_flags(self):
        flags = []
        if self.system.is_published_outside:
            flags += [*SDK_LOAD_FLAGS, f"--publish-port={self.nodes[-1].port}"]
        if self.system.is_cut:
            ids = client_ids(self.redis.port, sockets_to(self.nodes[0].process.pid,
                                                         self.redis.port))
            flags += [f"--redis-port={self.redis.port}", f"--redis-client={','.join(ids)}"]
        return flags

    def figures(self):
        return self.count.figures() if self.count else {}

    def stop(self):
        if getattr(self, "count", None):
            self.count.stop()
        for part in reversed(self.parts):
            part.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class SocketCount:
    """The largest number of sockets that a node has to its Redis at one time, looked at again and
    again as long as it runs."""

    def __init__(self, node, redis):
        self.node = node
        self.redis = redis
        self.most = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ended.is_set():
            self._look()
            self.ended.wait(SOCKETS_INTERVAL_SECONDS)

    def _look(self):
        self.most = max(self.most, len(sockets_to(self.node.process.pid, self.redis.port)))

    def figures(self):
        """Nothing if there was none: then it was not counted."""
        return {"redis_sockets": self.most} if self.most else {}

    def stop(self):
        self.ended.set()
        self.thread.join()


def sockets_to(pid, port):
    """The local addresses (host:port) of the process' IPv4 sockets to this port of this machine."""
    folder = pathlib.Path(f"/proc/{pid}/fd")
    own = set()
    for entry in os.listdir(folder):
        try:
            own.add(os.readlink(folder / entry))
        except FileNotFoundError:
            continue  # closed meanwhile
    table = pathlib.Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii")
    return [local for local, remote, inode in tcp_rows(table)
            if remote == f"127.0.0.1:{port}" and f"socket:[{inode}]" in own]


def tcp_rows(table):
    """proc(5), net/tcp: each socket's own address, its peer's, and its inode. The kernel writes the
    table piece by piece, and where sockets come and go meanwhile it writes some twice."""
    def address_of(text):
        host, port = text.split(":")
        return f"{socket.inet_ntoa(int(host, 16).to_bytes(4, 'little'))}:{int(port, 16)}"

    rows = {}
    for line in table.splitlines()[1:]:
        fields = line.split()
        local, remote, inode = fields[1], fields[2], fields[9]
        rows[(local, remote)] = (address_of(local), address_of(remote), inode)
    return list(rows.values())


def client_ids(redis_port, addresses):
    """What Redis calls the connections that come from these addresses."""
    with socket.create_connection(("127.0.0.1", redis_port), timeout=5) as peer:
        peer.sendall(b"CLIENT LIST\r\n")
        reply = peer.makefile("rb")
        text = reply.read(int(reply.readline()[1:])).decode()
    return ids_in(text, addresses)


def ids_in(client_list, addresses):
    ids = {}
    for line in client_list.splitlines():
        fields = dict(word.split("=", 1) for word in line.split())
        ids[fields["addr"]] = fields["id"]
    return [ids[address] for address in addresses]


def redis_systems(program):
    """Those of the rows redis_*."""
    return (
        System("redis_plain", "XADD and PUBLISH", program, program="palaver_bench_redis",
               scenario="plain"),
        System("redis_client", "Palaver's client", program, program="palaver_bench_redis",
               scenario="server"),
        System("redis_four", "Palaver's client, four", program, program="palaver_bench_redis",
               scenario="server"),
        System("redis_palaver", "Palaver on Redis", program, nodes=1),
        System("redis_nodes", "Palaver, two nodes", program, nodes=2, measures="node",
               is_published_outside=True),
        System("local_node", "Palaver, alone", program, nodes=1, measures="node", engine="memory",
               is_published_outside=True),
        System("redis_cut", "Palaver, cut off", program, nodes=2, measures="node",
               is_published_outside=True, is_cut=True),
        System("redis_counted", "Palaver, one node", program, nodes=1, measures="node",
               counts_sockets=True),
    )
