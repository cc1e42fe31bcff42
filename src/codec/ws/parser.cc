// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/parser.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"
#include "codec/ws/deflate.h"

namespace palaver::codec::ws {

namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kRsv1 = 0x40;
constexpr std::uint8_t kRsv2And3 = 0x30;
constexpr std::uint8_t kOpcodeBits = 0x0f;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLengthBits = 0x7f;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kMessageBytesMax = std::size_t{1} << 30;

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

// Noise grows when it is deflated, by an eighth with the worst of encoders: a message within the
// limit must not fail for that.
std::uint64_t deflated_bytes_max(std::uint64_t bytes) { return bytes + bytes / 8 + 64; }

bool is_known(Opcode opcode) {
  switch (opcode) {
    case Opcode::kContinuation:
    case Opcode::kText:
    case Opcode::kBinary:
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      return true;
  }
  return false;
}

}  // namespace

Parser::Parser(ParserOptions options)
    : message_bytes_max_(static_cast<std::uint32_t>(options.message_bytes_max)),
      compression_(options.compression) {
  CHECK(options.message_bytes_max <= kMessageBytesMax, "a message has at most 1 GiB");
}

std::optional<Event> Parser::next(std::span<char>& input, Inflater& inflater) {
  drop_delivered();
  while (state_ != State::kFinished) {
    if (state_ == State::kHeader) {
      const auto complete = read_header(input);
      if (!complete) return fail(complete.error().code, complete.error().text);
      if (!*complete) return std::nullopt;
    }
    const std::span<char> part = input.first(std::min<std::size_t>(frame_left_, input.size()));
    input = input.subspan(part.size());
    frame_left_ -= static_cast<std::uint32_t>(part.size());
    apply_mask(part, key_);
    if (frame_left_ == 0) {
      state_ = State::kHeader;
    } else {
      key_ = rotate_key(key_, part.size());
    }
    const std::string_view bytes(part.data(), part.size());
    std::optional<Event> event =
        is_control(opcode_) ? take_control(bytes) : take_data(bytes, inflater);
    if (event) return event;
    if (frame_left_ > 0) return std::nullopt;
  }
  input = {};
  return std::nullopt;
}

// True: a frame has begun. False: the input is used up.
std::expected<bool, Parser::Violation> Parser::read_header(std::span<char>& input) {
  if (header_size_ == 0) {
    const auto scan = scan_header({input.data(), input.size()});
    if (!scan) return std::unexpected(scan.error());
    if (scan->size > 0) {
      begin_frame(input.data(), *scan);
      input = input.subspan(scan->size);
      return true;
    }
  }
  while (!input.empty()) {
    header_[header_size_++] = input.front();
    input = input.subspan(1);
    const auto scan = scan_header({header_.data(), header_size_});
    if (!scan) return std::unexpected(scan.error());
    if (scan->size > 0) {
      begin_frame(header_.data(), *scan);
      header_size_ = 0;
      return true;
    }
  }
  return false;
}

// RFC 6455 section 5.2. Each check is made as soon as its bytes are there, and in one order, so
// that a peer gets the same answer however its bytes were cut.
std::expected<Parser::HeaderScan, Parser::Violation> Parser::scan_header(
    std::string_view bytes) const {
  if (bytes.size() < 2) return HeaderScan{};
  const std::uint8_t first = byte_at(bytes, 0);
  const std::uint8_t second = byte_at(bytes, 1);
  if (const char* text = check_start(first, second); text != nullptr) [[unlikely]] {
    return std::unexpected(Violation{CloseCode::kProtocolError, text});
  }

  std::size_t size = 2;
  std::uint64_t payload_bytes = second & kLengthBits;
  if (payload_bytes >= kLength16) {
    const bool wide = payload_bytes == kLength64;
    const std::size_t length_bytes = wide ? 8 : 2;
    size += length_bytes;
    if (bytes.size() < size) return HeaderScan{};
    payload_bytes = big_endian(bytes.substr(2, length_bytes));
    if (payload_bytes >> 63 != 0) {
      return std::unexpected(Violation{CloseCode::kProtocolError, "length with the top bit set"});
    }
    if (payload_bytes < (wide ? 0x10000 : kLength16)) {
      return std::unexpected(Violation{CloseCode::kProtocolError, "length not in its short form"});
    }
  }
  if (const auto checked = check_size(first, payload_bytes); !checked) [[unlikely]] {
    return std::unexpected(checked.error());
  }
  size += key_.size();
  if (bytes.size() < size) return HeaderScan{};
  return HeaderScan{size, static_cast<std::uint32_t>(payload_bytes)};
}

