// SPDX-License-Identifier: Apache-2.0
// The article's protocol as far as people see it: who a client is, and the line that a member gets.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/publication.h"

namespace palaver::chat {

// A 64-bit integer in decimal with an optional sign; leading zeros are fine. Nothing for any other
// text, the empty one included.
[[nodiscard]] std::optional<std::int64_t> parse_client_id(std::string_view text);

// Members by the article's protocol are "article:<client_id>": nobody has verified them, and the
// prefix keeps them apart from users that a token names.
[[nodiscard]] model::UserId article_user(std::int64_t client_id);

// "[YYYY-MM-DD HH:MM:SS] text (client_id)" in UTC; the time is the one at which the message was
// ordered. Others than the article's clients show with the name in their info, or their id, or as
// "anonymous". Nothing for what is not a message.
[[nodiscard]] std::optional<std::string> article_line(const model::Publication& publication);

}  // namespace palaver::chat
