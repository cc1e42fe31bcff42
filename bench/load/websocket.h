// SPDX-License-Identifier: Apache-2.0
// The client's half of RFC 6455 as far as a load generator needs it: the opening handshake with one
// fixed key, masked frames out, unmasked and unfragmented frames in. Pure functions over bytes that
// the caller owns. It shares no code with the server on purpose: a referee does not borrow the
// player's eyes. It never negotiates an extension.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace palaver::bench::load {

enum class Opcode : std::uint8_t { kText = 1, kClose = 8, kPing = 9, kPong = 10 };

struct ServerFrame {
  Opcode opcode = Opcode::kText;
  std::string_view payload;
  std::size_t size = 0;  // of the whole frame
};

enum class ParseStatus {
  kComplete,
  kIncomplete,  // read on
  kRefused,     // not what a server may send us: masked, fragmented, compressed, or not a 101
};

// The first frame of `bytes`; `frame` is set only on kComplete and points into `bytes`.
[[nodiscard]] ParseStatus parse_server_frame(std::string_view bytes, ServerFrame& frame);

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload,
                         std::uint32_t mask);

[[nodiscard]] std::string handshake_request(std::string_view host, std::string_view path);

// `size` is that of the response's head, set only on kComplete.
[[nodiscard]] ParseStatus parse_handshake(std::string_view bytes, std::size_t& size);

}  // namespace palaver::bench::load
