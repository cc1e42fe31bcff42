// SPDX-License-Identifier: Apache-2.0
// permessage-deflate (RFC 7692) for messages that stand alone: no context is taken over in either
// direction, so one Deflater and one Inflater serve all connections of a shard, and a connection
// owns neither window nor state. Both keep one output buffer, which the next call overwrites.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "codec/ws/close_code.h"

struct z_stream_s;  // zlib's

namespace palaver::codec::ws {

// The window that frames are deflated with, 4 KiB: one for all, as a frame is deflated once for
// all. A message rarely repeats what is further back (against 15 bits a 64 KiB replay grows by less
// than a tenth, in a fifth less time), and Python's websockets offers no more than 12 by itself.
// Offers of less are declined (extensions.h).
inline constexpr int kServerWindowBits = 12;

// Below this, deflating is not tried: it would save less than a third (70 bytes or so; a packet's
// headers have 40), for the time of two deliveries here and an inflate at each receiver.
inline constexpr std::size_t kDeflateBytesMin = 256;

// An output buffer that grew beyond this is given back at the next call.
inline constexpr std::size_t kKeptBytesMax = 64 * 1024;

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The message behind the deflated `payload`; valid until the next call. kMessageTooBig: more than
  // `bytes_max`; it stops there, and the buffer never grows beyond that. kInvalidPayload: not a
  // deflated message (RFC 6455 section 7.4.1: data not consistent with the type).
  [[nodiscard]] std::expected<std::string_view, CloseCode> inflate(std::string_view payload,
                                                                   std::size_t bytes_max);

  [[nodiscard]] std::size_t buffer_bytes() const { return capacity_; }

 private:
  enum class Step { kMore, kEnd, kTooBig, kBroken };
  Step feed(std::string_view input, std::size_t bytes_max);
  void make_room(std::size_t bytes_max);
  bool begin_next_stream();

  std::unique_ptr<z_stream_s> stream_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

class Deflater {
 public:
  Deflater();
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // The payload for encode_compressed(), valid until the next call; nothing if that would not be
  // shorter than `payload`, or if `payload` is shorter than kDeflateBytesMin.
  [[nodiscard]] std::optional<std::string_view> deflate(std::string_view payload);

 private:
  std::unique_ptr<z_stream_s> stream_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
};

}  // namespace palaver::codec::ws
