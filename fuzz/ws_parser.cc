// SPDX-License-Identifier: Apache-2.0
// The WebSocket parser on any bytes, cut anywhere: the same events come out whether the input is
// whole or in pieces, and each holds what its kind promises. The input: one byte of options, one
// that says how many bytes of piece sizes follow, those, then what the client sends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "codec/ws/deflate.h"
#include "codec/ws/parser.h"

namespace {

namespace ws = palaver::codec::ws;

struct Seen {
  ws::EventKind kind;
  ws::CloseCode code;
  std::string payload;
  friend bool operator==(const Seen&, const Seen&) = default;
};

void check_event(const ws::Event& event, ws::ParserOptions options) {
  switch (event.kind) {
    case ws::EventKind::kText:
      CHECK(palaver::base::is_valid_utf8(event.payload), "a text is UTF-8");
      [[fallthrough]];
    case ws::EventKind::kBinary:
      CHECK(event.payload.size() <= options.message_bytes_max, "a message is within the limit");
      break;
    case ws::EventKind::kPing:
    case ws::EventKind::kPong:
      CHECK(event.payload.size() <= palaver::base::kControlPayloadMax, "a control frame is short");
      break;
    case ws::EventKind::kClose:
      CHECK(palaver::base::is_valid_utf8(event.payload), "a reason is UTF-8");
      CHECK(event.code == ws::CloseCode::kNoStatus ||
                ws::is_wire_close_code(static_cast<std::uint16_t>(event.code)),
            "a close code is legal");
      break;
    case ws::EventKind::kError:
      CHECK(ws::is_wire_close_code(static_cast<std::uint16_t>(event.code)), "it can be sent");
      CHECK(!event.payload.empty(), "an error says what is wrong");
      break;
  }
}

// `sizes`: of the pieces, in turn; none: one piece. Each lies in memory of its own, so that a look
// beyond it is found.
std::vector<Seen> parse(std::string_view bytes, ws::ParserOptions options,
                        std::span<const std::uint8_t> sizes) {
  ws::Inflater inflater;
  ws::Parser parser(options);
  std::vector<Seen> events;
  bool over = false;
  std::size_t fed = 0;
  std::size_t turn = 0;
  while (fed < bytes.size()) {
    std::size_t size = bytes.size() - fed;
    if (!sizes.empty()) size = std::min<std::size_t>(size, sizes[turn++ % sizes.size()] + 1U);
    std::vector<char> piece(bytes.data() + fed, bytes.data() + fed + size);
    std::span<char> input(piece);
    while (const auto event = parser.next(input, inflater)) {
      CHECK(!over, "nothing follows a close or an error");
      over = event->kind == ws::EventKind::kClose || event->kind == ws::EventKind::kError;
      check_event(*event, options);
      events.push_back({event->kind, event->code, std::string(event->payload)});
    }
    CHECK(input.empty(), "the input is used up");
    fed += size;
    CHECK(parser.buffered_bytes() <= std::max(2 * fed, ws::Parser::kFirstBufferBytes),
          "memory follows what has arrived");
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::size_t kLimits[] = {0, 100, 1000, 65536};
  const ws::ParserOptions options{
      .message_bytes_max = kLimits[data[0] >> 1 & 3],
      .compression = (data[0] & 1) != 0 ? ws::Compression::kDeflate : ws::Compression::kNone};
  const std::size_t count = std::min<std::size_t>(data[1] & 15, size - 2);
  const std::span sizes(data + 2, count);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2 + count, size - 2 - count);

  const std::vector<Seen> whole = parse(bytes, options, {});
  CHECK(parse(bytes, options, sizes) == whole, "pieces give the same events");
  constexpr std::uint8_t kSingle[] = {0};
  CHECK(parse(bytes, options, kSingle) == whole, "single bytes give the same events");
  return 0;
}