// The rules that the first two bytes can break; nullptr if they break none.
const char* Parser::check_start(std::uint8_t first, std::uint8_t second) const {
  const auto opcode = static_cast<Opcode>(first & kOpcodeBits);
  if ((first & kRsv2And3) != 0) return "RSV2 or RSV3 set";
  if (!is_known(opcode)) return "reserved opcode";
  if ((second & kMasked) == 0) return "frame not masked";
  if (is_control(opcode)) {
    if ((first & kFin) == 0) return "fragmented control frame";
    if ((first & kRsv1) != 0) return "RSV1 set on a control frame";
    if ((second & kLengthBits) > base::kControlPayloadMax) return "control frame too long";
    return nullptr;
  }
  const bool within_message = message_opcode_ != Opcode::kContinuation;
  if (opcode == Opcode::kContinuation) {
    if (!within_message) return "continuation of nothing";
    if ((first & kRsv1) != 0) return "RSV1 set on a continuation";
    return nullptr;
  }
  if (within_message) return "new message within a message";
  if ((first & kRsv1) != 0 && compression_ == Compression::kNone) {
    return "RSV1 set without permessage-deflate";
  }
  return nullptr;
}

std::expected<void, Parser::Violation> Parser::check_size(std::uint8_t first,
                                                          std::uint64_t bytes) const {
  const auto opcode = static_cast<Opcode>(first & kOpcodeBits);
  if (is_control(opcode)) return {};
  const bool deflated = opcode == Opcode::kContinuation
                            ? message_compression_ == Compression::kDeflate
                            : (first & kRsv1) != 0;
  const std::uint64_t max = deflated ? deflated_bytes_max(message_bytes_max_) : message_bytes_max_;
  if (bytes > max - message_bytes_) {
    return std::unexpected(Violation{CloseCode::kMessageTooBig, "message too big"});
  }
  return {};
}

void Parser::begin_frame(const char* header, HeaderScan scan) {
  const auto first = static_cast<std::uint8_t>(header[0]);
  opcode_ = static_cast<Opcode>(first & kOpcodeBits);
  fin_ = (first & kFin) != 0;
  frame_left_ = scan.payload_bytes;
  std::memcpy(key_.data(), header + scan.size - key_.size(), key_.size());
  state_ = State::kPayload;
  if (opcode_ == Opcode::kText || opcode_ == Opcode::kBinary) {
    message_opcode_ = opcode_;
    message_compression_ = (first & kRsv1) != 0 ? Compression::kDeflate : Compression::kNone;
    utf8_.reset();
  }
}

std::optional<Event> Parser::take_control(std::string_view part) {
  if (frame_left_ > 0) {
    append(part);
    return std::nullopt;
  }
  std::string_view payload = part;
  if (buffer_size_ > message_bytes_) {
    append(part);
    payload = {buffer_.get() + message_bytes_, buffer_size_ - message_bytes_};
  }
  if (opcode_ == Opcode::kClose) return finish_close(payload);
  const EventKind kind = opcode_ == Opcode::kPing ? EventKind::kPing : EventKind::kPong;
  return Event{.kind = kind, .payload = payload};
}

