// SPDX-License-Identifier: Apache-2.0
// The name under which a guest shows: what a person may call themselves. Pure functions.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "codec/wire/codes.h"

namespace palaver::chat {

inline constexpr std::size_t kNameCharactersMax = 64;

// 1 to kNameCharactersMax characters, one of them visible, and none that controls what stands
// beside it: control characters, line and paragraph separators, marks of direction (Unicode's
// Bidi_Control), invisible fillers. `name` is valid UTF-8.
[[nodiscard]] bool is_name(std::string_view name);

// The `name` in a member's info, if it is one. Empty info is quick.
[[nodiscard]] std::optional<std::string> name_of(std::string_view info);

// The `name` in the data of a guest's connect command as what others see: {"name":"…"}. Empty when
// the data names nobody.
[[nodiscard]] std::expected<std::string, codec::wire::CommandError> guest_info(
    std::string_view data);

}  // namespace palaver::chat
