// SPDX-License-Identifier: Apache-2.0
// The payload by which the article's instances talk, byte for byte what Python's json.dumps writes:
//
//   {"channel_id": "test", "client_id": 17, "time": "2026-03-01 12:00:00", "message": "h\u00e9"}
//
// Whoever is not one of the article's clients has a text for a client_id, which its instances show
// like a number. No other keys: an old instance drops a member that gets one. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "broker/article_form.h"

namespace palaver::broker::redis {

// All texts are valid UTF-8. The time is in UTC, to the second.
[[nodiscard]] std::string encode_payload(std::string_view channel, const ArticleForm& form,
                                         base::WallTime said_at);

struct Payload {
  ArticleForm form;
  // Taken as UTC, so that it shows as it was written; unset: it is written in another way.
  std::optional<base::WallTime> said_at;
};

// kInvalidArgument: it is none, and the text says why. Of the four keys each is there, with its
// type, and no other. Halves of surrogate pairs, which Python writes, become U+FFFD.
[[nodiscard]] base::Result<Payload> parse_payload(std::string_view bytes);

// A text as json.dumps writes it: ASCII alone.
void append_python_string(std::string& out, std::string_view text);

}  // namespace palaver::broker::redis
