// SPDX-License-Identifier: Apache-2.0
#include "codec/ws/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace palaver::codec::ws {

namespace {

using namespace std::string_view_literals;

// The end of a flush, which the sender leaves out (RFC 7692 section 7.2.1).
constexpr std::string_view kTail = "\x00\x00\xff\xff"sv;
constexpr int kInflateWindowBits = 15;  // reads what any smaller window wrote
// Measured with chat publications: up to 1 KiB these give the size that zlib's usual 6 and 8 give,
// in up to a fifth less time (the hash table, cleared for each message, is 8 KiB instead of 64); a
// replay of 64 KiB takes half the time and is an eighth longer.
constexpr int kLevel = 3;
constexpr int kMemLevel = 5;
constexpr std::size_t kFirstBytes = 4096;

// zlib's input is not const by its type alone.
Bytef* input_bytes(std::string_view input) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
}

uInt to_uint(std::size_t size) {
  CHECK(size <= std::numeric_limits<uInt>::max(), "zlib's sizes have 32 bits");
  return static_cast<uInt>(size);
}

}  // namespace

Inflater::Inflater() : stream_(std::make_unique<z_stream>()) {
  CHECK(inflateInit2(stream_.get(), -kInflateWindowBits) == Z_OK, "zlib has memory");
}

Inflater::~Inflater() { inflateEnd(stream_.get()); }

std::expected<std::string_view, CloseCode> Inflater::inflate(std::string_view payload,
                                                             std::size_t bytes_max) {
  size_ = 0;
  // Not what RFC 7692 section 7.2.3.6 asks for (that is one zero byte), but it can mean one thing.
  if (payload.empty()) return std::string_view{};
  if (capacity_ > kKeptBytesMax) {
    buffer_.reset();
    capacity_ = 0;
  }
  CHECK(inflateReset(stream_.get()) == Z_OK, "the stream is initialised");
  Step step = feed(payload, bytes_max);
  if (step == Step::kMore) {
    step = feed(kTail, bytes_max);
    // A whole message stops between two blocks (zlib says so with 128): else it was cut short, and
    // the tail was taken for data.
    if (step == Step::kMore && (stream_->data_type & 128) == 0) step = Step::kBroken;
  }
  if (step == Step::kTooBig) return std::unexpected(CloseCode::kMessageTooBig);
  if (step == Step::kBroken) return std::unexpected(CloseCode::kInvalidPayload);
  return std::string_view(buffer_.get(), size_);
}

// kMore: the input is used up, and the stream goes on. kEnd: used up too, and the last block said
// that it is the last.
Inflater::Step Inflater::feed(std::string_view input, std::size_t bytes_max) {
  stream_->next_in = input_bytes(input);
  stream_->avail_in = to_uint(input.size());
  while (true) {
    make_room(bytes_max);
    stream_->next_out = reinterpret_cast<Bytef*>(buffer_.get() + size_);
    stream_->avail_out = to_uint(capacity_ - size_);
    const int result = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    size_ = capacity_ - stream_->avail_out;
    if (size_ > bytes_max) return Step::kTooBig;
    if (result == Z_STREAM_END) {
      if (stream_->avail_in == 0) return Step::kEnd;
      if (!begin_next_stream()) return Step::kBroken;
      continue;
    }
    // Z_BUF_ERROR: nothing left to do.
    if (result != Z_OK && result != Z_BUF_ERROR) return Step::kBroken;
    if (stream_->avail_out > 0) return Step::kMore;
  }
}

// One byte more than allowed, and no more, shows that a message is too big.
void Inflater::make_room(std::size_t bytes_max) {
  if (size_ < capacity_) return;
  const std::size_t wanted = std::min(std::max(kFirstBytes, 2 * capacity_), bytes_max + 1);
  auto grown = std::make_unique_for_overwrite<char[]>(wanted);
  if (size_ > 0) std::memcpy(grown.get(), buffer_.get(), size_);
  buffer_ = std::move(grown);
  capacity_ = wanted;
}

// A block with BFINAL does not end the message (RFC 7692 section 7.2.3.4): more blocks may follow,
// and may refer to what came before. For zlib the stream is over, so it gets its window anew.
bool Inflater::begin_next_stream() {
  if (inflateReset(stream_.get()) != Z_OK) return false;
  const std::size_t window = std::min(size_, std::size_t{1} << kInflateWindowBits);
  if (window == 0) return true;
  const auto* begin = reinterpret_cast<const Bytef*>(buffer_.get() + size_ - window);
  return inflateSetDictionary(stream_.get(), begin, to_uint(window)) == Z_OK;
}

Deflater::Deflater() : stream_(std::make_unique<z_stream>()) {
  CHECK(deflateInit2(stream_.get(), kLevel, Z_DEFLATED, -kServerWindowBits, kMemLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK,
        "zlib has memory");
}

Deflater::~Deflater() { deflateEnd(stream_.get()); }

std::optional<std::string_view> Deflater::deflate(std::string_view payload) {
  if (payload.size() < kDeflateBytesMin) return std::nullopt;
  // Room for a result that is shorter than the payload, for the tail that is cut off, and for one
  // byte that stays free: zlib that fills the room may have more to say.
  const std::size_t room = payload.size() + kTail.size();
  if (capacity_ < room || capacity_ > std::max(room, kKeptBytesMax)) {
    capacity_ = std::max(room, kFirstBytes);
    buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  }
  CHECK(deflateReset(stream_.get()) == Z_OK, "the stream is initialised");
  stream_->next_in = input_bytes(payload);
  stream_->avail_in = to_uint(payload.size());
  stream_->next_out = reinterpret_cast<Bytef*>(buffer_.get());
  stream_->avail_out = to_uint(room);
  const int result = ::deflate(stream_.get(), Z_SYNC_FLUSH);
  CHECK(result == Z_OK, "deflate has input and room");
  if (stream_->avail_out == 0) return std::nullopt;
  const std::string_view written(buffer_.get(), room - stream_->avail_out);
  CHECK(written.ends_with(kTail), "a flush ends with the empty block");
  return written.substr(0, written.size() - kTail.size());
}

}  // namespace palaver::codec::ws
