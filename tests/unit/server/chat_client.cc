// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/server/chat_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "tests/unit/codec_ws/client.h"

namespace palaver::server {

namespace {

constexpr timeval kPatience{.tv_sec = 20, .tv_usec = 0};
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kUpgradeHeaders =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr unsigned kText = 0x1;
constexpr unsigned kClose = 0x8;
constexpr unsigned kPing = 0x9;

unsigned status_of(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  unsigned status = 0;
  if (head.starts_with(kVersion)) {
    std::from_chars(head.data() + kVersion.size(), head.data() + head.size(), status);
  }
  return status;
}

std::string host_header(std::uint16_t port) {
  return "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
}

}  // namespace

Stream::Stream(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
  (void)::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  (void)::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
}

Stream::~Stream() {
  if (socket_ >= 0) ::close(socket_);
}

void Stream::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;  // what follows will not be answered, and that is where it shows
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Stream::read_more() {
  std::array<char, 16 * 1024> piece{};
  ssize_t size = 0;
  // The end of an io_uring interrupts the calls of the thread that made it (here: the probe's).
  do {
    size = ::recv(socket_, piece.data(), piece.size(), 0);
  } while (size < 0 && errno == EINTR);
  EXPECT_FALSE(size < 0 && errno == EAGAIN) << "the server keeps silent";
  if (size <= 0) return false;
  buffer_.append(piece.data(), static_cast<std::size_t>(size));
  return true;
}

std::string Stream::read_until(std::string_view end) {
  std::size_t found = std::string::npos;
  while ((found = buffer_.find(end)) == std::string::npos) {
    if (!read_more()) return std::exchange(buffer_, {});
  }
  return read_exactly(found + end.size());
}

std::string Stream::read_exactly(std::size_t size) {
  while (buffer_.size() < size && read_more()) {
  }
  std::string bytes = buffer_.substr(0, size);
  buffer_.erase(0, bytes.size());
  return bytes;
}

bool Stream::at_end() { return buffer_.empty() && !read_more(); }

void Stream::reset() {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  ::close(std::exchange(socket_, -1));
}

HttpAnswer http_get(std::uint16_t port, std::string_view path,
                    const std::vector<codec::http::Header>& headers) {
  Stream stream(port);
  if (!stream.good()) return {};
  std::string request = "GET " + std::string(path) + " HTTP/1.1\r\n" + host_header(port);
  request += "Connection: close\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  stream.write(request + "\r\n");
  HttpAnswer answer;
  answer.head = stream.read_until(kHeadEnd);
  answer.status = status_of(answer.head);
  constexpr std::string_view kLength = "Content-Length: ";
  if (const std::size_t at = answer.head.find(kLength); at != std::string::npos) {
    std::size_t size = 0;
    std::from_chars(answer.head.data() + at + kLength.size(),
                    answer.head.data() + answer.head.size(), size);
    answer.body = stream.read_exactly(size);
    EXPECT_EQ(answer.body.size(), size);
  }
  return answer;
}

ChatClient::ChatClient(std::uint16_t port, std::string_view room, int client_id,
                       std::string_view query)
    : stream_(port) {
  if (!stream_.good()) return;
  stream_.write("GET /ws/" + std::string(room) + '/' + std::to_string(client_id) +
                std::string(query) + " HTTP/1.1\r\n" + host_header(port) +
                std::string(kUpgradeHeaders) + "\r\n");
  const std::string head = stream_.read_until(kHeadEnd);
  status_ = status_of(head);
  if (status_ == 101) {
    EXPECT_NE(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
  }
}

void ChatClient::say(std::string_view text) const {
  stream_.write(codec::ws::client_frame(codec::ws::kFin | kText, text));
}

ChatClient::Frame ChatClient::next() {
  const std::string head = stream_.read_exactly(2);
  if (head.size() < 2) return {};
  const auto number = [](std::string_view bytes) {
    std::size_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  };
  std::size_t size = number(head.substr(1));
  EXPECT_LT(size, 128U) << "a server masks nothing";
  if (size == 126) size = number(stream_.read_exactly(2));
  if (size == 127) size = number(stream_.read_exactly(8));
  const auto first = static_cast<unsigned char>(head.front());
  EXPECT_EQ(first & 0xF0U, 0x80U) << "FIN alone";
  return {first & 0x0FU, stream_.read_exactly(size)};
}

std::string ChatClient::hear() {
  while (true) {
    const Frame frame = next();
    if (frame.opcode == kPing) {
      stream_.write(codec::ws::client_frame(codec::ws::kFin | 0xA, frame.payload));
      continue;
    }
    if (frame.opcode != kText) return {};
    constexpr std::size_t kTimeSize = 22;  // "[YYYY-MM-DD HH:MM:SS] "
    EXPECT_GT(frame.payload.size(), kTimeSize);
    return frame.payload.substr(std::min(kTimeSize, frame.payload.size()));
  }
}

bool ChatClient::close(unsigned code) {
  answer_close(code);
  while (true) {
    const Frame frame = next();
    if (frame.opcode == 0) return false;
    if (frame.opcode != kClose) continue;  // said before it heard us
    const std::string expected{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    return frame.payload == expected && at_end();
  }
}

void ChatClient::answer_close(unsigned code) const { stream_.write(codec::ws::client_close(code)); }

}  // namespace palaver::server
