// SPDX-License-Identifier: Apache-2.0
// The article's chat on Node's ws package, as a careful user would write it: no compression, one
// buffer for each message, shared by all members. "node server.mjs --port=N".
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const port = Number(process.argv.find((word) => word.startsWith("--port="))?.slice(7) ?? 8080);
const rooms = new Map();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer((request, response) => response.end("ok\n"));

function stamp() {
  return new Date().toISOString().slice(0, 19).replace("T", " ");
}

function join(socket, roomName, clientId) {
  const room = rooms.get(roomName) ?? new Set();
  rooms.set(roomName, room);
  room.add(socket);
  socket.on("message", (message) => {
    const line = Buffer.from(`[${stamp()}] ${message} (${clientId})`);
    for (const member of room) member.send(line, { binary: false });
  });
  socket.on("close", () => {
    room.delete(socket);
    if (room.size === 0) rooms.delete(roomName);
  });
  socket.on("error", () => socket.terminate());
}

server.on("upgrade", (request, stream, head) => {
  const [, ws, roomName, clientId] = request.url.split("/");
  if (ws !== "ws" || !clientId) return stream.destroy();
  sockets.handleUpgrade(request, stream, head, (socket) => join(socket, roomName, clientId));
});
server.listen(port, "127.0.0.1", 4096);
