// SPDX-License-Identifier: Apache-2.0
// Commands in JSON, one a line. Pure: bytes in, values out. What is unknown is skipped, so that
// newer clients are understood; what is known must have its type (null counts as absent).
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "codec/wire/command.h"

namespace palaver::codec::wire {

// Takes the next line that is not empty from the front of a frame. nullopt: nothing is left.
[[nodiscard]] std::optional<std::string_view> next_line(std::string_view& frame);

// `line` is valid UTF-8. kInvalidArgument: it is no command, and the connection has to end
// (kDisconnectBadRequest), since what it meant is anyone's guess.
[[nodiscard]] base::Result<Command> decode_json_command(std::string_view line);

}  // namespace palaver::codec::wire
