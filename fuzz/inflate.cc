// SPDX-License-Identifier: Apache-2.0
// The inflater on any bytes: it stays within the limit, and one that has read other messages before
// reads like a new one. The same bytes go through the deflater and back. The input: one byte that
// chooses the limit, then the payload.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/ws/deflate.h"

namespace ws = palaver::codec::ws;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ws::Inflater used;
  static ws::Deflater deflater;
  if (size == 0) return 0;
  constexpr std::size_t kLimits[] = {0, 1, 100, 4096, 4097, 65536, 200'000, 1'000'000};
  const std::size_t bytes_max = kLimits[data[0] & 7];
  const std::string_view payload(reinterpret_cast<const char*>(data) + 1, size - 1);

  ws::Inflater fresh;
  const auto expected = fresh.inflate(payload, bytes_max);
  CHECK(fresh.buffer_bytes() <= bytes_max + 1, "the buffer is bounded");
  const auto inflated = used.inflate(payload, bytes_max);
  CHECK(inflated == expected, "no message leaves a trace");
  if (expected) {
    CHECK(expected->size() <= bytes_max, "a message is within the limit");
    const std::string message(*expected);
    CHECK(fresh.inflate(payload, message.size()) == std::string_view(message), "it just fits");
    if (!message.empty()) {
      CHECK(fresh.inflate(payload, message.size() - 1) ==
                std::unexpected(ws::CloseCode::kMessageTooBig),
            "one byte less does not");
    }
  } else {
    CHECK(expected.error() == ws::CloseCode::kMessageTooBig ||
              expected.error() == ws::CloseCode::kInvalidPayload,
          "there are two ways to fail");
  }

  if (const auto deflated = deflater.deflate(payload)) {
    CHECK(deflated->size() < payload.size(), "deflating saves");
    CHECK(used.inflate(*deflated, payload.size()) == payload, "it comes back as it was");
  }
  return 0;
}
