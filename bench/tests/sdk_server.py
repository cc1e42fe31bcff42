# SPDX-License-Identifier: Apache-2.0
"""A small server of the Centrifuge client protocol in JSON, right by default, that can make one
mistake on purpose, so that tests can see the load generator notice it:

    sdk_server.py --port=N [--ping-interval=S] [--fault=F] [--after=N]

F is drop, double, swap (with the next), garble or offset (the same twice) of the first delivery
after N of them, or forget (an entry of the history, of which the server says nothing)."""

import argparse
import base64
import hashlib
import json
import selectors
import socket
import struct
import time

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
EPOCH = "e"


def frame_of(text):
    data = text.encode()
    if len(data) < 126:
        return bytes([0x81, len(data)]) + data
    return bytes([0x81, 126]) + struct.pack(">H", len(data)) + data


def dumps(value):
    return json.dumps(value, separators=(",", ":"))


class Connection:
    def __init__(self, peer):
        self.peer = peer
        self.rest = b""
        self.is_upgraded = False

    def frames(self):
        """The texts that are complete; the rest is kept."""
        while len(self.rest) >= 6:
            size, head = self.rest[1] & 0x7F, 2
            if size == 126:
                size, head = struct.unpack(">H", self.rest[2:4])[0], 4
            if len(self.rest) < head + 4 + size:
                return
            mask, body = self.rest[head:head + 4], self.rest[head + 4:head + 4 + size]
            self.rest = self.rest[head + 4 + size:]
            yield bytes(byte ^ mask[i % 4] for i, byte in enumerate(body)).decode()

    def say(self, *lines):
        self.peer.sendall(frame_of("\n".join(map(dumps, lines))))


class Server:
    def __init__(self, options):
        self.options = options
        self.deliveries = 0
        self.held = None  # the push that comes after the next one
        self.rooms = {}   # name -> (members, publications)
        self.events = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", options.port), backlog=1024)
        self.events.register(self.listener, selectors.EVENT_READ)

    def run(self):
        next_ping = time.monotonic() + self.options.ping_interval
        while True:
            for key, _ in self.events.select(0.1):
                if key.fileobj is self.listener:
                    peer, _ = self.listener.accept()
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.events.register(peer, selectors.EVENT_READ, Connection(peer))
                else:
                    self.read(key.data)
            if time.monotonic() > next_ping:
                next_ping += self.options.ping_interval
                for members, _ in self.rooms.values():
                    for member in members:
                        member.say({})

    def read(self, connection):
        data = connection.peer.recv(65536)
        if not data:
            self.events.unregister(connection.peer)
            return
        connection.rest += data
        if not connection.is_upgraded:
            self.upgrade(connection)
        for text in connection.frames() if connection.is_upgraded else ():
            for line in text.split("\n"):
                self.obey(connection, json.loads(line))

    def upgrade(self, connection):
        head, end, rest = connection.rest.partition(b"\r\n\r\n")
        if not end:
            return
        key = head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0].decode()
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        connection.peer.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        connection.is_upgraded, connection.rest = True, rest

    def obey(self, connection, command):
        for name in ("connect", "subscribe", "publish"):
            if name in command:
                reply = getattr(self, name)(connection, command[name])
                connection.say({"id": command["id"], name: reply})
        if "publish" in command:
            self.publish_to_all(command["publish"]["channel"])

    def connect(self, _, __):
        return {"client": "c", "ping": self.options.ping_interval, "pong": True}

    def subscribe(self, connection, request):
        members, publications = self.rooms.setdefault(request["channel"], ([], []))
        members.append(connection)
        reply = {"recoverable": True, "epoch": EPOCH}
        if request.get("recover"):
            missed = [p for p in publications if p["offset"] > request["offset"]]
            if self.options.fault == "forget":
                del missed[len(missed) // 2]
            reply |= {"publications": missed, "recovered": True}
        if publications:
            reply["offset"] = publications[-1]["offset"]
        return reply | {"positioned": True}

    def publish(self, _, request):
        _, publications = self.rooms[request["channel"]]
        offset = publications[-1]["offset"] + 7 if publications else 7
        publications.append({"data": request["data"], "info": {"user": "", "client": "{c\"}"},
                             "offset": offset})
        return {}

    def publish_to_all(self, room):
        members, publications = self.rooms[room]
        for member in members:
            push = {"push": {"channel": room, "pub": dict(publications[-1])}}
            self.deliveries += 1
            fault = self.options.fault if self.deliveries == self.options.after + 1 else ""
            if fault == "garble":
                push["push"]["pub"]["data"] = {"text": publications[-1]["data"]["text"] + "x"}
            if fault == "offset":
                push["push"]["pub"]["offset"] = publications[-2]["offset"]
            if fault == "swap":
                self.held = (member, push)
            elif fault != "drop":
                member.say(push)
            if fault == "double":
                member.say(push)
            if self.held and self.held[0] is member and self.held[1] != push:
                member.say(self.held[1])
                self.held = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ping-interval", type=int, default=25)
    parser.add_argument("--fault", default="")
    parser.add_argument("--after", type=int, default=0)
    Server(parser.parse_args()).run()


if __name__ == "__main__":
    main()
