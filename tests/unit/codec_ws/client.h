// SPDX-License-Identifier: Apache-2.0
// The other end of the wire for the tests of codec/ws: makes what a client sends (any frame, legal
// or not, masked) and runs a Parser over it, whole and in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "codec/ws/mask.h"
#include "codec/ws/parser.h"

namespace palaver::codec::ws {

inline constexpr MaskKey kTestKey = {0x37, static_cast<char>(0xfa), 0x21, 0x3d};
inline constexpr std::uint8_t kFin = 0x80;
inline constexpr std::uint8_t kRsv1 = 0x40;

// A masked frame with this first byte: FIN, RSV bits and opcode.
std::string client_frame(unsigned first, std::string_view payload, MaskKey key = kTestKey);
// Its header alone, for a payload of any announced size.
std::string client_header(unsigned first, std::uint64_t payload_bytes, MaskKey key = kTestKey);
// A Close with this code and reason.
std::string client_close(unsigned code, std::string_view reason = {});

enum class Ending {
  kFlush,   // what RFC 7692 section 7.2.1 describes: flushed, the tail removed
  kBfinal,  // section 7.2.3.4: the last block says so, and a zero byte follows
};
std::string deflate_for_test(std::string_view message, Ending ending = Ending::kFlush,
                             int level = 6);

// An event that outlives the parser's next call.
struct Seen {
  EventKind kind;
  CloseCode code = CloseCode::kNoStatus;
  std::string payload;
  friend bool operator==(const Seen&, const Seen&) = default;
};
std::ostream& operator<<(std::ostream& out, const Seen& seen);

inline Seen text(std::string_view payload) {
  return {.kind = EventKind::kText, .payload = std::string(payload)};
}
inline Seen binary(std::string_view payload) {
  return {.kind = EventKind::kBinary, .payload = std::string(payload)};
}
inline Seen ping(std::string_view payload) {
  return {.kind = EventKind::kPing, .payload = std::string(payload)};
}
inline Seen pong(std::string_view payload) {
  return {.kind = EventKind::kPong, .payload = std::string(payload)};
}
inline Seen closed(CloseCode code, std::string_view reason = {}) {
  return {.kind = EventKind::kClose, .code = code, .payload = std::string(reason)};
}
inline Seen error(CloseCode code) {
  return {.kind = EventKind::kError, .code = code, .payload = {}};
}

struct Outcome {
  std::vector<Seen> events;
  std::size_t buffered_bytes = 0;  // at the end
};

inline constexpr ParserOptions kPlain{.message_bytes_max = 65536,
                                      .compression = Compression::kNone};
inline constexpr ParserOptions kDeflate{.message_bytes_max = 65536,
                                        .compression = Compression::kDeflate};

// Feeds `bytes` in pieces that end at `cuts` (rising), each in memory of its own.
Outcome parse(std::string_view bytes, ParserOptions options,
              const std::vector<std::size_t>& cuts = {});

// The events are `expected` (texts of errors aside), and they are the same for the input whole,
// byte by byte, and cut in two at every position (long inputs: at each end and at steps between);
// and nothing is buffered at the end.
void expect_events(std::string_view bytes, const std::vector<Seen>& expected,
                   ParserOptions options = kPlain);

}  // namespace palaver::codec::ws
