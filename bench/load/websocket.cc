// SPDX-License-Identifier: Apache-2.0
// RFC 6455 sections 4.1 (opening handshake) and 5.2 (framing). All clients send the RFC's own
// sample key, so that the accept value is a constant and no hash is computed on the generator's
// core.
#include "bench/load/websocket.h"

#include <array>
#include <cstring>
#include <optional>

namespace palaver::bench::load {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr std::size_t kHeadBytesMax = 8 * 1024;
// No frame of a benchmark is longer, a reply with 300 recovered messages of 100 bytes included; a
// longer one is a parser that lost its place. Well below the receive buffer of Clients.
constexpr std::uint64_t kPayloadBytesMax = 128 * 1024;

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::optional<Opcode> opcode_of(std::uint8_t first) {
  // FIN set and RSV clear: we offered no extension, and no line is worth fragments.
  switch (first) {
    case 0x81:
      return Opcode::kText;
    case 0x88:
      return Opcode::kClose;
    case 0x89:
      return Opcode::kPing;
    case 0x8a:
      return Opcode::kPong;
    default:
      return std::nullopt;
  }
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

// The value of the header `name` in a response head, without surrounding blanks; empty if absent.
std::string_view header_value(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name)) {
      std::string_view value = line.substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      while (value.ends_with(' ')) value.remove_suffix(1);
      return value;
    }
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 2);
  }
  return {};
}

}  // namespace

ParseStatus parse_server_frame(std::string_view bytes, ServerFrame& frame) {
  if (bytes.size() < 2) return ParseStatus::kIncomplete;
  const std::optional<Opcode> opcode = opcode_of(byte_at(bytes, 0));
  const std::uint8_t short_length = byte_at(bytes, 1);
  if (!opcode || (short_length & 0x80) != 0) return ParseStatus::kRefused;

  std::size_t head = 2;
  std::uint64_t length = short_length;
  if (short_length == 126 || short_length == 127) {
    head = short_length == 126 ? 4 : 10;
    if (bytes.size() < head) return ParseStatus::kIncomplete;
    length = big_endian(bytes.substr(2, head - 2));
  }
  if (length > kPayloadBytesMax) return ParseStatus::kRefused;
  if (bytes.size() < head + length) return ParseStatus::kIncomplete;
  frame = {*opcode, bytes.substr(head, length), head + static_cast<std::size_t>(length)};
  return ParseStatus::kComplete;
}

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload,
                         std::uint32_t mask) {
  out.push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode)));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    const bool is_long = payload.size() > 0xffff;
    out.push_back(static_cast<char>(is_long ? 0xff : 0xfe));
    for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) {
      out.push_back(static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift & 0xff));
    }
  }
  std::array<char, 4> key{};
  std::memcpy(key.data(), &mask, key.size());
  out.append(key.data(), key.size());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<char>(payload[i] ^ key[i % 4]));
  }
}

std::string handshake_request(std::string_view host, std::string_view path) {
  std::string request;
  request.append("GET ").append(path).append(" HTTP/1.1\r\nHost: ").append(host);
  request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  request.append("Sec-WebSocket-Key: ").append(kKey).append("\r\n\r\n");
  return request;
}

ParseStatus parse_handshake(std::string_view bytes, std::size_t& size) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() > kHeadBytesMax ? ParseStatus::kRefused : ParseStatus::kIncomplete;
  }
  const std::string_view head = bytes.substr(0, end);
  if (!head.starts_with("HTTP/1.1 101")) return ParseStatus::kRefused;
  if (header_value(head, "Sec-WebSocket-Accept") != kAccept) return ParseStatus::kRefused;
  if (!header_value(head, "Sec-WebSocket-Extensions").empty()) return ParseStatus::kRefused;
  size = end + 4;
  return ParseStatus::kComplete;
}

}  // namespace palaver::bench::load
