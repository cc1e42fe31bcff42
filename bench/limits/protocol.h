// SPDX-License-Identifier: Apache-2.0
// What the limit programs speak: the article's WebSocket protocol, and of HTTP and RFC 6455 no more
// than the load generator uses. Pure functions over bytes. They trust their client: these programs
// measure the machine and must never face a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace palaver::bench::limits {

struct Upgrade {
  std::string room;
  std::string client_id;
  std::string response;
  std::size_t request_bytes = 0;
};

enum class ReadStatus { kComplete, kIncomplete, kRefused };

// A request "GET /ws/{room}/{client_id}" that begins at the first of `bytes`.
[[nodiscard]] ReadStatus read_upgrade(std::string_view bytes, Upgrade& upgrade);

struct ClientFrame {
  std::uint8_t opcode = 0;
  std::string_view payload;  // unmasked, in place
  std::size_t size = 0;
};

// The first frame of the `size` bytes at `bytes`, which it unmasks where they are.
[[nodiscard]] ReadStatus read_client_frame(char* bytes, std::size_t size, ClientFrame& frame);

// Appends the frame "[stamp] message (client_id)"; `stamp` comes with its brackets.
void append_line_frame(std::string& out, std::string_view stamp, std::string_view message,
                       std::string_view client_id);

inline constexpr std::string_view kPingFrame{"\x89\x00", 2};

}  // namespace palaver::bench::limits
