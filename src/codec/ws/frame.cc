// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/frame.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace palaver::codec::ws {

namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kRsv1 = 0x40;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kCloseReasonMax = base::kControlPayloadMax - sizeof(std::uint16_t);

constexpr char to_char(std::uint64_t byte) { return static_cast<char>(byte & 0xff); }

// The longest part of `text` of at most `bytes_max` bytes that does not end inside a character.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

FrameHeader encode_header(Opcode opcode, std::size_t payload_bytes, Compression compression) {
  const bool deflated = compression == Compression::kDeflate;
  CHECK(!is_control(opcode) || (payload_bytes <= base::kControlPayloadMax && !deflated),
        "a control frame is short and plain");
  FrameHeader header{};
  header.bytes[0] = to_char(kFin | (deflated ? kRsv1 : 0U) | static_cast<std::uint8_t>(opcode));
  std::size_t length_bytes = 0;
  if (payload_bytes < kLength16) {
    header.bytes[1] = to_char(payload_bytes);
  } else if (payload_bytes <= 0xffff) {
    header.bytes[1] = to_char(kLength16);
    length_bytes = 2;
  } else {
    header.bytes[1] = to_char(kLength64);
    length_bytes = 8;
  }
  std::uint64_t rest = payload_bytes;
  for (std::size_t i = length_bytes; i > 0; --i, rest >>= 8) header.bytes[1 + i] = to_char(rest);
  header.size = static_cast<std::uint8_t>(2 + length_bytes);
  return header;
}

base::Frame encode(Opcode opcode, std::string_view payload) {
  const FrameHeader header = encode_header(opcode, payload.size(), Compression::kNone);
  return base::Frame::copy_of(header.view(), payload);
}

base::Frame encode_compressed(Opcode opcode, std::string_view deflated) {
  const FrameHeader header = encode_header(opcode, deflated.size(), Compression::kDeflate);
  return base::Frame::copy_of(header.view(), deflated);
}

base::Frame encode_ping(std::string_view payload) { return encode(Opcode::kPing, payload); }

base::Frame encode_pong(std::string_view payload) { return encode(Opcode::kPong, payload); }

base::Frame encode_close(CloseCode code, std::string_view reason) {
  if (code == CloseCode::kNoStatus) return encode(Opcode::kClose, {});
  const auto number = static_cast<std::uint16_t>(code);
  CHECK(is_wire_close_code(number), "the close code may be sent");
  std::array<char, base::kControlPayloadMax> payload;
  payload[0] = to_char(number >> 8);
  payload[1] = to_char(number);
  const std::string_view text = cut_utf8(reason, kCloseReasonMax);
  std::ranges::copy(text, payload.begin() + 2);
  return encode(Opcode::kClose, {payload.data(), 2 + text.size()});
}

}  // namespace palaver::codec::ws
