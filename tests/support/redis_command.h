// SPDX-License-Identifier: Apache-2.0
// redis_command(): what a test says to a Redis server itself, beside what it tests. One connection
// for each command, so a server that was restarted meanwhile is no special case; it blocks, and a
// server that does not answer costs a second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace palaver::tests::support {

struct RedisAddress {
  std::uint16_t port;    // of 127.0.0.1, without TLS
  std::string user;      // "": the default user
  std::string password;  // "": nobody asks for one
};

// The answer as a text: an array is its elements, a line each; an error begins with "(error) ";
// what is not there is "(nil)". Nothing when nobody answers.
[[nodiscard]] std::optional<std::string> redis_command(const RedisAddress& address,
                                                       const std::vector<std::string>& words);

}  // namespace palaver::tests::support
