// SPDX-License-Identifier: Apache-2.0
// What a chat message is: a JSON object whose `text` says something. Pure functions on the data of
// publications.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/frame.h"

namespace palaver::chat {

// {"text":"…"}. `text` is valid UTF-8.
[[nodiscard]] base::Frame text_message(std::string_view text);

// The text of a message; nothing for data of another shape.
[[nodiscard]] std::optional<std::string> text_of(std::string_view data);

}  // namespace palaver::chat
