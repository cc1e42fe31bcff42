// SPDX-License-Identifier: Apache-2.0
// The server's half of WebSocket framing (RFC 6455 section 5): payloads in, unmasked frames out.
// Each encode() makes one shared Frame of one unit with a single copy, so that any number of
// members can be sent the same bytes. The server never fragments: a message is one frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/frame.h"
#include "codec/ws/close_code.h"

namespace palaver::codec::ws {

enum class Opcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xa,
};

[[nodiscard]] constexpr bool is_control(Opcode opcode) {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

// permessage-deflate (RFC 7692): of a connection, whether it was negotiated; of a message, whether
// its payload is deflated (RSV1).
enum class Compression : std::uint8_t { kNone, kDeflate };

struct FrameHeader {
  std::array<char, 10> bytes;  // without a masking key: a server's frames have none
  std::uint8_t size;
  [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
};

// The header of an unfragmented frame. A control frame's payload is at most 125 bytes and plain.
[[nodiscard]] FrameHeader encode_header(Opcode opcode, std::size_t payload_bytes,
                                        Compression compression);

[[nodiscard]] base::Frame encode(Opcode opcode, std::string_view payload);
// `deflated` is what Deflater::deflate() returned. Data frames only.
[[nodiscard]] base::Frame encode_compressed(Opcode opcode, std::string_view deflated);

// `payload`: at most 125 bytes.
[[nodiscard]] base::Frame encode_ping(std::string_view payload);
[[nodiscard]] base::Frame encode_pong(std::string_view payload);

// `reason` is UTF-8, cut before the character that would not fit into 123 bytes. kNoStatus makes a
// Close without a payload: the answer to one that had none. Codes that must not be sent are a bug.
[[nodiscard]] base::Frame encode_close(CloseCode code, std::string_view reason);

}  // namespace palaver::codec::ws
