// SPDX-License-Identifier: Apache-2.0
// The client's half of the Centrifuge client protocol in JSON, as far as a load generator needs it:
// commands out, and the lines of a server in. Pure functions over bytes that the caller owns. They
// take lines apart by the order of keys that the protocol's schema gives and servers keep, without
// a JSON parser: that is cheap, and a line that is written otherwise is refused, not skipped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace palaver::bench::load {

// A ping, and the answer to it.
inline constexpr std::string_view kSdkPing = "{}";

struct SdkPosition {
  std::string epoch;
  std::uint64_t offset = 0;
};

// Rooms and texts hold no byte that JSON escapes. A message is {"text":"..."} there.
[[nodiscard]] std::string connect_command(std::uint32_t id);
// `since` null: from now on.
[[nodiscard]] std::string subscribe_command(std::uint32_t id, std::string_view room,
                                            const SdkPosition* since);
void append_publish_command(std::string& out, std::uint32_t id, std::string_view room,
                            std::string_view text);

enum class SdkLine {
  kPing,
  kConnected,
  kSubscribed,
  kPublished,
  kPush,
  kOther,  // an error, a disconnect, or no line of the protocol
};

struct SdkPublication {
  std::string_view text;  // of the message
  std::uint64_t offset = 0;
};

struct SdkSubscribed {
  SdkPosition position;
  std::vector<SdkPublication> publications;
  bool recovered = false;
};

// Cuts the first line off `payload`; without its LF.
[[nodiscard]] std::string_view take_line(std::string_view& payload);
[[nodiscard]] SdkLine kind_of(std::string_view line);

// A publication in `room`, byte for byte but for its sender. False: something else; what was read
// says nothing. The results point into `line`.
[[nodiscard]] bool read_push(std::string_view line, std::string_view room,
                             SdkPublication& publication);
[[nodiscard]] bool read_subscribed(std::string_view line, SdkSubscribed& subscribed);

}  // namespace palaver::bench::load
