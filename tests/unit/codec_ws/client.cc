// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/codec_ws/client.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "codec/ws/deflate.h"

namespace palaver::codec::ws {

namespace {

std::string big_endian(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i > 0; --i, value >>= 8)
    bytes[i - 1] = static_cast<char>(value & 0xff);
  return bytes;
}

std::vector<std::size_t> cut_positions(std::size_t size) {
  constexpr std::size_t kEveryBelow = 2048;
  constexpr std::size_t kEnds = 40;
  std::vector<std::size_t> positions;
  for (std::size_t at = 1; at < size; ++at) {
    const bool near_end = at < kEnds || size - at < kEnds;
    if (size < kEveryBelow || near_end || at % (size / 32) == 0) positions.push_back(at);
  }
  return positions;
}

std::vector<Seen> without_texts(std::vector<Seen> events) {
  for (Seen& seen : events) {
    if (seen.kind == EventKind::kError) seen.payload.clear();
  }
  return events;
}

}  // namespace

std::string client_header(unsigned first, std::uint64_t payload_bytes, MaskKey key) {
  std::string header(1, static_cast<char>(first));
  if (payload_bytes < 126) {
    header += static_cast<char>(0x80 | payload_bytes);
  } else if (payload_bytes <= 0xffff) {
    header += '\xfe' + big_endian(payload_bytes, 2);
  } else {
    header += '\xff' + big_endian(payload_bytes, 8);
  }
  return header.append(key.data(), key.size());
}

std::string client_frame(unsigned first, std::string_view payload, MaskKey key) {
  std::string frame = client_header(first, payload.size(), key);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(payload[i] ^ key[i % key.size()]);
  }
  return frame;
}

std::string client_close(unsigned code, std::string_view reason) {
  return client_frame(0x88, big_endian(code, 2).append(reason));
}

std::string deflate_for_test(std::string_view message, Ending ending, int level) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(message.size() * 2 + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool final = ending == Ending::kBfinal;
  EXPECT_GE(deflate(&stream, final ? Z_FINISH : Z_SYNC_FLUSH), Z_OK);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (final) return out + '\0';
  EXPECT_TRUE(out.ends_with(std::string_view("\x00\x00\xff\xff", 4)));
  return out.substr(0, out.size() - 4);
}

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  constexpr const char* kNames[] = {"text", "binary", "ping", "pong", "close", "error"};
  constexpr std::size_t kShown = 40;
  out << kNames[static_cast<std::size_t>(seen.kind)] << '(' << static_cast<unsigned>(seen.code)
      << ", " << seen.payload.size() << " bytes: " << seen.payload.substr(0, kShown) << ')';
  return out;
}

Outcome parse(std::string_view bytes, ParserOptions options, const std::vector<std::size_t>& cuts) {
  Inflater inflater;
  Parser parser(options);
  Outcome outcome;
  std::size_t from = 0;
  const auto feed = [&](std::size_t to) {
    std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                            bytes.begin() + static_cast<std::ptrdiff_t>(to));
    std::span<char> input(piece);
    while (const auto event = parser.next(input, inflater)) {
      outcome.events.push_back({event->kind, event->code, std::string(event->payload)});
    }
    EXPECT_TRUE(input.empty());
    EXPECT_LE(parser.buffered_bytes(), std::max(2 * to, Parser::kFirstBufferBytes));
    from = to;
  };
  for (const std::size_t cut : cuts) feed(cut);
  feed(bytes.size());
  outcome.buffered_bytes = parser.buffered_bytes();
  return outcome;
}

void expect_events(std::string_view bytes, const std::vector<Seen>& expected,
                   ParserOptions options) {
  const Outcome whole = parse(bytes, options);
  ASSERT_EQ(without_texts(whole.events), expected);
  EXPECT_EQ(whole.buffered_bytes, 0U);

  std::vector<std::size_t> every(bytes.empty() ? 0 : bytes.size() - 1);
  std::iota(every.begin(), every.end(), std::size_t{1});
  const Outcome bytewise = parse(bytes, options, every);
  ASSERT_EQ(bytewise.events, whole.events) << "byte by byte";
  EXPECT_EQ(bytewise.buffered_bytes, 0U);

  for (const std::size_t cut : cut_positions(bytes.size())) {
    const Outcome cut_in_two = parse(bytes, options, {cut});
    ASSERT_EQ(cut_in_two.events, whole.events) << "cut at " << cut;
    EXPECT_EQ(cut_in_two.buffered_bytes, 0U) << "cut at " << cut;
  }
}

}  // namespace palaver::codec::ws
