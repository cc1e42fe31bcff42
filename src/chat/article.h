// SPDX-License-Identifier: Apache-2.0
// The article's protocol as far as people see it: who a client is, and the line that a member gets.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/article_form.h"
#include "model/publication.h"

namespace palaver::chat {

// A 64-bit integer in decimal with an optional sign; leading zeros are fine. Nothing for any other
// text, the empty one included.
[[nodiscard]] std::optional<std::int64_t> parse_client_id(std::string_view text);

// Members by the article's protocol are "article:<client_id>": nobody has verified them, and the
// prefix keeps them apart from users that a token names.
[[nodiscard]] model::UserId article_user(std::int64_t client_id);

// "[YYYY-MM-DD HH:MM:SS] text (client_id)" in UTC; the time is the one at which the message was
// ordered, or said where nobody orders. Others than the article's clients show with the name in
// their info, or their id, or as "anonymous". Nothing for what is not a message.
[[nodiscard]] std::optional<std::string> article_line(const model::Publication& publication);

// The same for the payload by which the article's instances talk: who shows as what, and the text.
// Nothing for what is not a message.
[[nodiscard]] std::optional<broker::ArticleForm> article_form(const model::Sender& sender,
                                                              std::string_view data);
// The message that such a payload stands for: its sender is "article:<client_id>".
[[nodiscard]] model::Publication from_article(const broker::ArticleForm& form);

}  // namespace palaver::chat
