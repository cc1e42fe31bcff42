// SPDX-License-Identifier: Apache-2.0
// Parser: the client's half of WebSocket framing (RFC 6455, RFC 7692): bytes in, events out. One
// per connection, owned by it; it has no I/O and calls nobody. It is pulled: each next() takes what
// it needs from the front of the input and gives at most one event. A message in one frame that
// lies whole in the input is unmasked where it is and never copied. Between messages a Parser owns
// no heap; within one, no more than twice what has arrived (and kFirstBufferBytes), whatever the
// frame's header announces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/utf8.h"
#include "codec/ws/close_code.h"
#include "codec/ws/frame.h"
#include "codec/ws/mask.h"

namespace palaver::codec::ws {

class Inflater;

enum class EventKind : std::uint8_t {
  kText,    // payload: the message, valid UTF-8, inflated
  kBinary,  // payload: the message, inflated
  kPing,    // payload: what the pong has to carry
  kPong,    // payload: as it came; it may be unsolicited
  kClose,   // code: the peer's, or kNoStatus; payload: its reason, valid UTF-8
  kError,   // code: what to close with; payload: a static text for the log
};

struct Event {
  EventKind kind;
  CloseCode code = CloseCode::kNoStatus;
  std::string_view payload;
};

struct ParserOptions {
  // One message, after inflating; 1 GiB at most. Beyond: kError with kMessageTooBig.
  std::size_t message_bytes_max;
  // Whether permessage-deflate was negotiated.
  Compression compression;
};

class Parser {
 public:
  explicit Parser(ParserOptions options);

  // The next event, or nothing when the input is used up. `input` loses what was taken from its
  // front and is changed in place. The event's payload points into `input`, the parser or the
  // inflater, and is valid until the next call on any of them. Text is checked as it arrives, so
  // that the error may come before the frame is whole. After kError or kClose the rest of the
  // input, and all that follows, is swallowed.
  [[nodiscard]] std::optional<Event> next(std::span<char>& input, Inflater& inflater);

  // Heap that the parser owns now: 0 between messages, once next() has returned nothing.
  [[nodiscard]] std::size_t buffered_bytes() const { return buffer_capacity_; }

  // The smallest buffer of a message that has arrived in part, unless its end is nearer.
  static constexpr std::size_t kFirstBufferBytes = 256;

 private:
  enum class State : std::uint8_t { kHeader, kPayload, kFinished };

  struct Violation {
    CloseCode code;
    const char* text;
  };
  struct HeaderScan {
    std::size_t size;  // of the header; 0: more bytes are needed
    std::uint32_t payload_bytes;
  };

  [[nodiscard]] std::expected<bool, Violation> read_header(std::span<char>& input);
  [[nodiscard]] std::expected<HeaderScan, Violation> scan_header(std::string_view bytes) const;
  [[nodiscard]] const char* check_start(std::uint8_t first, std::uint8_t second) const;
  [[nodiscard]] std::expected<void, Violation> check_size(std::uint8_t first,
                                                          std::uint64_t bytes) const;
  void begin_frame(const char* header, HeaderScan scan);

  [[nodiscard]] std::optional<Event> take_control(std::string_view part);
  [[nodiscard]] std::optional<Event> take_data(std::string_view part, Inflater& inflater);
  [[nodiscard]] Event finish_message(std::string_view payload, Inflater& inflater);
  [[nodiscard]] Event finish_close(std::string_view payload);
  [[nodiscard]] Event fail(CloseCode code, std::string_view text);

  void append(std::string_view part);
  void drop_delivered();

  // Bytes of the message in progress and, behind message_bytes_ of them, of a control frame that
  // has come in between.
  std::unique_ptr<char[]> buffer_;
  std::uint32_t buffer_size_ = 0;
  std::uint32_t buffer_capacity_ = 0;
  std::uint32_t message_bytes_ = 0;

  std::uint32_t message_bytes_max_;
  std::uint32_t frame_left_ = 0;  // payload of this frame that has not arrived
  MaskKey key_{};                 // as it applies to the next byte
  std::array<char, 14> header_;   // the beginning of a header that was cut by the input's end
  std::uint8_t header_size_ = 0;
  State state_ = State::kHeader;
  Opcode opcode_ = Opcode::kContinuation;          // of this frame
  Opcode message_opcode_ = Opcode::kContinuation;  // of the message in progress, else kContinuation
  bool fin_ = false;
  Compression compression_;  // of the connection
  Compression message_compression_ = Compression::kNone;
  base::Utf8Validator utf8_;
};

static_assert(sizeof(Parser) <= 64, "an idle connection is one cache line of parser");

}  // namespace palaver::codec::ws