std::optional<Event> Parser::take_data(std::string_view part, Inflater& inflater) {
  const bool plain_text =
      message_opcode_ == Opcode::kText && message_compression_ == Compression::kNone;
  const bool message_ends = fin_ && frame_left_ == 0;
  if (plain_text && (!utf8_.feed(part) || (message_ends && !utf8_.complete()))) {
    return fail(CloseCode::kInvalidPayload, "text not UTF-8");
  }
  if (message_ends && message_bytes_ == 0) return finish_message(part, inflater);
  append(part);
  message_bytes_ = buffer_size_;
  if (!message_ends) return std::nullopt;
  return finish_message({buffer_.get(), buffer_size_}, inflater);
}

// `payload` has been checked already, unless it is deflated.
Event Parser::finish_message(std::string_view payload, Inflater& inflater) {
  const bool text = message_opcode_ == Opcode::kText;
  message_opcode_ = Opcode::kContinuation;
  message_bytes_ = 0;
  if (message_compression_ == Compression::kDeflate) {
    const auto inflated = inflater.inflate(payload, message_bytes_max_);
    if (!inflated) {
      const bool too_big = inflated.error() == CloseCode::kMessageTooBig;
      return fail(inflated.error(), too_big ? "inflated message too big" : "message not deflated");
    }
    if (text && !base::is_valid_utf8(*inflated)) {
      return fail(CloseCode::kInvalidPayload, "inflated text not UTF-8");
    }
    payload = *inflated;
  }
  return Event{.kind = text ? EventKind::kText : EventKind::kBinary, .payload = payload};
}

Event Parser::finish_close(std::string_view payload) {
  if (payload.size() == 1) return fail(CloseCode::kProtocolError, "close payload of one byte");
  auto code = CloseCode::kNoStatus;
  if (!payload.empty()) {
    const auto number = static_cast<std::uint16_t>(big_endian(payload.substr(0, 2)));
    if (!is_wire_close_code(number)) return fail(CloseCode::kProtocolError, "invalid close code");
    payload.remove_prefix(2);
    if (!base::is_valid_utf8(payload)) {
      return fail(CloseCode::kInvalidPayload, "close reason not UTF-8");
    }
    code = static_cast<CloseCode>(number);
  }
  state_ = State::kFinished;
  message_bytes_ = 0;
  return Event{.kind = EventKind::kClose, .code = code, .payload = payload};
}

Event Parser::fail(CloseCode code, std::string_view text) {
  state_ = State::kFinished;
  buffer_.reset();
  buffer_size_ = buffer_capacity_ = message_bytes_ = 0;
  return Event{.kind = EventKind::kError, .code = code, .payload = text};
}

// The buffer doubles, but not beyond the end of the frame: a message cut once is allocated once.
void Parser::append(std::string_view part) {
  const std::size_t needed = buffer_size_ + part.size();
  if (needed > buffer_capacity_) {
    const std::size_t wanted =
        std::max({needed, 2 * std::size_t{buffer_capacity_}, kFirstBufferBytes});
    const std::size_t capacity = fin_ ? std::min(wanted, needed + frame_left_) : wanted;
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    if (buffer_size_ > 0) std::memcpy(grown.get(), buffer_.get(), buffer_size_);
    buffer_ = std::move(grown);
    buffer_capacity_ = static_cast<std::uint32_t>(capacity);
  }
  if (!part.empty()) std::memcpy(buffer_.get() + buffer_size_, part.data(), part.size());
  buffer_size_ = static_cast<std::uint32_t>(needed);
}

// What the last event showed is kept until the next call, and no longer.
void Parser::drop_delivered() {
  if (state_ == State::kPayload || buffer_size_ == message_bytes_) return;
  buffer_size_ = message_bytes_;
  if (buffer_size_ > 0) return;
  buffer_.reset();
  buffer_capacity_ = 0;
}

}  // namespace palaver::codec::ws
