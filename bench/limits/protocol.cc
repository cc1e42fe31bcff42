// SPDX-License-Identifier: Apache-2.0
// RFC 6455 sections 4.2.2 and 5.2. The accept value is computed for each client, as a server must.
#include "bench/limits/protocol.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstring>

namespace palaver::bench::limits {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::string accept_value(std::string_view key) {
  std::string text(key);
  text.append(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), SHA_DIGEST_LENGTH);
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t from = text.find(begin);
  if (from == std::string_view::npos) return {};
  text.remove_prefix(from + begin.size());
  return text.substr(0, text.find(end));
}

}  // namespace

ReadStatus read_upgrade(std::string_view bytes, Upgrade& upgrade) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return ReadStatus::kIncomplete;
  const std::string_view head = bytes.substr(0, end + 2);
  const std::string_view path = between(head, "GET /ws/", " ");
  const std::string_view key = between(head, "\r\nSec-WebSocket-Key: ", "\r\n");
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || key.empty()) return ReadStatus::kRefused;

  upgrade.room = path.substr(0, slash);
  upgrade.client_id = path.substr(slash + 1);
  upgrade.request_bytes = end + 4;
  upgrade.response =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_value(key) + "\r\n\r\n";
  return ReadStatus::kComplete;
}

ReadStatus read_client_frame(char* bytes, std::size_t size, ClientFrame& frame) {
  const auto byte = [bytes](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  if (size < 6) return ReadStatus::kIncomplete;
  const bool is_final = (byte(0) & 0xf0) == 0x80;
  const bool is_masked = (byte(1) & 0x80) != 0;
  if (!is_final || !is_masked) return ReadStatus::kRefused;

  std::size_t head = 2;
  std::size_t length = byte(1) & 0x7fU;
  if (length == 127) return ReadStatus::kRefused;
  if (length == 126) {
    head = 4;
    length = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
  }
  if (size < head + 4 + length) return ReadStatus::kIncomplete;
  std::array<char, 4> key{};
  std::memcpy(key.data(), bytes + head, key.size());
  char* const payload = bytes + head + 4;
  for (std::size_t i = 0; i < length; ++i) {
    payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
  }
  frame.opcode = byte(0) & 0x0f;
  frame.payload = {payload, length};
  frame.size = head + 4 + length;
  return ReadStatus::kComplete;
}

void append_line_frame(std::string& out, std::string_view stamp, std::string_view message,
                       std::string_view client_id) {
  const std::size_t length = stamp.size() + 1 + message.size() + 2 + client_id.size() + 1;
  out.push_back('\x81');
  if (length < 126) {
    out.push_back(static_cast<char>(length));
  } else {
    // A client's message has 65,535 bytes at most here, and the generator sends 32 KiB at most.
    out.push_back('\x7e');
    out.push_back(static_cast<char>(length >> 8 & 0xff));
    out.push_back(static_cast<char>(length & 0xff));
  }
  out.append(stamp).append(" ").append(message).append(" (").append(client_id).append(")");
}

}  // namespace palaver::bench::limits
