#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The backend of the article that Palaver starts from, with nothing but the standard library.

Members of a room (a WebSocket at /ws/{channel_id}/{client_id}) talk through the Redis channel that
is named like the room: each text is published as JSON, and what is published is sent to each member
as "[time] message (client_id)". Written from the article's description, for tests that hold Palaver
to what such a backend says and understands.

    REDIS_HOST  redis://[:password@]host[:port]; default redis://localhost
    PORT        of 127.0.0.1; default 8000, 0 is any free one. Printed when it listens.
"""

import asyncio
import base64
import hashlib
import json
import os
import struct
import sys
import urllib.parse
from dataclasses import asdict, dataclass
from datetime import datetime

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


@dataclass
class ChatMessage:
    channel_id: str
    client_id: int
    time: str
    message: str


class Redis:
    """One connection; replies of RESP2."""

    @classmethod
    async def connect(cls, url):
        self = cls()
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "localhost", parts.port or 6379
        self.reader, self.writer = await asyncio.open_connection(host, port)
        if parts.password:
            login = [parts.username] if parts.username else []
            await self.command("AUTH", *login, parts.password)
        return self

    async def command(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in (word.encode() for word in words):
            parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.writer.write(b"".join(parts))
        await self.writer.drain()
        return await self.reply()

    async def reply(self):
        line = await self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RuntimeError(text)
        if kind == b"$":
            size = int(text)
            if size < 0:
                return None
            return (await self.reader.readexactly(size + 2))[:-2].decode()
        if kind == b"*":
            return [await self.reply() for _ in range(int(text))]
        return int(text) if kind == b":" else text

    def close(self):
        self.writer.close()


class WebSocket:
    """The server's side of RFC 6455, for texts, without extensions."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def accept(self, key):
        digest = hashlib.sha1(key.encode() + MAGIC).digest()
        self.writer.write(b"HTTP/1.1 101 Switching Protocols\r\n"
                          b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")

    async def _frame(self):
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack(">H", await self.reader.readexactly(2))
        elif size == 127:
            size, = struct.unpack(">Q", await self.reader.readexactly(8))
        mask = await self.reader.readexactly(4) if second & 0x80 else bytes(4)
        payload = await self.reader.readexactly(size)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        return bool(first & 0x80), first & 0x0F, payload

    async def _send(self, opcode, payload):
        size = len(payload)
        if size < 126:
            head = struct.pack(">BB", 0x80 | opcode, size)
        elif size < 0x10000:
            head = struct.pack(">BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, 127, size)
        self.writer.write(head + payload)
        await self.writer.drain()

    async def receive_text(self):
        """None at the end of the connection."""
        text = b""
        while True:
            final, opcode, payload = await self._frame()
            if opcode == CLOSE:
                await self._send(CLOSE, payload[:2])
                return None
            if opcode == PING:
                await self._send(PONG, payload)
            elif opcode in (TEXT, BINARY, CONTINUATION):
                text += payload
                if final:
                    return text.decode()

    async def send_text(self, text):
        await self._send(TEXT, text.encode())


class ChatServer:
    """What one member says and hears."""

    def __init__(self, redis_url, websocket, channel_id, client_id):
        self.redis_url, self.websocket = redis_url, websocket
        self.channel_id, self.client_id = channel_id, client_id

    async def publish_handler(self, connection):
        while (message := await self.websocket.receive_text()) is not None:
            if not message:
                continue
            time = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
            chat_message = ChatMessage(self.channel_id, self.client_id, time, message)
            await connection.command("PUBLISH", self.channel_id, json.dumps(asdict(chat_message)))

    async def subscribe_handler(self, connection):
        while True:
            _, _, data = await connection.reply()
            chat = ChatMessage(**json.loads(data))
            await self.websocket.send_text(f"[{chat.time}] {chat.message} ({chat.client_id})")

    async def run(self, accept):
        publisher = await Redis.connect(self.redis_url)
        subscriber = await Redis.connect(self.redis_url)
        try:
            # The article subscribes after it accepts; here a member that is in hears everything.
            await subscriber.command("SUBSCRIBE", self.channel_id)
            accept()
            handlers = [asyncio.ensure_future(self.publish_handler(publisher)),
                        asyncio.ensure_future(self.subscribe_handler(subscriber))]
            done, pending = await asyncio.wait(handlers, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*handlers, return_exceptions=True)
            for task in done:
                task.result()
        finally:
            publisher.close()
            subscriber.close()


async def serve(redis_url, reader, writer):
    request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in lines)}
    path = urllib.parse.urlsplit(request.split(" ")[1]).path
    parts = [urllib.parse.unquote(part) for part in path.split("/")]
    key = headers.get("sec-websocket-key")
    if len(parts) != 4 or parts[:2] != ["", "ws"] or key is None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return
    try:
        client_id = int(parts[3])
    except ValueError:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
    websocket = WebSocket(reader, writer)
    chat_server = ChatServer(redis_url, websocket, parts[2], client_id)
    await chat_server.run(lambda: websocket.accept(key))


async def main():
    redis_url = os.environ.get("REDIS_HOST", "redis://localhost")

    async def on_connection(reader, writer):
        try:
            await serve(redis_url, reader, writer)
        except (OSError, EOFError, RuntimeError, TypeError, ValueError) as error:
            print(f"a member ended: {error!r}", file=sys.stderr, flush=True)
        finally:
            writer.close()

    port = int(os.environ.get("PORT", "8000"))
    server = await asyncio.start_server(on_connection, "127.0.0.1", port)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
